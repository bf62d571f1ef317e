//! Digests of what results depend on.

use std::io;

use serde::{Deserialize, Serialize};

/// A digest of bytes or values. Different ones have different digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The digest of bytes.
    pub fn of_bytes(bytes: &[u8]) -> Digest {
        Digest::from(blake3::hash(bytes))
    }

    /// The digest of a value, in a form that tells all its parts apart.
    pub fn of(value: &impl Serialize) -> Digest {
        let mut hasher = blake3::Hasher::new();
        // Writing to a hasher does not fail, and the values have forms.
        let written = postcard::to_io(value, &mut hasher).is_ok();
        debug_assert!(written, "the value has a form");
        Digest::from(hasher.finalize())
    }

    /// The digest of what reading a file gives.
    pub fn of_read(read: &io::Result<Vec<u8>>) -> Digest {
        match read {
            Ok(bytes) => Digest::of_bytes(bytes),
            Err(error) => Digest::of(&("error", error.kind().to_string(), error.to_string())),
        }
    }
}

impl From<blake3::Hash> for Digest {
    fn from(hash: blake3::Hash) -> Digest {
        let mut short = [0; 16];
        short.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
        Digest(short)
    }
}
