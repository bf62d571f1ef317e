//! The explanations of codes: one Markdown page per code, from `docs/diagnostics`.

use super::Code;
use super::codes::PAGES;

/// Returns the page of a code.
pub fn of(code: &Code) -> Option<&'static str> {
    PAGES.iter().find(|(id, _)| *id == code.id).map(|(_, page)| *page)
}
