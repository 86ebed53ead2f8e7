//! The frame's raw planes as textures: one copy by the CPU, no conversion.
//!
//! | format | planes |
//! |---|---|
//! | YUYV, UYVY | rgba8, a texel for two pixels |
//! | NV12, NV21 | r8, rg8 |
//! | I420, I422, I444 | r8, r8, r8 |
//! | RGB, BGR | r8, three texels for a pixel |
//! | RGBA | rgba8 |
//! | gray | r8 |
//!
//! Textures are made anew when the format or the size changes. How to read them stands in a uniform buffer
//! beside them, so that one pipeline serves every format.

use anyhow::{Result, ensure};
use bytemuck::{Pod, Zeroable};
use wgpu::{BindingResource, Buffer, Device, Queue, TextureFormat};

use super::frame::{Color, Frame, Matrix, PixelFormat, Range, Rotation};
use super::gpu::{self, Image};

/// The WGSL that reads the planes.
pub(super) const WGSL: &str = include_str!("source.wgsl");

/// `struct Source` of `source.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniform {
    rows: [[f32; 4]; 3],
    turn: [[f32; 2]; 2],
    origin: [f32; 2],
    stored_size: [i32; 2],
    shown_size: [i32; 2],
    chroma_step: [u32; 2],
    chroma_size: [u32; 2],
    arrangement: u32,
    padding: u32,
}

/// The planes of the newest frame on the GPU.
pub(super) struct Source {
    planes: [Image; 3],
    made_for: Option<(PixelFormat, u32, u32)>,
    shown_size: (u32, u32),
    uniform: Buffer,
}

impl Source {
    pub fn new(device: &Device) -> Self {
        Self {
            planes: [(); 3].map(|()| plane_texture(device, (1, 1), TextureFormat::R8Unorm)),
            made_for: None,
            shown_size: (1, 1),
            uniform: gpu::uniform::<Uniform>(device, "source"),
        }
    }

    /// The size of the picture as it is shown, in pixels.
    pub fn shown_size(&self) -> (u32, u32) {
        self.shown_size
    }

    /// Copies a frame's planes into the textures. A frame too large for the device's textures is an error
    /// and leaves the last one in place.
    pub fn upload(&mut self, device: &Device, queue: &Queue, frame: &Frame) -> Result<()> {
        let key = (frame.format(), frame.width(), frame.height());
        if self.made_for != Some(key) {
            self.make_planes(device, frame)?;
            self.made_for = Some(key);
        }
        self.shown_size = frame.orientation.shown_size(frame.width(), frame.height());
        queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&uniform_of(frame, self.shown_size)));
        for (plane, place) in frame.planes().iter().enumerate() {
            let texture = &self.planes[plane].texture;
            queue.write_texture(
                texture.as_image_copy(),
                frame.data(),
                wgpu::TexelCopyBufferLayout {
                    offset: place.offset as u64,
                    bytes_per_row: Some(place.stride as u32),
                    rows_per_image: None,
                },
                texture.size(),
            );
        }
        Ok(())
    }

    /// The resources of `source.wgsl`, bindings 0 to 3.
    pub fn bindings(&self) -> [(u32, BindingResource<'_>); 4] {
        [
            (0, self.uniform.as_entire_binding()),
            (1, BindingResource::TextureView(&self.planes[0].view)),
            (2, BindingResource::TextureView(&self.planes[1].view)),
            (3, BindingResource::TextureView(&self.planes[2].view)),
        ]
    }

    fn make_planes(&mut self, device: &Device, frame: &Frame) -> Result<()> {
        let sizes = plane_textures(frame);
        let limit = device.limits().max_texture_dimension_2d;
        ensure!(
            sizes.iter().all(|(width, height, _)| *width <= limit && *height <= limit),
            "a {}×{} picture in {:?} is larger than this GPU's textures ({limit} texels a side)",
            frame.width(),
            frame.height(),
            frame.format()
        );
        for (image, (width, height, format)) in self.planes.iter_mut().zip(sizes) {
            *image = plane_texture(device, (width, height), format);
        }
        Ok(())
    }
}

/// The size and format of each plane's texture.
fn plane_textures(frame: &Frame) -> Vec<(u32, u32, TextureFormat)> {
    let format = |plane| match (frame.format(), plane) {
        (PixelFormat::Yuyv | PixelFormat::Uyvy | PixelFormat::Rgba, _) => (TextureFormat::Rgba8Unorm, 4),
        (PixelFormat::Nv12 | PixelFormat::Nv21, 1) => (TextureFormat::Rg8Unorm, 2),
        _ => (TextureFormat::R8Unorm, 1),
    };
    (0..frame.format().plane_count())
        .map(|plane| {
            let (row, rows) = frame.format().plane_size(plane, frame.width(), frame.height());
            let (format, bytes) = format(plane);
            ((row / bytes) as u32, rows as u32, format)
        })
        .collect()
}

