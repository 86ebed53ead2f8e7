//! The background out of focus: the GPU's against a mirror in double precision, what leaks into it, and what a depth
//! puts into focus.

use matte::pipeline::frame::{Frame, PixelFormat};
use matte::pipeline::{Effect, Mask, Rect, Refinement, Settings, Temporal, Upsampling, View};

use super::device::{Noise, Pixel, gpu};

const PLAIN: Settings = Settings {
    effect: Effect::Portrait,
    refinement: Refinement {
        temporal: Temporal::Off,
        upsampling: Upsampling::Bilinear,
        drop_small: false,
        ..Refinement::DEFAULT
    },
    recovery: false,
    ..Settings::DEFAULT
};

const TAPS: usize = 43;

fn linear(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn encoded(value: f64) -> f64 {
    if value <= 0.003_130_8 { 12.92 * value } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 }
}

fn frame_of((width, height): (u32, u32), color: impl FnMut(u32, u32) -> [u8; 3]) -> Frame {
    let mut color = color;
    let places = (0..width * height).map(|index| (index % width, index / width));
    let bytes = places.flat_map(|(x, y)| color(x, y).into_iter().chain([255])).collect();
    Frame::new(PixelFormat::Rgba, width, height, bytes).expect("the bytes fit")
}

/// The whole picture out of focus: a disk of golden angles around each texel of half the size, in linear light.
fn out_of_focus((width, height): (u32, u32), pixels: &[u8], settings: &Settings) -> Vec<[f64; 3]> {
    let (columns, rows) = ((width / 2) as i64, (height / 2) as i64);
    let radius = 0.016 * f64::from(height) * f64::from(settings.strength);
    let pixel = |x: i64, y: i64, channel: usize| {
        linear(f64::from(pixels[((y * i64::from(width) + x) * 4) as usize + channel]) / 255.0)
    };
    let half: Vec<[f64; 3]> = (0..columns * rows)
        .map(|index| {
            let (x, y) = (2 * (index % columns), 2 * (index / columns));
            [0, 1, 2].map(|channel| {
                [(0, 0), (1, 0), (0, 1), (1, 1)]
                    .iter()
                    .map(|(dx, dy)| pixel(x + dx, y + dy, channel))
                    .sum::<f64>()
                    / 4.0
            })
        })
        .collect();
    let texel = |x: i64, y: i64| half[(y.clamp(0, rows - 1) * columns + x.clamp(0, columns - 1)) as usize];
    let gathered: Vec<[f64; 3]> = (0..columns * rows)
        .map(|index| {
            let (x, y) = (index % columns, index / columns);
            let mut sum = texel(x, y).map(|value| 1e-4 * value);
            let mut total = 1e-4;
            for tap in 0..TAPS {
                let away = radius * ((tap as f64 + 0.5) / TAPS as f64).sqrt();
                let angle = tap as f64 * 2.399_963_2;
                let color =
                    texel(x + (away * angle.cos()).round() as i64, y + (away * angle.sin()).round() as i64);
                let light = 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2];
                let reach = (radius - away + 1.0).clamp(0.0, 1.0);
                let weight = reach * (1.0 + 12.0 * f64::from(settings.highlights) * light.powi(3));
                sum = [0, 1, 2].map(|channel| sum[channel] + weight * color[channel]);
                total += weight;
            }
            sum.map(|value| value / total)
        })
        .collect();
    let at = |x: i64, y: i64| gathered[(y.clamp(0, rows - 1) * columns + x.clamp(0, columns - 1)) as usize];
    (0..width * height)
        .map(|index| {
            let place = |at: u32| (f64::from(at) + 0.5) / 2.0 - 0.5;
            let (x, y) = (place(index % width), place(index / width));
            let (left, top) = (x.floor() as i64, y.floor() as i64);
            let (across, down) = (x - x.floor(), y - y.floor());
            [0, 1, 2].map(|channel| {
                let line =
                    |row| at(left, row)[channel] * (1.0 - across) + at(left + 1, row)[channel] * across;
                encoded(line(top) * (1.0 - down) + line(top + 1) * down)
            })
        })
        .collect()
}

