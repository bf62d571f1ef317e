//! What the fuzz targets share.

pub mod held;
pub mod made;
pub mod places;

/// The parts of an input, between bytes that no UTF-8 text has. The last one has the rest.
pub fn parts<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let mut parts = bytes.splitn(N, |byte| *byte == 0xff);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}
