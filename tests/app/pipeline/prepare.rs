//! The network's input against an exact area filter in double precision.

use half::f16;
use matte::pipeline::frame::{Color, Frame, PixelFormat};
use matte::pipeline::{Element, Fit, Input, Pipeline, Rect, readback};
use matte::segment::input_values;

use super::convert::{Chroma, random_frame, reference_rgb, reference_sample};
use super::device::{Gpu, gpu};

fn reference(frame: &Frame, crop: Rect, size: (u32, u32), range: [f32; 2], (x, y): (u32, u32)) -> [f64; 3] {
    let (frame_width, frame_height) = (f64::from(frame.width()), f64::from(frame.height()));
    let footprint = |length: f32, count: u32| f64::from(length) / f64::from(count);
    let (step_x, step_y) = (footprint(crop.width, size.0), footprint(crop.height, size.1));
    let center_x = f64::from(crop.x) + (f64::from(x) + 0.5) * step_x;
    let center_y = f64::from(crop.y) + (f64::from(y) + 0.5) * step_y;
    let inside = (0.0..frame_width).contains(&center_x) && (0.0..frame_height).contains(&center_y);
    let mut mean = [0.0; 3];
    if inside {
        for (row, weight_y) in covered(center_y, step_y, frame.height()) {
            for (column, weight_x) in covered(center_x, step_x, frame.width()) {
                let sample = reference_sample(frame, Chroma::Nearest, column, row);
                for channel in 0..3 {
                    mean[channel] += weight_x * weight_y * sample[channel];
                }
            }
        }
        mean = reference_rgb(frame, mean);
    }
    mean.map(|value| f64::from(range[0]) + value * f64::from(range[1] - range[0]))
}

/// The pixels under an interval of `step`, at least 1, around `center`, with their shares, which sum to 1.
/// Pixels beyond the edge are the edge's.
fn covered(center: f64, step: f64, count: u32) -> Vec<(u32, f64)> {
    let width = step.max(1.0);
    let (low, high) = (center - width / 2.0, center + width / 2.0);
    (low.floor() as i64..high.ceil() as i64)
        .map(|pixel| {
            let share = ((pixel + 1) as f64).min(high) - (pixel as f64).max(low);
            (pixel.clamp(0, i64::from(count) - 1) as u32, share / width)
        })
        .collect()
}

fn prepared(
    gpu: &Gpu,
    pipeline: &mut Pipeline,
    frame: &Frame,
    (crop, size, range): (Rect, (u32, u32), [f32; 2]),
    element: Element,
) -> Vec<[f32; 4]> {
    pipeline.upload(frame).expect("the frame fits");
    let bytes = u64::from(size.0 * size.1) * element.texel_bytes();
    let buffer = |usage| {
        let mapped_at_creation = false;
        gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 256 + bytes,
            usage,
            mapped_at_creation,
        })
    };
    let storage = buffer(wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
    let read = buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
    // The input begins within the buffer, as it does in an arena.
    let binding = wgpu::BufferBinding { buffer: &storage, offset: 256, size: None };
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    pipeline.prepare(&mut encoder, &Input { binding, element, size, range, crop });
    encoder.copy_buffer_to_buffer(&storage, 256, &read, 0, bytes);
    gpu.queue.submit([encoder.finish()]);
    let bytes = gpu.read(|gpu| readback::read_buffer(&gpu.device, &read, bytes));
    let values: Vec<f32> = match element {
        Element::F32 => bytes.chunks_exact(4).map(bytemuck::pod_read_unaligned).collect(),
        Element::F16 => {
            bytes.chunks_exact(2).map(|half| bytemuck::pod_read_unaligned::<f16>(half).to_f32()).collect()
        }
    };
    values.chunks_exact(4).map(|texel| [texel[0], texel[1], texel[2], texel[3]]).collect()
}

