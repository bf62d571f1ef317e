//! What custom templates may use beyond what all templates have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::{Environment, Error, Value};

use super::manifest::Escape;
use crate::plan::Interval;
use crate::render::{Format, TextValue, fault, quoted};
use crate::targets::cron;
use crate::targets::names::{dns_label, rfc1035_label};

/// What a template said of a part of the appliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is about.
    pub subject: Subject,
    /// Whether the target does not do it at all.
    pub rejected: bool,
    /// What it said.
    pub message: String,
}

/// A part of the appliance, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The appliance.
    Appliance,
    /// A container.
    Container(String),
    /// A persistent volume.
    Volume(String),
}

/// What the templates of one run said.
#[derive(Debug, Clone, Default)]
pub struct Remarks(Arc<Mutex<Vec<Remark>>>);

impl Remarks {
    /// All that was said, in order, each once.
    pub fn take(&self) -> Vec<Remark> {
        let mut said = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        said.dedup();
        said
    }

    fn add(&self, about: &Value, message: String, rejected: bool) -> Result<Value, Error> {
        let subject = subject(about)?;
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.push(Remark { subject, rejected, message });
        Ok(Value::from_safe_string(String::new()))
    }
}

/// What a value of the model is.
fn subject(about: &Value) -> Result<Subject, Error> {
    let field = |name: &str| about.get_attr(name).ok().filter(|value| !value.is_undefined());
    let Some(id) = field("id") else {
        return Err(fault("the first argument must be a container, a volume or the appliance"));
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

/// Adds the filters and functions.
pub fn install(
    env: &mut Environment<'static>,
    escapes: Arc<BTreeMap<String, Escape>>,
    remarks: &Remarks,
) {
    let said = remarks.clone();
    env.add_function("reject", move |about: &Value, message: String| {
        said.add(about, message, true)
    });
    let said = remarks.clone();
    env.add_function("approximate", move |about: &Value, message: String| {
        said.add(about, message, false)
    });
    env.add_filter("escape", move |value: &Value, name: &str| escape(value, &escapes, name));
    env.add_filter("shell", |text: String| shell(&text));
    env.add_filter("quote", quote);
    env.add_filter("cron", cron_line);
    env.add_test("cron", |interval: &Value| cron_line(interval).is_ok());
    env.add_filter("dns_label", |text: String| dns_label(&text));
    env.add_filter("rfc1035_label", |text: String| rfc1035_label(&text));
}

/// `{{ text | escape("rule") }}`: what the user wrote with the rule of `[escapes.rule]` applied;
/// references stay as they are.
fn escape(value: &Value, rules: &BTreeMap<String, Escape>, name: &str) -> Result<Value, Error> {
    let Some(rule) = rules.get(name) else {
        return Err(fault(format!("there is no `[escapes.{name}]` in target.toml")));
    };
    if let Some(text) = value.downcast_object_ref::<TextValue>() {
        return Ok(Value::from_object(text.map_literals(|literal| rule.apply(literal))));
    }
    match value.as_str() {
        Some(text) => Ok(Value::from(rule.apply(text))),
        None => Err(fault(format!("a {} cannot be escaped, only a string", value.kind()))),
    }
}

/// `{{ text | quote("json") }}`: a string in quotes as another format wants them. It is a
/// string like any other, and quoted once more where it is printed into such a file.
fn quote(text: String, format: &str) -> Result<String, Error> {
    let known = || Format::ALL.map(Format::word).join("`, `");
    let format = Format::of_word(format)
        .ok_or_else(|| fault(format!("there is no format `{format}`, only `{}`", known())))?;
    Ok(quoted(format, &text))
}

/// `{{ text | shell }}`: one word for a POSIX shell, in single quotes (Shell Command Language,
/// 2.2.2).
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `{{ container.job.interval | cron }}`: the five fields of a cron expression that runs so
/// often, counted from midnight or from the first day of a month or year. An interval that
/// cron cannot say is an error.
fn cron_line(interval: &Value) -> Result<String, Error> {
    let part = |name: &str| {
        let value = interval.get_attr(name).ok().and_then(|value| value.as_i64());
        value.ok_or_else(|| fault("`cron` takes the `interval` of a job"))
    };
    let (months, days, seconds) = (part("months")?, part("days")?, part("seconds")?);
    let text = interval.get_attr("text").map(|text| text.to_string()).unwrap_or_default();
    let interval = Interval { text, months, days, seconds };
    cron::line(&interval, None).map_err(|_| {
        fault(format!("cron cannot say `{}`; ask with `is cron` first", interval.text))
    })
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn a_shell_reads_one_word() {
        assert_eq!(shell("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell(""), "''");
    }

    #[test]
    fn strings_are_quoted_for_another_format() {
        assert_eq!(quote("a\"${b}".to_owned(), "hcl").unwrap(), r#""a\"$${b}""#);
        assert!(quote(String::new(), "xml").unwrap_err().to_string().contains("`yaml`"));
    }

    #[test]
    fn cron_says_what_it_can() {
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
