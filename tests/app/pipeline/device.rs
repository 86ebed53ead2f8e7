//! A GPU for tests, and the pipeline's results as plain pixels.

use std::sync::{OnceLock, PoisonError, RwLock};

use matte::pipeline::{Frame, Mask, Pipeline, Rect, Settings, Target, readback};
use wgpu::{Device, Queue, TextureFormat, TextureUsages, TextureView};

/// One device for all tests of the process.
pub struct Gpu {
    pub device: Device,
    pub queue: Queue,
}

/// The GPU, or none after a line that says so. In CI a missing GPU is a failure.
pub fn gpu(test: &str) -> Option<&'static Gpu> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| pollster::block_on(open())).as_ref();
    if gpu.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{test}: this machine has no GPU adapter");
        println!("SKIPPED: {test}: this machine has no GPU adapter");
    }
    gpu
}

/// The weakest device that the pipeline supports, with the clock where there is one.
async fn open() -> Option<Gpu> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await.ok()?;
    let description = wgpu::DeviceDescriptor {
        required_features: adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
        required_limits: wgpu::Limits::downlevel_defaults(),
        ..Default::default()
    };
    let (device, queue) = adapter.request_device(&description).await.ok()?;
    Some(Gpu { device, queue })
}

/// Held while anything is read back, by many at once.
pub static READS: RwLock<()> = RwLock::new(());

/// A pixel's red, green, blue and alpha.
pub type Pixel = [u8; 4];

impl Gpu {
    pub fn pipeline(&self) -> Pipeline {
        self.pipeline_for(TextureFormat::Rgba8Unorm)
    }

    pub fn pipeline_for(&self, format: TextureFormat) -> Pipeline {
        Pipeline::new(&self.device, &self.queue, format).expect("the pipeline compiles")
    }

    /// A mask as a network leaves it: r32float.
    pub fn mask(&self, (width, height): (u32, u32), values: &[f32]) -> TextureView {
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("mask"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: TextureFormat::R32Float,
            usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None };
        self.queue.write_texture(texture.as_image_copy(), bytemuck::cast_slice(values), layout, size);
        texture.create_view(&wgpu::TextureViewDescriptor::default())
    }

    /// Reads something back. Tests that watch the count hold [`READS`] alone.
    pub fn read(&self, read: impl FnOnce(&Self) -> anyhow::Result<Vec<u8>>) -> Vec<u8> {
        let _shared = READS.read().unwrap_or_else(PoisonError::into_inner);
        read(self).expect("the GPU's memory is read")
    }

    /// Renders one frame at the picture's own size.
    pub fn render(
        &self,
        pipeline: &mut Pipeline,
        frame: &Frame,
        settings: &Settings,
        mask: Option<&TextureView>,
    ) -> Vec<Pixel> {
        pipeline.upload(frame).expect("the frame fits");
        let size = pipeline.picture_size();
        let crop = Rect::of_size(size);
        self.draw(pipeline, settings, mask.map(|view| Mask { view, crop }), size, TextureFormat::Rgba8Unorm)
    }

    /// A texture to draw into and to read from.
    pub fn target(&self, (width, height): (u32, u32), format: TextureFormat) -> (wgpu::Texture, TextureView) {
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("result"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        (texture, view)
    }

    /// Draws the uploaded frame into a target of some size.
    pub fn draw(
        &self,
        pipeline: &mut Pipeline,
        settings: &Settings,
        mask: Option<Mask<'_>>,
        size: (u32, u32),
        format: TextureFormat,
    ) -> Vec<Pixel> {
        let (texture, view) = self.target(size, format);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let target = Target { view: &view, viewport: Rect::of_size(size) };
        pipeline.encode(&mut encoder, settings, mask, target);
        self.queue.submit([encoder.finish()]);
        let bytes = self.read(|gpu| readback::read_texture(&gpu.device, &gpu.queue, &texture));
        bytes.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]]).collect()
    }
}

/// A repeatable sequence of numbers in 0..1 (SplitMix64, Steele et al. 2014).
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn byte(&mut self) -> u8 {
        (self.next() * 256.0) as u8
    }

    /// Near a normal distribution: the sum of twelve.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}
