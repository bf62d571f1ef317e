//! What templates may do to a value before it is printed, beyond what the engine brings.

use std::fmt::Write;

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value};

use super::scalar::{Format, quoted, write_quoted, write_scalar};

/// Makes the rules of this crate those of the environment.
pub(super) fn install(env: &mut Environment<'static>) {
    env.set_auto_escape_callback(|name| AutoEscape::Custom(Format::of_name(name).word().into()));
    env.set_formatter(print);
    env.add_filter("flow", flow);
    env.add_filter("json", json);
    env.add_filter("quoted", quoted_filter);
    env.add_filter("string", string);
}

/// Prints `{{ value }}` as a scalar of the file's format. What was marked safe (`| safe`, the
/// output of a macro, of a filter of this module) goes out as it is.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let format = format_of(state)?;
    match value.as_str() {
        Some(text) if value.is_safe() => out.write_str(text)?,
        Some(text) => write_scalar(out, format, text)?,
        None => write_bare(out, value)?,
    }
    Ok(())
}

/// Prints what needs no quotes in any format: a number or a truth value.
fn write_bare(out: &mut impl Write, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Bool => out.write_str(if value.is_true() { "true" } else { "false" })?,
        ValueKind::Number if is_finite(value) => write!(out, "{value}")?,
        ValueKind::Number => return Err(fault(format!("{value} cannot be written"))),
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            return Err(fault(format!("a {} is printed with `flow` or in a loop", value.kind())));
        }
        kind => return Err(fault(format!("a value of type {kind} cannot be printed"))),
    }
    Ok(())
}

/// Whether a number is one that all formats can write.
fn is_finite(value: &Value) -> bool {
    value.is_integer() || f64::try_from(value.clone()).is_ok_and(f64::is_finite)
}

/// `{{ list | flow }}`: a list or a mapping on one line in the file's format, all strings in
/// quotes: a flow sequence in YAML, a tuple in HCL, an array in JSON.
fn flow(state: &State, value: &Value) -> Result<Value, Error> {
    let format = format_of(state)?;
    if format == Format::Plain {
        return Err(fault("plain text has no form for a list"));
    }
    let mut out = String::new();
    write_flow(&mut out, format, value)?;
    Ok(Value::from_safe_string(out))
}

fn write_flow(out: &mut String, format: Format, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String if value.is_safe() => out.push_str(value.as_str().unwrap_or_default()),
        ValueKind::String => write_quoted(out, format, value.as_str().unwrap_or_default())?,
        ValueKind::Seq | ValueKind::Iterable => {
            out.push('[');
            for (place, item) in value.try_iter()?.enumerate() {
                if place > 0 {
                    out.push_str(", ");
                }
                write_flow(out, format, &item)?;
            }
            out.push(']');
        }
        ValueKind::Map => {
            let between = if format == Format::Hcl { " = " } else { ": " };
            out.push('{');
            for (place, key) in value.try_iter()?.enumerate() {
                if place > 0 {
                    out.push_str(", ");
                }
                let Some(name) = key.as_str() else {
                    return Err(fault(format!("the key {key} is not a string")));
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

/// `{{ value | json }}`: the text of the value as compact JSON. It is a string like any
/// other, so printing it quotes it: in YAML, JSON inside a string. For the bare structure
/// there is `flow`.
fn json(value: &Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::BadSerialization, "no JSON for this value").with_source(error)
    })
}

/// `{{ value | quoted }}`: a string in quotes even where the format could do without them.
fn quoted_filter(state: &State, value: &Value) -> Result<Value, Error> {
    let text = string(value)?;
    let format = format_of(state)?;
    Ok(Value::from_safe_string(quoted(format, text.as_str().unwrap_or_default())))
}

/// `{{ 80 | string }}`: a number or a truth value as a string, so that it is printed as one.
fn string(value: &Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::String {
        return Ok(value.clone());
    }
    let mut text = String::new();
    write_bare(&mut text, value)?;
    Ok(Value::from(text))
}

/// The format of what is being printed: that of the template, in a macro that of its caller.
fn format_of(state: &State) -> Result<Format, Error> {
    match state.auto_escape() {
        AutoEscape::Custom(word) => Format::of_word(word).ok_or_else(|| fault("unknown format")),
        _ => Err(fault("quoting cannot be switched off or changed; mark single values `safe`")),
    }
}

fn fault(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, what)
}
