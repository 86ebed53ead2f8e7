//! Composed pictures for files and virtual cameras: the GPU's bytes against plain formulas, and their order.

use std::sync::PoisonError;

use matte::pipeline::frame::{Frame, PixelFormat};
use matte::pipeline::{Effect, Layout, Pipeline, Settings, Tap, Tapped, View};

use super::device::{Gpu, Noise, Pixel, READS, gpu};

const PLAIN: Settings = Settings { effect: Effect::Off, view: View::Source, ..Settings::DEFAULT };

/// Luma, blue and red chroma of a color in 0..1, as ITU-R BT.601 (fewer than 720 rows) has them in limited range.
fn yuv([r, g, b]: [f64; 3]) -> [f64; 3] {
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [16.0 + 219.0 * y, 128.0 + 224.0 * (b - y) / 1.772, 128.0 + 224.0 * (r - y) / 1.402]
}

/// The mean color of the pixels of a block that lie in the picture.
fn mean(picture: &[Pixel], (width, height): (u32, u32), (x, y): (u32, u32), rows: u32) -> [f64; 3] {
    let places = (y..(y + rows).min(height)).flat_map(|row| (x..(x + 2).min(width)).map(move |at| (at, row)));
    let colors: Vec<_> = places.map(|(x, y)| picture[(y * width + x) as usize]).collect();
    [0, 1, 2].map(|channel| {
        colors.iter().map(|color| f64::from(color[channel]) / 255.0).sum::<f64>() / colors.len() as f64
    })
}

fn expected(layout: Layout, picture: &[Pixel], size: (u32, u32)) -> Vec<f64> {
    let (width, height) = size;
    let luma = |x: u32, y: u32| {
        let pixel = picture[(y * width + x.min(width - 1)) as usize];
        yuv([0, 1, 2].map(|channel| f64::from(pixel[channel]) / 255.0))[0]
    };
    match layout {
        Layout::Rgba => picture.iter().flatten().map(|byte| f64::from(*byte)).collect(),
        Layout::I420 => {
            let mut bytes: Vec<_> = (0..height).flat_map(|y| (0..width).map(move |x| luma(x, y))).collect();
            for channel in [1, 2] {
                let rows = (0..height).step_by(2);
                let places = rows.flat_map(|y| (0..width).step_by(2).map(move |x| (x, y)));
                bytes.extend(places.map(|place| yuv(mean(picture, size, place, 2))[channel]));
            }
            bytes
        }
        Layout::Yuyv => {
            let places = (0..height).flat_map(|y| (0..width).step_by(2).map(move |x| (x, y)));
            places
                .flat_map(|(x, y)| {
                    let [_, u, v] = yuv(mean(picture, size, (x, y), 1));
                    [luma(x, y), u, luma(x + 1, y), v]
                })
                .collect()
        }
    }
}

fn noisy(noise: &mut Noise, (width, height): (u32, u32)) -> Frame {
    let bytes = (0..width * height).flat_map(|_| [noise.byte(), noise.byte(), noise.byte(), 255]).collect();
    Frame::new(PixelFormat::Rgba, width, height, bytes).expect("the bytes fit")
}

/// Records the uploaded picture for the tap.
fn record(gpu: &Gpu, pipeline: &Pipeline, tap: &mut Tap) {
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    pipeline.encode_tap(&mut encoder, &PLAIN, tap);
    gpu.queue.submit([encoder.finish()]);
    tap.submitted();
}

fn taken(gpu: &Gpu, tap: &mut Tap) -> Tapped {
    let _shared = READS.read().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(tapped) = tap.take(&gpu.device) {
            return tapped.expect("the bytes come back");
        }
    }
}

#[test]
fn every_layout_holds_what_the_formulas_say() {
    let Some(gpu) = gpu("every_layout_holds_what_the_formulas_say") else { return };
    let mut noise = Noise(7);
    for size in [(64, 48), (37, 23), (2, 1), (1, 1)] {
        let frame = noisy(&mut noise, size);
        let mut pipeline = gpu.pipeline();
        let picture = gpu.render(&mut pipeline, &frame, &PLAIN, None);
        for layout in [Layout::Rgba, Layout::I420, Layout::Yuyv] {
            let mut tap = Tap::new(&gpu.device, layout);
            record(gpu, &pipeline, &mut tap);
            let tapped = taken(gpu, &mut tap);
            assert_eq!(tapped.size, size);
            assert_eq!(tapped.bytes.len(), layout.format().packed_len(size.0, size.1), "{layout:?} {size:?}");
            for (index, (got, want)) in tapped.bytes.iter().zip(expected(layout, &picture, size)).enumerate()
            {
                let off = (f64::from(*got) - want.clamp(0.0, 255.0)).abs();
                assert!(off < 0.75, "byte {index} of {layout:?} {size:?}: {got}, not {want:.2}");
            }
        }
    }
}

#[test]
fn pictures_come_in_their_order_and_those_without_room_are_counted() {
    let Some(gpu) = gpu("pictures_come_in_their_order_and_those_without_room_are_counted") else { return };
    let mut pipeline = gpu.pipeline();
    let mut tap = Tap::new(&gpu.device, Layout::Rgba);
    for value in 1..=5u8 {
        let frame = Frame::new(PixelFormat::Rgba, 8, 8, vec![40 * value; 256]).expect("the bytes fit");
        gpu.render(&mut pipeline, &frame, &PLAIN, None);
        record(gpu, &pipeline, &mut tap);
    }
    assert_eq!(tap.missed(), 2, "the ring holds three");
    let values = [1, 2, 3].map(|_| taken(gpu, &mut tap).bytes[0]);
    assert_eq!(values, [40, 80, 120]);
    assert!(!tap.is_busy());
}
