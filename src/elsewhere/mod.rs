//! What people bring from other languages: whole files, names of fields, forms of values. The checks of
//! appliances and the import say the same about them.

pub mod compose;
mod fields;
mod files;
mod kubernetes;
pub mod marathon;
pub mod scalars;
pub mod units;

pub use fields::{Owner, way_out};
pub use files::recognize;
pub use units::iso_duration;
