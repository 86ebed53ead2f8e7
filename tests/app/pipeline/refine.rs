//! The matte: the GPU's against the mirror, and what the refinement is for.

use matte::pipeline::frame::Frame;
use matte::pipeline::{Mask, Rect, Refinement, Settings, Temporal, Upsampling, View};
use wgpu::TextureFormat;

use super::device::{Gpu, Noise, gpu};
use super::mirror;
use super::portrait::{Contrast, Portrait, frame_of, mean_error};

fn settings(refinement: Refinement) -> Settings {
    Settings { view: View::Matte, refinement, ..Settings::DEFAULT }
}

/// The picture as the GPU sees it: bytes.
fn colors(frame: &Frame) -> Vec<[f64; 3]> {
    frame.data().chunks_exact(4).map(|p| [p[0], p[1], p[2]].map(|value| f64::from(value) / 255.0)).collect()
}

fn matte(gpu: &Gpu, portrait: &Portrait, mask_size: (u32, u32), refinement: Refinement) -> Vec<f64> {
    let mut pipeline = gpu.pipeline();
    let mask = gpu.mask(mask_size, &portrait.mask(mask_size));
    let shown = gpu.render(&mut pipeline, &portrait.frame(), &settings(refinement), Some(&mask));
    reds(&shown)
}

fn reds(pixels: &[[u8; 4]]) -> Vec<f64> {
    pixels.iter().map(|pixel| f64::from(pixel[0]) / 255.0).collect()
}

const STILL: Refinement = Refinement { temporal: Temporal::Off, ..Refinement::DEFAULT };

#[test]
fn every_upsampling_and_every_filter_in_time_equals_its_mirror() {
    let Some(gpu) = gpu("every_upsampling_and_every_filter_in_time_equals_its_mirror") else { return };
    // 563 × 397 is no multiple of the guide's factor; the network saw a part that reaches beyond the top.
    let (size, mask_size) = ((563, 397), (40, 30));
    let crop = Rect { x: 51.0, y: -20.0, width: 470.0, height: 401.0 };
    let first = Portrait::new(size, Contrast::Luma, 0.5);
    let second = Portrait::new(size, Contrast::Luma, 0.52);
    for upsampling in [Upsampling::Bilinear, Upsampling::Guided, Upsampling::Bilateral] {
        for temporal in [Temporal::Off, Temporal::Entropy, Temporal::Motion] {
            let choices = Refinement { upsampling, temporal, ..Refinement::DEFAULT };
            let mut pipeline = gpu.pipeline();
            let mut past = None;
            for portrait in [&first, &second] {
                let frame = portrait.frame();
                let values = portrait.mask(mask_size);
                pipeline.upload(&frame).expect("the frame fits");
                let view = gpu.mask(mask_size, &values);
                let mask = Some(Mask { view: &view, crop });
                let shown =
                    gpu.draw(&mut pipeline, &settings(choices), mask, size, TextureFormat::Rgba8Unorm);
                let colors = colors(&frame);
                let picture = mirror::Picture { width: 563, height: 397, colors: &colors };
                let mask = mirror::Mask {
                    width: 40,
                    height: 30,
                    values: &values,
                    crop: [51.0, -20.0, 470.0, 401.0],
                };
                let guide = mirror::guide(&picture, &mask, past.as_ref(), &choices);
                let expected = mirror::matte(&picture, &guide, &choices);
                past = Some(guide);
                let worst = worst_difference(&reds(&shown), &expected);
                println!("{upsampling:?} {temporal:?}: {worst:.4}");
                assert!(worst <= 0.02, "{upsampling:?} {temporal:?}: {worst}");
            }
        }
    }
}

