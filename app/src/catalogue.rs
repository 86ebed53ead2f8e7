//! The networks that the program carries with it.

use anyhow::{Context, Result};

/// A bundled network.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its file's name without the extension; the command line takes it too.
    pub name: &'static str,
    /// What people read.
    pub title: &'static str,
    /// The `.tflite` file.
    pub bytes: &'static [u8],
}

/// The networks that part a person from the background, the usual one first.
pub const SEGMENTERS: [Entry; 2] = [
    Entry {
        name: "selfie_segmentation",
        title: "Person, square",
        bytes: include_bytes!("../../models/selfie_segmentation.tflite"),
    },
    Entry {
        name: "selfie_segmentation_landscape",
        title: "Person, landscape",
        bytes: include_bytes!("../../models/selfie_segmentation_landscape.tflite"),
    },
];

/// The place of a network in [`SEGMENTERS`], by its name.
pub fn index_of(name: &str) -> Result<usize> {
    SEGMENTERS.iter().position(|entry| entry.name == name).with_context(|| {
        let names: Vec<_> = SEGMENTERS.iter().map(|entry| entry.name).collect();
        format!("no bundled model is called “{name}”; there are: {}", names.join(", "))
    })
}
