//! The way to the screen: an adapter, a surface, and egui's triangles on top of the picture.
//!
//! Nothing here knows what is drawn. Everything that can go wrong outside the program (no adapter, a lost
//! surface, a device that went away) comes back as an error sentence or as a [`Next`] to act on.

mod adapter;
mod overlay;
mod surface;
mod trust;

pub use adapter::{Gpu, Wish, adapters, device_for, titles};
pub use overlay::{Overlay, Painting};
pub use surface::{Next, Surface};
pub use trust::Trust;
