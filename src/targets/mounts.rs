//! Mount paths, as container engines read them.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::source::Spanned;

/// Reports a mount path that contains a colon. `target` is the name of the target.
///
/// Container engines read a mount as `source:target:mode`, without an escape for a colon.
pub fn check_colon(path: &Spanned<EcoString>, findings: &mut Findings) {
    if path.value.contains(':') {
        let message = format!("mount path `{}` cannot contain `:`", path.value);
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, path.span, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn a_path_with_a_colon_is_an_error() {
        let found = |path: &str| {
            let mut found = Findings::new();
            check_colon(&Spanned::new(path.into(), Span::at(0)), &mut found);
            found.iter().map(|finding| finding.code.id).collect::<Vec<_>>()
        };
        assert_eq!(found("/a:b"), ["E0408"]);
        assert_eq!(found("/a b"), [""; 0]);
    }
}
