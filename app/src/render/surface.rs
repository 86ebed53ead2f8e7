//! The window's surface and everything that may become of it between two frames.

use std::sync::Arc;

use anyhow::{Context, Result};
use winit::dpi::PhysicalSize;
use winit::window::Window;

use super::Gpu;

/// A window's surface, configured to its size.
pub struct Surface {
    window: Arc<Window>,
    surface: wgpu::Surface<'static>,
    config: wgpu::SurfaceConfiguration,
    /// Whether it must be configured before it gives a picture.
    stale: bool,
}

/// What became of the wish for the next picture.
pub enum Next {
    /// Draw on this one and present it.
    Draw(wgpu::SurfaceTexture),
    /// Nothing can be shown now: the window is hidden, minimised or late. Ask again later.
    Wait,
    /// The surface was made fit again: ask once more at once.
    Again,
}

impl Surface {
    /// Configures a surface of the window for the device.
    ///
    /// A format that stores values as they are is preferred: effects and egui both work on encoded colors.
    /// Of the ways to present, the newest picture wins where that exists, so that no frame waits in a queue.
    pub fn new(window: Arc<Window>, surface: wgpu::Surface<'static>, gpu: &Gpu) -> Result<Self> {
        let abilities = surface.get_capabilities(&gpu.adapter);
        let format = format_of(&abilities.formats)
            .with_context(|| format!("the adapter {} cannot draw on this window", gpu.title()))?;
        let newest_wins = abilities.present_modes.contains(&wgpu::PresentMode::Mailbox);
        let size = window.inner_size();
        let copies = abilities.usages & wgpu::TextureUsages::COPY_SRC;
        let config = wgpu::SurfaceConfiguration {
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | copies,
            format,
            color_space: wgpu::SurfaceColorSpace::Auto,
            width: size.width.max(1),
            height: size.height.max(1),
            present_mode: if newest_wins { wgpu::PresentMode::Mailbox } else { wgpu::PresentMode::Fifo },
            desired_maximum_frame_latency: 1,
            alpha_mode: wgpu::CompositeAlphaMode::Auto,
            view_formats: vec![],
        };
        let mut surface = Self { window, surface, config, stale: true };
        surface.configure(&gpu.device);
        Ok(surface)
    }

    /// Fits the surface to its configuration. A device that is busy for seconds refuses; then the surface stays stale.
    fn configure(&mut self, device: &wgpu::Device) {
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        self.surface.configure(device, &self.config);
        let refusal = pollster::block_on(scope.pop());
        if let Some(refusal) = &refusal {
            log::info!("the window's surface cannot be configured now: {refusal}");
        }
        self.stale = refusal.is_some();
    }

    /// The format of the pictures it gives.
    pub fn format(&self) -> wgpu::TextureFormat {
        self.config.format
    }

    /// Width and height in pixels.
    pub fn size(&self) -> [u32; 2] {
        [self.config.width, self.config.height]
    }

    /// Follows the window's size; a window without an area keeps the last one.
    pub fn resize(&mut self, size: PhysicalSize<u32>, device: &wgpu::Device) {
        let largest = device.limits().max_texture_dimension_2d;
        let size = (size.width.min(largest), size.height.min(largest));
        if size.0 > 0 && size.1 > 0 && size != (self.config.width, self.config.height) {
            (self.config.width, self.config.height) = size;
            self.configure(device);
        }
    }

    /// The picture to draw next.
    pub fn next(&mut self, instance: &wgpu::Instance, device: &wgpu::Device) -> Result<Next> {
        use wgpu::CurrentSurfaceTexture as Current;
        let size = self.window.inner_size();
        if size.width == 0 || size.height == 0 {
            return Ok(Next::Wait);
        }
        self.resize(size, device);
        if self.stale {
            self.configure(device);
        }
        if self.stale {
            self.window.request_redraw();
            return Ok(Next::Wait);
        }
        match self.surface.get_current_texture() {
            Current::Success(texture) => Ok(Next::Draw(texture)),
            Current::Suboptimal(texture) => {
                self.stale = true;
                Ok(Next::Draw(texture))
            }
            Current::Outdated | Current::Validation => {
                self.stale = true;
                Ok(Next::Again)
            }
            Current::Lost => {
                self.surface = instance
                    .create_surface(Arc::clone(&self.window))
                    .context("the window's surface was lost and could not be made again")?;
                self.stale = true;
                Ok(Next::Again)
            }
            Current::Timeout | Current::Occluded => Ok(Next::Wait),
        }
    }
}

fn format_of(formats: &[wgpu::TextureFormat]) -> Option<wgpu::TextureFormat> {
    let plain = [wgpu::TextureFormat::Bgra8Unorm, wgpu::TextureFormat::Rgba8Unorm];
    plain
        .into_iter()
        .find(|format| formats.contains(format))
        .or_else(|| formats.iter().copied().find(|format| !format.is_srgb()))
        .or_else(|| formats.first().copied())
}

#[cfg(test)]
mod tests {
    use super::format_of;
    use wgpu::TextureFormat as F;

    #[test]
    fn plain_eight_bit_formats_come_first() {
        assert_eq!(format_of(&[F::Bgra8UnormSrgb, F::Rgba16Float, F::Bgra8Unorm]), Some(F::Bgra8Unorm));
        assert_eq!(format_of(&[F::Rgba8UnormSrgb]), Some(F::Rgba8UnormSrgb));
        assert_eq!(format_of(&[]), None);
    }
}
