//! One picture as a PNG file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image::{DynamicImage, RgbaImage};

use super::dated;
use crate::pipeline::Tapped;

/// Writes the picture into a folder, with alpha where it is not opaque everywhere. Gives the file's place.
pub fn save_snapshot(tapped: Tapped, folder: &Path) -> Result<PathBuf> {
    let place = folder.join(dated("png"));
    let (width, height) = tapped.size;
    let picture = RgbaImage::from_raw(width, height, tapped.bytes)
        .context("the picture has another size than its pixels")?;
    let opaque = picture.pixels().all(|pixel| pixel.0[3] == 255);
    let picture = DynamicImage::from(picture);
    let picture = if opaque { DynamicImage::from(picture.into_rgb8()) } else { picture };
    picture.save(&place).with_context(|| format!("the picture {} cannot be written", place.display()))?;
    Ok(place)
}
