//! The application's tests across modules: one binary, a module a subject.

#[path = "app/pipeline/mod.rs"]
mod pipeline;