#[test]
fn an_empty_room_is_as_far_out_of_focus_as_the_mirror_says() {
    let Some(gpu) = gpu("an_empty_room_is_as_far_out_of_focus_as_the_mirror_says") else { return };
    let size = (160, 240);
    let mut noise = Noise(11);
    // Blocks of colors with some bright spots.
    let blocks: Vec<[u8; 3]> =
        (0..40 * 60)
            .map(|_| {
                if noise.next() > 0.95 {
                    [255; 3]
                } else {
                    [noise.byte() / 2, noise.byte() / 3, noise.byte()]
                }
            })
            .collect();
    let frame = frame_of(size, |x, y| blocks[((y / 4) * 40 + x / 4) as usize]);
    let nobody = gpu.mask((8, 8), &[0.0; 64]);
    for (strength, highlights) in [(0.8, 0.0), (1.0, 0.7)] {
        let settings = Settings { strength, highlights, ..PLAIN };
        let got = gpu.render(&mut gpu.pipeline(), &frame, &settings, Some(&nobody));
        let want = out_of_focus(size, frame.data(), &settings);
        let mut worst = 0.0f64;
        for (got, want) in got.iter().zip(&want) {
            for channel in 0..3 {
                worst = worst.max((f64::from(got[channel]) / 255.0 - want[channel]).abs());
            }
        }
        assert!(worst < 0.012, "strength {strength}, highlights {highlights}: {worst}");
    }
}

fn mean(pixels: &[Pixel], width: u32, [left, top, right, bottom]: [u32; 4]) -> f64 {
    let places = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
    let sum: f64 = places.map(|(x, y)| f64::from(pixels[(y * width + x) as usize][1])).sum();
    sum / f64::from((right - left) * (bottom - top)) / 255.0
}

#[test]
fn a_bright_person_neither_leaks_nor_blurs() {
    let Some(gpu) = gpu("a_bright_person_neither_leaks_nor_blurs") else { return };
    let (width, height) = (320, 240);
    let frame = frame_of((width, height), |x, y| match (x < 160, (x + y) % 2 == 0) {
        (true, true) => [255; 3],
        (true, false) => [215; 3],
        (false, _) => [50; 3],
    });
    let values: Vec<f32> =
        (0..width * height).map(|index| if index % width < 160 { 1.0 } else { 0.0 }).collect();
    let mask = gpu.mask((width, height), &values);
    let settings = Settings { strength: 1.0, highlights: 1.0, ..PLAIN };
    let got = gpu.render(&mut gpu.pipeline(), &frame, &settings, Some(&mask));
    let plain = mean(&got, width, [280, 20, 310, 220]);
    let beside = mean(&got, width, [166, 20, 180, 220]);
    assert!((beside - plain).abs() <= 0.005, "{beside} beside the person, {plain} far away");
    let index = (120 * width + 60) as usize;
    assert_eq!([got[index][0], got[index + 1][0]], [255, 215], "the person stays sharp");
}

#[test]
fn a_depth_puts_what_is_tapped_into_focus() {
    let Some(gpu) = gpu("a_depth_puts_what_is_tapped_into_focus") else { return };
    let (width, height) = (320, 240);
    let frame = frame_of((width, height), |x, y| if (x / 2 + y / 2) % 2 == 0 { [200; 3] } else { [60; 3] });
    let meters: Vec<f32> = (0..64 * 48).map(|index| if index % 64 < 32 { 1.0 } else { 6.0 }).collect();
    let depth = gpu.mask((64, 48), &meters);
    let nobody = gpu.mask((8, 8), &[0.0; 64]);
    let contrast = |pixels: &[Pixel], [left, right]: [u32; 2]| {
        let places = (60..180).flat_map(|y| (left..right).map(move |x| (y * width + x) as usize));
        let steps: Vec<f64> =
            places.map(|at| (f64::from(pixels[at][1]) - f64::from(pixels[at + 2][1])).abs()).collect();
        steps.iter().sum::<f64>() / steps.len() as f64
    };
    for (tap, sharp, soft) in [([0.2, 0.5], [20, 120], [200, 300]), ([0.8, 0.5], [200, 300], [20, 120])] {
        let mut pipeline = gpu.pipeline();
        let whole = Rect::of_size((width, height));
        let settings = Settings { strength: 1.0, focus: Some(tap), ..PLAIN };
        // A depth belongs to the pictures of a source: the first one comes before it.
        gpu.render(&mut pipeline, &frame, &settings, Some(&nobody));
        pipeline.set_depth(Some(Mask { view: &depth, crop: whole }));
        let got = gpu.render(&mut pipeline, &frame, &settings, Some(&nobody));
        let (sharp, soft) = (contrast(&got, sharp), contrast(&got, soft));
        assert!(sharp > 130.0 && soft < 30.0, "tapped at {tap:?}: {sharp} there, {soft} elsewhere");
        let chart =
            gpu.render(&mut pipeline, &frame, &Settings { view: View::Depth, ..settings }, Some(&nobody));
        let (near, far) = (mean(&chart, width, [20, 60, 120, 180]), mean(&chart, width, [200, 60, 300, 180]));
        assert!(near > 0.9 && far < 0.1, "the near half is white: {near}, the far one black: {far}");
    }
}
