//! `applc explain`.

use std::fmt::Write;

use crate::Status;
use crate::args::Explain;
use crate::terminal::{fail, print};
use applc::diag::{codes, nearest, pages};

/// Prints the page of a code, or the list of all codes.
pub fn run(arguments: &Explain) -> Status {
    let Some(id) = &arguments.code else { return print(&list()) };
    let Some(code) = codes::find(id) else {
        let upper = id.to_uppercase();
        let advice = match nearest(&upper, codes::ALL.iter().map(|code| code.id)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`applc explain` lists all".to_owned(),
        };
        return fail(&format!("there is no code `{id}`; {advice}"), Status::Usage);
    };
    match pages::of(code) {
        Some(page) => print(page),
        None => print(&format!("# {}: {}\n", code.id, code.summary)),
    }
}

fn list() -> String {
    codes::ALL.iter().fold(String::new(), |mut text, code| {
        let _ = writeln!(text, "{}  {}", code.id, code.summary);
        text
    })
}
