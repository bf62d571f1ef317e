//! A target's model and its templates make text.
//!
//! Templates give the form: they lay out what a target has decided. Whatever one prints with
//! `{{ }}` becomes a correct scalar of the file's [`Format`]: strings are quoted by its
//! rules, numbers and truth values stand as they are. Nothing else can be printed: a missing
//! field, `none`, a list or a mapping is an error that names the place.
//!
//! Raw text is the marked exception: `{{ value | safe }}`. The output of a macro, a `{% set
//! %}` block and the filters `flow` and `quoted` are marked already, so nothing is quoted
//! twice. The filters:
//!
//! | filter | gives |
//! |---|---|
//! | `flow` | a list or mapping of scalars on one line: `["a", "b"]`, `{"a": 1}`, in HCL `{"a" = 1}` |
//! | `quoted` | a string in quotes even where YAML could do without |
//! | `string` | a number or truth value as a string: `"80"` |
//! | `json` | the text of the value as compact JSON, a string like any other |
//!
//! Besides these there are the engine's own (`items`, `join`, `indent`, ...). A line that
//! holds only a `{% tag %}` leaves nothing behind.

mod error;
mod filters;
mod scalar;
mod text;

use std::borrow::Cow;
use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

pub use error::RenderError;
pub use filters::fault;
pub use scalar::{Format, quoted, scalar};
pub use text::{Part, TextValue};

/// A template: its name and its text.
pub type TemplateText = (&'static str, &'static str);

/// So much one template may make of one model, in bytes.
pub const MAX_OUTPUT: usize = 64 << 20;

/// So many steps of the template engine may go into one file that others' templates make.
pub const MAX_STEPS: u64 = 10_000_000;

/// Maximum depth of macros and includes in custom templates, as the engine counts it (ten for
/// an include). A thread's stack holds twice as much, also without optimization.
const MAX_RECURSION: usize = 200;

/// The templates of one target. They may include and import each other by name.
#[derive(Debug, Clone)]
pub struct Templates {
    env: Environment<'static>,
}

/// Bounds what a custom template can do.
fn limit(env: &mut Environment<'_>) {
    env.set_fuel(Some(MAX_STEPS));
    env.set_recursion_limit(MAX_RECURSION);
}

impl Templates {
    /// Takes templates as pairs of name and text. The name's ending tells the format of what
    /// a template makes, see [`Format::of_name`].
    ///
    /// # Errors
    ///
    /// A template has a syntax error.
    pub fn new<N, T>(templates: impl IntoIterator<Item = (N, T)>) -> Result<Templates, RenderError>
    where
        N: Into<Cow<'static, str>>,
        T: Into<Cow<'static, str>>,
    {
        let mut known = Templates { env: environment() };
        known.add(templates)?;
        Ok(known)
    }

    /// Takes templates that others wrote: whatever their names, all make text of this format,
    /// and rendering is stopped where it takes too many steps or makes too much. `install`
    /// adds filters and functions.
    ///
    /// # Errors
    ///
    /// A template has a syntax error.
    pub fn of_others<N, T>(
        format: Format,
        templates: impl IntoIterator<Item = (N, T)>,
        install: impl FnOnce(&mut Environment<'static>),
    ) -> Result<Templates, RenderError>
    where
        N: Into<Cow<'static, str>>,
        T: Into<Cow<'static, str>>,
    {
        let mut env = environment();
        env.set_auto_escape_callback(move |_| AutoEscape::Custom(format.word().into()));
        limit(&mut env);
        install(&mut env);
        let mut limited = Templates { env };
        limited.add(templates)?;
        Ok(limited)
    }

    /// Adds templates; one of a name that there is replaces it.
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
            self.env.add_template_owned(name, text)?;
        }
        Ok(())
    }

    /// Stops what takes too many steps, as where others wrote templates.
    pub fn limit_steps(&mut self) {
        limit(&mut self.env);
    }

    /// Renders the template of this name. The model must be a struct or a map: its fields are
    /// the template's variables. A field that is `None` is `none` to the template; one that
    /// serde skips does not exist there, and to ask for it is an error.
    ///
    /// # Errors
    ///
    /// There is no such template, it asks for what the model does not have, or prints what
    /// has no scalar form. In a built-in template each of these is a bug.
    pub fn render(&self, name: &str, model: &impl Serialize) -> Result<String, RenderError> {
        let template = self.env.get_template(name)?;
        Ok(template.render(Value::from(Serde(model)))?)
    }

    /// The same with a value of the template engine as the model, and no more than
    /// [`MAX_OUTPUT`] bytes.
    ///
    /// # Errors
    ///
    /// As [`render`](Templates::render).
    pub fn render_value(&self, name: &str, model: Value) -> Result<String, RenderError> {
        let template = self.env.get_template(name)?;
        let mut out = Bounded(Vec::new());
        let rendered = template.render_captured_to(model, &mut out);
        if out.0.len() > MAX_OUTPUT {
            let message = format!("it makes more than {} MiB", MAX_OUTPUT >> 20);
            return Err(RenderError::of_template(name, message));
        }
        rendered?;
        // What templates write is text.
        Ok(String::from_utf8(out.0).unwrap_or_default())
    }
}

/// Takes no more than [`MAX_OUTPUT`] bytes, and a little to tell that there are more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() > MAX_OUTPUT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The one place where the template engine is set up.
fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    // Only delimiters that contradict each other can be refused, and these are the defaults.
    if let Ok(syntax) = syntax.build() {
        env.set_syntax(syntax);
    }
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    // Costs nothing until there is an error, which then names the undefined value.
    env.set_debug(true);
    filters::install(&mut env);
    env
}

/// `model` as JSON, indented by two spaces and with a newline at the end: for targets whose
/// output is JSON and needs no template.
///
/// # Errors
///
/// The model has what JSON has not: a map whose keys are not strings. That is a bug.
pub fn json(model: &impl Serialize) -> Result<String, RenderError> {
    let mut text = serde_json::to_string_pretty(model)
        .map_err(|error| RenderError::plain(error.to_string()))?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests;
