//! Files that are as a whole another text than their author sees, because of how they were copied: with escapes, with numbers
//! of lines between the lines, with the command or the program around them, or without their outer brackets.
//!
//! Only files that cannot be read are searched, and what is found has to make them readable, so that nothing else is said
//! about them.

use super::prefix::FEWEST;
use super::{Keys, entities, is_name, is_read, json};
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span, Syntax};

/// The finding for a source that is not read.
pub fn find(source: &Source, syntax: Syntax, keys: Keys) -> Option<Diagnostic> {
    // What each finds, with an edit that may make the file readable.
    let candidates: [fn(&Source, Syntax) -> Option<Diagnostic>; 8] =
        [numbers, entities, escapes, string, document, program, signature, braces];
    let makes_readable = |found: &Diagnostic| {
        let edit = found.edit.as_ref();
        edit.is_some_and(|edit| is_read(source, &edit.applied_to(source.text()), syntax, keys))
    };
    let mut all = candidates.iter().filter_map(|candidate| candidate(source, syntax));
    all.find(makes_readable).or_else(|| quotes(source, syntax))
}

fn finding(place: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&codes::UNEXPECTED_TOKEN, place, message)
}

/// The finding for JSON whose quotes are all entities, and that has other faults, too: they are only known without those.
fn quotes(source: &Source, syntax: Syntax) -> Option<Diagnostic> {
    let text = source.text();
    let is_other = || text.contains('"') || entities::entities(text).all(|e| e.character != '"');
    if syntax == Syntax::Yaml || is_other() {
        return None;
    }
    Some(Diagnostic { edit: None, ..entities(source, syntax)? })
}

/// The content of a source without the blanks around it, and where it starts.
fn content(source: &Source) -> (usize, &str) {
    let start = source.content_start();
    let all = source.text().get(start..).unwrap_or_default();
    let blank = all.len() - all.trim_start().len();
    (start + blank, all.trim())
}

/// The first line of a text with its break, and the rest of it.
fn first_line(text: &str) -> (&str, &str) {
    text.split_at(text.find('\n').map_or(text.len(), |at| at + 1))
}

/// Numbers of lines that are on lines of their own.
fn numbers(source: &Source, _: Syntax) -> Option<Diagnostic> {
    let number = |line: &str| {
        let line = line.trim();
        line.bytes().all(|byte| byte.is_ascii_digit()).then(|| line.parse::<usize>().ok())?
    };
    let lines = || source.content_lines();
    let mut written = lines().map(|(_, line)| line).filter(|line| !line.trim().is_empty());
    let starts = written.next().and_then(number).is_some();
    if !starts && written.next().and_then(number).is_none() {
        return None;
    }
    let (mut first, mut end, mut last, mut count) = (None, 0, None, 0);
    for (at, line) in lines() {
        let Some(found) = number(line) else { continue };
        if last.is_some_and(|last| found <= last) {
            return None;
        }
        (last, count, end) = (Some(found), count + 1, at + line.len());
        first.get_or_insert(Span::new(at, at + line.trim_end().len()));
    }
    let place = first.filter(|_| count >= FEWEST)?;
    let span = Span { end: Span::at(end).start, ..place };
    let kept = source.slice(span).split_inclusive('\n').filter(|line| number(line).is_none());
    let message = format!("line number on a line of its own, as are {} others", count - 1);
    Some(
        finding(place, message)
            .help("remove these lines, or copy the file without them")
            .safe_edit(span, kept.collect::<String>()),
    )
}

/// Entities of HTML in the place of quotes and other signs.
fn entities(source: &Source, _: Syntax) -> Option<Diagnostic> {
    let (first, kept) = entities::decoded(source.text())?;
    let place = Span::new(first.start, first.end);
    let message = format!("entity of HTML `{}` in the place of a character", source.slice(place));
    let span = Span::new(0, source.text().len());
    // What is between quotes may be meant to have them.
    Some(
        finding(place, message)
            .help("copy the file from the page as it is shown, not from its source")
            .likely_edit(span, kept),
    )
}

/// JSON of which all quotes are escaped.
fn escapes(source: &Source, syntax: Syntax) -> Option<Diagnostic> {
    let (start, text) = content(source);
    let at = text.find('"')?.checked_sub(1)?;
    if syntax == Syntax::Yaml || !text.get(at..)?.starts_with("\\\"") {
        return None;
    }
    let place = Span::new(start + at, start + at + 2);
    Some(
        finding(place, "escaped quote outside of a string")
            .help("the file is written as the text of a string; remove one level of escapes")
            .safe_edit(Span::new(start, start + text.len()), json::unescaped(text)?),
    )
}

