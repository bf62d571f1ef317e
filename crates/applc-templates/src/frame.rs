//! What goes through the pipes: frames of a kind, a length, and bytes.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use applc::targets::custom::Texts;
use serde::{Deserialize, Serialize};

/// What is asked of a process.
#[derive(Serialize, Deserialize)]
pub struct Request<'a, W> {
    /// The files of the target, if they are not those of the request before.
    pub texts: Option<TextsOf<'a>>,
    /// What is done with them.
    pub work: W,
}

/// The files of a target: those of whoever asks, or of the process.
pub enum TextsOf<'a> {
    Asked(&'a Texts),
    Own(Box<Texts>),
}

impl Serialize for TextsOf<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            TextsOf::Asked(texts) => texts.serialize(to),
            TextsOf::Own(texts) => texts.serialize(to),
        }
    }
}

impl<'d> Deserialize<'d> for TextsOf<'_> {
    fn deserialize<D: serde::Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        Texts::deserialize(from).map(|texts| TextsOf::Own(Box::new(texts)))
    }
}

/// What a process says.
pub enum Frame<'a> {
    /// It runs, in this version.
    Ready(Cow<'a, str>),
    /// A template with this name is compiled or rendered next.
    Begun(Cow<'a, str>),
    /// The answer.
    Done(Cow<'a, [u8]>),
}

/// A frame that is not read to its end.
pub enum Broken {
    /// There are no more bytes.
    End,
    /// It is larger than it may be.
    TooLarge,
    /// It is none: something else was written.
    Foreign,
}

/// Maximum length of the name of a template, in bytes; longer ones are cut.
const NAME: usize = 4096;

impl Frame<'_> {
    /// Writes it.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (kind, bytes) = match self {
            Frame::Ready(version) => (b'r', version.as_bytes()),
            Frame::Begun(name) => (b'b', name.as_bytes()),
            Frame::Done(answer) => (b'd', &**answer),
        };
        let bytes = if kind == b'd' { bytes } else { bytes.get(..NAME).unwrap_or(bytes) };
        to.write_all(&[kind])?;
        write_bytes(to, bytes)
    }

    /// Reads one of at most this number of bytes.
    pub fn read(from: &mut impl Read, largest: u64) -> Result<Frame<'static>, Broken> {
        let mut kind = [0];
        from.read_exact(&mut kind).map_err(|_| Broken::End)?;
        let [kind] = kind;
        let largest = match kind {
            b'r' | b'b' => NAME as u64,
            b'd' => largest,
            _ => return Err(Broken::Foreign),
        };
        let bytes = read_bytes(from, largest)?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned().into();
        Ok(match kind {
            b'r' => Frame::Ready(text(bytes)),
            b'b' => Frame::Begun(text(bytes)),
            _ => Frame::Done(bytes.into()),
        })
    }
}

/// Writes the length of bytes, and these.
pub fn write_bytes(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

/// Reads at most this number of bytes, as they were written.
pub fn read_bytes(from: &mut impl Read, largest: u64) -> Result<Vec<u8>, Broken> {
    let mut length = [0; 8];
    from.read_exact(&mut length).map_err(|_| Broken::End)?;
    let length = u64::from_le_bytes(length);
    if length > largest {
        return Err(Broken::TooLarge);
    }
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes).map_err(|_| Broken::End)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(Broken::End) }
}
