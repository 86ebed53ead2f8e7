//! The application's tests across modules: one binary, a module a subject.

#[path = "app/pipeline/mod.rs"]
mod pipeline;
#[path = "app/screen.rs"]
mod screen;
#[path = "app/sighting.rs"]
mod sighting;
#[path = "app/window.rs"]
mod window;
