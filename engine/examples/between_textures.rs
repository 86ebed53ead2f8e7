//! A network between two textures of a renderer: a photograph goes up, the network finds the person in it, and the
//! renderer draws the person alone. At the end one number comes back, to be printed.
//!
//!     cargo run --release --example between_textures

use anyhow::Result;
use matte_engine::{Input, Model, Session};
use wgpu::util::{DeviceExt, DownloadBuffer, TextureDataOrder};

fn main() -> Result<()> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let image = image::open(folder.join("assets/pictures/astronaut.jpg"))?.into_rgba8();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = pollster::block_on(instance.request_adapter(&Default::default()))?;
    let (device, queue) = pollster::block_on(adapter.request_device(&Default::default()))?;
    let mut texture = wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width: image.width(), height: image.height(), depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    };
    let photo = device.create_texture_with_data(&queue, &texture, TextureDataOrder::LayerMajor, &image);
    texture.usage = wgpu::TextureUsages::STORAGE_BINDING;
    let drawn = device.create_texture(&texture);
    let (contents, usage) = (&[0; 4], wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
    let count = device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: None, contents, usage });

    let model = Model::open(folder.join("models/selfie_segmentation.tflite"))?;
    let mut session = Session::builder(&model).gpu(&device, &queue).build()?;
    let mask = session.output_texture(0)?;

    let mut encoder = device.create_command_encoder(&Default::default());
    let views = [&photo, &mask, &drawn].map(|texture| texture.create_view(&Default::default()));
    session.encode(&mut encoder, Input::texture(&views[0], [0.0, 0.0, 1.0, 1.0]))?;
    draw(&device, &mut encoder, &views, &count, texture.size);
    queue.submit([encoder.finish()]);

    DownloadBuffer::read_buffer(&device, &queue, &count.slice(..), |read| match read {
        Ok(bytes) => {
            println!("{} pixels show the person", u32::from_le_bytes([0, 1, 2, 3].map(|i| bytes[i])))
        }
        Err(error) => eprintln!("{error}"),
    });
    device.poll(wgpu::PollType::wait_indefinitely())?;
    Ok(())
}

/// Records the renderer's own pass, which reads the network's output like any other texture.
fn draw(
    device: &wgpu::Device,
    encoder: &mut wgpu::CommandEncoder,
    [photo, mask, drawn]: &[wgpu::TextureView; 3],
    count: &wgpu::Buffer,
    size: wgpu::Extent3d,
) {
    let module = device.create_shader_module(wgpu::include_wgsl!("between_textures.wgsl"));
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: Default::default(),
        cache: None,
    });
    let view = wgpu::BindingResource::TextureView;
    let resources = [view(photo), view(mask), view(drawn), count.as_entire_binding()];
    let entry = |(binding, resource)| wgpu::BindGroupEntry { binding, resource };
    let entries: &Vec<_> = &(0..).zip(resources).map(entry).collect();
    let layout = &pipeline.get_bind_group_layout(0);
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries });
    let mut pass = encoder.begin_compute_pass(&Default::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(size.width.div_ceil(8), size.height.div_ceil(8), 1);
}