fn check(gpu: &Gpu, pipeline: &mut Pipeline, frame: &Frame, crop: Rect, size: (u32, u32), range: [f32; 2]) {
    for (element, allowed) in [(Element::F32, 2e-5), (Element::F16, 1e-3)] {
        let texels = prepared(gpu, pipeline, frame, (crop, size, range), element);
        let scale = f64::from(range[1] - range[0]);
        for (index, texel) in texels.iter().enumerate() {
            let place = (index as u32 % size.0, index as u32 / size.0);
            let expected = reference(frame, crop, size, range, place);
            for channel in 0..3 {
                let difference = (f64::from(texel[channel]) - expected[channel]).abs();
                assert!(
                    difference <= allowed * scale,
                    "{:?} {element:?} {crop:?} → {size:?} at {place:?}: {texel:?}, expected {expected:?}",
                    frame.format()
                );
            }
            assert_eq!(texel[3], 0.0);
        }
    }
}

#[test]
fn every_format_fills_the_input_at_every_scale() {
    let Some(gpu) = gpu("every_format_fills_the_input_at_every_scale") else { return };
    let mut pipeline = gpu.pipeline();
    for (index, format) in PixelFormat::ALL.into_iter().enumerate() {
        let frame = random_frame(format, 31, 23, index as u64);
        let whole = Rect::of_size((31, 23));
        check(gpu, &mut pipeline, &frame, whole, (8, 8), [0.0, 1.0]);
        check(gpu, &mut pipeline, &frame, whole, (31, 23), [-1.0, 1.0]);
        check(gpu, &mut pipeline, &frame, whole, (48, 40), [0.0, 1.0]);
        let part = Rect { x: 3.25, y: 4.5, width: 11.0, height: 9.75 };
        check(gpu, &mut pipeline, &frame, part, (5, 7), [0.0, 255.0]);
        check(gpu, &mut pipeline, &frame, Fit::Letterbox.crop((31, 23), (13, 29)), (13, 29), [-1.0, 1.0]);
    }
}

#[test]
fn the_processor_takes_every_format_in_every_color_at_odd_sizes() {
    let mut seed = 100;
    for format in PixelFormat::ALL {
        for (width, height) in [(1, 1), (2, 2), (5, 3), (7, 8), (33, 17)] {
            for color in Color::ALL {
                seed += 1;
                let mut frame = random_frame(format, width, height, seed);
                frame.color = color;
                for (crop, size) in [
                    (Rect::of_size((width, height)), (width, height)),
                    (Fit::Letterbox.crop((width, height), (4, 3)), (4, 3)),
                ] {
                    let values = input_values(&frame, crop, size, [0.0, 255.0]);
                    for (index, texel) in values.chunks_exact(3).enumerate() {
                        let place = (index as u32 % size.0, index as u32 / size.0);
                        let expected = reference(&frame, crop, size, [0.0, 255.0], place);
                        for channel in 0..3 {
                            let difference = (f64::from(texel[channel]) - expected[channel]).abs();
                            assert!(
                                difference < 0.01,
                                "{format:?} {width}×{height} {color} at {place:?}: {texel:?}, {expected:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn fits_keep_the_aspect() {
    assert_eq!(Fit::Stretch.crop((640, 480), (256, 144)), Rect::of_size((640, 480)));
    let letterbox = Fit::Letterbox.crop((640, 480), (256, 256));
    assert_eq!(letterbox, Rect { x: 0.0, y: -80.0, width: 640.0, height: 640.0 });
    let center = Fit::Center.crop((640, 480), (256, 256));
    assert_eq!(center, Rect { x: 80.0, y: 0.0, width: 480.0, height: 480.0 });
}

#[test]
fn shrinking_does_not_alias() {
    let Some(gpu) = gpu("shrinking_does_not_alias") else { return };
    let mut pipeline = gpu.pipeline();
    // Stripes of one pixel, shrunk by 4.7, are even gray but for the edges' repetition.
    let data = (0..940 * 94).map(|index| if index % 2 == 0 { 0 } else { 255 }).collect();
    let frame = Frame::new(PixelFormat::Gray, 940, 94, data).expect("exact data");
    let input = (Rect::of_size((940, 94)), (200, 20), [0.0, 1.0]);
    let texels = prepared(gpu, &mut pipeline, &frame, input, Element::F32);
    let worst = texels.iter().map(|texel| (texel[0] - 0.5).abs()).fold(0.0, f32::max);
    assert!(worst <= 0.5 / 4.7 + 1e-3, "{worst}");
}
