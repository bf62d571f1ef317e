//! `applc explain`.

use std::fmt::Write;

use crate::Status;
use crate::args::Explain;
use crate::terminal::{fail, print};
use applc::diag::codes;
use applc::{reference, targets};

/// Explains a code or a field, or lists all of them.
pub fn run(arguments: &Explain) -> Status {
    let Some(word) = &arguments.what else { return print(&list()) };
    if let Some(code) = codes::find(word) {
        return print(code.page);
    }
    if let Some(text) = reference::explain(word) {
        return print(&text);
    }
    if let Some(target) = targets::find(word) {
        let name = target.name();
        let message = format!("`{name}` is a target; `applc targets {name}` describes it");
        return fail(&message, Status::Usage);
    }
    let ids: Vec<&str> = codes::ALL.iter().map(|code| code.id).collect();
    let advice = match reference::nearest(word, &ids) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => "`applc explain` lists all".to_owned(),
    };
    fail(&format!("unknown code or field `{word}`; {advice}"), Status::Usage)
}

/// The codes, then the fields.
fn list() -> String {
    let mut text = codes::ALL.iter().fold(String::new(), |mut text, code| {
        let _ = writeln!(text, "{}  {}", code.id, code.summary);
        text
    });
    text.push('\n');
    text.push_str(&reference::list());
    text
}
