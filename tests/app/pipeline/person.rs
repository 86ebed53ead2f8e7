//! People in masks: the GPU's search against the processor's, mask by mask.

use matte::pipeline::person::{BYTES, Finder, SIDE};
use matte::pipeline::{Frame, Gaze, Mask, Pipeline, Rect, Refinement, Settings, Target, readback};

use super::device::{Gpu, Noise, gpu};

const PICTURE: (u32, u32) = (320, 240);
const MASK: (u32, u32) = (64, 48);

/// A mask of soft ellipses, some of them specks.
fn mask(noise: &mut Noise) -> Vec<f32> {
    let bodies: Vec<[f64; 4]> = (0..1 + (noise.next() * 4.0) as usize)
        .map(|index| {
            let size = if index % 2 == 0 { 0.25 } else { 0.05 };
            [noise.next(), noise.next(), size * (0.4 + noise.next()), size * (0.4 + noise.next())]
        })
        .collect();
    let value = |x: f64, y: f64| {
        let inside = |[cx, cy, rx, ry]: &[f64; 4]| 1.5 - ((x - cx) / rx).hypot((y - cy) / ry);
        bodies.iter().map(inside).fold(0.0, f64::max).min(1.0) as f32
    };
    let (width, height) = MASK;
    let place = |at: u32, length: u32| (f64::from(at) + 0.5) / f64::from(length);
    (0..width * height)
        .map(|index| value(place(index % width, width), place(index / width, height)))
        .collect()
}

/// What the buffer says: seen, next, framing, box, and the grid.
struct Said {
    next: Rect,
    body: Rect,
    keep: Vec<bool>,
}

fn said(gpu: &Gpu, pipeline: &Pipeline) -> Said {
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("said"),
        size: BYTES,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    encoder.copy_buffer_to_buffer(pipeline.person_buffer(), 0, &buffer, 0, BYTES);
    gpu.queue.submit([encoder.finish()]);
    let bytes = gpu.read(|gpu| readback::read_buffer(&gpu.device, &buffer, BYTES));
    let floats: Vec<f32> =
        bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    let rect =
        |at: usize| Rect { x: floats[at], y: floats[at + 1], width: floats[at + 2], height: floats[at + 3] };
    Said {
        next: rect(4),
        body: rect(12),
        keep: floats[16..16 + SIDE * SIDE].iter().map(|keep| *keep > 0.5).collect(),
    }
}

fn alike(a: Rect, b: Rect) -> bool {
    let pairs = [(a.x, b.x), (a.y, b.y), (a.width, b.width), (a.height, b.height)];
    pairs.into_iter().all(|(a, b)| (a - b).abs() < 0.01)
}

#[test]
fn people_are_found_as_the_processor_finds_them() {
    let Some(gpu) = gpu("people_are_found_as_the_processor_finds_them") else { return };
    for (seed, drop_small) in [(1, true), (2, true), (3, false)] {
        let mut noise = Noise(seed);
        let mut finder = Finder::default();
        let mut pipeline = gpu.pipeline();
        pipeline.set_gaze(Gaze { closely: true, gamma: 1.0 });
        let whole = Rect::of_size(PICTURE);
        let settings =
            Settings { refinement: Refinement { drop_small, ..Refinement::DEFAULT }, ..Settings::DEFAULT };
        for number in 0..40 {
            // The network's input is what tells the pipeline that the network sees the part around the people.
            let seen = finder.crop(whole);
            let values = mask(&mut noise);
            let view = gpu.mask(MASK, &values);
            look(gpu, &mut pipeline, &settings, Mask { view: &view, crop: whole });
            let found = finder.find(&values, MASK, seen, whole, drop_small);
            let said = said(gpu, &pipeline);
            assert_eq!(said.keep, found.keep, "mask {number} of {seed}");
            assert!(
                alike(said.next, found.next),
                "mask {number} of {seed}: {:?} {:?}",
                said.next,
                found.next
            );
            match found.body {
                Some(body) => assert!(alike(said.body, body), "{number} of {seed}: {:?} {body:?}", said.body),
                None => assert!(said.body.width <= 0.0, "mask {number} of {seed}: nobody"),
            }
        }
    }
}

/// One frame: the network's input, and its answer.
fn look(gpu: &Gpu, pipeline: &mut Pipeline, settings: &Settings, mask: Mask<'_>) {
    let format = matte::pipeline::frame::PixelFormat::Gray;
    let frame = Frame::new(format, PICTURE.0, PICTURE.1, vec![128; (PICTURE.0 * PICTURE.1) as usize]);
    pipeline.upload(&frame.expect("the bytes fit")).expect("the frame fits");
    let input = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("input"),
        size: 16 * 8 * 8,
        usage: wgpu::BufferUsages::STORAGE,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    pipeline.prepare(
        &mut encoder,
        &matte::pipeline::Input {
            binding: input.as_entire_buffer_binding(),
            element: matte::pipeline::Element::F32,
            size: (8, 8),
            range: [0.0, 1.0],
            crop: mask.crop,
        },
    );
    let (_, view) = gpu.target(PICTURE, wgpu::TextureFormat::Rgba8Unorm);
    let target = Target { view: &view, viewport: Rect::of_size(PICTURE) };
    pipeline.encode(&mut encoder, settings, Some(mask), target);
    gpu.queue.submit([encoder.finish()]);
}
