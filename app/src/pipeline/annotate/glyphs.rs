//! The letters of labels: a texture with every printable ASCII character, drawn once.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};
use anyhow::{Context, Result};
use wgpu::{Device, Queue, TextureFormat, TextureUsages};

use crate::pipeline::gpu::Image;

/// The height of a line in the texture, in pixels.
const HEIGHT: f32 = 40.0;
const FIRST: u8 = b' ';
const LAST: u8 = b'~';
/// Characters side by side in the texture.
const COLUMNS: u32 = 16;
const CELL: u32 = 48;

/// One character.
#[derive(Clone, Copy, Default)]
pub struct Glyph {
    /// Its part of the texture, two corners in 0..1.
    pub part: [f32; 4],
    /// From the pen on the baseline to its two corners, in units of the line's height.
    pub corners: [f32; 4],
    /// From this pen to the next.
    pub advance: f32,
}

/// The characters and their texture.
pub struct Glyphs {
    pub image: Image,
    all: Vec<Glyph>,
    /// From the line's top to its baseline, in units of its height.
    pub ascent: f32,
}

impl Glyphs {
    /// Draws the font's characters into a texture.
    pub fn new(device: &Device, queue: &Queue) -> Result<Self> {
        let font =
            FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).context("the font is damaged")?;
        let font = font.as_scaled(PxScale::from(HEIGHT));
        let count = u32::from(LAST - FIRST) + 1;
        let size = (COLUMNS * CELL, count.div_ceil(COLUMNS) * CELL);
        let mut pixels = vec![0u8; (size.0 * size.1) as usize];
        let mut all = Vec::with_capacity(count as usize);
        for (index, character) in (0..).zip(FIRST..=LAST) {
            let corner = ((index % COLUMNS) * CELL, (index / COLUMNS) * CELL);
            let id = font.glyph_id(char::from(character));
            let advance = font.h_advance(id) / HEIGHT;
            let mut glyph = Glyph { advance, ..Glyph::default() };
            if let Some(outline) = font.outline_glyph(id.with_scale(PxScale::from(HEIGHT))) {
                let bounds = outline.px_bounds();
                outline.draw(|x, y, cover| {
                    if x < CELL && y < CELL {
                        let at = (corner.1 + y) * size.0 + corner.0 + x;
                        pixels[at as usize] = (cover.clamp(0.0, 1.0) * 255.0) as u8;
                    }
                });
                let (width, height) = (bounds.width().min(CELL as f32), bounds.height().min(CELL as f32));
                let unit = |x: f32, y: f32| [x / size.0 as f32, y / size.1 as f32];
                let [left, top] = unit(corner.0 as f32, corner.1 as f32);
                let [right, bottom] = unit(corner.0 as f32 + width, corner.1 as f32 + height);
                glyph.part = [left, top, right, bottom];
                let (left, top) = (bounds.min.x / HEIGHT, bounds.min.y / HEIGHT);
                glyph.corners = [left, top, left + width / HEIGHT, top + height / HEIGHT];
            }
            all.push(glyph);
        }
        let usage = TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST;
        let image = Image::new(device, "letters", size, TextureFormat::R8Unorm, usage);
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(size.0), rows_per_image: None };
        queue.write_texture(image.texture.as_image_copy(), &pixels, layout, image.texture.size());
        Ok(Self { image, all, ascent: font.ascent() / HEIGHT })
    }

    /// The glyph of a character; a question mark's where there is none.
    pub fn of(&self, character: char) -> Glyph {
        let index = |character: char| {
            let byte = u8::try_from(character).ok().filter(|byte| (FIRST..=LAST).contains(byte))?;
            self.all.get(usize::from(byte - FIRST))
        };
        index(character).or_else(|| index('?')).copied().unwrap_or_default()
    }

    /// A text's width in units of its height.
    pub fn width(&self, text: &str) -> f32 {
        text.chars().map(|character| self.of(character).advance).sum()
    }
}
