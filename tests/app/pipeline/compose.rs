//! The result: against a mirror in double precision, and what must never show.

use matte::pipeline::frame::Frame;
use matte::pipeline::{Effect, Mask, Pipeline, Rect, Refinement, Settings, Temporal, View, readback};
use wgpu::TextureFormat;

use super::blur::{blur, color_of};
use super::device::{Gpu, Pixel, READS, gpu};
use super::portrait::{Contrast, Portrait, frame_of};

const STILL: Settings = Settings {
    refinement: Refinement { temporal: Temporal::Off, ..Refinement::DEFAULT },
    effect: Effect::Color([0.9, 0.85, 0.2]),
    ..Settings::DEFAULT
};

const EFFECTS: [Effect; 7] = [
    Effect::Off,
    Effect::Blur,
    Effect::Color([0.2, 0.4, 0.6]),
    Effect::Gradient([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]),
    Effect::Picture,
    Effect::CutOut,
    Effect::Transparent,
];

struct Scene {
    size: (u32, u32),
    frame: Frame,
    mask: wgpu::TextureView,
    pipeline: Pipeline,
}

impl Scene {
    fn new(gpu: &Gpu, size: (u32, u32)) -> Self {
        let portrait = Portrait::new(size, Contrast::Chroma, 0.5);
        let mask = gpu.mask((64, 48), &portrait.mask((64, 48)));
        Self { size, frame: portrait.frame(), mask, pipeline: gpu.pipeline() }
    }

    fn render(&mut self, gpu: &Gpu, settings: &Settings) -> Vec<Pixel> {
        gpu.render(&mut self.pipeline, &self.frame, settings, Some(&self.mask))
    }

    fn matte(&mut self, gpu: &Gpu) -> Vec<f64> {
        let shown = self.render(gpu, &Settings { view: View::Matte, ..STILL });
        shown.iter().map(|pixel| f64::from(pixel[0]) / 255.0).collect()
    }
}

fn smoothstep(low: f64, high: f64, value: f64) -> f64 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[test]
fn replacement_recovery_and_light_wrap_equal_their_mirror() {
    let Some(gpu) = gpu("replacement_recovery_and_light_wrap_equal_their_mirror") else { return };
    let mut scene = Scene::new(gpu, (320, 240));
    let matte = scene.matte(gpu);
    let colors: Vec<[f64; 3]> = scene
        .frame
        .data()
        .chunks_exact(4)
        .map(|p| [p[0], p[1], p[2]].map(|value| f64::from(value) / 255.0))
        .collect();
    let (_, nearby) = blur(scene.size, &colors, &matte, f64::from(STILL.strength));
    let replacement = [0.9, 0.85, 0.2];
    for (recovery, light_wrap) in [(false, 0.0), (true, 0.0), (false, 0.8), (true, 0.8)] {
        let settings = Settings { recovery, light_wrap, ..STILL };
        let shown = scene.render(gpu, &settings);
        for (index, pixel) in shown.iter().enumerate() {
            let (x, y) = (index as u32 % 320, index as u32 / 320);
            let alpha = matte[index];
            let room = nearby.at((f64::from(x) + 0.5) / 320.0, (f64::from(y) + 0.5) / 240.0);
            let known = smoothstep(0.002, 0.02, room[3]);
            let band = smoothstep(0.25, 0.45, alpha) * (1.0 - smoothstep(0.55, 0.75, alpha));
            for channel in 0..3 {
                let color = colors[index][channel];
                let old = color + (color_of(room)[channel] - color) * known;
                let recovered = (color - (1.0 - alpha) * old).clamp(0.0, alpha);
                let part = if recovery { smoothstep(0.0, 0.4, alpha) } else { 0.0 };
                let person = alpha * color + (recovered - alpha * color) * part;
                let over = person + (1.0 - alpha) * replacement[channel];
                let light = replacement[channel] * band * f64::from(light_wrap);
                let expected = 1.0 - (1.0 - over) * (1.0 - light);
                let difference = (f64::from(pixel[channel]) / 255.0 - expected).abs();
                assert!(
                    difference <= 0.01,
                    "recovery {recovery}, light {light_wrap} at ({x}, {y}): {difference}"
                );
            }
        }
    }
}

