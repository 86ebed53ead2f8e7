//! What differs between systems, and the parts of it that can be told without one.
//!
//! | module | what it holds |
//! |---|---|
//! | [`assets`] | files in the program's package |
//! | [`folders`] | where settings, downloads and caches lie |
//! | [`mod@insets`] | what the system covers of a window |
//! | [`lifecycle`] | what the program does as its window is shown, covered, taken away and given back |
//! | [`memory`] | what was freed, given back to the system |
//! | [`permission`] | whether the camera may be used, and how people are asked |
//! | [`turn`] | how a built-in camera's picture is to be turned |
//!
//! `desktop` and `android` are the edges to the systems themselves, with the same functions. They hold no
//! decision that one of the modules above could take.

#[cfg(target_os = "android")]
mod android;
pub mod assets;
#[cfg(not(target_os = "android"))]
mod desktop;
pub mod folders;
pub mod insets;
pub mod lifecycle;
pub mod memory;
pub mod permission;
pub mod turn;
pub mod whole;

#[cfg(target_os = "android")]
pub use android::*;
#[cfg(not(target_os = "android"))]
pub use desktop::*;
