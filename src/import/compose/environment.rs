//! Environment variables, and the files that hold them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use super::super::draft::Object as Draft;
use super::super::references::{marked, names_a_host};
use super::interpolation::Values;
use super::{Import, Service, env_file, pairs, tree, unique};
use crate::diag::{Diagnostic, codes};
use crate::elsewhere::scalars::{boolean, list, present, text};
use crate::import::secrets::{MARK, Value, marker};
use crate::secrets::names_a_secret;
use crate::source::Span;
use crate::syntax::Node;

impl<'t> Import<'_, 't> {
    pub(super) fn environment(&mut self, service: &Service<'t>, container: &mut Draft) {
        let mut all: Vec<(String, String)> = Vec::new();
        let own = service.get("environment").map(pairs).unwrap_or_default();
        let values: BTreeMap<&str, &str> = own
            .iter()
            .filter_map(|(name, value, _)| Some((name.as_str(), value.as_deref()?)))
            .filter(|(_, value)| !value.starts_with(MARK))
            .collect();
        let variables = std::mem::take(&mut self.variables);
        let known = |name: &str| {
            variables.get(name).map(String::as_str).or_else(|| values.get(name).copied())
        };
        let mut seen = BTreeMap::new();
        for file in service.get("env_file").map(list).unwrap_or_default() {
            all.extend(self.env_file(file, &known, &mut seen));
        }
        self.variables = variables;
        // The names of those that are known so far, and of which those before a place do not count.
        let mut names: BTreeSet<String> = all.iter().map(|(name, _)| name.clone()).collect();
        let mut dropped: BTreeMap<String, usize> = BTreeMap::new();
        let mut secrets = Draft::new();
        for (name, value, span) in own {
            let value = match (value, self.variables.contains_key(&name)) {
                (Some(value), _) => Some(value),
                // Compose takes it from the shell, as the value of a variable.
                (None, false) if names_a_secret(&name) => Some(marker(&name)),
                (None, _) => None,
            };
            if let Some(marked) = value.as_deref().and_then(|value| value.strip_prefix(MARK)) {
                let own = Value::joined(marked, '.');
                let is_own = own.is_some();
                let value = own.unwrap_or_else(|| Value::new(&self.project, marked));
                if !is_own {
                    value.tell(&format!("`{name}`"), span, &mut self.told);
                }
                secrets.put(&name, value.draft());
                names.remove(&name);
                dropped.insert(name, all.len());
                continue;
            }
            match value.or_else(|| self.variable(&name, span)) {
                Some(value) => {
                    names.insert(name.clone());
                    all.push((name, value));
                }
                None => {
                    let message = if names.remove(&name) {
                        format!("`{name}` has no value, not even that of `env_file`")
                    } else {
                        format!("`{name}` has no value")
                    };
                    dropped.insert(name, all.len());
                    self.told.lose(
                        span,
                        message,
                        "Compose takes it from the shell; give it with `--env-file FILE`",
                    );
                }
            }
        }
        let mut at = 0;
        all.retain(|(name, _)| {
            at += 1;
            dropped.get(name).is_none_or(|before| at > *before)
        });
        let mut env = Draft::new();
        for (name, value) in unique(all) {
            let is_host = names_a_host(&name);
            let marked = marked(&value, &self.names, is_host);
            // Whole words of a list, which may be hosts or not.
            let word = value.split(',').map(str::trim).find(|word| self.names.get(word).is_some());
            if marked == value.replace('@', "\\@")
                && let Some((word, id)) = word.and_then(|word| Some((word, self.names.get(word)?)))
            {
                let help = format!("write `@{id}` if it is meant as its address");
                let message = if word == value {
                    format!("`{name}` is the word `{word}`, which is also the name of a service")
                } else {
                    format!(
                        "`{name}` contains the word `{word}`, which is also the name of a service"
                    )
                };
                let place = service.get("environment").map_or(service.key, |node| node.span);
                self.told.push(Diagnostic::new(&codes::IMPORT_CHOICE, place, message).help(help));
            }
            env.put(&name, marked);
        }
        container.put_filled("env", env);
        container.put_filled("secret_env", secrets);
    }

    /// The value of a variable for a place that only names it.
    pub(super) fn variable(&mut self, name: &str, place: Span) -> Option<String> {
        let value = self.variables.get(name)?;
        if !self.budget.variables.take(value.len()) {
            self.budget.variables.tell(place, &mut self.told);
            return None;
        }
        Some(value.clone())
    }

    /// The variables of a file that `env_file` names. `known` are those that win over variables of files, and `seen`
    /// those of the files before it.
    fn env_file(
        &mut self,
        file: &Node,
        known: &Values<'_>,
        seen: &mut BTreeMap<String, String>,
    ) -> Vec<(String, String)> {
        let object = file.as_object();
        let path = match object {
            Some(object) => present(object, "path").and_then(text),
            None => text(file),
        };
        let Some(path) = path else { return Vec::new() };
        let is_required =
            object.and_then(|object| present(object, "required")).and_then(boolean).unwrap_or(true);
        match self.read(&path, file.span) {
            Ok(bytes) => {
                if !self.budget.copies.take(bytes.len()) {
                    self.budget.copies.tell(file.span, &mut self.told);
                    return Vec::new();
                }
                let is_raw = object.and_then(|of| present(of, "format")).and_then(text);
                let content = String::from_utf8_lossy(&bytes);
                if is_raw.is_some_and(|format| format == "raw") {
                    self.raw_variables(file, &content)
                } else {
                    let read = env_file::read(&content, known, seen, self.budget);
                    for finding in env_file::findings(file.span, &path, &read, self.budget) {
                        self.told.push(finding);
                    }
                    for name in read.unset {
                        self.told.push(tree::unset_variable(file.span, &name));
                    }
                    read.variables
                }
            }
            Err(_) if !is_required => Vec::new(),
            Err(cause) => {
                let message = format!("cannot read `{path}`: {cause}");
                let mut finding = Diagnostic::new(&codes::NOT_IMPORTED, file.span, message);
                if cause.kind() == ErrorKind::InvalidInput {
                    finding = finding.help(
                        "let Compose read it: `docker compose config --no-path-resolution | applc import -`",
                    );
                }
                self.told.push(finding);
                Vec::new()
            }
        }
    }

    /// The variables of a file of `NAME=VALUE` lines as the engine reads it: all that is behind `=` is the value.
    fn raw_variables(&mut self, file: &Node, content: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for line in content.trim_start_matches('\u{feff}').lines().map(str::trim_start) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line.split_once('=') {
                Some((name, _)) if name.contains(char::is_whitespace) => self.told.refuse(
                    file.span,
                    format!("`{name}` in this file is no name: the engine takes no spaces in one"),
                ),
                Some((name, value)) => all.push((name.to_owned(), value.to_owned())),
                None => self.told.lose(
                    file.span,
                    format!("`{line}` has no value in this file"),
                    "the engine takes it from the shell; write `NAME=VALUE`",
                ),
            }
        }
        all
    }
}
