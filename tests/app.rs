//! The application's tests across modules: one binary, a module a subject.

#[path = "app/cli.rs"]
mod cli;
#[cfg(target_os = "linux")]
#[path = "app/driven.rs"]
mod driven;
#[path = "app/faults.rs"]
mod faults;
#[cfg(target_os = "linux")]
#[path = "app/hands.rs"]
mod hands;
#[path = "app/life.rs"]
mod life;
#[path = "app/models.rs"]
mod models;
#[path = "app/pipeline/mod.rs"]
mod pipeline;
#[path = "app/results.rs"]
mod results;
#[path = "app/screen.rs"]
mod screen;
#[path = "app/segment.rs"]
mod segment;
#[path = "app/sighting.rs"]
mod sighting;
#[path = "app/tasks.rs"]
mod tasks;
#[path = "app/ui.rs"]
mod ui;
#[path = "app/virtual_camera.rs"]
mod virtual_camera;
#[path = "app/window.rs"]
mod window;
