//! What can be written at a place: keys, values, and names, also in a text that is half typed.
//!
//! The place is found in the text itself, as there is no tree of it yet; what can be there is what the schema for editors
//! says.

mod body;
mod brackets;
mod cursor;
mod items;
mod lines;
mod names;
mod rules;
mod tables;

pub use self::cursor::Step;

use std::ops::Range;

use applc::editors::Format;
use applc::source::Syntax;
use gen_lsp_types as lsp;

use self::cursor::{Cursor, Style};
use self::items::Offer;
use self::names::Names;
use self::rules::{Rule, Rules};
use crate::client::Client;
use crate::server::{Failure, Server};
use crate::uri;

/// Says that there is completion.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    let options = lsp::CompletionOptions {
        trigger_characters: Some(["\"", "@", ":"].map(str::to_owned).to_vec()),
        ..lsp::CompletionOptions::default()
    };
    capabilities.completion_provider = Some(options);
}

/// What can be written at a place.
///
/// # Errors
/// Never.
pub fn completion(
    server: &mut Server,
    params: lsp::CompletionParams,
) -> Result<Option<lsp::CompletionResponse>, Failure> {
    let place = params.text_document_position_params;
    let path = uri::to_path(&place.text_document.uri);
    let Some(format) = server.kind(&path).format(&path) else { return Ok(None) };
    let rules = Rules::of(format);
    let names = Names::of(server, &path, format == Format::Overlay);
    let Some(document) = server.open.documents().get(&path) else { return Ok(None) };
    let (text, encoding) = (document.source().text(), server.client.encoding);
    let caret = document.lines().index(text, place.position, encoding);
    let cursor = match (format, document.source().syntax()) {
        (Format::Project | Format::Target, _) => tables::find(text, caret),
        (_, Syntax::Yaml) => lines::find(text, caret),
        _ => of_json(text, caret),
    };
    let Some(cursor) = cursor else { return Ok(None) };
    let range = |range| document.lines().range(text, range, encoding);
    let offer = Offer {
        client: &server.client,
        rules,
        names: &names,
        is_overlay: format == Format::Overlay,
        text,
        caret,
        cursor: &cursor,
        range: &range,
    };
    Ok(Some(offer.items().into()))
}

/// What the schema says of the key or value at a place of TOML: its range, its key with those around it, and the text.
pub fn about(
    format: Format,
    text: &str,
    caret: usize,
    is_markdown: bool,
) -> Option<(Range<usize>, String, &'static str)> {
    let (steps, range) = tables::at(text, caret)?;
    let said = Rules::of(format).at(&steps)?.text(is_markdown);
    let keys: Vec<&str> = steps.iter().filter_map(Step::key).collect();
    (!said.is_empty()).then(|| (range, keys.join("."), said))
}

/// What the schema says of what steps lead to. `None` if it says nothing.
pub fn said(format: Format, steps: &[Step], is_markdown: bool) -> Option<&'static str> {
    let said = Rules::of(format).at(steps)?.text(is_markdown);
    (!said.is_empty()).then_some(said)
}

/// Whether what steps lead to is an object with names of one's own, such as variables.
pub fn has_own_names(format: Format, steps: &[Step]) -> bool {
    Rules::of(format).at(steps).is_some_and(Rule::has_own_names)
}

fn of_json(text: &str, caret: usize) -> Option<Cursor> {
    brackets::find(text, 0, caret, Style::Json).cursor
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing that is half typed stops the server, and what is replaced is around the caret.
    #[test]
    fn a_caret_anywhere_has_a_place_or_none() {
        let json = "// é\n{\"id\": 'é😀', \"a\": [1, {\"b\": \"x\\\"y\", c: true}, \"open\n], /* x */ \"d\": {},}\n";
        let yaml = "id: a # é😀\ncontainers:\n- {id: \"w\", type: service}\n- id: b\n  env:\n    A: |\n      x @w\n    'B': [1, {c: '@'},\n     2]\n\n  # c\n  cmd: 'x'\n";
        let toml = "a = [\n\"b\"]\n[x.y]\nc.d = 'é'\n# e\n[[z]]\n\"f\".g=[\"h\", \"😀";
        type Find = fn(&str, usize) -> Option<Cursor>;
        let finders: [(&str, Find); 3] =
            [(json, of_json), (yaml, lines::find), (toml, tables::find)];
        for (all, find) in finders {
            let mut found = 0;
            let ends = (0..=all.len()).filter(|end| all.is_char_boundary(*end));
            for end in ends {
                for text in [all, &all[..end]] {
                    let Some(cursor) = find(text, end) else { continue };
                    found += 1;
                    assert!(
                        cursor.token.start <= end && end <= cursor.token.end,
                        "{end}: {cursor:?}"
                    );
                    assert!(text.get(cursor.token.clone()).is_some(), "{end}: {cursor:?}");
                    assert!(text[..end].ends_with(&cursor.typed), "{end}: {cursor:?}");
                }
            }
            assert!(found > 20, "{found}");
        }
        let mut found = 0;
        for at in (0..=toml.len()).filter(|at| toml.is_char_boundary(*at)) {
            let Some((steps, range)) = tables::at(toml, at) else { continue };
            found += 1;
            assert!(!steps.is_empty() && toml.get(range.clone()).is_some(), "{at}: {steps:?}");
            assert!(range.start <= at && at <= range.end, "{at}: {range:?}");
        }
        assert!(found > 10, "{found}");
    }
}
