//! Containers without the appliance around them.

use super::words;
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};
use crate::syntax::{Form, Node, Object};

/// The finding about a document that is a container, or a list of containers, in place of those that its
/// fields would have. `None` if it is something else.
pub fn report(source: &Source, tree: &Node) -> Option<Diagnostic> {
    if let Some(items) = tree.as_array() {
        let first = items.first()?;
        if !items.iter().all(|item| item.as_object().is_some_and(is_container)) {
            return None;
        }
        let diagnostic =
            finding(Span { end: first.span.start, ..tree.span }, "containers without an appliance");
        let is_flow = source.slice(tree.span).starts_with('[');
        let text = source.slice(tree.span);
        return Some(match is_flow {
            true => diagnostic
                .likely_edit(tree.span, format!("{{\"id\": \"app\", \"containers\": {text}}}")),
            false => diagnostic.likely_edit(source.start(), "id: app\ncontainers:\n"),
        });
    }
    let object = tree.as_object().filter(|object| is_container(object))?;
    let first = object.members.first()?;
    let id = object.get("id").and_then(Node::as_str).filter(|id| !id.is_empty()).unwrap_or("app");
    let diagnostic = finding(first.key.span, "container without an appliance");
    let text = source.slice(tree.span);
    let text = match object.form {
        Form::Flow => format!("{{\"id\": {}, \"containers\": [{text}]}}", words::quoted(id)),
        Form::Block { .. } if !text.contains(['\t', '|', '>']) => {
            format!("id: {id}\ncontainers:\n  - {}", text.replace('\n', "\n    "))
        }
        Form::Block { .. } | Form::Irregular => return Some(diagnostic),
    };
    Some(diagnostic.likely_edit(tree.span, text))
}

fn finding(span: Span, message: &str) -> Diagnostic {
    Diagnostic::new(&codes::MISSING_FIELD, span, message)
        .help("an appliance is an object with `id` and `containers`")
}

/// Whether an object has what only containers have.
fn is_container(object: &Object) -> bool {
    let has = |name: &str| object.get(name).is_some();
    !has("containers") && has("image") && (has("type") || has("resources"))
}
