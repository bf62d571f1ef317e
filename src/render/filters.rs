//! Printing of values, and the filters that are not part of the template engine.

use std::borrow::Cow;
use std::fmt::Write;

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::scalar::{Format, ini_takes, quoted, write_quoted, write_scalar};
use super::text::TextValue;

/// Installs the rules for printing, and the filters.
pub(super) fn install(env: &mut Environment<'static>) {
    env.set_auto_escape_callback(|name| AutoEscape::Custom(Format::of_name(name).word().into()));
    env.set_formatter(print);
    env.add_filter("flow", flow);
    env.add_filter("json", json);
    env.add_filter("quoted", quoted_filter);
    env.add_filter("string", string);
}

/// Prints `{{ value }}` as a scalar of the file's format. A safe value (`| safe`, the output of
/// a macro or of a filter of this module) is printed unchanged.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let format = format_of(state)?;
    let text = match (value.as_str(), text_of(value)) {
        (Some(text), _) if value.is_safe() => return Ok(out.write_str(text)?),
        (Some(text), _) => Cow::Borrowed(text),
        (None, Some(text)) => Cow::Owned(text),
        (None, None) => return write_bare(out, value),
    };
    if format == Format::Ini && !ini_takes(&text) {
        return Err(error(format!(
            "cannot print {text:?} without quotes: use `quoted` if the key accepts quoted words"
        )));
    }
    Ok(write_scalar(out, format, &text)?)
}

/// The string of a value with references.
fn text_of(value: &Value) -> Option<String> {
    value.downcast_object_ref::<TextValue>().map(TextValue::to_string)
}

/// Prints a value that does not require quotes in any format: a number or a boolean.
fn write_bare(out: &mut impl Write, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Bool => out.write_str(if value.is_true() { "true" } else { "false" })?,
        ValueKind::Number if is_finite(value) => write!(out, "{value}")?,
        ValueKind::Number => return Err(error(format!("cannot print the number {value}"))),
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            return Err(error(format!("cannot print a {}: use `flow` or a loop", value.kind())));
        }
        kind => return Err(error(format!("cannot print a value of type {kind}"))),
    }
    Ok(())
}

/// Whether all formats can represent a number.
fn is_finite(value: &Value) -> bool {
    value.is_integer() || f64::try_from(value.clone()).is_ok_and(f64::is_finite)
}

/// `{{ list | flow }}`: a list or a mapping on one line in the file's format, with all strings
/// in quotes: a flow sequence in YAML, a tuple in HCL, an array in JSON.
fn flow(state: &State, value: &Value) -> Result<Value, Error> {
    let format = format_of(state)?;
    if matches!(format, Format::Plain | Format::Ini) {
        return Err(error(format!("{} text has no syntax for lists", format.word())));
    }
    let mut out = String::new();
    write_flow(&mut out, format, value)?;
    Ok(Value::from_safe_string(out))
}

fn write_flow(out: &mut String, format: Format, value: &Value) -> Result<(), Error> {
    if let Some(text) = text_of(value) {
        return Ok(write_quoted(out, format, &text)?);
    }
    match value.kind() {
        ValueKind::String if value.is_safe() => out.push_str(value.as_str().unwrap_or_default()),
        ValueKind::String => write_quoted(out, format, value.as_str().unwrap_or_default())?,
        ValueKind::Seq | ValueKind::Iterable => {
            out.push('[');
            for (index, item) in value.try_iter()?.enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_flow(out, format, &item)?;
            }
            out.push(']');
        }
        ValueKind::Map => {
            let between = if format == Format::Hcl { " = " } else { ": " };
            out.push('{');
            for (index, key) in value.try_iter()?.enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                let Some(name) = key.as_str() else {
                    return Err(error(format!("the key {key} is not a string")));
                };
                write_quoted(out, format, name)?;
                out.push_str(between);
                write_flow(out, format, &value.get_item(&key)?)?;
            }
            out.push('}');
        }
        _ => write_bare(out, value)?,
    }
    Ok(())
}

/// `{{ value | json }}`: the value as compact JSON in a string. Printing it quotes it as any
/// other string: in YAML, JSON inside of a string. Use `flow` for the bare structure.
fn json(value: &Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    serde_json::to_string(&Spelled(value)).map_err(|error| {
        Error::new(ErrorKind::BadSerialization, "cannot convert the value to JSON")
            .with_source(error)
    })
}

/// Serializes a value with each string with references as one string.
struct Spelled<'a>(&'a Value);

impl Serialize for Spelled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Spelled(value) = self;
        if let Some(text) = text_of(value) {
            return serializer.serialize_str(&text);
        }
        let items = || value.try_iter().map_err(S::Error::custom);
        match value.kind() {
            ValueKind::Seq | ValueKind::Iterable => {
                let mut list = serializer.serialize_seq(None)?;
                for item in items()? {
                    list.serialize_element(&Spelled(&item))?;
                }
                list.end()
            }
            ValueKind::Map => {
                let mut map = serializer.serialize_map(None)?;
                for key in items()? {
                    let item = value.get_item(&key).map_err(S::Error::custom)?;
                    map.serialize_entry(&key, &Spelled(&item))?;
                }
                map.end()
            }
            _ => value.serialize(serializer),
        }
    }
}

/// `{{ value | quoted }}`: a string in quotes, even if the format does not require them.
fn quoted_filter(state: &State, value: &Value) -> Result<Value, Error> {
    let text = string(value)?;
    let format = format_of(state)?;
    Ok(Value::from_safe_string(quoted(format, text.as_str().unwrap_or_default())))
}

/// `{{ 80 | string }}`: a number or a boolean as a string, so that it is printed as one.
fn string(value: &Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::String {
        return Ok(value.clone());
    }
    if let Some(text) = text_of(value) {
        return Ok(Value::from(text));
    }
    let mut text = String::new();
    write_bare(&mut text, value)?;
    Ok(Value::from(text))
}

/// The format of the output: that of the template, in a macro that of the caller.
fn format_of(state: &State) -> Result<Format, Error> {
    match state.auto_escape() {
        AutoEscape::Custom(word) => Format::of_word(word).ok_or_else(|| error("unknown format")),
        _ => Err(error(
            "automatic quoting cannot be disabled or changed; mark single values as `safe`",
        )),
    }
}

/// Creates an error of a filter or a function.
pub fn error(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
