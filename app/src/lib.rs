//! Matte.