/// A file that is a string with a file in it.
fn string(source: &Source, syntax: Syntax) -> Option<Diagnostic> {
    let (start, text) = content(source);
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    if !inside.trim_start().starts_with(['{', '\\']) || syntax == Syntax::Yaml {
        return None;
    }
    Some(
        finding(Span::new(start, start + 1), "file written as a string")
            .help("remove the quotes around it, and one level of escapes")
            .safe_edit(Span::new(start, start + text.len()), json::unescaped(inside)?),
    )
}

/// A document within a command of a shell: `cat > app.yaml <<EOF`.
fn document(source: &Source, _: Syntax) -> Option<Diagnostic> {
    let (start, text) = content(source);
    let (first, rest) = first_line(text);
    let (command, word) = first.trim_end().split_once("<<")?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let word = word.trim_start_matches('-').trim().split([' ', '>', '|', ';']).next()?;
    let word = word.trim_matches(['\'', '"', '\\']);
    let last = rest.rfind('\n').map_or(0, |at| at + 1);
    let end = rest.get(last..)?;
    if command.contains(": ") || word.is_empty() || !word.chars().all(is_word) || end != word {
        return None;
    }
    let place = Span::new(start, start + first.trim_end().len());
    Some(
        finding(place, "command of a shell in the file")
            .help("keep only the lines between it and the word that ends them")
            .safe_edit(Span::new(start, source.text().len()), rest.get(..last)?),
    )
}

/// An object within a program: `module.exports = {…};`.
fn program(source: &Source, syntax: Syntax) -> Option<Diagnostic> {
    let (start, text) = content(source);
    let at = text.find('{')?;
    let (before, rest) = text.split_at(at);
    let head = before.trim_end();
    let is_head = head.ends_with('=') || head == "export default" || head == "return";
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "_$.:<>= ".contains(c);
    if syntax == Syntax::Yaml || !is_head || !head.chars().all(is_inside) {
        return None;
    }
    let object = rest.trim_end_matches([';', ' ', '\n', '\r']);
    let place = Span::new(start, start + head.len());
    Some(
        finding(place, format!("unexpected `{head}` before the file"))
            .help("keep only what is between `{` and `}`, together with them")
            .safe_edit(Span::new(start, start + text.len()), object),
    )
}

/// The signature of a mail below a file.
fn signature(source: &Source, syntax: Syntax) -> Option<Diagnostic> {
    let is_mark = |line: &str| matches!(line.trim_end_matches(['\n', '\r']), "-- " | "--");
    let mut lines = source.content_lines();
    let (at, line) = lines.find(|(_, line)| is_mark(line)).filter(|_| syntax == Syntax::Yaml)?;
    let place = Span::new(at, at + line.trim_end().len());
    Some(
        finding(place, "signature of a mail in the file")
            .help("remove this line and those below")
            .likely_edit(Span::new(at, source.text().len()), ""),
    )
}

/// JSON without the braces around it.
fn braces(source: &Source, syntax: Syntax) -> Option<Diagnostic> {
    let (start, text) = content(source);
    let key = text.strip_prefix('"')?;
    let (key, rest) = key.split_once('"')?;
    if syntax == Syntax::Yaml || !is_name(key) || !rest.trim_start().starts_with(':') {
        return None;
    }
    // The first key may be on the line of its brace.
    let line = source.line_range(source.line_of(Span::at(start).start)).start;
    let from = line.max(source.content_start());
    let indent = source.text().get(from..start).unwrap_or_default();
    let entries = text.trim_end_matches([',', ' ', '\n', '\r']);
    let (what, entries) = match closing(entries) {
        Some(entries) => ("`{` before the file", entries),
        None => ("`{` and `}` around the file", entries),
    };
    let whole = Span::new(from, start + text.len());
    Some(
        finding(Span::at(start), format!("missing {what}"))
            .help("an appliance is an object with `id` and `containers`")
            .safe_edit(whole, format!("{{\n{indent}{entries}\n}}")),
    )
}

/// A text without its last `}`, if that closes nothing in it.
fn closing(text: &str) -> Option<&str> {
    let (mut depth, mut is_inside, mut is_escaped) = (0_i64, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_inside,
            b'"' => is_inside = !is_inside,
            b'{' if !is_inside => depth += 1,
            b'}' if !is_inside => depth -= 1,
            _ => {}
        }
    }
    text.strip_suffix('}').map(str::trim_end).filter(|_| depth == -1)
}

