//! The filters, functions and tests that only custom templates have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::ArgType;
use minijinja::{Environment, Error, ErrorKind, Value};

use super::manifest::Escape;
use crate::plan::Interval;
use crate::render::{Format, Origins, TextValue, derived, error, quoted};
use crate::targets::cron;
use crate::targets::names::{dns_label, rfc1035_label};

/// A call of `reject` or `approximate` by a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The object it is about.
    pub subject: Subject,
    /// Whether the function is `reject`.
    pub rejected: bool,
    /// The message of the template.
    pub message: String,
}

/// The object that a remark is about, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The appliance.
    Appliance,
    /// A container.
    Container(String),
    /// A persistent volume.
    Volume(String),
}

/// The remarks of the templates of one run.
#[derive(Debug, Clone, Default)]
pub struct Remarks(Arc<Mutex<Vec<Remark>>>);

impl Remarks {
    /// Removes and returns the remarks in order, without repeated ones.
    pub fn take(&self) -> Vec<Remark> {
        let mut remarks =
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        remarks.dedup();
        remarks
    }

    /// Whether a template rejected something.
    pub fn has_rejection(&self) -> bool {
        let remarks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remarks.iter().any(|remark| remark.rejected)
    }

    fn add(&self, about: &Value, message: String, rejected: bool) -> Result<Value, Error> {
        let subject = subject(about)?;
        let mut remarks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remarks.push(Remark { subject, rejected, message });
        Ok(Value::from_safe_string(String::new()))
    }
}

/// Finds out which object a value of the model is.
fn subject(about: &Value) -> Result<Subject, Error> {
    let field = |name: &str| about.get_attr(name).ok().filter(|value| !value.is_undefined());
    let Some(id) = field("id") else {
        return Err(error("the first argument must be a container, a volume, or the appliance"));
    };
    let id = id.to_string();
    Ok(if field("image").is_some() {
        Subject::Container(id)
    } else if field("scope").is_some() {
        Subject::Volume(id)
    } else {
        Subject::Appliance
    })
}

/// Adds the filters, functions and tests to an engine. What the filters make of a string has its origin,
/// if that is in `origins`.
pub fn install(
    env: &mut Environment<'static>,
    escapes: Arc<BTreeMap<String, Escape>>,
    remarks: &Remarks,
    origins: &Origins,
) {
    let log = remarks.clone();
    env.add_function("reject", move |about: &Value, message: String| log.add(about, message, true));
    let log = remarks.clone();
    env.add_function("approximate", move |about: &Value, message: String| {
        log.add(about, message, false)
    });
    let known = origins.clone();
    env.add_filter("escape", move |value: &Value, name: &str| {
        escape(value, &escapes, name, &known)
    });
    let known = origins.clone();
    env.add_filter("shell", move |value: &Value| {
        Ok::<_, Error>(derived(value, shell(&text(value)?), &known))
    });
    let known = origins.clone();
    env.add_filter("quote", move |value: &Value, format: &str| {
        Ok::<_, Error>(derived(value, quote(text(value)?, format)?, &known))
    });
    env.add_filter("cron", cron_line);
    env.add_test("cron", |interval: &Value| cron_line(interval).is_ok());
    let known = origins.clone();
    env.add_filter("dns_label", move |value: &Value| {
        Ok::<_, Error>(derived(value, dns_label(&text(value)?), &known))
    });
    let known = origins.clone();
    env.add_filter("rfc1035_label", move |value: &Value| {
        Ok::<_, Error>(derived(value, rfc1035_label(&text(value)?), &known))
    });
}

/// A value as a string, as the engine converts the argument of a filter, but without marks.
fn text(value: &Value) -> Result<String, Error> {
    if let Some(text) = value.downcast_object_ref::<TextValue>() {
        return Ok(text.to_string());
    }
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    <String as ArgType>::from_value(Some(value))
}

/// `{{ text | escape("rule") }}`: applies `[escapes.rule]` to the text that the user wrote. Addresses
/// are not changed.
fn escape(
    value: &Value,
    rules: &BTreeMap<String, Escape>,
    name: &str,
    origins: &Origins,
) -> Result<Value, Error> {
    let Some(rule) = rules.get(name) else {
        return Err(error(format!(
            "unknown escape rule `{name}`: add `[escapes.{name}]` to target.toml"
        )));
    };
    if let Some(text) = value.downcast_object_ref::<TextValue>() {
        return Ok(Value::from_object(text.map_literals(origins, |literal| rule.apply(literal))));
    }
    match value.as_str() {
        Some(text) => Ok(derived(value, rule.apply(text), origins)),
        None => Err(error(format!("cannot escape a {}: expected a string", value.kind()))),
    }
}

/// `{{ text | quote("json") }}`: a string in the quotes of another format. The result is quoted
/// again when it is printed.
fn quote(text: String, format: &str) -> Result<String, Error> {
    let known = || Format::ALL.map(Format::word).join("`, `");
    let format = Format::of_word(format).ok_or_else(|| {
        error(format!("unknown format `{format}`: expected one of `{}`", known()))
    })?;
    Ok(quoted(format, &text))
}

/// `{{ text | shell }}`: one word of a POSIX shell, in single quotes (Shell Command Language,
/// 2.2.2).
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `{{ container.job.interval | cron }}`: the five fields of a cron expression with this interval,
/// counted from midnight or from the first day of a month or year.
///
/// # Errors
/// Cron has no expression for the interval.
fn cron_line(interval: &Value) -> Result<String, Error> {
    let part = |name: &str| {
        let value = interval.get_attr(name).ok().and_then(|value| value.as_i64());
        value.ok_or_else(|| error("`cron` requires the `interval` of a job"))
    };
    let (months, days, seconds) = (part("months")?, part("days")?, part("seconds")?);
    let text = interval.get_attr("text").map(|text| text.to_string()).unwrap_or_default();
    let interval = Interval { text: text.into(), months, days, seconds };
    cron::line(&interval, None).map_err(|_| {
        error(format!(
            "no cron expression for interval `{}`: check with `is cron` first",
            interval.text
        ))
    })
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn shell_makes_one_word() {
        assert_eq!(shell("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell(""), "''");
    }

    #[test]
    fn quote_uses_the_given_format() {
        assert_eq!(quote("a\"${b}".to_owned(), "hcl").unwrap(), r#""a\"$${b}""#);
        assert!(quote(String::new(), "xml").unwrap_err().to_string().contains("`yaml`"));
    }

    #[test]
    fn cron_supports_regular_intervals() {
        let of = |months: i64, days: i64, seconds: i64| {
            cron_line(&context! { text => "X", months, days, seconds }).ok()
        };
        assert_eq!(of(0, 0, 300).as_deref(), Some("*/5 * * * *"));
        assert_eq!(of(0, 0, 7200).as_deref(), Some("0 */2 * * *"));
        assert_eq!(of(0, 1, 0).as_deref(), Some("0 0 * * *"));
        assert_eq!(of(3, 0, 0).as_deref(), Some("0 0 1 */3 *"));
        for (months, days, seconds) in [(0, 0, 420), (0, 0, 90), (0, 2, 0), (5, 0, 0), (1, 1, 0)] {
            assert_eq!(of(months, days, seconds), None);
        }
    }
}
