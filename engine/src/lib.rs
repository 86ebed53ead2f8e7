//! matte-engine

pub mod schema;
