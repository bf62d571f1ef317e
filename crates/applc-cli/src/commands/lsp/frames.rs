//! Messages of a client as bytes: a header with the length, and JSON. One that is no message is answered, and ends nothing.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::SyncSender;

use applc_lsp::Message;
use lsp_server::{ErrorCode, Notification, Request, RequestId, Response};
use serde_json::{Value, json};

/// The most bytes of a message. Files that applc reads are smaller.
const MAX_LENGTH: u64 = 256 << 20;

/// The most bytes of a line of a header.
const MAX_HEADER: u64 = 4096;

/// A message that cannot be handled.
#[derive(Debug)]
pub struct Refused {
    /// Its id, or null if it has none that can be in an answer.
    id: Value,
    code: ErrorCode,
    why: String,
}

/// What came: a message, or what is no message.
pub type Heard = Result<Message, Refused>;

/// Reads messages until there are no more, or nobody takes them.
///
/// # Errors
/// What comes cannot be read, or it is not clear where the next message begins.
pub fn read_all(input: &mut impl BufRead, to: &SyncSender<Heard>) -> io::Result<()> {
    while let Some(body) = read(input)? {
        if let Some(heard) = parsed(body)
            && to.send(heard).is_err()
        {
            break;
        }
    }
    Ok(())
}

