//! The size of objects, which client-side `kubectl apply` limits.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Piece, Text};

/// Maximum size in bytes of all annotations of an object, of which one is a copy of the object
/// that client-side `kubectl apply` adds (apimachinery, `TotalAnnotationSizeLimitB`).
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// Reports a container whose strings alone are longer than an object that client-side
/// `kubectl apply` can store.
pub fn check(container: &Container, findings: &mut Findings) {
    let names: usize = container.env.iter().map(|variable| variable.name.value.len()).sum();
    let size = names + container.texts().map(length).sum::<usize>();
    if size > MAX_ANNOTATIONS {
        let message = format!(
            "the command and the environment of `{}` have {size} bytes, but client-side `kubectl apply` fails for an object of more than {MAX_ANNOTATIONS}",
            container.id.value
        );
        findings.push(Diagnostic::new(&codes::CLUSTER_NEEDS, container.id.span, message).help(
            "apply it with `kubectl apply --server-side`, or move the text to a file in the image",
        ));
    }
}

/// The length of the literal text.
fn length(text: &Text) -> usize {
    let literal = |piece: &Piece| match piece {
        Piece::Literal(text) => text.len(),
        Piece::Reference(_) => 0,
    };
    text.pieces.iter().map(literal).sum()
}