fn plane_texture(device: &Device, size: (u32, u32), format: TextureFormat) -> Image {
    let usage = wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST;
    Image::new(device, "plane", size, format, usage)
}

fn uniform_of(frame: &Frame, shown_size: (u32, u32)) -> Uniform {
    let (arrangement, chroma_step) = match frame.format() {
        PixelFormat::Yuyv => (0, [2, 1]),
        PixelFormat::Uyvy => (1, [2, 1]),
        PixelFormat::Nv12 => (2, [2, 2]),
        PixelFormat::Nv21 => (3, [2, 2]),
        PixelFormat::I420 => (4, [2, 2]),
        PixelFormat::I422 => (4, [2, 1]),
        PixelFormat::I444 => (4, [1, 1]),
        PixelFormat::Rgb | PixelFormat::Bgr => (5, [1, 1]),
        PixelFormat::Rgba => (6, [1, 1]),
        PixelFormat::Gray => (7, [1, 1]),
    };
    let (width, height) = (frame.width(), frame.height());
    let (turn, origin) = stored_from_shown(frame, shown_size);
    Uniform {
        rows: rgb_rows(frame),
        turn,
        origin,
        stored_size: [width as i32, height as i32],
        shown_size: [shown_size.0 as i32, shown_size.1 as i32],
        chroma_step,
        chroma_size: [width.div_ceil(chroma_step[0]), height.div_ceil(chroma_step[1])],
        arrangement,
        padding: 0,
    }
}

/// The columns of the matrix and the summand that make a place in the stored picture of one in the shown picture.
fn stored_from_shown(frame: &Frame, shown_size: (u32, u32)) -> ([[f32; 2]; 2], [f32; 2]) {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let (right, down, origin) = match frame.orientation.rotation {
        Rotation::None => ([1.0, 0.0], [0.0, 1.0], [0.0, 0.0]),
        Rotation::Quarter => ([0.0, -1.0], [1.0, 0.0], [0.0, height]),
        Rotation::Half => ([-1.0, 0.0], [0.0, -1.0], [width, height]),
        Rotation::ThreeQuarters => ([0.0, 1.0], [-1.0, 0.0], [width, 0.0]),
    };
    if !frame.orientation.mirrored {
        return ([right, down], origin);
    }
    let across = shown_size.0 as f32;
    ([right.map(|step| -step), down], [origin[0] + right[0] * across, origin[1] + right[1] * across])
}

/// The rows of the affine map from a frame's stored samples in 0..1 to red, green and blue.
pub fn rgb_rows(frame: &Frame) -> [[f32; 4]; 3] {
    let [x, y, z] = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
    match frame.format() {
        PixelFormat::Rgb | PixelFormat::Rgba => [x, y, z],
        PixelFormat::Bgr => [z, y, x],
        _ => rgb_from_yuv(frame.color),
    }
}

/// The rows of the affine map from stored luma and chroma in 0..1 (a byte over 255) to red, green and blue.
/// ITU-R BT.601-7 and BT.709-6: `Y = kr R + kg G + kb B`, `U = (B − Y) / 2(1 − kb)`, `V = (R − Y) / 2(1 − kr)`.
fn rgb_from_yuv(color: Color) -> [[f32; 4]; 3] {
    let (kr, kb) = match color.matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
    };
    let kg = 1.0 - kr - kb;
    let (luma_low, luma_span, chroma_span) = match color.range {
        Range::Limited => (16.0, 219.0, 224.0),
        Range::Full => (0.0, 255.0, 255.0),
    };
    let (luma, chroma) = (255.0 / luma_span, 255.0 / chroma_span);
    let row = |u: f64, v: f64| {
        let bias = -luma_low / luma_span - (u + v) * 128.0 / chroma_span;
        [luma as f32, (u * chroma) as f32, (v * chroma) as f32, bias as f32]
    };
    [
        row(0.0, 2.0 * (1.0 - kr)),
        row(-2.0 * kb * (1.0 - kb) / kg, -2.0 * kr * (1.0 - kr) / kg),
        row(2.0 * (1.0 - kb), 0.0),
    ]
}