#[test]
fn a_person_goes_on_to_the_edge_of_a_picture_of_any_size() {
    let Some(gpu) = gpu("a_person_goes_on_to_the_edge_of_a_picture_of_any_size") else { return };
    // The guide's last texels lie half beyond these pictures.
    for size in [(820, 1024), (1024, 767), (1081, 723)] {
        let portrait = Portrait::new(size, Contrast::Luma, 0.5);
        let mut pipeline = gpu.pipeline();
        let mask = gpu.mask((16, 16), &[1.0; 256]);
        let shown = gpu.render(&mut pipeline, &portrait.frame(), &settings(STILL), Some(&mask));
        let least = reds(&shown).into_iter().fold(1.0, f64::min);
        assert!(least >= 0.99, "{size:?}: {least}");
    }
}

fn worst_difference(found: &[f64], expected: &[f64]) -> f64 {
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn edges_of_the_portrait_are_where_the_picture_has_them() {
    let Some(gpu) = gpu("edges_of_the_portrait_are_where_the_picture_has_them") else { return };
    for (size, mask_size) in [((640, 480), (256, 256)), ((1280, 720), (256, 144))] {
        for (contrast, allowed) in
            [(Contrast::Luma, 0.010), (Contrast::Chroma, 0.010), (Contrast::NearEqual, 0.026)]
        {
            let portrait = Portrait::new(size, contrast, 0.5);
            let band = portrait.band();
            let error = |upsampling| {
                let found = matte(gpu, &portrait, mask_size, Refinement { upsampling, ..STILL });
                mean_error(&found, &portrait.alpha, &band)
            };
            let [bilinear, bilateral, guided] =
                [Upsampling::Bilinear, Upsampling::Bilateral, Upsampling::Guided].map(error);
            println!(
                "{size:?} {contrast:?}: bilinear {bilinear:.4}, bilateral {bilateral:.4}, guided {guided:.4}"
            );
            assert!(guided <= allowed, "{size:?} {contrast:?}: {guided}");
            assert!(bilateral <= 0.75 * bilinear, "{size:?} {contrast:?}: {bilateral} of {bilinear}");
        }
    }
}

/// The mean change from frame to frame.
fn flicker(frames: &[Vec<f64>]) -> f64 {
    let changes = frames.windows(2).map(|pair| {
        let sum: f64 = pair[0].iter().zip(&pair[1]).map(|(a, b)| (a - b).abs()).sum();
        sum / pair[0].len() as f64
    });
    changes.sum::<f64>() / (frames.len() - 1) as f64
}

/// A mask with the noise of a network: strong where it is unsure, weak elsewhere.
fn noisy(mask: &[f32], noise: &mut Noise) -> Vec<f32> {
    mask.iter()
        .map(|value| {
            let unsure = 4.0 * value * (1.0 - value);
            (value + (0.01 + 0.12 * unsure) * noise.normal() as f32).clamp(0.0, 1.0)
        })
        .collect()
}

/// How much the matte of a still scene under a noisy camera and a noisy network flickers, as a part of how
/// much the network's mask does.
fn flicker_of(gpu: &Gpu, contrast: Contrast, choices: Refinement) -> f64 {
    let (size, mask_size) = ((640, 480), (128, 96));
    let portrait = Portrait::new(size, contrast, 0.5);
    let clean = portrait.mask(mask_size);
    let mut pipeline = gpu.pipeline();
    let mut noise = Noise(3);
    let (mut raw, mut refined) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let mut seen = portrait.picture();
        for color in &mut seen {
            *color = color.map(|value| value + 0.01 * noise.normal());
        }
        let values = noisy(&clean, &mut noise);
        let mask = gpu.mask(mask_size, &values);
        raw.push(values.iter().map(|value| f64::from(*value)).collect());
        let frame = frame_of(size, &seen);
        refined.push(reds(&gpu.render(&mut pipeline, &frame, &settings(choices), Some(&mask))));
    }
    // The first frames hold little past.
    flicker(&refined[4..]) / flicker(&raw[4..])
}

