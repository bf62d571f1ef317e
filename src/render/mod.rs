//! Renders the model of a target with its templates.
//!
//! Templates define the layout; a target decides the content. A value that a template prints
//! with `{{ }}` becomes a valid scalar of the file's [`Format`]: strings are quoted by its
//! rules, numbers and booleans are unchanged. Nothing else can be printed: a missing field,
//! `none`, a list or a mapping is an error with its location.
//!
//! Raw text must be marked: `{{ value | safe }}`. The output of a macro, of a `{% set %}` block
//! and of the filters `flow` and `quoted` is marked already, so that nothing is quoted twice.
//! The filters:
//!
//! | filter | result |
//! |---|---|
//! | `flow` | a list or mapping of scalars on one line: `["a", "b"]`, `{"a": 1}`, in HCL `{"a" = 1}` |
//! | `quoted` | a string in quotes, even if YAML does not require them |
//! | `string` | a number or boolean as a string: `"80"` |
//! | `json` | the value as compact JSON in a string |
//!
//! The filters of the engine (`items`, `join`, `indent`, ...) are available too. A line that
//! contains only a `{% tag %}` is removed.

mod error;
mod filters;
mod marks;
mod model;
mod origin;
mod page;
mod paths;
mod scalar;
mod text;
mod traced;
mod watch;

use std::borrow::Cow;
use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

pub use error::RenderError;
pub(crate) use filters::derived;
pub use filters::error;
pub use marks::Mark;
pub(crate) use model::{Items, Model, Sparse, mapping, model, record};
pub use origin::Origin;
pub(crate) use origin::{Origins, Recorded};
pub use page::Record;
pub(crate) use page::{Page, marks_of};
pub use scalar::{Format, quoted, scalar};
pub(crate) use text::{Part, TextValue};
pub(crate) use traced::{Composed, Leaf, Traced};
pub use watch::Watch;

/// A template: its name and its text.
pub type TemplateText = (&'static str, &'static str);

/// Maximum size of the output of one template for one model, in bytes.
pub const MAX_OUTPUT: usize = 64 << 20;

/// Maximum number of steps of the template engine for one file of a custom target.
pub const MAX_STEPS: u64 = 10_000_000;

/// Maximum depth of macros and includes in custom templates, as the engine counts it (10 for an
/// include). The stack of a thread is large enough for twice the depth, even without
/// optimization.
const MAX_RECURSION: usize = 200;

/// The templates of one target, which can include and import each other by name.
#[derive(Debug, Clone)]
pub struct Templates {
    env: Environment<'static>,
    /// Maximum size of the output for one model, in bytes.
    max_output: usize,
    watch: Watch,
}

impl Templates {
    /// Creates templates from pairs of name and text. The extension of the name determines the
    /// format of the output, see [`Format::of_name`].
    ///
    /// # Errors
    ///
    /// A template has a syntax error.
    pub fn new<N, T>(templates: impl IntoIterator<Item = (N, T)>) -> Result<Templates, RenderError>
    where
        N: Into<Cow<'static, str>>,
        T: Into<Cow<'static, str>>,
    {
        let mut known =
            Templates { env: environment(), max_output: usize::MAX, watch: Watch::default() };
        known.add(templates)?;
        Ok(known)
    }

