pub const TEXT: &str = "";
pub fn check(_: &crate::syntax::Node, _: &mut Vec<crate::diag::Diagnostic>) {}
