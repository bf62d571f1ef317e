//! Printing of values, and the filters that are not part of the template engine.

use std::borrow::Cow;
use std::fmt::Write;

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::marks::{has_marks, lifted, marked};
use super::origin::{Bare, Number, Origins};
use super::scalar::{Format, ini_takes, write_quoted, write_scalar};
use super::text::TextValue;

/// Installs the rules for printing, and the filters. What they print from a value whose origin is
/// in `origins` gets marks.
pub(super) fn install(env: &mut Environment<'static>, origins: &Origins) {
    let known = origins.clone();
    env.set_formatter(move |out, state, value| print(out, state, value, &known));
    let known = origins.clone();
    env.add_filter("flow", move |state: &State, value: &Value| flow(state, value, &known));
    let known = origins.clone();
    env.add_filter("json", move |value: &Value| json(value, &known));
    let known = origins.clone();
    env.add_filter("quoted", move |state: &State, value: &Value| quoted(state, value, &known));
    let known = origins.clone();
    env.add_filter("string", move |value: &Value| string(value, &known));
    if origins.is_on() {
        let known = origins.clone();
        env.add_filter("safe", move |value: &Value| safe(value, &known));
    }
}

/// The number of the origin of a value, if it is known.
fn number_of(value: &Value, origins: &Origins) -> Option<Number> {
    let of_text = || value.downcast_object_ref::<TextValue>().and_then(TextValue::number);
    origins.number(value).or_else(of_text)
}

/// A string that was made of a value, with the origin of that value.
pub fn derived(value: &Value, text: String, origins: &Origins) -> Value {
    match number_of(value, origins) {
        Some(number) => origins.string_like(text, number),
        None => Value::from(text),
    }
}

/// The number of the origin of a value, and the value itself.
fn traced<'v>(value: &'v Value, origins: &Origins) -> (Option<Number>, Cow<'v, Value>) {
    if !origins.is_on() {
        return (None, Cow::Borrowed(value));
    }
    if let Some(number) = number_of(value, origins) {
        let bare = value.downcast_object_ref::<Bare>().map(|bare| &bare.value);
        return (Some(number), Cow::Borrowed(bare.unwrap_or(value)));
    }
    if value.is_safe() { (None, Cow::Borrowed(value)) } else { without_marks(value, origins) }
}

/// Of a string that a template made of what was printed before: the number of its first mark, and the
/// string without marks.
fn without_marks<'v>(value: &'v Value, origins: &Origins) -> (Option<Number>, Cow<'v, Value>) {
    match value.as_str().and_then(|text| lifted(text, origins)) {
        Some((number, text)) => (Some(number), Cow::Owned(Value::from(text))),
        None => (None, Cow::Borrowed(value)),
    }
}

/// Writes what `write` writes, with marks if there is a number.
fn mark<W: Write>(
    out: &mut W,
    number: Option<Number>,
    write: impl FnOnce(&mut W) -> Result<(), Error>,
) -> Result<(), Error> {
    match number {
        Some(number) => marked(out, number, write),
        None => write(out),
    }
}

/// Prints `{{ value }}` as a scalar of the file's format. A safe value (`| safe`, the output of
/// a macro or of a filter of this module) is printed unchanged.
fn print(
    out: &mut Output,
    state: &mut State,
    value: &Value,
    origins: &Origins,
) -> Result<(), Error> {
    let format = format_of(state)?;
    if let Some(text) = value.as_str().filter(|_| value.is_safe()) {
        return Ok(out.write_str(text)?);
    }
    let (number, value) = traced(value, origins);
    mark(out, number, |out| write_value(out, format, &value, origins))
}

fn write_value(
    out: &mut impl Write,
    format: Format,
    value: &Value,
    origins: &Origins,
) -> Result<(), Error> {
    let text = match value.as_str() {
        Some(text) => Cow::Borrowed(text),
        None => match text_of(value) {
            Some(text) => Cow::Owned(text),
            None => return write_bare(out, value),
        },
    };
    if format == Format::Ini && !ini_takes(&text) {
        return Err(error(format!(
            "cannot print {text:?} without quotes: use `quoted` if the key accepts quoted words"
        )));
    }
    if matches!(format, Format::Ini | Format::Plain) {
        check_raw(&text, origins);
    }
    Ok(write_scalar(out, format, &text)?)
}

/// Checks text that is printed without quotes: what looks like a mark in it cannot be told from
/// one.
fn check_raw(text: &str, origins: &Origins) {
    if origins.is_on() && has_marks(text) {
        origins.set_ambiguous();
    }
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
fn flow(state: &State, value: &Value, origins: &Origins) -> Result<Value, Error> {
    let format = format_of(state)?;
    if matches!(format, Format::Plain | Format::Ini) {
        return Err(error(format!("{} text has no syntax for lists", format.word())));
    }
    let mut out = String::new();
    write_flow(&mut out, format, value, origins)?;
    Ok(Value::from_safe_string(out))
}

fn write_flow(
    out: &mut String,
    format: Format,
    value: &Value,
    origins: &Origins,
) -> Result<(), Error> {
    let (number, value) = traced(value, origins);
    mark(out, number, |out| write_flow_value(out, format, &value, origins))
}

fn write_flow_value(
    out: &mut String,
    format: Format,
    value: &Value,
    origins: &Origins,
) -> Result<(), Error> {
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
                write_flow(out, format, &item, origins)?;
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
                mark(out, origins.number(&key), |out| Ok(write_quoted(out, format, name)?))?;
                out.push_str(between);
                write_flow(out, format, &value.get_item(&key)?, origins)?;
            }
            out.push('}');
        }
        _ => write_bare(out, value)?,
    }
    Ok(())
}

