//! The text of a container, measured, so that it fits into its shape.
//!
//! All text is in a monospaced font, whose characters are equally wide in whatever font a viewer has.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Kind, Node, Port};

/// Width of a cell of text as a share of the font size. Common monospaced fonts have 0.55 (Consolas) to
/// 0.618 (SF Mono); a CJK character takes 1 and an emoji up to 1.245, each in two cells.
const CELL: f64 = 0.623;

/// Maximum number of cells of a line.
const MAX_CELLS: usize = 30;

/// Space in pixels between text and the outline, beside and above it.
const PADDING: (f64, f64) = (14.0, 9.0);

/// Width in cells of the longest state: a symbol, `submitted`, and the number of instances.
const STATE_CELLS: usize = 17;

/// Minimum width of a shape in pixels.
const MIN_WIDTH: f64 = 84.0;

/// The text of a container.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The lines, from top to bottom.
    pub lines: Vec<Line>,
    /// Width in pixels of the shape around them.
    pub width: f64,
    /// Height in pixels of the shape around them.
    pub height: f64,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The text, which is safe in XML when it is escaped.
    pub text: String,
    /// What it says.
    pub role: Role,
    /// The baseline in pixels below the center of the shape.
    pub baseline: f64,
}

/// What a line of text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The id of the container.
    Id,
    /// Its type and number of instances.
    Kind,
    /// Its published ports.
    Ports,
    /// Its state. The line is empty; pages fill it in.
    State,
}

impl Role {
    /// Font size in pixels.
    pub fn font_size(self) -> f64 {
        match self {
            Role::Id => 14.0,
            Role::Kind | Role::Ports | Role::State => 12.0,
        }
    }

    /// Height of the line in pixels.
    fn height(self) -> f64 {
        self.font_size() + 4.0
    }
}

impl Line {
    /// Width in pixels, at most.
    pub fn width(&self) -> f64 {
        width(&self.text, self.role.font_size())
    }
}

/// The width of a text in pixels in a font of this size, at most.
pub fn width(text: &str, font_size: f64) -> f64 {
    text.width() as f64 * CELL * font_size
}

/// The type of a container, with the number of instances if it is not 1.
pub fn kind(node: &Node) -> String {
    match node.instances {
        1 => node.kind.name().to_owned(),
        instances => format!("{} × {instances}", node.kind.name()),
    }
}

/// A port with its name.
pub fn port(port: &Port) -> String {
    match &port.name {
        Some(name) => format!("{} {}", clean(name), port.number),
        None => port.number.clone(),
    }
}

/// Everything about a container in one line.
pub fn description(node: &Node) -> String {
    let mut text = format!("{}: {}, image {}", clean(&node.id), kind(node), clean(&node.image));
    if let Some(ports) = ports_in_words(node) {
        text.push_str(", ");
        text.push_str(&ports);
    }
    text
}

/// All published ports, if there are any.
pub fn ports_in_words(node: &Node) -> Option<String> {
    let ports: Vec<String> = node.ports.iter().map(port).collect();
    match ports.as_slice() {
        [] => None,
        [one] => Some(format!("port {one}")),
        several => Some(format!("ports {}", several.join(", "))),
    }
}

/// The lines of a label, however long: the id, the type, and the ports if there are some.
pub fn all_lines(node: &Node) -> Vec<String> {
    let ports: Vec<String> = node.ports.iter().map(port).collect();
    let mut lines = vec![clean(&node.id), kind(node)];
    lines.extend((!ports.is_empty()).then(|| ports.join(", ")));
    lines
}

/// The label of a container.
pub fn of(node: &Node) -> Label {
    around(node.kind, texts(node))
}

/// The label of a container with an empty line for its state.
pub fn with_state(node: &Node) -> Label {
    let mut texts = texts(node);
    texts.push((Role::State, " ".repeat(STATE_CELLS)));
    let mut label = around(node.kind, texts);
    if let Some(line) = label.lines.last_mut() {
        line.text.clear();
    }
    label
}

