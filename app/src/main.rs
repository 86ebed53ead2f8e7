//! Matte.
fn main() {}
