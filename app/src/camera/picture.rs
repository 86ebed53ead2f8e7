//! A picture file as a source of one frame, which stays.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, RgbaImage};

use super::{Info, Source};
use crate::pipeline::frame::{Frame, PixelFormat};

/// The longest side that is shown live; larger pictures are shrunk to it.
const LONGEST_SIDE: u32 = 4096;

/// A picture file.
pub struct Picture {
    name: String,
    size: (u32, u32),
    frame: Option<Frame>,
}

impl Picture {
    /// Reads and decodes the file.
    pub fn open(path: &Path) -> Result<Self> {
        let frame = frame_of(path)?;
        let size = (frame.width(), frame.height());
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Self { name, size, frame: Some(frame) })
    }
}

impl Source for Picture {
    fn info(&self) -> Info {
        let (width, height) = self.size;
        Info { name: self.name.clone(), detail: format!("{width}×{height}, picture"), live: false }
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        Ok(self.frame.take())
    }
}

/// The picture in a file, at a size that can be shown live.
pub(super) fn frame_of(path: &Path) -> Result<Frame> {
    let picture = shrunk(load_picture(path)?, LONGEST_SIDE);
    let size = picture.dimensions();
    Frame::new(PixelFormat::Rgba, size.0, size.1, picture.into_raw())
}

/// Whether a file is a picture that can be read, by its first bytes or else its name.
pub fn is_picture(path: &Path) -> bool {
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
    let format = reader.ok().and_then(|reader| reader.format());
    format.is_some_and(|format| format.reading_enabled())
}

/// The upright picture in a PNG or JPEG file.
pub fn load_picture(path: &Path) -> Result<RgbaImage> {
    let shown = PathBuf::from(path);
    let read = || -> Result<DynamicImage> {
        let mut decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder()?;
        let orientation = decoder.orientation()?;
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture)
    };
    let picture = read().with_context(|| format!("the picture {} cannot be read", shown.display()))?;
    Ok(picture.into_rgba8())
}

fn shrunk(picture: RgbaImage, longest: u32) -> RgbaImage {
    let (width, height) = picture.dimensions();
    if width.max(height) <= longest {
        return picture;
    }
    DynamicImage::from(picture).resize(longest, longest, FilterType::Triangle).into_rgba8()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_shrink_to_the_longest_side_and_keep_their_shape() {
        let picture = shrunk(RgbaImage::new(400, 100), 200);
        assert_eq!(picture.dimensions(), (200, 50));
        assert_eq!(shrunk(RgbaImage::new(20, 10), 200).dimensions(), (20, 10));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Picture::open(Path::new("no/such/picture.png")).err().expect("there is no such file");
        assert!(format!("{error:#}").contains("no/such/picture.png"));
    }
}
