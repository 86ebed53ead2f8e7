//! What the targets share.

pub mod memory;
