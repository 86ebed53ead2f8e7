//! The few shapes of `wgpu` objects that the stages share.
//!
//! Every pipeline takes its layout from its shader and binds one group, number 0. Bind groups are made when
//! a stage records: they cost microseconds and can then never name a texture that is gone.

use bytemuck::Pod;
use wgpu::{
    BindGroup, BindingResource, Buffer, CommandEncoder, ComputePipeline, Device, Queue, RenderPass,
    RenderPipeline, Texture, TextureView,
};

use super::latency::{Clock, Stage};

/// The vertex stage that precedes every fragment shader.
pub(super) const FULLSCREEN: &str = include_str!("fullscreen.wgsl");

/// A plain texture of a size.
pub fn texture(
    device: &Device,
    label: &str,
    (width, height): (u32, u32),
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage,
        view_formats: &[],
    })
}

/// A texture with its one view.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub texture: Texture,
    pub view: TextureView,
}

impl Image {
    pub fn new(
        device: &Device,
        label: &str,
        size: (u32, u32),
        format: wgpu::TextureFormat,
        usage: wgpu::TextureUsages,
    ) -> Self {
        let texture = texture(device, label, size, format, usage);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Self { texture, view }
    }

    pub fn size(&self) -> (u32, u32) {
        (self.texture.width(), self.texture.height())
    }
}

/// A filter that interpolates within and between levels and repeats the edge.
pub(super) fn linear_sampler(device: &Device) -> wgpu::Sampler {
    device.create_sampler(&wgpu::SamplerDescriptor {
        label: Some("linear"),
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        mipmap_filter: wgpu::MipmapFilterMode::Linear,
        ..Default::default()
    })
}

/// A uniform buffer that holds a `T`.
pub(super) fn uniform<T>(device: &Device, label: &str) -> Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: size_of::<T>() as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

/// A storage buffer of `bytes` that only shaders see.
pub(crate) fn storage(device: &Device, label: &str, bytes: u64) -> Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes,
        usage: wgpu::BufferUsages::STORAGE,
        mapped_at_creation: false,
    })
}

pub(crate) fn shader(device: &Device, label: &str, source: &str) -> wgpu::ShaderModule {
    device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(label),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    })
}

pub(crate) fn compute_pipeline(device: &Device, module: &wgpu::ShaderModule, entry: &str) -> ComputePipeline {
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(entry),
        layout: None,
        module,
        entry_point: Some(entry),
        compilation_options: Default::default(),
        cache: None,
    })
}

pub(super) fn render_pipeline(
    device: &Device,
    module: &wgpu::ShaderModule,
    entry: &str,
    format: wgpu::TextureFormat,
    blend: Option<wgpu::BlendState>,
) -> RenderPipeline {
    render_pipeline_of(device, module, ["fullscreen", entry], format, blend)
}

/// A pipeline of a module's vertex and fragment stages by their names.
pub(super) fn render_pipeline_of(
    device: &Device,
    module: &wgpu::ShaderModule,
    [vertex, fragment]: [&str; 2],
    format: wgpu::TextureFormat,
    blend: Option<wgpu::BlendState>,
) -> RenderPipeline {
    let target = wgpu::ColorTargetState { format, blend, write_mask: wgpu::ColorWrites::ALL };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(fragment),
        layout: None,
        vertex: wgpu::VertexState {
            module,
            entry_point: Some(vertex),
            compilation_options: Default::default(),
            buffers: &[],
        },
        primitive: Default::default(),
        depth_stencil: None,
        multisample: Default::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some(fragment),
            compilation_options: Default::default(),
            targets: &[Some(target)],
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// What a render pass does with its target before it draws.
#[derive(Clone, Copy)]
pub(super) enum Before {
    /// The target is drawn over as a whole.
    Clear(wgpu::Color),
    /// The target's content is blended with, in proportion to this constant, 0..1.
    Mix(f32),
}

/// A command encoder with all that a stage needs to record into it.
pub(super) struct Recorder<'a> {
    pub device: &'a Device,
    pub queue: &'a Queue,
    pub encoder: &'a mut CommandEncoder,
    pub clock: &'a Clock,
}

impl Recorder<'_> {
    /// Fills a uniform buffer, before any command of the encoder runs.
    pub fn write<T: Pod>(&self, buffer: &Buffer, value: &T) {
        self.queue.write_buffer(buffer, 0, bytemuck::bytes_of(value));
    }

    /// Begins a compute pass.
    pub fn compute(&mut self, label: &str, stage: Stage) -> wgpu::ComputePass<'_> {
        let timestamp_writes = self.clock.times(stage).map(|(query_set, first)| {
            let (begin, end) = (Some(first), Some(first + 1));
            wgpu::ComputePassTimestampWrites {
                query_set,
                beginning_of_pass_write_index: begin,
                end_of_pass_write_index: end,
            }
        });
        self.encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some(label), timestamp_writes })
    }

    /// Begins a render pass into one target.
    pub fn render(
        &mut self,
        label: &str,
        stage: Stage,
        target: &TextureView,
        before: Before,
    ) -> RenderPass<'_> {
        let timestamp_writes = self.clock.times(stage).map(|(query_set, first)| {
            let (begin, end) = (Some(first), Some(first + 1));
            wgpu::RenderPassTimestampWrites {
                query_set,
                beginning_of_pass_write_index: begin,
                end_of_pass_write_index: end,
            }
        });
        let load = match before {
            Before::Clear(color) => wgpu::LoadOp::Clear(color),
            Before::Mix(_) => wgpu::LoadOp::Load,
        };
        let attachment = wgpu::RenderPassColorAttachment {
            view: target,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load, store: wgpu::StoreOp::Store },
        };
        let mut pass = self.encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some(label),
            color_attachments: &[Some(attachment)],
            timestamp_writes,
            ..Default::default()
        });
        if let Before::Mix(part) = before {
            let part = f64::from(part);
            pass.set_blend_constant(wgpu::Color { r: part, g: part, b: part, a: part });
        }
        pass
    }

    /// Records a render pass that draws over the whole target.
    pub fn draw(
        &mut self,
        stage: Stage,
        pipeline: &RenderPipeline,
        resources: &[(u32, BindingResource<'_>)],
        target: &TextureView,
        before: Before,
    ) {
        let group = bind(self.device, &pipeline.get_bind_group_layout(0), resources);
        let mut pass = self.render("pass", stage, target, before);
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.draw(0..3, 0..1);
    }
}

/// Records a dispatch of as many 8 × 8 workgroups as cover `columns` × `rows` invocations.
pub(super) fn dispatch(
    device: &Device,
    pass: &mut wgpu::ComputePass<'_>,
    pipeline: &ComputePipeline,
    resources: &[(u32, BindingResource<'_>)],
    (columns, rows): (u32, u32),
) {
    let group = bind(device, &pipeline.get_bind_group_layout(0), resources);
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(columns.div_ceil(8), rows.div_ceil(8), 1);
}

/// A bind group of a pipeline's group 0.
pub(crate) fn bind(
    device: &Device,
    layout: &wgpu::BindGroupLayout,
    resources: &[(u32, BindingResource<'_>)],
) -> BindGroup {
    let entries: Vec<_> = resources
        .iter()
        .map(|(binding, resource)| wgpu::BindGroupEntry { binding: *binding, resource: resource.clone() })
        .collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}