#[cfg(test)]
mod tests {
    use crate::diag::Findings;
    use crate::source::Source;

    const JSON: &str = "{\n  \"a\": {\n    \"b\": \"c\"\n  }\n}\n";
    const YAML: &str = "a:\n  - b: 1\n    c: d\n  - b: 2\n";

    /// The text with the edit of its only finding, and whether that is certain.
    fn fixed(name: &str, text: &str) -> Option<(String, bool)> {
        let mut found = Findings::new();
        let _ = super::super::parse(&Source::new(name, text), &mut found);
        let edit = found.iter().next()?.edit.clone()?;
        assert_eq!(found.len(), 1, "{text}\n{found:?}");
        Some((edit.applied_to(text), edit.safe))
    }

    fn all(text: &str) -> Option<(String, bool)> {
        Some((text.to_owned(), true))
    }

    #[test]
    fn numbers_on_lines_of_their_own_are_one_finding() {
        for (name, file) in [("a.json", JSON), ("a.yaml", YAML)] {
            let lines = || file.split_inclusive('\n').enumerate();
            for start in [1, 12] {
                let text: String =
                    lines().map(|(at, line)| format!("{}\n{line}", at + start)).collect();
                assert_eq!(fixed(name, &text), all(file), "{text}");
                let text: String =
                    lines().map(|(at, line)| format!("{line}  {}\n", at + start)).collect();
                assert_eq!(fixed(name, &text), all(file), "{text}");
            }
        }
    }

    #[test]
    fn entities_of_html_are_one_finding() {
        let some = |text: &str| Some((text.to_owned(), false));
        for quote in ["&quot;", "&#34;", "&#x22;"] {
            assert_eq!(fixed("a.json", &JSON.replace('"', quote)), some(JSON));
        }
        // With another fault, it is still all that is known.
        let faulty = "{&quot;a&quot;: &quot;b&quot; &quot;c&quot;: }";
        let mut found = Findings::new();
        let _ = super::super::parse(&Source::new("a.json", faulty), &mut found);
        assert!(found.len() == 1 && found.iter().all(|found| found.edit.is_none()));
        assert_eq!(fixed("a.yaml", &YAML.replace("  ", "&nbsp;&nbsp;")), some(YAML));
        assert_eq!(fixed("a.yaml", "a: |\n  &quot;x&quot;\nb: \"&lt;\"\n"), None);
    }

    #[test]
    fn files_with_escapes_are_one_finding() {
        let text = "{\"a\": \"x\\ny \\\"z\\\"\"}";
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        assert_eq!(fixed("a.json", &escaped), all(text));
        assert_eq!(fixed("a.json", &format!("\"{escaped}\"")), all(text));
        assert_eq!(fixed("a.json", &JSON.replace('"', "\\\"")), all(JSON));
        let line = JSON.trim_end().replace('"', "\\\"").replace('\n', "\\n");
        assert_eq!(fixed("a.json", &format!("\"{line}\"\n")), all(JSON));
    }

    #[test]
    fn what_is_around_a_file_is_one_finding() {
        for command in ["cat > a <<EOF", "cat <<'EOF' > a", "tee a <<-EOF | sh"] {
            assert_eq!(fixed("a.yaml", &format!("{command}\n{YAML}EOF\n")), all(YAML));
            assert_eq!(fixed("a.json", &format!("{command}\n{JSON}EOF\n")), all(JSON));
        }
        for head in ["const app =", "module.exports =", "export default", "let a: App ="] {
            let text = format!("{head} {};\n", JSON.trim_end());
            assert_eq!(fixed("a.json", &text), all(JSON));
        }
        let some = Some((YAML.to_owned(), false));
        assert_eq!(fixed("a.yaml", &format!("{YAML}-- \nA. B.\nTel.: 1\n")), some);
    }

    #[test]
    fn missing_braces_around_a_file_are_one_finding() {
        let inside = "  \"a\": {\n    \"b\": \"c\"\n  }\n";
        assert_eq!(fixed("a.json", inside), all(JSON));
        assert_eq!(fixed("a.json", &format!("{}}}\n", inside)), all(JSON));
        assert_eq!(fixed("a.json", "\"a\": 1,\n\"b\": 2,\n"), all("{\n\"a\": 1,\n\"b\": 2\n}\n"));
        assert_eq!(fixed("a.json", "\"a\"\n"), None);
    }
}