/// Reads the JSON of a message. `None` at the end.
fn read(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        input.by_ref().take(MAX_HEADER).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let Some(line) = line.strip_suffix('\n').map(str::trim_ascii) else {
            return Err(invalid("a header without an end".to_owned()));
        };
        if line.is_empty() {
            break;
        }
        let header = line.split_once(':');
        let (name, value) = header.ok_or_else(|| invalid(format!("malformed header {line:?}")))?;
        if name.eq_ignore_ascii_case("Content-Length") {
            length = Some(value.trim_ascii().to_owned());
        }
    }
    let length = length.ok_or_else(|| invalid("a header without `Content-Length`".to_owned()))?;
    let allowed = length.parse().ok().filter(|length| *length <= MAX_LENGTH);
    let allowed: u64 = allowed.ok_or_else(|| {
        invalid(format!("`Content-Length` is {length:?}; the limit is {MAX_LENGTH} bytes"))
    })?;
    // Memory for what comes, not for what is announced.
    let mut body = Vec::new();
    input.by_ref().take(allowed).read_to_end(&mut body)?;
    match body.len() as u64 == allowed {
        true => Ok(Some(body)),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// The message in JSON. `None` if it is an answer that nobody waits for.
fn parsed(mut body: Vec<u8>) -> Option<Heard> {
    let value = serde_json::from_slice(&body).or_else(|_| {
        replace_surrogates(&mut body);
        serde_json::from_slice::<Value>(&body)
    });
    match value {
        Ok(value) => message(value).transpose(),
        Err(error) => Some(Err(Refused {
            id: Value::Null,
            code: ErrorCode::ParseError,
            why: format!("malformed JSON: {error}"),
        })),
    }
}

/// The message of a value. `None` if it is an answer that nobody waits for.
fn message(value: Value) -> Result<Option<Message>, Refused> {
    let refused = |id: Option<Value>, why: &str| {
        let id = id.filter(|id| id.is_string() || id.is_number()).unwrap_or_default();
        Refused { id, code: ErrorCode::InvalidRequest, why: why.to_owned() }
    };
    let Value::Object(mut fields) = value else {
        return Err(refused(None, "a message is an object"));
    };
    let id = fields.remove("id");
    let method = match fields.remove("method") {
        Some(Value::String(method)) => method,
        None if fields.contains_key("result") || fields.contains_key("error") => {
            let Some(id) = id.and_then(|id| serde_json::from_value(id).ok()) else {
                return Ok(None);
            };
            let result = fields.remove("result").unwrap_or_default();
            return Ok(Some(Response { id, response_result: Ok(result) }.into()));
        }
        _ => return Err(refused(id, "a message has a `method`, which is a string")),
    };
    let params = fields.remove("params").unwrap_or_default();
    let Some(id) = id else { return Ok(Some(Notification { method, params }.into())) };
    match serde_json::from_value::<RequestId>(id.clone()) {
        Ok(id) => Ok(Some(Request { id, method, params }.into())),
        Err(_) => Err(refused(Some(id), "an `id` is a string or an integer of 32 bits")),
    }
}

/// Replaces escapes of halves of characters, which clients in JavaScript may write, by that of U+FFFD.
fn replace_surrogates(json: &mut [u8]) {
    let unit = |json: &[u8], at: usize| -> Option<u16> {
        let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    let next = |rest: &[u8]| rest.iter().position(|byte| *byte == b'\\');
    while let Some(found) = json.get(at..).and_then(next) {
        at += found;
        at += match (unit(json, at), unit(json, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                if let Some(escape) = json.get_mut(at..at + 6) {
                    escape.copy_from_slice(b"\\ufffd");
                }
                6
            }
            // Another escape; what follows a backslash is no escape of its own.
            _ => 2,
        };
    }
}

impl Refused {
    /// Writes the answer.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let error = json!({ "code": self.code as i32, "message": self.why });
        let answer = json!({ "jsonrpc": "2.0", "id": self.id, "error": error }).to_string();
        write!(out, "Content-Length: {}\r\n\r\n{answer}", answer.len())?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// What comes of bytes, each message as JSON, and how it ends.
    fn heard(bytes: &[u8]) -> (Vec<Value>, Result<(), String>) {
        let (to, from) = mpsc::sync_channel(100);
        let end = read_all(&mut io::BufReader::new(bytes), &to);
        drop(to);
        let shown = |heard: Heard| match heard {
            Ok(message) => serde_json::to_value(message).unwrap(),
            Err(refused) => json!([refused.id, refused.code as i32]),
        };
        (from.iter().map(shown).collect(), end.map_err(|error| error.to_string()))
    }

    fn frame(body: &[u8]) -> Vec<u8> {
        [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
    }

    #[test]
    fn what_is_no_message_is_answered_and_the_next_one_is_read() {
        let deep = format!(
            "{{\"id\":1,\"method\":\"m\",\"params\":{}{}}}",
            "[".repeat(200),
            "]".repeat(200)
        );
        let next = br#"{"method":"next"}"#;
        for (body, id, code) in [
            ("{}", Value::Null, -32600),
            (r#"{"id":5}"#, json!(5), -32600),
            (r#"[{"id":5,"method":"m"}]"#, Value::Null, -32600),
            ("5", Value::Null, -32600),
            (r#"{"method":5}"#, Value::Null, -32600),
            (r#"{"id":"a","method":5}"#, json!("a"), -32600),
            (r#"{"id":2147483648,"method":"m"}"#, json!(2_147_483_648_u32), -32600),
            (r#"{"id":1.5,"method":"m"}"#, json!(1.5), -32600),
            (r#"{"id":null,"method":"m"}"#, Value::Null, -32600),
            (r#"{"id":[1],"method":"m"}"#, Value::Null, -32600),
            (r#"{"id":1,"#, Value::Null, -32700),
            ("", Value::Null, -32700),
            ("\u{feff}{}", Value::Null, -32700),
            (&deep, Value::Null, -32700),
        ] {
            let (heard, end) = heard(&[frame(body.as_bytes()), frame(next)].concat());
            assert_eq!(heard, [json!([id, code]), json!({ "method": "next" })], "{body}");
            assert_eq!(end, Ok(()));
        }
        let bytes = [frame(b"{\"method\":\"\xff\"}"), frame(next)].concat();
        assert_eq!(heard(&bytes).0, [json!([null, -32700]), json!({ "method": "next" })]);
    }

    #[test]
    fn messages_are_read() {
        for body in [
            r#"{"id":1,"method":"m","params":{"a":[1]}}"#,
            r#"{"id":"x","method":"m"}"#,
            r#"{"method":"m","params":[]}"#,
            r#"{"id":1,"result":null}"#,
        ] {
            let (heard, end) = heard(&frame(body.as_bytes()));
            assert_eq!((heard, end), (vec![serde_json::from_str(body).unwrap()], Ok(())));
        }
        // Nobody waits for what cannot be told from others.
        assert_eq!(heard(&frame(br#"{"id":null,"error":{}}"#)), (vec![], Ok(())));
        let other = b"content-type: x\r\nCONTENT-LENGTH:14\r\n\r\n{\"method\":\"m\"}";
        assert_eq!(heard(other), (vec![json!({ "method": "m" })], Ok(())));
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        for (written, read) in [
            (r"\ud83d", "\u{fffd}"),
            (r"\uDE00x", "\u{fffd}x"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\\ud83d\ud83d", "\\ud83d\u{fffd}"),
            (r"\ud83d\\", "\u{fffd}\\"),
        ] {
            let body = format!(r#"{{"method":"m","params":"{written}"}}"#);
            let expected = json!({ "method": "m", "params": read });
            assert_eq!(heard(&frame(body.as_bytes())), (vec![expected], Ok(())), "{written}");
        }
    }

    #[test]
    fn lengths_have_a_limit() {
        for length in
            ["99999999999999", "18446744073709551615", "4000000000", "268435457", "-1", "x"]
        {
            let (heard, end) = heard(format!("Content-Length: {length}\r\n\r\n{{}}").as_bytes());
            assert!(heard.is_empty());
            assert!(end.unwrap_err().contains("the limit is 268435456 bytes"), "{length}");
        }
        for broken in
            ["Content-Length: 5\r\n\r\n{}", "Content-Length 5\r\n\r\n", "a: b\r\n\r\n{}", "a"]
        {
            assert!(heard(broken.as_bytes()).1.is_err(), "{broken}");
        }
        let endless = vec![b'a'; 10_000];
        assert_eq!(heard(&endless).1, Err("a header without an end".to_owned()));
    }

    #[test]
    fn an_answer_has_the_id() {
        let (code, why) = (ErrorCode::InvalidRequest, "no".to_owned());
        let mut out = Vec::new();
        Refused { id: json!(1.5), code, why }.write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (header, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(header, format!("Content-Length: {}", body.len()));
        let error = json!({ "code": -32600, "message": "no" });
        let expected = json!({ "jsonrpc": "2.0", "id": 1.5, "error": error });
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), expected);
    }
}
