//! What is wrong with a template, or between it and its model.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use minijinja::ErrorKind;

/// What is wrong with a template, or between it and its model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    /// The template's name, where there is one.
    pub template: Option<String>,
    /// The line in the template, from 1.
    pub line: Option<usize>,
    /// The expression in the template, in bytes, where it is known.
    pub range: Option<Range<usize>>,
    /// What kind of error the template engine says it is.
    pub kind: Option<ErrorKind>,
    /// What is wrong.
    pub message: String,
}

impl RenderError {
    /// An error that belongs to no template.
    pub fn plain(message: impl Into<String>) -> RenderError {
        RenderError { template: None, line: None, range: None, kind: None, message: message.into() }
    }

    /// Whether something was asked for that is not there.
    pub fn is_undefined(&self) -> bool {
        self.kind == Some(ErrorKind::UndefinedError)
    }

    /// Whether it took more steps than are allowed.
    pub fn is_exhausted(&self) -> bool {
        self.kind == Some(ErrorKind::OutOfFuel)
    }

    /// An error of a whole template.
    pub fn of_template(name: &str, message: impl Into<String>) -> RenderError {
        RenderError { template: Some(name.to_owned()), ..RenderError::plain(message) }
    }
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
            range: innermost.range(),
            kind: Some(innermost.kind()),
            message,
        }
    }
}