    /// Creates templates of a custom target: all of them write `format`, whatever their names,
    /// and rendering fails if it takes too many steps or its output is too large. `install`
    /// adds filters and functions. `watch` is told which template runs.
    ///
    /// # Errors
    ///
    /// A template has a syntax error.
    pub fn of_others<N, T>(
        format: Format,
        templates: impl IntoIterator<Item = (N, T)>,
        watch: &Watch,
        install: impl FnOnce(&mut Environment<'static>),
    ) -> Result<Templates, RenderError>
    where
        N: Into<Cow<'static, str>>,
        T: Into<Cow<'static, str>>,
    {
        let mut env = environment();
        env.set_auto_escape_callback(move |_| AutoEscape::Custom(format.word().into()));
        install(&mut env);
        let mut limited = Templates { env, max_output: usize::MAX, watch: Watch::default() };
        limited.limit(watch);
        limited.add(templates)?;
        Ok(limited)
    }

    /// Adds templates. A template replaces an existing one with the same name.
    ///
    /// # Errors
    ///
    /// A template has a syntax error.
    pub fn add<N, T>(
        &mut self,
        templates: impl IntoIterator<Item = (N, T)>,
    ) -> Result<(), RenderError>
    where
        N: Into<Cow<'static, str>>,
        T: Into<Cow<'static, str>>,
    {
        for (name, text) in templates {
            let name = name.into();
            self.watch.begun(&name);
            self.env.add_template_owned(name, text)?;
        }
        Ok(())
    }

    /// Limits steps, recursion and output, as for the templates of custom targets. `watch` is told which template
    /// runs.
    pub fn limit(&mut self, watch: &Watch) {
        self.watch = watch.clone();
        self.env.set_fuel(Some(MAX_STEPS));
        self.env.set_recursion_limit(MAX_RECURSION);
        self.max_output = MAX_OUTPUT;
    }

    /// These templates, which write marks around what they print from values whose origin is in
    /// `origins`.
    pub(crate) fn marking(&self, origins: &Origins) -> Templates {
        let mut env = self.env.clone();
        filters::install(&mut env, origins);
        Templates { env, max_output: self.max_output, watch: self.watch.clone() }
    }

    /// Renders the template with this name. The model must be a struct or a map: its fields are
    /// the variables of the template. A field that is `None` is `none` in the template; one that
    /// serde skips does not exist, so that using it is an error.
    ///
    /// # Errors
    ///
    /// The template does not exist, uses a value that the model does not have, or prints a value
    /// that is not a scalar. In a built-in template, each of these is a bug.
    pub fn render(&self, name: &str, model: &impl Serialize) -> Result<String, RenderError> {
        self.render_value(name, Value::from(Serde(model)))
    }

    /// Renders a template with a value of the template engine as the model.
    ///
    /// # Errors
    ///
    /// As in [`render`](Templates::render), or the output is too large.
    pub(crate) fn render_value(&self, name: &str, model: Value) -> Result<String, RenderError> {
        let mut out = Vec::new();
        self.append(&mut out, name, model)?;
        // The output of templates is always UTF-8.
        Ok(String::from_utf8(out).unwrap_or_default())
    }

    /// Appends the output of a template to `out`.
    ///
    /// # Errors
    ///
    /// As in [`render_value`](Templates::render_value).
    fn append(&self, out: &mut Vec<u8>, name: &str, model: Value) -> Result<(), RenderError> {
        let template = self.env.get_template(name)?;
        self.watch.begun(name);
        let end = out.len().saturating_add(self.max_output);
        let mut bounded = Bounded { out, end };
        let rendered = template.render_captured_to(model, &mut bounded);
        if bounded.is_full() {
            let message = format!("the output is larger than {} MiB", self.max_output >> 20);
            return Err(RenderError::of_template(name, message));
        }
        rendered?;
        Ok(())
    }
}

/// A buffer that fails soon after its end.
struct Bounded<'o> {
    out: &'o mut Vec<u8>,
    end: usize,
}

impl Bounded<'_> {
    fn is_full(&self) -> bool {
        self.out.len() > self.end
    }
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_full() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sets up the template engine.
fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    // Building fails only for conflicting delimiters, and these are the defaults.
    if let Ok(syntax) = syntax.build() {
        env.set_syntax(syntax);
    }
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    // Has no cost until there is an error, which then contains the undefined value.
    env.set_debug(true);
    env.set_auto_escape_callback(|name| AutoEscape::Custom(Format::of_name(name).word().into()));
    filters::install(&mut env, &Origins::default());
    env
}

/// Serializes `model` as JSON, indented by two spaces, with a newline at the end: for targets
/// whose output is JSON and does not require a template.
///
/// # Errors
///
/// The model contains a map whose keys are not strings, which is a bug.
pub fn json(model: &impl Serialize) -> Result<String, RenderError> {
    let mut text = serde_json::to_string_pretty(model)
        .map_err(|error| RenderError::plain(error.to_string()))?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests;
