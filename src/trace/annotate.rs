//! Comments in an output that name the places of its objects in the source.

use crate::render::Format;
use crate::source::Span;
use crate::targets::Artifact;

/// The text of a file with a comment on the first line of each object of the appliance: of a service,
/// a group, a document. `place` names the place of the id of the object. `None` if the format of the file
/// has no comments at the end of a line. The origins of the file must be recorded.
pub fn annotate(artifact: &Artifact, place: impl Fn(Span) -> String) -> Option<String> {
    let text = &artifact.text;
    match Format::of_name(&artifact.path) {
        Format::Yaml | Format::Hcl => {}
        Format::Json | Format::Ini | Format::Plain => return None,
    }
    let mut annotated = String::with_capacity(text.len());
    let mut end = 0;
    for (start, owner) in objects(artifact) {
        let line = start + text.get(start..)?.find('\n').unwrap_or(text.len() - start);
        if line <= end && end > 0 {
            continue;
        }
        annotated.push_str(text.get(end..line)?);
        annotated.push_str("  # ");
        annotated.push_str(&place(owner));
        end = line;
    }
    annotated.push_str(text.get(end..)?);
    Some(annotated)
}

/// Where the objects of a file start, with the places of their ids: the parts of the file, and in a part
/// the first value of each other object.
fn objects(artifact: &Artifact) -> Vec<(usize, Span)> {
    let mut parts = artifact.record.parts.iter().copied().peekable();
    let mut objects = Vec::new();
    let mut owner = None;
    for mark in &artifact.record.marks {
        while let Some((start, part)) = parts.next_if(|(start, _)| *start <= mark.range.start) {
            objects.push((start, part));
            owner = Some(part);
        }
        if owner != Some(mark.owner) {
            objects.push((mark.range.start, mark.owner));
            owner = Some(mark.owner);
        }
    }
    objects.extend(parts);
    objects
}