#[test]
fn recovery_halves_the_error_at_the_edge() {
    let Some(gpu) = gpu("recovery_halves_the_error_at_the_edge") else { return };
    for softness in [1.0, 2.5] {
        let size = (640, 480);
        let mut portrait = Portrait::new(size, Contrast::Luma, 0.5).softened(softness);
        portrait.wall.fill([0.15, 0.55, 0.2]);
        let mask = gpu.mask((256, 256), &portrait.mask((256, 256)));
        let truth = portrait.over(&vec![[0.9, 0.85, 0.2]; portrait.alpha.len()]);
        let band = portrait.band();
        let error = |recovery| {
            let mut pipeline = gpu.pipeline();
            let settings = Settings { recovery, ..STILL };
            let shown = gpu.render(&mut pipeline, &portrait.frame(), &settings, Some(&mask));
            let wrong = |index: usize| -> f64 {
                let channels = truth[index].iter().zip(shown[index]);
                channels.map(|(truth, found)| (truth - f64::from(found) / 255.0).abs() / 3.0).sum()
            };
            let chosen: Vec<usize> = (0..band.len()).filter(|index| band[*index]).collect();
            chosen.iter().map(|index| wrong(*index)).sum::<f64>() / chosen.len() as f64
        };
        let (with, without) = (error(true), error(false));
        println!("softness {softness}: the edge's error {without:.4} without recovery, {with:.4} with it");
        assert!(with <= 0.5 * without, "softness {softness}: {with} of {without}");
    }
}

#[test]
fn without_a_valid_mask_the_room_never_shows() {
    let Some(gpu) = gpu("without_a_valid_mask_the_room_never_shows") else { return };
    // A room of loud stripes: any pixel of it would be seen.
    let stripes: Vec<[f64; 3]> =
        (0..64 * 48).map(|index| if index % 2 == 0 { [1.0, 0.0, 1.0] } else { [0.0, 1.0, 0.0] }).collect();
    let frame = frame_of((64, 48), &stripes);
    let everyone = gpu.mask((4, 4), &[1.0; 16]);
    let color = Settings { effect: Effect::Color([0.2, 0.4, 0.6]), ..STILL };
    let plain = |pixels: &[Pixel]| pixels.iter().all(|pixel| *pixel == [51, 102, 153, 255]);

    let mut pipeline = gpu.pipeline();
    assert!(plain(&gpu.render(&mut pipeline, &frame, &color, None)), "before the first mask");
    assert!(!plain(&gpu.render(&mut pipeline, &frame, &color, Some(&everyone))), "with a mask");
    assert!(!plain(&gpu.render(&mut pipeline, &frame, &color, None)), "the last matte stands");
    pipeline.forget();
    assert!(plain(&gpu.render(&mut pipeline, &frame, &color, None)), "after the mask became invalid");
    gpu.render(&mut pipeline, &frame, &color, Some(&everyone));
    let narrow = frame_of((32, 48), &stripes[..32 * 48]);
    assert!(plain(&gpu.render(&mut pipeline, &narrow, &color, None)), "after the size changed");

    let blurred =
        gpu.render(&mut pipeline, &frame, &Settings { effect: Effect::Blur, strength: 0.0, ..STILL }, None);
    for pixel in blurred {
        let even = pixel[..3].iter().all(|value| value.abs_diff(128) <= 6);
        assert!(even, "the blurred room still shows its stripes: {pixel:?}");
    }
}

#[test]
fn a_hidden_picture_is_plain_whatever_else_is_set() {
    let Some(gpu) = gpu("a_hidden_picture_is_plain_whatever_else_is_set") else { return };
    let mut scene = Scene::new(gpu, (64, 48));
    for effect in EFFECTS {
        for view in [View::Result, View::Matte, View::Mask, View::Source] {
            for wipe in [None, Some(0.7)] {
                let settings = Settings { effect, view, wipe, hidden: true, ..STILL };
                let shown = scene.render(gpu, &settings);
                assert!(
                    shown.iter().all(|pixel| *pixel == [24, 26, 31, 255]),
                    "{effect:?} {view:?} {wipe:?}: {:?}",
                    shown[0]
                );
            }
        }
    }
    // The mask of a hidden frame is not kept.
    let color = Settings { effect: Effect::Color([0.2, 0.4, 0.6]), ..STILL };
    let shown = gpu.render(&mut scene.pipeline, &scene.frame, &color, None);
    assert!(shown.iter().all(|pixel| *pixel == [51, 102, 153, 255]));
}

