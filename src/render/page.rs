//! The text of a file, to which templates append, and what is recorded of it.

use minijinja::Value;

use super::marks::{Mark, unmarked};
use super::model::Model;
use super::origin::{Origins, Recorded};
use super::{RenderError, Templates};
use serde::{Deserialize, Serialize};

use crate::source::Span;

/// What is known of the origins of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Where the parts of the file start, in order: the offset, and the place of the id of the
    /// object that the part belongs to.
    pub parts: Vec<(usize, Span)>,
    /// The ranges that were printed from values, in the order of their start. Of nested ranges, the
    /// outer one comes first. Empty if origins are not recorded, or if the marks cannot be told from
    /// the text.
    pub marks: Vec<Mark>,
}

/// The text of a file, to which templates append.
pub(crate) struct Page<'t> {
    templates: &'t Templates,
    /// The templates with marks, if origins are recorded.
    marking: Option<Templates>,
    origins: Origins,
    text: Vec<u8>,
    record: Record,
}

impl<'t> Page<'t> {
    /// An empty page. If origins are recorded, its templates write marks.
    pub fn new(templates: &'t Templates, recorded: Recorded) -> Page<'t> {
        let origins = Origins::new(recorded);
        let marking = origins.is_on().then(|| templates.marking(&origins));
        Page { templates, marking, origins, text: Vec::new(), record: Record::default() }
    }

    /// Appends text.
    pub fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Says that this many parts follow, so that memory is reserved for them: a quarter more than for
    /// those before, as later numbers have more digits. Memory that is not written to is not used, but a
    /// text that grows is copied, and exists twice.
    pub fn expect(&mut self, parts: usize) {
        let done = self.record.parts.len().max(1);
        let more = |length: usize| (length + length / 4).div_ceil(done).saturating_mul(parts);
        self.text.reserve(more(self.text.len()));
        self.record.marks.reserve(more(self.record.marks.len()));
    }

    /// Appends the output of a template for a model. `owner` is the place of the id of the object
    /// that it belongs to.
    ///
    /// # Errors
    ///
    /// As in [`Templates::render`].
    pub fn render(
        &mut self,
        template: &str,
        model: &dyn Model,
        owner: Span,
    ) -> Result<(), RenderError> {
        let start = self.text.len();
        self.record.parts.push((start, owner));
        self.origins.clear();
        self.origins.set_owner(owner);
        let value = model.value(&self.origins);
        let Some(marking) = &self.marking else {
            return self.templates.append(&mut self.text, template, value);
        };
        let mut marked = Vec::new();
        marking.append(&mut marked, template, value)?;
        let marked = String::from_utf8(marked).unwrap_or_default();
        unmarked(&marked, &self.origins, &mut self.text, &mut self.record.marks);
        Ok(())
    }

    /// The text, and what is recorded of it. The record is `None` if marks cannot be told from
    /// the text, which then may lack characters: it has to be rendered without marks.
    pub fn end(self) -> (String, Option<Record>) {
        let record = (!self.origins.is_ambiguous()).then_some(self.record);
        // The output of templates is UTF-8.
        (String::from_utf8(self.text).unwrap_or_default(), record)
    }
}

/// The ranges of a text that were printed from values with a known origin. `templates` write marks, and
/// `model` has origins. `None` if they do not write this text, as templates of others can do anything with
/// what has marks: compare it, count its characters, cut it.
pub(crate) fn marks_of(
    text: &str,
    templates: &Templates,
    name: &str,
    model: Value,
    origins: &Origins,
) -> Option<Vec<Mark>> {
    let marked = templates.render_value(name, model).ok()?;
    let (mut plain, mut marks) = (Vec::new(), Vec::new());
    unmarked(&marked, origins, &mut plain, &mut marks);
    (plain == text.as_bytes()).then_some(marks)
}
