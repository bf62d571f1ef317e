//! The layout of `nomad fmt`: the equals signs of adjacent attributes are aligned.

/// Finds the spaces that align the equals signs of text that otherwise has the layout of `nomad
/// fmt`: offsets, in order, with the number of spaces to insert there.
///
/// A line is aligned if it is one whole attribute, or opens a heredoc. Every other line ends a
/// run of adjacent attributes.
pub fn alignment(text: &str) -> Vec<(usize, usize)> {
    let mut insertions = Vec::new();
    let mut run: Vec<(usize, usize)> = Vec::new();
    let mut heredoc: Option<&str> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let line = line.trim_end_matches('\n');
        if let Some(end) = heredoc {
            align(&mut run, &mut insertions);
            if line.trim() == end {
                heredoc = None;
            }
            continue;
        }
        match attribute(line) {
            Some((name, value)) => {
                run.push((at + name.len(), columns(name)));
                heredoc = value.strip_prefix("<<-");
            }
            None => align(&mut run, &mut insertions),
        }
    }
    align(&mut run, &mut insertions);
    insertions
}

/// Aligns a run of adjacent attributes: the offset behind the name of each, and its width.
fn align(run: &mut Vec<(usize, usize)>, insertions: &mut Vec<(usize, usize)>) {
    let widest = run.iter().map(|(_, width)| *width).max().unwrap_or(0);
    let missing = run.drain(..).map(|(at, width)| (at, widest - width));
    insertions.extend(missing.filter(|(_, spaces)| *spaces > 0));
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

    fn aligned(text: &str) -> String {
        let mut out = text.to_owned();
        for (at, spaces) in alignment(text).into_iter().rev() {
            out.insert_str(at, &" ".repeat(spaces));
        }
        out
    }

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
