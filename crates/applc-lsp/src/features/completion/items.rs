//! What is offered at a place, as editors take it.

use std::ops::Range;

use applc::schema::is_id_char;
use gen_lsp_types as lsp;

use super::body::{Body, Form, toml_key};
use super::cursor::{Cursor, Slot, Step, Style};
use super::names::Names;
use super::rules::{Field, Rule, Rules};
use crate::client::Client;

/// The fields of containers whose texts can have references.
const WITH_REFERENCES: [&str; 4] = ["args", "cmd", "env", "health_check"];

/// What is known of the place.
pub struct Offer<'a> {
    /// The client.
    pub client: &'a Client,
    /// What can be in the document.
    pub rules: Rules,
    /// The names that it has.
    pub names: &'a Names,
    /// Whether it is an overlay.
    pub is_overlay: bool,
    /// Its text.
    pub text: &'a str,
    /// The index of the caret.
    pub caret: usize,
    /// The place.
    pub cursor: &'a Cursor,
    /// The positions of a range of the text.
    pub range: &'a dyn Fn(Range<usize>) -> lsp::Range,
}

/// The text around what is inserted, and how it is written.
struct Frame {
    before: String,
    indent: usize,
    form: Form,
}

/// One of the choices, before it is an item.
struct Choice<'t> {
    label: String,
    kind: lsp::CompletionItemKind,
    detail: Option<String>,
    about: &'t str,
    /// Its place in the list: those with smaller letters come first.
    rank: char,
}

