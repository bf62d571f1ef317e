//! The Marathon target.

use super::{Artifact, Capability, OptionSpec, Options, Target};
use crate::diag::{Diagnostic, codes};
use crate::plan::Plan;
use crate::render::RenderError;

/// The Marathon target.
pub struct Marathon;

impl Target for Marathon {
    fn name(&self) -> &'static str {
        "marathon"
    }

    fn summary(&self) -> &'static str {
        "not built yet"
    }

    fn capabilities(&self) -> &'static [Capability] {
        &[]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn lower(
        &self,
        plan: &Plan,
        _options: &Options,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Vec<Artifact>, RenderError> {
        let message = "this target is not built yet";
        diagnostics.push(Diagnostic::new(&codes::NOT_CARRIED, plan.id.span, message));
        Ok(Vec::new())
    }
}
