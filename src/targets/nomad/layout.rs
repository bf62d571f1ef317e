//! The layout of `nomad fmt`: the equals signs of adjacent attributes are aligned.

/// Aligns the equals signs of text that otherwise has the layout of `nomad fmt`.
///
/// A line is aligned if it is one whole attribute, or opens a heredoc. Every other line ends a
/// run of adjacent attributes.
pub fn aligned(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut run: Vec<(&str, &str)> = Vec::new();
    let mut heredoc: Option<&str> = None;
    for line in text.lines() {
        if let Some(end) = heredoc {
            flush(&mut out, &mut run);
            out.push_str(line);
            out.push('\n');
            if line.trim() == end {
                heredoc = None;
            }
            continue;
        }
        match attribute(line) {
            Some((name, value)) => {
                run.push((name, value));
                heredoc = value.strip_prefix("<<-");
            }
            None => {
                flush(&mut out, &mut run);
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    flush(&mut out, &mut run);
    out
}

/// Writes a run of adjacent attributes.
fn flush(out: &mut String, run: &mut Vec<(&str, &str)>) {
    let width = run.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    for (name, value) in run.drain(..) {
        out.push_str(name);
        out.extend(std::iter::repeat_n(' ', width - columns(name)));
        out.push_str(" = ");
        out.push_str(value);
        out.push('\n');
    }
}

/// The width of a name: a quoted name can contain more than ASCII.
fn columns(name: &str) -> usize {
    name.chars().count()
}

/// Splits a line that is one attribute at its equals sign. The name keeps its indentation; it
/// is an identifier or a quoted string.
fn attribute(line: &str) -> Option<(&str, &str)> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let rest = line.get(indent..)?;
    let end = if rest.starts_with('"') {
        let mut escaped = false;
        1 + 1
            + rest.get(1..)?.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })?
    } else {
        rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?
    };
    let (name, value) = line.split_at_checked(indent + end)?;
    let value = value.strip_prefix(" = ")?;
    let opens = value == "[" || value == "{";
    (end > 0 && !opens).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacent_attributes_are_aligned() {
        let text = "a = 1\nlonger = 2\n\nb = 3\nc {\n  d = \"x = y\"\n  ee = [\n    \"f = g\",\n  ]\n  hhh = 1\n}\n";
        let expected = "a      = 1\nlonger = 2\n\nb = 3\nc {\n  d = \"x = y\"\n  ee = [\n    \"f = g\",\n  ]\n  hhh = 1\n}\n";
        assert_eq!(aligned(text), expected);
    }

    #[test]
    fn a_heredoc_is_unchanged() {
        let text = "env = true\ndata = <<-EOT\n  a = 1\n  bb = 2\n  EOT\n";
        assert_eq!(aligned(text), "env  = true\ndata = <<-EOT\n  a = 1\n  bb = 2\n  EOT\n");
    }

    #[test]
    fn quoted_names_are_aligned() {
        assert_eq!(
            aligned("\"a \\\" = b\" = \"c\"\nA = \"d\"\n"),
            "\"a \\\" = b\" = \"c\"\nA          = \"d\"\n"
        );
    }
}
