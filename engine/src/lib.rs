//! matte-engine