/// `{{ value | json }}`: the value as compact JSON in a string. Printing it quotes it as any
/// other string: in YAML, JSON inside of a string. Use `flow` for the bare structure.
///
/// The origin of the string is that of the first value in it that has one.
fn json(value: &Value, origins: &Origins) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let (number, value) = traced(value, origins);
    let text = serde_json::to_string(&Spelled(&value, origins)).map_err(|error| {
        Error::new(ErrorKind::BadSerialization, "cannot convert the value to JSON")
            .with_source(error)
    })?;
    let first = || if origins.is_on() { first_number(&value, origins) } else { None };
    Ok(match number.or_else(first) {
        Some(number) => origins.string_like(text, number),
        None => Value::from(text),
    })
}

/// The number of the first scalar in a value that has one.
fn first_number(value: &Value, origins: &Origins) -> Option<Number> {
    if let Some(number) = number_of(value, origins) {
        return Some(number);
    }
    match value.kind() {
        ValueKind::String => without_marks(value, origins).0,
        ValueKind::Seq | ValueKind::Iterable => {
            value.try_iter().ok()?.find_map(|item| first_number(&item, origins))
        }
        ValueKind::Map => value.try_iter().ok()?.find_map(|key| {
            let item = value.get_item(&key).ok();
            origins.number(&key).or_else(|| first_number(&item?, origins))
        }),
        _ => None,
    }
}

/// Serializes a value with each string with references as one string, and without marks.
struct Spelled<'a>(&'a Value, &'a Origins);

impl Serialize for Spelled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Spelled(value, origins) = self;
        let value = value.downcast_object_ref::<Bare>().map_or(*value, |bare| &bare.value);
        if let Some(text) = text_of(value) {
            return serializer.serialize_str(&text);
        }
        let items = || value.try_iter().map_err(S::Error::custom);
        match value.kind() {
            ValueKind::Seq | ValueKind::Iterable => {
                let mut list = serializer.serialize_seq(None)?;
                for item in items()? {
                    list.serialize_element(&Spelled(&item, origins))?;
                }
                list.end()
            }
            ValueKind::Map => {
                let mut map = serializer.serialize_map(None)?;
                for key in items()? {
                    let item = value.get_item(&key).map_err(S::Error::custom)?;
                    map.serialize_entry(&key, &Spelled(&item, origins))?;
                }
                map.end()
            }
            ValueKind::String if origins.is_on() => {
                without_marks(value, origins).1.serialize(serializer)
            }
            _ => value.serialize(serializer),
        }
    }
}

/// `{{ value | quoted }}`: a string in quotes, even if the format does not require them.
fn quoted(state: &State, value: &Value, origins: &Origins) -> Result<Value, Error> {
    let (number, value) = match value.is_safe() {
        true if origins.is_on() => without_marks(value, origins),
        _ => traced(value, origins),
    };
    let text = spelled(&value)?;
    let format = format_of(state)?;
    if format == Format::Plain {
        check_raw(&text, origins);
    }
    let mut out = String::with_capacity(text.len() + 2);
    mark(&mut out, number, |out| Ok(write_quoted(out, format, &text)?))?;
    Ok(Value::from_safe_string(out))
}

/// `{{ 80 | string }}`: a number or a boolean as a string, so that it is printed as one.
fn string(value: &Value, origins: &Origins) -> Result<Value, Error> {
    if value.kind() == ValueKind::String {
        return Ok(value.clone());
    }
    let (number, value) = traced(value, origins);
    let text = spelled(&value)?.into_owned();
    Ok(match number {
        Some(number) => origins.string_like(text, number),
        None => Value::from(text),
    })
}

/// A scalar as a string.
fn spelled(value: &Value) -> Result<Cow<'_, str>, Error> {
    if let Some(text) = value.as_str() {
        return Ok(Cow::Borrowed(text));
    }
    if let Some(text) = text_of(value) {
        return Ok(Cow::Owned(text));
    }
    let mut text = String::new();
    write_bare(&mut text, value)?;
    Ok(Cow::Owned(text))
}

/// `{{ value | safe }}`, as the engine defines it, with marks.
fn safe(value: &Value, origins: &Origins) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let Some(number) = number_of(value, origins) else {
        return Ok(Value::from_safe_string(value.to_string()));
    };
    let text = text_of(value).unwrap_or_else(|| value.to_string());
    if has_marks(&text) {
        check_raw(&text, origins);
        return Ok(Value::from_safe_string(text));
    }
    let mut out = String::with_capacity(text.len() + 8);
    mark(&mut out, Some(number), |out| Ok(out.write_str(&text)?))?;
    Ok(Value::from_safe_string(out))
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
