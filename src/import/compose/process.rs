//! What a container runs: its command, user and directory, and how it is stopped.

use super::super::draft::Object as Draft;
use super::super::references::{flag_of_host, marked};
use super::words::{self, Words};
use super::{Import, Service};
use crate::diag::{Diagnostic, codes};
use crate::elsewhere::scalars::{strings, text};
use crate::source::Span;
use crate::syntax::Node;

impl<'t> Import<'_, 't> {
    pub(super) fn process(&mut self, service: &Service<'t>, container: &mut Draft) {
        let entrypoint = service.get("entrypoint");
        let words = entrypoint.and_then(|node| self.words(node));
        let command = service.get("command");
        let arguments = command.and_then(|node| self.words(node));
        // A command line for the shell.
        let is_shell = words.as_ref().is_some_and(|words| *words == ["/bin/sh", "-c"]);
        if let Some([line]) = arguments.as_deref().filter(|_| is_shell) {
            container.put("cmd", marked(line, &self.names, false));
            self.place(service, container);
            return;
        }
        if let (Some(node), Some(words)) = (entrypoint, &words) {
            if words.is_empty() {
                self.told.lose(
                    node.span,
                    "the entrypoint of the image cannot be removed",
                    "write the program as `entrypoint`, or as `cmd` with a shell",
                );
            } else {
                // No reference is meant in a program.
                let words: Vec<String> =
                    words.iter().map(|word| word.replace('@', "\\@")).collect();
                container.put("entrypoint", words);
            }
        }
        if let Some((node, words)) = command.zip(arguments) {
            if words.is_empty() && entrypoint.is_none() {
                self.told.lose(
                    node.span,
                    "the command of the image cannot be removed",
                    "write the arguments as `args`",
                );
            }
            let mut is_host = false;
            let mut args = Vec::new();
            for word in &words {
                let arg = marked(word, &self.names, is_host);
                if arg == word.replace('@', "\\@") {
                    self.ambiguous(node.span, word);
                }
                args.push(arg);
                is_host = flag_of_host(word);
            }
            container.put_filled("args", args);
        }
        self.place(service, container);
    }

    /// Who runs it, where, and how it is stopped.
    fn place(&mut self, service: &Service<'t>, container: &mut Draft) {
        if let Some(user) = service.get("user").and_then(text) {
            container.put("user", user);
        }
        if let Some(directory) = service.get("working_dir").and_then(text) {
            container.put("working_dir", directory);
        }
        if let Some(grace) = service.get("stop_grace_period").and_then(|node| self.seconds(node, 0))
        {
            container.put("stop_timeout", grace);
        }
    }

    /// Tells that an argument is the name of a service, but may be another word.
    fn ambiguous(&mut self, span: Span, word: &str) {
        let name = word.rsplit('=').next().unwrap_or_default();
        if let Some(id) = self.names.get(name) {
            let help = format!("write `@{id}` if it is meant as its address");
            let message =
                format!("`{word}` contains the word `{name}`, which is also the name of a service");
            self.told.push(Diagnostic::new(&codes::IMPORT_CHOICE, span, message).help(help));
        }
    }

    /// The words of a command: a list, or a text that is split as Compose does.
    fn words(&mut self, node: &Node) -> Option<Vec<String>> {
        if node.as_array().is_some() {
            return Some(strings(node));
        }
        let text = text(node).unwrap_or_default();
        match words::split(&text) {
            Ok(Words { words, left_out }) => {
                if let Some(left_out) = left_out {
                    self.told.lose(
                        node.span,
                        format!(
                            "`{left_out}` is left out, as Compose does: no shell reads the text"
                        ),
                        "write `sh -c '...'` around what a shell is to run",
                    );
                }
                Some(words)
            }
            Err(why) => {
                self.told.refuse(node.span, format!("{why}: no shell reads the text"));
                None
            }
        }
    }
}
