//! The application's tests across modules: one binary, a module a subject.

#[path = "app/pipeline_frame.rs"]
mod pipeline_frame;
