//! applc
