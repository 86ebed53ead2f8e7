//! What `--background` may be.

use std::path::Path;

use anyhow::{Result, bail};
use image::RgbaImage;

use crate::backdrop::BACKDROPS;
use crate::camera::load_picture;

/// What takes the background's place.
pub enum Background {
    /// A color: red, green, blue in 0..1.
    Color([f32; 3]),
    /// A picture.
    Picture(RgbaImage),
}

/// A color as in `#2e5c54`, a bundled picture's name, or a picture file.
pub fn parsed(text: &str) -> Result<Background> {
    if let Some(digits) = text.strip_prefix('#') {
        return color(digits).map(Background::Color);
    }
    let bundled = BACKDROPS.iter().find(|backdrop| backdrop.name == text);
    if let Some(backdrop) = bundled {
        return Ok(Background::Picture(backdrop.picture()?));
    }
    if !Path::new(text).is_file() {
        let names: Vec<_> = BACKDROPS.iter().map(|backdrop| backdrop.name).collect();
        bail!(
            "the background “{text}” is neither a color like #2e5c54, nor a file, nor one of {}",
            names.join(", ")
        );
    }
    Ok(Background::Picture(load_picture(Path::new(text))?))
}

fn color(digits: &str) -> Result<[f32; 3]> {
    let channel = |at: usize| {
        let pair = digits.get(at..at + 2).filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        Some(f32::from(u8::from_str_radix(pair, 16).ok()?) / 255.0)
    };
    match (digits.len(), channel(0), channel(2), channel(4)) {
        (6, Some(red), Some(green), Some(blue)) => Ok([red, green, blue]),
        _ => bail!("“#{digits}” is not a color: a color has six hexadecimal digits, as in #2e5c54"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_have_six_digits() {
        assert_eq!(color("ff0080").ok(), Some([1.0, 0.0, 128.0 / 255.0]));
        for wrong in ["", "fff", "gg0000", "+f0000", "ff00800", "ä0000"] {
            assert!(color(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bundled_pictures_go_by_name() {
        assert!(matches!(parsed("dusk"), Ok(Background::Picture(_))));
        assert!(parsed("nowhere").is_err());
    }
}