#[test]
fn a_still_picture_keeps_its_mask_and_follows_other_choices() {
    let Some(gpu) = gpu("a_still_picture_keeps_its_mask_and_follows_other_choices") else { return };
    let mut scene = Scene::new(gpu, (96, 72));
    let again = |scene: &mut Scene, settings: &Settings| {
        gpu.render(&mut scene.pipeline, &scene.frame, settings, None)
    };
    let views = [View::Result, View::Matte, View::Mask].map(|view| Settings { view, ..STILL });
    for settings in views {
        let first = scene.render(gpu, &settings);
        assert_eq!(again(&mut scene, &settings), first, "{:?}", settings.view);
        assert!(first.iter().any(|pixel| *pixel != first[0]), "{:?}", settings.view);
    }
    let shrunk = Refinement { shrink: 40.0, ..STILL.refinement };
    let other = Settings { view: View::Matte, refinement: shrunk, ..STILL };
    let sum = |pixels: &[Pixel]| pixels.iter().map(|pixel| u64::from(pixel[0])).sum::<u64>();
    let wide = sum(&again(&mut scene, &views[1]));
    let narrow = sum(&again(&mut scene, &other));
    assert!(10 * narrow < 9 * wide, "{narrow} of {wide}");
}

#[test]
fn the_cut_out_carries_the_matte_and_stands_on_squares() {
    let Some(gpu) = gpu("the_cut_out_carries_the_matte_and_stands_on_squares") else { return };
    let mut scene = Scene::new(gpu, (96, 72));
    let matte = scene.matte(gpu);
    let transparent = scene.render(gpu, &Settings { effect: Effect::Transparent, recovery: false, ..STILL });
    let squares = scene.render(gpu, &Settings { effect: Effect::CutOut, recovery: false, ..STILL });
    let data = scene.frame.data();
    for (index, pixel) in transparent.iter().enumerate() {
        let alpha = matte[index];
        assert!((f64::from(pixel[3]) / 255.0 - alpha).abs() <= 0.003);
        let (x, y) = (index as u32 % 96, index as u32 / 96);
        let square = if ((x / 12) + (y / 12)) % 2 == 0 { 0.75 } else { 0.55 };
        for channel in 0..3 {
            let color = f64::from(data[4 * index + channel]) / 255.0;
            if alpha > 0.1 {
                assert!(
                    (f64::from(pixel[channel]) / 255.0 - color).abs() <= 0.02,
                    "color is not premultiplied"
                );
            }
            let expected = alpha * color + (1.0 - alpha) * square;
            assert!((f64::from(squares[index][channel]) / 255.0 - expected).abs() <= 0.005, "({x}, {y})");
        }
    }
}

#[test]
fn mirror_and_wipe_show_the_frame_where_they_should() {
    let Some(gpu) = gpu("mirror_and_wipe_show_the_frame_where_they_should") else { return };
    let mut scene = Scene::new(gpu, (100, 60));
    let gradient = Effect::Gradient([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]);
    let settings = Settings { effect: gradient, ..STILL };
    let row = |pixels: &[Pixel], y: usize| pixels[100 * y..100 * (y + 1)].to_vec();
    let straight = scene.render(gpu, &settings);
    let mirrored = scene.render(gpu, &Settings { mirror: true, ..settings });
    let source = scene.render(gpu, &Settings { view: View::Source, ..settings });
    let wiped = scene.render(gpu, &Settings { wipe: Some(0.5), ..settings });
    for y in 0..60 {
        let turned: Vec<Pixel> = row(&mirrored, y).into_iter().rev().collect();
        for (a, b) in row(&straight, y).iter().zip(&turned) {
            assert!(a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= 1), "{a:?} and {b:?}");
        }
        let wiped = row(&wiped, y);
        assert_eq!(wiped[..45], row(&source, y)[..45]);
        assert_eq!(wiped[55..], row(&straight, y)[55..]);
        assert_eq!(wiped[50], [255; 4]);
    }
}

