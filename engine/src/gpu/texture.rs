//! The ends of a network: from a texture into its input, from its output into a texture.

use super::Gpu;
use crate::error::Result;
use crate::plan::Placement;
use crate::wgsl::Elem;

/// Samples a texture into a network's input: crop, resize, normalise, in one dispatch.
pub struct TextureInput {
    pipeline: wgpu::ComputePipeline,
    sampler: wgpu::Sampler,
    params: wgpu::Buffer,
    size: [u32; 2],
}

/// Copies one slice of a network's output into a texture.
pub struct TextureOutput {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    view: wgpu::TextureView,
    texture: wgpu::Texture,
}

/// Columns and rows of a work-group.
const GROUP: u32 = 8;

fn shader(gpu: &Gpu, what: &str, source: &str, elem: Elem) -> Result<wgpu::ComputePipeline> {
    let source = crate::wgsl::preprocess(source, &[("HALVES", (elem == Elem::F16) as i64)])?;
    gpu.checked(what, || {
        let source = wgpu::ShaderSource::Wgsl(source.into());
        let module =
            gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(what), source });
        gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(what),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        })
    })
}

impl TextureInput {
    /// For an input of `[1, h, w, c ≤ 4]`.
    pub fn new(gpu: &Gpu, [_, h, w, _]: [usize; 4], elem: Elem) -> Result<Self> {
        let pipeline = shader(gpu, "texture input", include_str!("texture_input.wgsl"), elem)?;
        let filter = wgpu::FilterMode::Linear;
        let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            mag_filter: filter,
            min_filter: filter,
            ..Default::default()
        });
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let descriptor = wgpu::BufferDescriptor {
            label: Some("texture input"),
            size: 32,
            usage,
            mapped_at_creation: false,
        };
        Ok(Self {
            pipeline,
            sampler,
            params: gpu.device.create_buffer(&descriptor),
            size: [w as u32, h as u32],
        })
    }

    /// Records the dispatch. `crop` is x, y, width and height in units of the texture's size; `range` what 0 and 1
    /// become.
    pub fn record(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        view: &wgpu::TextureView,
        crop: [f32; 4],
        range: [f32; 2],
        to: wgpu::BufferBinding<'_>,
    ) {
        let [w, h] = self.size.map(|extent| extent as f32);
        let params = [crop[0], crop[1], crop[2], crop[3], w, h, range[0], range[1] - range[0]];
        gpu.queue.write_buffer(&self.params, 0, bytemuck::cast_slice(&params));
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("texture input"),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: self.params.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(view) },
                wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::Sampler(&self.sampler) },
                wgpu::BindGroupEntry { binding: 3, resource: wgpu::BindingResource::Buffer(to) },
            ],
        });
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("texture input"),
            timestamp_writes: None,
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(self.size[0].div_ceil(GROUP), self.size[1].div_ceil(GROUP), 1);
    }
}

impl TextureOutput {
    /// A texture (rgba16float) of the output's width and height with its first four channels; `from` is the output's
    /// range of the arena.
    pub fn new(
        gpu: &Gpu,
        [_, h, w, _]: [usize; 4],
        from: wgpu::BufferBinding<'_>,
        place: Placement,
    ) -> Result<Self> {
        let pipeline = shader(gpu, "texture output", include_str!("texture_output.wgsl"), place.elem)?;
        let usage = wgpu::TextureUsages::STORAGE_BINDING
            | wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::COPY_SRC;
        let texture = gpu.checked("the output's texture", || {
            gpu.device.create_texture(&wgpu::TextureDescriptor {
                label: Some("output"),
                size: wgpu::Extent3d { width: w as u32, height: h as u32, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: wgpu::TextureFormat::Rgba16Float,
                usage,
                view_formats: &[],
            })
        })?;
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let group = output_group(gpu, &pipeline, &view, from);
        Ok(Self { pipeline, group, view, texture })
    }

    /// Copies from another range from now on; texels there are stored as they were.
    pub fn read_from(&mut self, gpu: &Gpu, from: wgpu::BufferBinding<'_>) {
        self.group = output_group(gpu, &self.pipeline, &self.view, from);
    }

    /// The texture.
    pub fn texture(&self) -> &wgpu::Texture {
        &self.texture
    }

    /// A view of the texture.
    pub fn view(&self) -> &wgpu::TextureView {
        &self.view
    }

    /// Records the copy.
    pub fn record(&self, encoder: &mut wgpu::CommandEncoder) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("texture output"),
            timestamp_writes: None,
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.dispatch_workgroups(
            self.texture.width().div_ceil(GROUP),
            self.texture.height().div_ceil(GROUP),
            1,
        );
    }
}

fn output_group(
    gpu: &Gpu,
    pipeline: &wgpu::ComputePipeline,
    view: &wgpu::TextureView,
    from: wgpu::BufferBinding<'_>,
) -> wgpu::BindGroup {
    gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("texture output"),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[
            wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(from) },
            wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(view) },
        ],
    })
}
