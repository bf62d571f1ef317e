//! Keys that stand twice in one object. The first would win or the last, depending on the
//! reader: never what the author meant.

use std::collections::HashMap;

use super::{Kind, Node};
use crate::diag::{Diagnostic, codes, is_full};

/// Reports each repetition of a key, wherever it is in the tree.
pub fn check(node: &Node, diagnostics: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Array(items) => items.iter().for_each(|item| check(item, diagnostics)),
        Kind::Object(object) => {
            let mut first = HashMap::with_capacity(object.members.len());
            for member in &object.members {
                let key = &member.key;
                if let Some(before) = first.get(key.value.as_str()) {
                    if is_full(diagnostics) {
                        return;
                    }
                    let message = format!("the key `{}` stands twice in this object", key.value);
                    diagnostics.push(
                        Diagnostic::new(&codes::DUPLICATE_KEY, key.span, message)
                            .label("again here")
                            .also(*before, "first here")
                            .help("keep the one that is meant and remove the other"),
                    );
                } else {
                    first.insert(key.value.as_str(), key.span);
                }
                check(&member.value, diagnostics);
            }
        }
        _ => {}
    }
}
