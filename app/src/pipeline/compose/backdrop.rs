//! The picture that replaces the background.

use anyhow::{Result, ensure};
use wgpu::{Device, Queue, TextureFormat, TextureUsages};

use super::super::gpu::Image;

/// A picture with its halved copies, so that it can be shown at any size and as soft light. It has `width` × `height`
/// pixels of RGBA, sRGB; the alpha is not used.
pub(in super::super) fn of_pixels(
    device: &Device,
    queue: &Queue,
    (width, height): (u32, u32),
    rgba: &[u8],
) -> Result<Image> {
    let expected = 4 * width as usize * height as usize;
    ensure!(
        expected > 0 && rgba.len() == expected,
        "a {width}×{height} RGBA picture has {expected} bytes, but {} came",
        rgba.len()
    );
    let limit = device.limits().max_texture_dimension_2d;
    ensure!(
        width <= limit && height <= limit,
        "a {width}×{height} picture is larger than this GPU's textures ({limit} texels a side)"
    );
    let image = with_levels(device, (width, height), TextureUsages::COPY_DST);
    let mut level = rgba.to_vec();
    let mut size = (width, height);
    for mip_level in 0..image.texture.mip_level_count() {
        write_level(queue, &image.texture, mip_level, size, &level);
        (level, size) = halved(&level, size);
    }
    Ok(image)
}

/// A single dark texel, for pipelines that were given no picture.
pub(in super::super) fn plain(device: &Device, queue: &Queue) -> Result<Image> {
    of_pixels(device, queue, (1, 1), &[24, 26, 31, 255])
}

/// A texture with all its halved copies.
pub(super) fn with_levels(device: &Device, (width, height): (u32, u32), usage: TextureUsages) -> Image {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("backdrop"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: width.max(height).ilog2() + 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: TextureFormat::Rgba8Unorm,
        usage: TextureUsages::TEXTURE_BINDING | usage,
        view_formats: &[],
    });
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    Image { texture, view }
}

fn write_level(
    queue: &Queue,
    texture: &wgpu::Texture,
    mip_level: u32,
    (width, height): (u32, u32),
    rgba: &[u8],
) {
    queue.write_texture(
        wgpu::TexelCopyTextureInfo { mip_level, ..texture.as_image_copy() },
        rgba,
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None },
        wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
    );
}

/// The picture at half its size, rounded down but at least 1: each pixel the mean of 2 × 2.
fn halved(rgba: &[u8], (width, height): (u32, u32)) -> (Vec<u8>, (u32, u32)) {
    let half = ((width / 2).max(1), (height / 2).max(1));
    let at = |x: u32, y: u32, channel: usize| {
        let (x, y) = (x.min(width - 1) as usize, y.min(height - 1) as usize);
        u32::from(rgba[4 * (y * width as usize + x) + channel])
    };
    let mut level = Vec::with_capacity(4 * half.0 as usize * half.1 as usize);
    for y in 0..half.1 {
        for x in 0..half.0 {
            for channel in 0..4 {
                let corners = [(0, 0), (1, 0), (0, 1), (1, 1)];
                let sum: u32 = corners.iter().map(|(dx, dy)| at(2 * x + dx, 2 * y + dy, channel)).sum();
                level.push(((sum + 2) / 4) as u8);
            }
        }
    }
    (level, half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_takes_means_and_ends_at_one_pixel() {
        let picture: Vec<u8> = [10, 20, 30, 40, 50, 60].iter().flat_map(|v| [*v, 0, 255, 255]).collect();
        let (level, size) = halved(&picture, (3, 2));
        assert_eq!((&level[..], size), (&[30, 0, 255, 255][..], (1, 1)));
        assert_eq!(halved(&level, size).1, (1, 1));
    }
}
