//! Support of a target for a field.

use crate::diag::{Diagnostic, codes};
use crate::plan::{Field, Use};

/// Support of a target for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The target does what the field requests.
    Carried,
    /// Carried for some appliances; for others the target reports a warning or an error.
    Depends,
    /// Only approximated: each use is a warning.
    Approximated,
    /// Not supported: each use is an error.
    Rejected,
}

impl Fate {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Carried => "carried",
            Fate::Depends => "depends",
            Fate::Approximated => "approximated",
            Fate::Rejected => "rejected",
        }
    }
}

/// A row of the capability table of a target.
#[derive(Debug, Clone, Copy)]
pub struct Capability<'a> {
    /// The field.
    pub field: Field,
    /// Its support.
    pub fate: Fate,
    /// How it is carried, what differs, or why it is not carried: a clause in lower case
    /// without a full stop. It is the message of a finding, if there is one.
    pub note: &'a str,
}

impl<'a> Capability<'a> {
    /// The target does what the field requests; `how` describes the means.
    pub const fn carried(field: Field, how: &'a str) -> Self {
        Capability { field, fate: Fate::Carried, note: how }
    }

    /// Support depends on the appliance; `how` describes on what. The target reports what it
    /// does not support.
    pub const fn depends(field: Field, how: &'a str) -> Self {
        Capability { field, fate: Fate::Depends, note: how }
    }

    /// Each use is a warning that describes what differs.
    pub const fn approximated(field: Field, what_differs: &'a str) -> Self {
        Capability { field, fate: Fate::Approximated, note: what_differs }
    }

    /// Each use is an error that describes why.
    pub const fn rejected(field: Field, why: &'a str) -> Self {
        Capability { field, fate: Fate::Rejected, note: why }
    }

    /// The finding for a use of the field, if there is one.
    pub fn report(&self, used: &Use) -> Option<Diagnostic> {
        let code = match self.fate {
            Fate::Carried | Fate::Depends => return None,
            Fate::Approximated => &codes::APPROXIMATED,
            Fate::Rejected => &codes::NOT_CARRIED,
        };
        Some(Diagnostic::new(code, used.span, self.note))
    }
}