/// The lines that a container has.
fn texts(node: &Node) -> Vec<(Role, String)> {
    let texts = [
        (Role::Id, Some(shortened(&clean(&node.id), MAX_CELLS))),
        (Role::Kind, Some(kind(node))),
        (Role::Ports, ports(node)),
    ];
    texts.into_iter().filter_map(|(role, text)| Some((role, text?))).collect()
}

/// The lines of a label in the shape of this kind.
fn around(kind: Kind, texts: Vec<(Role, String)>) -> Label {
    let inner: f64 = texts.iter().map(|(role, _)| role.height()).sum();
    let mut top = -inner / 2.0;
    let lines = texts.into_iter().map(|(role, text)| {
        let baseline = top + role.font_size();
        top += role.height();
        Line { text, role, baseline }
    });
    let lines: Vec<Line> = lines.collect();
    let (width, height) = match kind {
        Kind::Service => {
            let widest = lines.iter().map(Line::width).fold(0.0, f64::max);
            (widest + 2.0 * PADDING.0, inner + 2.0 * PADDING.1)
        }
        Kind::Job => ellipse(&lines, inner),
    };
    // Even numbers, so that the center is on a whole pixel.
    let even = |length: f64| (length / 2.0).ceil() * 2.0;
    Label { lines, width: even(width.max(MIN_WIDTH)), height: even(height) }
}

/// The width and height of an ellipse around lines of this height in total.
fn ellipse(lines: &[Line], inner: f64) -> (f64, f64) {
    let half_height = inner / 2.0 + 2.0 * PADDING.1;
    let needed = lines.iter().map(|line| {
        let size = line.role.font_size();
        // The corner of the line that is farthest from the center.
        let top = (line.baseline - size).abs();
        let bottom = (line.baseline + size * 0.25).abs();
        let at = top.max(bottom) / half_height;
        (line.width() / 2.0 + PADDING.0 / 4.0) / (1.0 - at * at).max(0.05).sqrt()
    });
    let half_width = needed.fold(half_height, f64::max);
    (2.0 * half_width, 2.0 * half_height)
}

/// As many ports as fit in a line, and how many more there are.
fn ports(node: &Node) -> Option<String> {
    let mut ports = node.ports.iter().map(port);
    let mut line = shortened(&ports.next()?, MAX_CELLS - 4);
    let mut left = node.ports.len() - 1;
    for port in ports {
        let more = if left > 1 { format!(" +{}", left - 1).len() } else { 0 };
        if line.width() + 2 + port.width() + more > MAX_CELLS {
            break;
        }
        line.push_str(", ");
        line.push_str(&port);
        left -= 1;
    }
    if left > 0 {
        line.push_str(&format!(" +{left}"));
    }
    Some(line)
}

/// The text without characters that XML forbids, that have no place on a line, or that change the
/// direction of the text around them. Each is shown as U+FFFD.
pub fn clean(text: &str) -> String {
    let is_bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if is_bad(c) { '\u{fffd}' } else { c }).collect()
}

/// The text, or its start and end with an ellipsis between them, so that it takes at most `cells` cells:
/// long ids often differ at the end.
pub fn shortened(text: &str, cells: usize) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    let room = cells.saturating_sub(1);
    let end = suffix(text, room / 3);
    let start = prefix(text, room - end.width());
    format!("{start}…{end}")
}

/// The longest start of a text that takes at most `cells` cells.
fn prefix(text: &str, cells: usize) -> &str {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        if text.get(..next).is_none_or(|start| start.width() > cells) {
            break;
        }
        end = next;
    }
    // A joiner would join the ellipsis.
    text.get(..end).unwrap_or_default().trim_end_matches('\u{200d}')
}