impl Offer<'_> {
    /// All choices.
    pub fn items(&self) -> Vec<lsp::CompletionItem> {
        if let Some(references) = self.references() {
            return references;
        }
        match self.cursor.slot {
            Slot::Text => Vec::new(),
            Slot::Key { has_colon } => self.keys(&self.cursor.siblings, has_colon),
            Slot::Value => self.values(),
        }
    }

    /// The field of a container that the place is in.
    fn field_of_container(&self) -> Option<&str> {
        match self.cursor.steps.as_slice() {
            [Step::Key(list), _, Step::Key(field), ..] if list == "containers" => Some(field),
            _ => None,
        }
    }

    /// The ids behind an `@`, or the ports behind `@id:`.
    fn references(&self) -> Option<Vec<lsp::CompletionItem>> {
        let field = self.field_of_container()?;
        if !WITH_REFERENCES.contains(&field) || matches!(self.cursor.slot, Slot::Key { .. }) {
            return None;
        }
        let typed = self.cursor.typed.as_str();
        let (before, written) = typed.rsplit_once('@')?;
        if before.ends_with('\\') {
            return None;
        }
        let (id, port) = match written.split_once(':') {
            Some((id, port)) => (id, Some(port)),
            None => (written, None),
        };
        let is_reference = id.chars().all(is_id_char)
            && port.is_none_or(|port| port.chars().all(|c| c.is_ascii_digit()));
        if !is_reference {
            return None;
        }
        let written = port.unwrap_or(id);
        let rest = self.text.get(self.caret..).unwrap_or_default();
        let more: usize = rest.chars().take_while(|c| is_id_char(*c)).map(char::len_utf8).sum();
        // A text that starts with `@` needs quotes, in YAML as in JSON.
        let is_bare = !self.cursor.is_quoted
            && self.cursor.slot == Slot::Value
            && (before.is_empty() || self.cursor.style == Style::Json);
        let (token, quote) = match is_bare {
            true => (self.cursor.token.clone(), "\""),
            false => (self.caret - written.len()..self.caret + more, ""),
        };
        let start = typed.get(..typed.len() - written.len()).unwrap_or_default();
        let item = |name: &str, kind, detail: Option<String>| {
            let start = if is_bare { start } else { "" };
            let text = format!("{quote}{start}{name}{quote}");
            lsp::CompletionItem {
                label: name.to_owned(),
                kind: Some(kind),
                detail,
                filter_text: Some(format!("{start}{name}")),
                text_edit: Some(self.edit(token.clone(), text).into()),
                ..lsp::CompletionItem::default()
            }
        };
        let own = self.cursor.siblings.iter().find(|(key, _)| key == "id").map(|(_, id)| id);
        let all = self.names.containers.iter();
        Some(match port {
            None => all
                .filter(|one| Some(&one.id) != own)
                .map(|one| item(&one.id, lsp::CompletionItemKind::Reference, some(&one.kind)))
                .collect(),
            Some(_) => all
                .filter(|one| one.id.eq_ignore_ascii_case(id))
                .flat_map(|one| &one.ports)
                .map(|port| {
                    item(port, lsp::CompletionItemKind::Value, Some(format!("port of {id}")))
                })
                .collect(),
        })
    }

    /// The keys of the object that the steps lead to.
    fn keys(&self, given: &[(String, String)], has_colon: bool) -> Vec<lsp::CompletionItem> {
        let Some(rule) = self.rules.at(&self.cursor.steps) else { return Vec::new() };
        let mut items = Vec::new();
        for Field { name, is_required, rule } in self.rules.fields(rule, given) {
            if self.fits(rule) {
                items.push(self.key(name, rule, is_required, has_colon));
            }
        }
        for name in self.entries() {
            if given.iter().any(|(key, _)| key == name) {
                continue;
            }
            let mut steps = self.cursor.steps.clone();
            steps.push(Step::Key(name.to_owned()));
            // A variable can have any value.
            let rule = self.rules.at(&steps).unwrap_or(Rule::ANY);
            items.push(self.key(name, rule, false, has_colon));
        }
        items
    }

    /// Whether a value can be written as the place asks for: some are tables, or lists of them.
    fn fits(&self, rule: Rule) -> bool {
        match self.cursor.style {
            Style::Header { is_list: false } => rule.is_object(),
            Style::Header { is_list: true } => {
                rule.is_list() && self.rules.items(rule).is_some_and(Rule::is_object)
            }
            _ => true,
        }
    }

    fn key(
        &self,
        name: &str,
        rule: Rule,
        is_required: bool,
        has_colon: bool,
    ) -> lsp::CompletionItem {
        let Frame { indent, form, .. } = self.frame();
        let mut body = Body::new(self.client.snippets);
        match (has_colon, form) {
            (true, Form::Json) => body.add(&format!("\"{name}\"")),
            (true, Form::Toml) => body.add(&toml_key(name)),
            (true, _) => body.add(name),
            (false, Form::Toml) if rule.is_object() => {
                body.add(&format!("{}.", toml_key(name)));
            }
            (false, _) => body.member(self.rules, name, rule, form, indent),
        }
        let choice = Choice {
            label: name.to_owned(),
            kind: lsp::CompletionItemKind::Property,
            detail: is_required.then(|| "required".to_owned()),
            about: rule.text(self.client.completion_markdown),
            rank: if is_required { 'a' } else { 'b' },
        };
        self.item(choice, body, has_colon)
    }

    /// In an overlay, the ids and other keys that the object can have for entries of the appliance; in a project, the
    /// environments.
    fn entries(&self) -> Vec<&str> {
        let keys: Vec<&str> = self.cursor.steps.iter().map_while(Step::key).collect();
        match keys.as_slice() {
            _ if keys.len() != self.cursor.steps.len() => Vec::new(),
            ["environments"] => self.names.environments.iter().map(String::as_str).collect(),
            _ if !self.is_overlay => Vec::new(),
            ["containers"] => self.names.containers.iter().map(|one| one.id.as_str()).collect(),
            ["data_persistence", "volumes"] => {
                self.names.volumes.iter().map(String::as_str).collect()
            }
            ["containers", id, field] => {
                let mut entries = self.names.entries.iter();
                let found = entries.find(|((of, known), _)| of == id && known == field);
                found.into_iter().flat_map(|(_, keys)| keys).map(String::as_str).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The values that the steps lead to.
    fn values(&self) -> Vec<lsp::CompletionItem> {
        let Some(mut rule) = self.rules.at(&self.cursor.steps) else { return Vec::new() };
        let frame = self.frame();
        let needs_dash = matches!(self.cursor.style, Style::Block { needs_dash: true, .. });
        let mut steps = self.cursor.steps.clone();
        if needs_dash && rule.is_list() {
            let Some(item) = self.rules.items(rule) else { return Vec::new() };
            rule = item;
            steps.push(Step::Item(0));
        }
        let mut items = Vec::new();
        for (name, detail) in self.known(&steps) {
            items.push(self.text_item(name, detail, "", lsp::CompletionItemKind::Reference));
        }
        for (word, about) in rule.words(self.client.completion_markdown) {
            items.push(self.text_item(word, "", about, lsp::CompletionItemKind::EnumMember));
        }
        if rule.is_bool() {
            for word in ["true", "false"] {
                let mut body = self.start(&frame);
                body.add(word);
                items.push(self.item(value_choice(word), body, false));
            }
        }
        if let Some(number) = rule.number().filter(|_| self.cursor.typed.is_empty()) {
            let mut body = self.start(&frame);
            body.add(&number);
            items.push(self.item(value_choice(&number), body, false));
        }
        items.extend(self.snippets(rule, &frame));
        let is_own_line = matches!(self.cursor.style, Style::Block { after_key: false, .. });
        if is_own_line && rule.is_object() && steps.len() == self.cursor.steps.len() {
            items.extend(self.keys(&[], false));
        }
        items
    }

    /// The new objects and lists that a value can be.
    fn snippets(&self, rule: Rule, frame: &Frame) -> Vec<lsp::CompletionItem> {
        if !rule.is_object() && !rule.is_list() || self.cursor.is_quoted {
            return Vec::new();
        }
        let kinds = self.rules.required(rule).into_iter().find_map(|(name, field)| {
            let words = field.words(self.client.completion_markdown);
            (words.len() > 1).then_some((name, words))
        });
        let item = |label: String, about, fixed| {
            let mut body = self.start(frame);
            body.value(self.rules, rule, frame.form, frame.indent, fixed);
            let kind = lsp::CompletionItemKind::Snippet;
            self.item(Choice { label, kind, detail: None, about, rank: 'a' }, body, false)
        };
        let about = rule.text(self.client.completion_markdown);
        match kinds {
            Some((name, words)) => words
                .into_iter()
                .map(|(word, about)| item(word.to_owned(), about, Some((name, word))))
                .collect(),
            // Where an object is a line for each of its keys, one without any is no text at all.
            None if frame.form == Form::Yaml
                && frame.before.is_empty()
                && rule.is_object()
                && self.rules.required(rule).is_empty() =>
            {
                Vec::new()
            }
            None => vec![item(format!("New {}", rule.noun()), about, None)],
        }
    }

    /// The names of the appliance and its project that can be at the end of steps.
    fn known(&self, steps: &[Step]) -> Vec<(&str, &str)> {
        let sibling = |name: &str| {
            self.cursor.siblings.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
        };
        let containers = self.names.containers.iter();
        match steps {
            [_, _, Step::Key(field), Step::Item(_)] if field == "dependencies" => containers
                .filter(|one| one.id != sibling("id"))
                .map(|one| (one.id.as_str(), one.kind.as_str()))
                .collect(),
            [.., Step::Key(list), Step::Item(_)]
                if list == "default-targets" || list == "compile-for" =>
            {
                self.names.targets.iter().map(|name| (name.as_str(), "custom target")).collect()
            }
            [_, _, Step::Key(field)] if field == "image" => {
                self.names.images.iter().map(|image| (image.as_str(), "")).collect()
            }
            [_, _, Step::Key(field), _, Step::Key(part)]
                if field == "volumes" && part == "src" && sibling("type") != "host" =>
            {
                self.names.volumes.iter().map(|id| (id.as_str(), "persistent volume")).collect()
            }
            _ => Vec::new(),
        }
    }

    /// How something is written at the place.
    fn frame(&self) -> Frame {
        match self.cursor.style {
            Style::Json => Frame { before: String::new(), indent: 0, form: Form::Json },
            Style::Flow => Frame { before: String::new(), indent: 0, form: Form::Flow },
            Style::Toml | Style::Header { .. } => {
                Frame { before: String::new(), indent: 0, form: Form::Toml }
            }
            Style::Block { extra, needs_dash, after_key } => {
                let rule = self.rules.at(&self.cursor.steps);
                // An object or a list starts in the next line.
                if after_key && rule.is_some_and(|rule| rule.is_object() || rule.is_list()) {
                    let indent = extra + 2;
                    let before = format!("\n{}", " ".repeat(indent));
                    return Frame { before, indent, form: Form::Yaml };
                }
                match needs_dash && rule.is_some_and(Rule::is_list) {
                    true => Frame { before: "- ".to_owned(), indent: extra + 2, form: Form::Yaml },
                    false => Frame { before: String::new(), indent: extra, form: Form::Yaml },
                }
            }
        }
    }

    fn start(&self, frame: &Frame) -> Body {
        let mut body = Body::new(self.client.snippets);
        body.add(&frame.before);
        body
    }

    fn text_item(
        &self,
        word: &str,
        detail: &str,
        about: &str,
        kind: lsp::CompletionItemKind,
    ) -> lsp::CompletionItem {
        let frame = self.frame();
        let mut body = self.start(&frame);
        match frame.form {
            Form::Json | Form::Toml => body.add(&format!("\"{word}\"")),
            Form::Yaml | Form::Flow if self.cursor.is_quoted => body.add(&format!("\"{word}\"")),
            Form::Yaml | Form::Flow => body.add(word),
        }
        let choice =
            Choice { label: word.to_owned(), kind, detail: some(detail), about, rank: 'a' };
        self.item(choice, body, false)
    }

    fn edit(&self, token: Range<usize>, new_text: String) -> lsp::TextEdit {
        lsp::TextEdit { range: (self.range)(token), new_text }
    }

    fn item(&self, choice: Choice<'_>, mut body: Body, is_key_only: bool) -> lsp::CompletionItem {
        let Choice { label, kind, detail, about, rank } = choice;
        if self.cursor.comma_after && !is_key_only {
            body.add(",");
        }
        if !self.client.adjusts_indentation {
            let before = self.text.get(..self.caret).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            let indent = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
            body.text = body.text.replace('\n', &format!("\n{indent}"));
        }
        let comma = self.cursor.comma_before.map(|at| vec![self.edit(at..at, ",".to_owned())]);
        let format = match self.client.snippets {
            true => lsp::InsertTextFormat::Snippet,
            false => lsp::InsertTextFormat::PlainText,
        };
        let (kind_of_text, value) = match self.client.completion_markdown {
            true => (lsp::MarkupKind::Markdown, about),
            false => (lsp::MarkupKind::PlainText, about),
        };
        let about = lsp::MarkupContent { kind: kind_of_text, value: value.to_owned() };
        // What is typed has the quote, too.
        let filter = if self.cursor.is_quoted { format!("\"{label}\"") } else { label.clone() };
        lsp::CompletionItem {
            sort_text: Some(format!("{rank}{label}")),
            filter_text: Some(filter),
            label,
            kind: Some(kind),
            detail,
            documentation: (!value.is_empty()).then(|| about.into()),
            insert_text_format: Some(format),
            insert_text_mode: self
                .client
                .adjusts_indentation
                .then_some(lsp::InsertTextMode::AdjustIndentation),
            text_edit: Some(self.edit(self.cursor.token.clone(), body.text).into()),
            additional_text_edits: comma,
            ..lsp::CompletionItem::default()
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn value_choice(word: &str) -> Choice<'static> {
    Choice {
        label: word.to_owned(),
        kind: lsp::CompletionItemKind::Value,
        detail: None,
        about: "",
        rank: 'a',
    }
}
