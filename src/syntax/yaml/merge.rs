//! Merge keys: `<<: *defaults` adds the members of other objects (<https://yaml.org/type/merge.html>).
//!
//! They are not part of YAML 1.2, but files of the field use them, and so do readers of it.

use crate::diag::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::{Kind, Member, Node};

/// The members of the values of one object's merge keys.
#[derive(Default)]
pub struct Merged {
    /// The place among the object's own members, and the members to add there.
    parts: Vec<(usize, Vec<Member>)>,
}

impl Merged {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Takes the value of a merge key: an object, or an array of objects, of which earlier ones win.
    /// `at` is the number of members before it.
    ///
    /// # Errors
    /// The value is something else.
    pub fn add(&mut self, at: usize, key: Span, value: Node) -> Result<(), Box<Diagnostic>> {
        let objects = match value.kind {
            Kind::Array(items) => items.into_vec(),
            kind => vec![Node { kind, ..value }],
        };
        for node in objects {
            match node.kind {
                Kind::Object(object) => self.parts.push((at, object.members.into_vec())),
                Kind::Broken => {}
                _ => return Err(Box::new(not_an_object(key, &node))),
            }
        }
        Ok(())
    }

    /// The own members with those to add, in the order of the document. A key that is there already wins.
    pub fn into_members(self, own: Vec<Member>) -> Vec<Member> {
        let mut known: std::collections::HashSet<_> =
            own.iter().map(|member| member.key.value.clone()).collect();
        let mut all = Vec::new();
        let mut parts = self.parts.into_iter().peekable();
        let mut add = |at: usize, all: &mut Vec<Member>| {
            while let Some((_, members)) = parts.next_if(|(place, _)| *place <= at) {
                let new = members.into_iter().filter(|one| known.insert(one.key.value.clone()));
                all.extend(new.collect::<Vec<_>>());
            }
        };
        let end = own.len();
        for (at, member) in own.into_iter().enumerate() {
            add(at, &mut all);
            all.push(member);
        }
        add(end, &mut all);
        all
    }
}

fn not_an_object(key: Span, value: &Node) -> Diagnostic {
    let message = format!("expected an object to merge, found {}", value.kind_name());
    Diagnostic::new(&codes::BAD_YAML, value.span, message)
        .also(key, "merged here")
        .help("write `<<: *NAME` with the anchor of an object, or `<<: [*ONE, *OTHER]`")
}