#[test]
fn a_backdrop_covers_the_picture_and_a_wrong_one_is_refused() {
    let Some(gpu) = gpu("a_backdrop_covers_the_picture_and_a_wrong_one_is_refused") else { return };
    let mut scene = Scene::new(gpu, (64, 64));
    // Four vertical bands of which the middle two cover a square.
    let bands = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [255, 255, 255, 255]];
    let picture: Vec<u8> = (0..128 * 64).flat_map(|index| bands[index % 128 / 32]).collect();
    scene.pipeline.set_backdrop((128, 64), &picture).expect("exact data");
    let settings = Settings { effect: Effect::Picture, ..STILL };
    let shown = gpu.render(&mut scene.pipeline, &scene.frame, &settings, None);
    assert_eq!(
        (shown[5], shown[64 * 63 + 20], shown[40], shown[63]),
        (bands[1], bands[1], bands[2], bands[2])
    );
    assert!(scene.pipeline.set_backdrop((2, 2), &[0; 15]).is_err());
    assert!(scene.pipeline.set_backdrop((0, 2), &[]).is_err());
    assert!(scene.pipeline.set_backdrop((4096, 1), &[0; 16384]).is_err(), "wider than the device's textures");
}

#[test]
fn any_target_shows_the_same_picture_in_its_middle() {
    let Some(gpu) = gpu("any_target_shows_the_same_picture_in_its_middle") else { return };
    let mut scene = Scene::new(gpu, (64, 48));
    let settings = Settings { surround: [0.5, 0.25, 0.0], ..STILL };
    let plain = scene.render(gpu, &settings);
    let mut encoding = gpu.pipeline_for(TextureFormat::Rgba8UnormSrgb);
    encoding.upload(&scene.frame).expect("the frame fits");
    let mask = || Some(Mask { view: &scene.mask, crop: Rect::of_size((64, 48)) });
    let shown = gpu.draw(&mut encoding, &settings, mask(), (80, 48), TextureFormat::Rgba8UnormSrgb);
    for y in 0..48usize {
        for x in 0..80usize {
            let expected = match x {
                8..72 => plain[64 * y + x - 8],
                _ => [128, 64, 0, 255],
            };
            let found = shown[80 * y + x];
            let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
            assert!(near, "({x}, {y}): {found:?}, expected {expected:?}");
        }
    }
    // Shrunk to a third, the picture keeps its mean.
    let mut small = gpu.pipeline();
    small.upload(&scene.frame).expect("the frame fits");
    let shrunk = gpu.draw(&mut small, &settings, mask(), (21, 16), TextureFormat::Rgba8Unorm);
    let mean =
        |pixels: &[Pixel]| pixels.iter().map(|pixel| f64::from(pixel[1])).sum::<f64>() / pixels.len() as f64;
    assert!((mean(&shrunk) - mean(&plain)).abs() < 2.0);
}

#[test]
fn a_hundred_live_frames_read_nothing_back() {
    let Some(gpu) = gpu("a_hundred_live_frames_read_nothing_back") else { return };
    let mut scene = Scene::new(gpu, (64, 48));
    let (_, view) = gpu.target((64, 48), TextureFormat::Rgba8Unorm);
    let live = |scene: &mut Scene| {
        scene.pipeline.upload(&scene.frame).expect("the frame fits");
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        let mask = Mask { view: &scene.mask, crop: Rect::of_size(scene.size) };
        let target = matte::pipeline::Target { view: &view, viewport: Rect::of_size(scene.size) };
        scene.pipeline.encode(&mut encoder, &STILL, Some(mask), target);
        gpu.queue.submit([encoder.finish()]);
    };
    let _alone = READS.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = readback::bytes();
    for _ in 0..100 {
        live(&mut scene);
    }
    assert_eq!(readback::bytes(), before);
    scene.pipeline.measure_next_frame();
    live(&mut scene);
    gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("the GPU finishes");
    let mut times = None;
    for _ in 0..1000 {
        times = times.or_else(|| scene.pipeline.stage_times());
    }
    if gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
        let times = times.expect("the times of a finished frame come");
        assert!(times.refine > 0.0 && times.compose > 0.0 && times.network == 0.0, "{times:?}");
        let read = readback::bytes();
        assert_eq!(read.pixels, before.pixels);
        assert!((1..=512).contains(&(read.timings - before.timings)));
    }
}
