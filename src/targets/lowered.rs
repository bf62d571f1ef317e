//! What a target makes of a plan: the files to write, as models of its templates.

use std::fmt;

use super::Artifact;
use super::claim::Claim;
use crate::render::{Model, Page, Recorded, RenderError, Templates};
use crate::source::Span;

/// What a target makes of a plan, before it is rendered.
#[derive(Debug, Default)]
pub struct Lowered {
    /// The files. None if the templates of the target read the plan itself.
    pub(super) files: Vec<FileModel>,
    /// What no other appliance can have.
    pub(super) claims: Vec<Claim>,
}

/// A file to write.
#[derive(Debug)]
pub struct FileModel {
    /// Path relative to the output directory, with `/` as separator.
    pub path: String,
    /// What it consists of, in this order.
    pub parts: Vec<Part>,
    /// The text between two parts.
    pub between: &'static str,
    /// How the layout of the rendered text is completed.
    pub layout: Option<Layout>,
}

/// Finds out where a layout requires more spaces. Returns offsets in the text, in order, each with
/// the number of spaces to insert there.
pub type Layout = fn(&str) -> Vec<(usize, usize)>;

/// A part of a file: the model of one template. Its values exist only while it is rendered.
pub struct Part {
    /// The name of the template.
    pub template: &'static str,
    /// The model.
    pub model: Box<dyn Model + Send + Sync>,
    /// The place of the id of the object of the source that it belongs to.
    pub owner: Span,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("template", &self.template).finish_non_exhaustive()
    }
}

impl FileModel {
    /// A file with one part.
    pub fn of(path: impl Into<String>, part: Part) -> FileModel {
        FileModel { path: path.into(), parts: vec![part], between: "", layout: None }
    }
}

impl Part {
    /// A part that belongs to the object with its id at `owner`.
    pub fn new(
        template: &'static str,
        mut model: impl Model + Send + Sync + 'static,
        owner: Span,
    ) -> Part {
        model.shrink();
        Part { template, model: Box::new(model), owner }
    }
}

/// The number of parts of a file after which the size of the others is estimated.
const SAMPLE: usize = 50;

/// Renders files with these templates.
///
/// # Errors
/// A template is faulty.
pub(super) fn render(
    files: Vec<FileModel>,
    templates: &Templates,
    recorded: Recorded,
) -> Result<Vec<Artifact>, RenderError> {
    files.into_iter().map(|file| file.render(templates, recorded)).collect()
}

/// Renders files with templates of others, with the origins of strings: those of a file are left out if
/// its text would be another one.
///
/// # Errors
/// A template is faulty.
pub(super) fn render_strings(
    files: Vec<FileModel>,
    templates: &Templates,
) -> Result<Vec<Artifact>, RenderError> {
    let render = |file: FileModel| {
        let (path, between, layout) = (file.path.clone(), file.between, file.layout);
        let (plain, parts) = file.rendered(templates, Recorded::Nothing, true)?;
        let again = FileModel { path, parts, between, layout };
        let traced = again.render(templates, Recorded::Strings);
        Ok(traced.ok().filter(|traced| traced.text == plain.text).unwrap_or(plain))
    };
    files.into_iter().map(render).collect()
}

impl FileModel {
    fn render(self, templates: &Templates, recorded: Recorded) -> Result<Artifact, RenderError> {
        let keeps = recorded != Recorded::Nothing;
        self.rendered(templates, recorded, keeps).map(|(artifact, _)| artifact)
    }

    /// Renders the file. Returns its parts too if they are to be kept.
    fn rendered(
        self,
        templates: &Templates,
        recorded: Recorded,
        keeps: bool,
    ) -> Result<(Artifact, Vec<Part>), RenderError> {
        let mut page = Page::new(templates, recorded);
        let count = self.parts.len();
        // If marks cannot be told from the text, everything is rendered once more.
        let mut kept = Vec::new();
        for (at, part) in self.parts.into_iter().enumerate() {
            if at == SAMPLE {
                page.expect(count - at);
            }
            if at > 0 {
                page.push(self.between);
            }
            page.render(part.template, &*part.model, part.owner)?;
            if keeps {
                kept.push(part);
            }
        }
        let (text, Some(record)) = page.end() else {
            let again = FileModel { parts: kept, ..self };
            return again.rendered(templates, Recorded::Nothing, keeps);
        };
        let artifact = Artifact { path: self.path, text, record };
        let artifact = match self.layout {
            Some(layout) => artifact.laid_out(layout),
            None => artifact,
        };
        Ok((artifact, kept))
    }
}

impl Artifact {
    /// The same file with the spaces that a layout inserts.
    fn laid_out(self, layout: Layout) -> Artifact {
        let Artifact { path, text, mut record } = self;
        let insertions = layout(&text);
        let text = with_spaces(text, &insertions);

        let mut shift = Shift { insertions: &insertions, by: 0 };
        record.parts.iter_mut().for_each(|(start, _)| *start = shift.moved(*start));
        let mut shift = Shift { insertions: &insertions, by: 0 };
        for mark in &mut record.marks {
            mark.range.start = shift.moved(mark.range.start);
            // Nested ranges end later than the next one starts.
            let mut end = Shift { ..shift };
            mark.range.end = end.moved(mark.range.end);
        }
        Artifact { path, text, record }
    }
}

/// A text with spaces inserted: offsets, in order, with their number. It is moved within its own memory,
/// from the end on, as it may be large.
fn with_spaces(text: String, insertions: &[(usize, usize)]) -> String {
    let mut bytes = text.into_bytes();
    let mut end = bytes.len();
    let more: usize = insertions.iter().map(|(_, count)| count).sum();
    bytes.resize(end + more, b' ');
    let mut left = more;
    for &(at, count) in insertions.iter().rev() {
        bytes.copy_within(at..end, at + left);
        left -= count;
        if let Some(spaces) = bytes.get_mut(at + left..at + left + count) {
            spaces.fill(b' ');
        }
        end = at;
    }
    // The offsets are between characters.
    String::from_utf8(bytes).unwrap_or_default()
}

/// Moves offsets, which must come in order, behind the spaces that are inserted before them.
struct Shift<'i> {
    insertions: &'i [(usize, usize)],
    by: usize,
}

impl Shift<'_> {
    fn moved(&mut self, offset: usize) -> usize {
        while let Some(((at, count), rest)) = self.insertions.split_first() {
            if *at >= offset {
                break;
            }
            self.by += count;
            self.insertions = rest;
        }
        offset + self.by
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Mark, Origin, Record};

    #[test]
    fn spaces_move_what_is_behind_them() {
        let mark = |range| Mark { range, from: Origin::Place(Span::at(0)), owner: Span::at(0) };
        let artifact = Artifact {
            path: String::new(),
            text: "a = 1\nbcd = 22\n".to_owned(),
            record: Record {
                parts: vec![(0, Span::at(0))],
                marks: vec![mark(0..15), mark(4..5), mark(12..14)],
            },
        };
        let laid_out = artifact.laid_out(|_| vec![(1, 2)]);
        assert_eq!(laid_out.text, "a   = 1\nbcd = 22\n");
        let marked = |mark: &Mark| &laid_out.text[mark.range.clone()];
        let marked: Vec<_> = laid_out.record.marks.iter().map(marked).collect();
        assert_eq!(marked, [laid_out.text.as_str(), "1", "22"]);
    }
}
