//! The network's part of a frame: on the GPU and on the CPU alike, and without a byte read back.

use std::sync::mpsc::channel;
use std::time::Duration;

use matte::camera::{Clip, Source};
use matte::catalogue::SEGMENTERS;
use matte::pipeline::frame::PixelFormat;
use matte::pipeline::{Element, Frame, Gaze, Input, Rect, Settings, Target, readback};
use matte::segment::{Answer, Network, OnCpu, OnGpu, Precision, input_values};

use crate::pipeline::convert::random_frame;
use crate::pipeline::device::{Gpu, gpu};

fn clip_frame() -> Frame {
    Clip::open().expect("the bundled clip").next().expect("a frame").expect("the clip has no end")
}

fn texture(gpu: &Gpu, (width, height): (u32, u32), usage: wgpu::TextureUsages) -> wgpu::Texture {
    gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage,
        view_formats: &[],
    })
}

fn answer_of(network: Network, frame: Frame) -> Answer {
    let (sender, answers) = channel();
    let wake = Box::new(move || _ = sender.send(()));
    let on_cpu = OnCpu::new(network, 2, wake).expect("the network runs on the CPU");
    assert!(!on_cpu.offer(frame.into(), Gaze::default()));
    answers.recv_timeout(Duration::from_secs(60)).expect("an answer");
    on_cpu.take().expect("an answer").expect("a mask")
}

#[test]
fn a_hundred_frames_read_nothing_back() {
    // The count is the whole process's, so this test has one to itself.
    if std::env::var_os("MATTE_TEST_ALONE").is_none() {
        let alone = std::process::Command::new(std::env::current_exe().expect("the test's own program"))
            .args(["--exact", "segment::a_hundred_frames_read_nothing_back", "--nocapture"])
            .env("MATTE_TEST_ALONE", "1")
            .status();
        assert!(alone.expect("the test's own program starts").success());
        return;
    }
    let Some(gpu) = gpu("a_hundred_frames_read_nothing_back") else { return };
    let network = Network::bundled(&SEGMENTERS[1]).expect("a bundled network");
    let mut network =
        OnGpu::new(&network, Precision::F32, &gpu.device, &gpu.queue).expect("it runs on the GPU");
    let mut pipeline = gpu.pipeline();
    let target = texture(gpu, (160, 90), wgpu::TextureUsages::RENDER_ATTACHMENT);
    let view = target.create_view(&Default::default());
    let mut source = matte::camera::Synthetic::new(160, 90).at_rate(1000.0);
    let before = readback::bytes();
    for _ in 0..100 {
        let frame = source.next().expect("a frame").expect("no end");
        pipeline.upload(&frame).expect("it fits");
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        let mask = network.record(&pipeline, &mut encoder).expect("it records");
        let target = Target { view: &view, viewport: Rect::of_size((160, 90)) };
        pipeline.encode(&mut encoder, &Settings::DEFAULT, Some(mask), target);
        gpu.queue.submit([encoder.finish()]);
    }
    gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("the GPU finishes");
    assert_eq!(readback::bytes(), before);
}

#[test]
fn both_backends_find_the_same_person() {
    let Some(gpu) = gpu("both_backends_find_the_same_person") else { return };
    for entry in SEGMENTERS {
        let network = Network::bundled(&entry).expect("a bundled network");
        let mut on_gpu =
            OnGpu::new(&network, Precision::F32, &gpu.device, &gpu.queue).expect("it runs on the GPU");
        let frame = clip_frame();
        let mut pipeline = gpu.pipeline();
        pipeline.upload(&frame).expect("it fits");
        let size = pipeline.picture_size();
        let target =
            texture(gpu, size, wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC);
        let view = target.create_view(&Default::default());
        let mut picture = |pipeline: &mut matte::pipeline::Pipeline,
                           mask: Option<matte::pipeline::Mask<'_>>| {
            let mut encoder = gpu.device.create_command_encoder(&Default::default());
            let settings = Settings { view: matte::pipeline::View::Mask, ..Settings::DEFAULT };
            let target_area = Target { view: &view, viewport: Rect::of_size(size) };
            match mask {
                Some(mask) => pipeline.encode(&mut encoder, &settings, Some(mask), target_area),
                None => {
                    let mask = on_gpu.record(pipeline, &mut encoder).expect("it records");
                    pipeline.encode(&mut encoder, &settings, Some(mask), target_area);
                }
            }
            gpu.queue.submit([encoder.finish()]);
            readback::read_texture(&gpu.device, &gpu.queue, &target).expect("pixels")
        };
        let by_gpu = picture(&mut pipeline, None);
        let answer = answer_of(network, frame);
        let mask =
            matte::segment::mask_texture(&gpu.device, Network::bundled(&entry).expect("bundled").mask_size);
        answer.write(&gpu.queue, &mask);
        let mask = mask.create_view(&Default::default());
        pipeline.forget();
        let by_cpu = picture(&mut pipeline, Some(matte::pipeline::Mask { view: &mask, crop: answer.crop }));
        let worst = by_gpu.iter().zip(&by_cpu).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(2), "{}: the masks differ by {worst:?} of 255", entry.name);
        let person = by_cpu.chunks_exact(4).filter(|pixel| pixel[0] > 127).count() as f64;
        let share = person / f64::from(size.0 * size.1);
        assert!((0.2..0.6).contains(&share), "{}: the person fills {share} of the picture", entry.name);
    }
}

#[test]
fn the_input_is_the_same_on_both_sides() {
    let Some(gpu) = gpu("the_input_is_the_same_on_both_sides") else { return };
    let mut pipeline = gpu.pipeline();
    let size = (24, 16);
    let bytes = 16 * u64::from(size.0 * size.1);
    let buffer = |usage| {
        gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage,
            mapped_at_creation: false,
        })
    };
    let texels = buffer(wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
    let read = buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
    for format in PixelFormat::ALL {
        for (width, height) in [(61, 35), (17, 9), (96, 64)] {
            let frame = random_frame(format, width, height, 7);
            let crop = Rect { x: -2.5, y: 1.25, width: width as f32, height: height as f32 - 2.0 };
            pipeline.upload(&frame).expect("it fits");
            let mut encoder = gpu.device.create_command_encoder(&Default::default());
            let binding = wgpu::BufferBinding { buffer: &texels, offset: 0, size: None };
            pipeline.prepare(
                &mut encoder,
                &Input { binding, element: Element::F32, size, range: [-1.0, 1.0], crop },
            );
            encoder.copy_buffer_to_buffer(&texels, 0, &read, 0, bytes);
            gpu.queue.submit([encoder.finish()]);
            let on_gpu = readback::read_buffer(&gpu.device, &read, bytes).expect("texels");
            let on_gpu: &[f32] = bytemuck::cast_slice(&on_gpu);
            let on_cpu = input_values(&frame, crop, size, [-1.0, 1.0]);
            for (texel, values) in on_gpu.chunks_exact(4).zip(on_cpu.chunks_exact(3)) {
                for (a, b) in texel.iter().zip(values) {
                    assert!((a - b).abs() < 2e-4, "{format:?} {width}×{height}: {texel:?}, {values:?}");
                }
            }
        }
    }
}
