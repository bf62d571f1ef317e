//! What becomes of a field on a target.

use crate::diag::{Diagnostic, codes};
use crate::plan::{Field, Use};

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The target does what the field asks for.
    Carried,
    /// Carried for some appliances; the target itself warns of, or rejects, the others.
    Depends,
    /// Done only nearly: each use is a warning.
    Approximated,
    /// Not done: each use is an error.
    Rejected,
}

impl Fate {
    /// The word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Carried => "carried",
            Fate::Depends => "depends",
            Fate::Approximated => "approximated",
            Fate::Rejected => "rejected",
        }
    }
}

/// A row of a target's table.
#[derive(Debug, Clone, Copy)]
pub struct Capability<'a> {
    /// The field.
    pub field: Field,
    /// What becomes of it.
    pub fate: Fate,
    /// How it is carried, what differs, or why it is not carried: a clause in lower case
    /// without a full stop. It is the message of the finding, where there is one.
    pub note: &'a str,
}

impl<'a> Capability<'a> {
    /// The target does what the field asks for, by the means that `how` names.
    pub const fn carried(field: Field, how: &'a str) -> Self {
        Capability { field, fate: Fate::Carried, note: how }
    }

    /// It depends on the appliance; `how` says on what. The target reports what it cannot
    /// do.
    pub const fn depends(field: Field, how: &'a str) -> Self {
        Capability { field, fate: Fate::Depends, note: how }
    }

    /// Each use is a warning that says what differs.
    pub const fn approximated(field: Field, what_differs: &'a str) -> Self {
        Capability { field, fate: Fate::Approximated, note: what_differs }
    }

    /// Each use is an error that says why.
    pub const fn rejected(field: Field, why: &'a str) -> Self {
        Capability { field, fate: Fate::Rejected, note: why }
    }

    /// The finding for one use of the field, if there is one.
    pub fn report(&self, target: &str, used: &Use) -> Option<Diagnostic> {
        let code = match self.fate {
            Fate::Carried | Fate::Depends => return None,
            Fate::Approximated => &codes::APPROXIMATED,
            Fate::Rejected => &codes::NOT_CARRIED,
        };
        Some(Diagnostic::new(code, used.span, format!("{target}: {}", self.note)))
    }
}