#[test]
fn a_still_scene_flickers_at_most_a_quarter_of_the_raw_mask() {
    let Some(gpu) = gpu("a_still_scene_flickers_at_most_a_quarter_of_the_raw_mask") else { return };
    for contrast in [Contrast::Luma, Contrast::NearEqual] {
        let ratio = |temporal, upsampling| {
            flicker_of(gpu, contrast, Refinement { temporal, upsampling, ..Refinement::DEFAULT })
        };
        let without = ratio(Temporal::Off, Upsampling::Bilinear);
        for temporal in [Temporal::Entropy, Temporal::Motion] {
            let guided = ratio(temporal, Upsampling::Guided);
            let bilinear = ratio(temporal, Upsampling::Bilinear);
            println!("{contrast:?} {temporal:?}: guided {guided:.3}, bilinear {bilinear:.3} of {without:.3}");
            assert!(guided <= 0.25 && bilinear <= 0.25, "{contrast:?} {temporal:?}: {guided}, {bilinear}");
            assert!(bilinear <= 0.5 * without, "{contrast:?} {temporal:?}: {bilinear} of {without}");
        }
    }
}

#[test]
fn after_a_sudden_move_the_matte_follows_in_two_frames() {
    let Some(gpu) = gpu("after_a_sudden_move_the_matte_follows_in_two_frames") else { return };
    let (size, mask_size) = ((640, 480), (128, 96));
    for temporal in [Temporal::Entropy, Temporal::Motion] {
        let choices = Refinement { temporal, ..Refinement::DEFAULT };
        let mut pipeline = gpu.pipeline();
        let places = [0.45, 0.45, 0.45, 0.55, 0.55];
        let mut last = Vec::new();
        for place in places {
            let portrait = Portrait::new(size, Contrast::Luma, place);
            let mask = gpu.mask(mask_size, &portrait.mask(mask_size));
            last = reds(&gpu.render(&mut pipeline, &portrait.frame(), &settings(choices), Some(&mask)));
        }
        let (before, after) =
            (Portrait::new(size, Contrast::Luma, 0.45), Portrait::new(size, Contrast::Luma, 0.55));
        let raw = matte(gpu, &after, mask_size, STILL);
        let moved: Vec<bool> =
            before.alpha.iter().zip(&after.alpha).map(|(a, b)| (a - b).abs() > 0.5).collect();
        let error = mean_error(&last, &raw, &moved);
        println!("{temporal:?}: {error:.4} from the unfiltered matte where the person moved");
        assert!(error <= 0.05, "{temporal:?}: {error}");
    }
}

#[test]
fn the_edge_moves_and_softens_as_far_as_asked() {
    let Some(gpu) = gpu("the_edge_moves_and_softens_as_far_as_asked") else { return };
    let size = (320, 720);
    // A straight edge at x = 160.
    let colors: Vec<[f64; 3]> = (0..320 * 720).map(|i| [if i % 320 < 160 { 0.9 } else { 0.1 }; 3]).collect();
    let frame = frame_of(size, &colors);
    let values: Vec<f32> = (0..32 * 32).map(|i| if i % 32 < 16 { 1.0 } else { 0.0 }).collect();
    let row = |shrink: f32, feather: f32| {
        let mut pipeline = gpu.pipeline();
        let mask = gpu.mask((32, 32), &values);
        let choices = settings(Refinement { shrink, feather, ..STILL });
        let shown = gpu.render(&mut pipeline, &frame, &choices, Some(&mask));
        reds(&shown)[360 * 320..361 * 320].to_vec()
    };
    let edge = |row: &[f64]| row.iter().sum::<f64>();
    let plain = row(0.0, 0.0);
    assert!((edge(&plain) - 160.0).abs() < 1.0, "{}", edge(&plain));
    assert!((edge(&row(5.0, 0.0)) - edge(&plain) + 5.0).abs() < 1.0);
    assert!((edge(&row(-5.0, 0.0)) - edge(&plain) - 5.0).abs() < 1.0);
    let soft = |row: &[f64]| row.iter().filter(|value| (0.02..0.98).contains(*value)).count();
    let feathered = row(0.0, 6.0);
    assert!((edge(&feathered) - edge(&plain)).abs() < 1.0);
    assert!(soft(&feathered) >= 8 + soft(&plain), "{} and {}", soft(&feathered), soft(&plain));
}
