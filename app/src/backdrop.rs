//! The pictures that the program brings along to put behind people.

use anyhow::{Context, Result};
use image::RgbaImage;

/// A bundled background.
#[derive(Clone, Copy, Debug)]
pub struct Backdrop {
    /// The name that the command line takes.
    pub name: &'static str,
    /// What people read.
    pub title: &'static str,
    bytes: &'static [u8],
}

macro_rules! backdrop {
    ($name:literal, $title:literal) => {
        Backdrop {
            name: $name,
            title: $title,
            bytes: include_bytes!(concat!("../../assets/backgrounds/", $name, ".jpg")),
        }
    };
}

/// Every bundled background.
pub const BACKDROPS: [Backdrop; 4] = [
    backdrop!("studio", "Studio"),
    backdrop!("dusk", "Dusk"),
    backdrop!("lights", "Lights"),
    backdrop!("coffee", "Café"),
];

impl Backdrop {
    /// The picture.
    pub fn picture(&self) -> Result<RgbaImage> {
        let picture = image::load_from_memory(self.bytes);
        Ok(picture.with_context(|| format!("the background “{}” is damaged", self.title))?.into_rgba8())
    }
}

#[cfg(test)]
mod tests {
    use super::BACKDROPS;

    #[test]
    fn every_bundled_background_is_a_picture() {
        BACKDROPS.iter().for_each(|backdrop| _ = backdrop.picture().expect(backdrop.title));
    }
}