/// The longest end of a text that takes at most `cells` cells and does not start within a character that
/// is made of several.
fn suffix(text: &str, cells: usize) -> &str {
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        if text.get(at..).is_none_or(|end| end.width() > cells) {
            break;
        }
        if c.width().is_some_and(|width| width > 0) {
            start = at;
        }
    }
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(id: &str, ports: &[(&str, &str)]) -> Node {
        let ports = ports.iter().map(|(name, number)| Port {
            name: (!name.is_empty()).then(|| (*name).to_owned()),
            number: (*number).to_owned(),
        });
        Node {
            id: id.to_owned(),
            kind: Kind::Service,
            image: "i".to_owned(),
            instances: 1,
            ports: ports.collect(),
            level: 0,
        }
    }

    fn texts(node: &Node) -> Vec<String> {
        of(node).lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_label_has_what_is_not_usual() {
        assert_eq!(texts(&node("web", &[])), ["web", "service"]);
        let several =
            Node { instances: 3, kind: Kind::Job, ..node("web", &[("", "80"), ("a", "9")]) };
        assert_eq!(texts(&several), ["web", "job × 3", "80, a 9"]);
        let none = Node { instances: 0, ..node("web", &[]) };
        assert_eq!(texts(&none), ["web", "service × 0"]);
    }

    #[test]
    fn a_state_has_a_line_below_all_others() {
        let (plain, with_state) = (of(&node("a", &[])), with_state(&node("a", &[])));
        let last = with_state.lines.last().unwrap();
        assert_eq!((last.role, last.text.as_str()), (Role::State, ""));
        assert!(last.baseline > with_state.lines[1].baseline);
        assert_eq!(with_state.lines.len(), plain.lines.len() + 1);
        assert!(
            with_state.width >= width("\u{25cb} submitted 10/10", 12.0)
                && with_state.height > plain.height
        );
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let id = format!("{}-7", "a".repeat(60));
        assert_eq!(texts(&node(&id, &[]))[0], "aaaaaaaaaaaaaaaaaaaa…aaaaaaa-7");
        let many: Vec<(&str, &str)> = vec![("", "10000:10000"); 5];
        assert_eq!(texts(&node("a", &many))[2], "10000:10000, 10000:10000 +3");
        let long = "a".repeat(60);
        let line = &texts(&node("a", &[(&long, "80"), ("", "10000:10000")]))[2];
        assert!(line.ends_with("a 80 +1") && line.width() <= MAX_CELLS, "{line}");
        // Two cells each.
        assert_eq!(shortened("日本語日本語", 8), "日本…語");
        assert_eq!(shortened("日本語", 6), "日本語");
    }

    #[test]
    fn control_characters_and_changes_of_direction_are_shown() {
        assert_eq!(clean("a\u{0}b\nc\u{202e}d\u{ffff}é"), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}é");
    }

    proptest! {
        #[test]
        fn a_text_is_as_short_as_it_must_be(text in "(\\PC|👩‍🚀|e\u{301}){0,40}", cells in 4_usize..30) {
            let cut = shortened(&text, cells);
            prop_assert!(cut.width() <= cells, "{cut:?}");
            prop_assert_eq!(text.width() <= cells, cut == text);
        }

        #[test]
        fn lines_are_inside_the_shape(
            id in "\\PC{1,50}", names in prop::collection::vec("\\PC{0,30}", 0..6), job: bool,
        ) {
            let ports: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "8080/udp")).collect();
            let kind = if job { Kind::Job } else { Kind::Service };
            let label = of(&Node { kind, ..node(&id, &ports) });
            for line in &label.lines {
                let (half, size) = (line.width() / 2.0, line.role.font_size());
                for y in [line.baseline - size, line.baseline + size * 0.25] {
                    let (x, y) = (half / (label.width / 2.0), y / (label.height / 2.0));
                    let inside = if job { x * x + y * y < 1.0 } else { x < 1.0 && y.abs() < 1.0 };
                    prop_assert!(inside, "{label:?}");
                }
            }
        }
    }
}
