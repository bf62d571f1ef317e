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

mod filters;
mod scalar;

use std::error::Error;
use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

pub use scalar::{Format, quoted, scalar};

/// The templates of one target. They may include and import each other by name.
#[derive(Debug, Clone)]
pub struct Templates {
    env: Environment<'static>,
}

impl Templates {
    /// Takes templates as pairs of name and text. The name's ending tells the format of what
    /// a template makes, see [`Format::of_name`].
    ///
    /// # Errors
    ///
    /// A template has a syntax error.
    pub fn new(
        templates: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Result<Templates, RenderError> {
        let mut env = environment();
        for (name, text) in templates {
            env.add_template(name, text)?;
        }
        Ok(Templates { env })
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
    let mut text = serde_json::to_string_pretty(model).map_err(|error| RenderError {
        template: None,
        line: None,
        message: error.to_string(),
    })?;
    text.push('\n');
    Ok(text)
}

/// What is wrong with a template, or between it and its model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    /// The template's name, where there is one.
    pub template: Option<String>,
    /// The line in the template, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(template) = &self.template {
            write!(f, "template {template}")?;
            if let Some(line) = self.line {
                write!(f, ", line {line}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl Error for RenderError {}

impl From<minijinja::Error> for RenderError {
    /// An error in an included template is wrapped by one in the including template; the
    /// innermost is the one that tells.
    fn from(error: minijinja::Error) -> Self {
        let mut innermost = &error;
        let mut source = error.source();
        let mut foreign = None;
        while let Some(next) = source {
            match next.downcast_ref::<minijinja::Error>() {
                Some(inner) => innermost = inner,
                None => foreign = Some(next.to_string()),
            }
            source = next.source();
        }
        let mut message = innermost.kind().to_string();
        for more in [innermost.detail().map(str::to_owned), foreign].into_iter().flatten() {
            message.push_str(": ");
            message.push_str(&more);
        }
        RenderError {
            template: innermost.name().map(str::to_owned),
            line: innermost.line(),
            message,
        }
    }
}

#[cfg(test)]
mod tests;
