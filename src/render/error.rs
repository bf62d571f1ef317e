//! Errors of templates.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use minijinja::ErrorKind;

/// An error in a template, or a mismatch between a template and its model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    /// Name of the template, if there is one.
    pub template: Option<String>,
    /// Line in the template, counted from 1.
    pub line: Option<usize>,
    /// Byte range of the expression in the template, if known.
    pub range: Option<Range<usize>>,
    /// Kind of error of the template engine.
    pub kind: Option<ErrorKind>,
    /// The message.
    pub message: String,
}

impl RenderError {
    /// Creates an error without a template.
    pub fn plain(message: impl Into<String>) -> RenderError {
        RenderError { template: None, line: None, range: None, kind: None, message: message.into() }
    }

    /// Whether a value is undefined.
    pub fn is_undefined(&self) -> bool {
        self.kind == Some(ErrorKind::UndefinedError)
    }

    /// Whether rendering took too many steps.
    pub fn is_exhausted(&self) -> bool {
        self.kind == Some(ErrorKind::OutOfFuel)
    }

    /// Creates an error of a whole template.
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
    /// An error in an included template is wrapped by errors in the including templates. The
    /// innermost one has the cause.
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
