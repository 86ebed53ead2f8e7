//! Where composed pictures go besides the window: files and virtual cameras.
//!
//! Each works on a thread of its own behind a short queue, so that a slow disk or reader never delays the display.

mod folder;
mod recorder;
mod snapshot;
mod virtual_camera;

pub use folder::{dated, home, pictures, videos};
pub use recorder::{Recorder, Sink};
pub use snapshot::save_snapshot;
pub use virtual_camera::{Outlet, VirtualCamera, hint, virtual_cameras};
