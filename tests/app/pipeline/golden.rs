//! The whole chain on photographs: picture, network on the GPU, matte; against masks made by hand or by a
//! larger network.

use std::path::PathBuf;

use matte::catalogue::SEGMENTERS;
use matte::pipeline::frame::{Frame, PixelFormat};
use matte::pipeline::{Rect, Refinement, Settings, Target, Temporal, View, readback};
use matte::segment::{Network, OnGpu, Precision};

use super::device::{Gpu, gpu};

/// A photograph, its golden, and the color that marks people in it.
const GOLDENS: [(&str, &str, [u8; 3]); 3] = [
    ("portrait.jpg", "portrait_segmentation_golden.png", [0, 0, 255]),
    ("pose.jpg", "pose_segmentation_golden.png", [0, 0, 255]),
    ("three_people.jpg", "three_people_binary_segmentation_golden.png", [255, 0, 0]),
];

/// The folder with larger test files, or none after a line that says what is skipped.
fn media(test: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let folder = std::env::var_os("MATTE_TEST_DATA").map_or_else(|| beside.into(), PathBuf::from);
    let media = folder.join("media");
    if media.is_dir() {
        return Some(media);
    }
    println!("SKIPPED: {test}: there is no folder {}; MATTE_TEST_DATA names another", media.display());
    None
}

fn people(gpu: &Gpu, network: &Network, frame: &Frame, view: View) -> Vec<bool> {
    let mut pipeline = gpu.pipeline();
    pipeline.upload(frame).expect("the frame fits");
    let mut network =
        OnGpu::new(network, Precision::F32, &gpu.device, &gpu.queue).expect("the network compiles");
    let (texture, target) = gpu.target(pipeline.picture_size(), wgpu::TextureFormat::Rgba8Unorm);
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    let mask = network.record(&pipeline, &mut encoder).expect("the network runs");
    let refinement = Refinement { temporal: Temporal::Off, ..Refinement::DEFAULT };
    let settings = Settings { view, refinement, ..Settings::DEFAULT };
    let target = Target { view: &target, viewport: Rect::of_size(pipeline.picture_size()) };
    pipeline.encode(&mut encoder, &settings, Some(mask), target);
    gpu.queue.submit([encoder.finish()]);
    let bytes = gpu.read(|gpu| readback::read_texture(&gpu.device, &gpu.queue, &texture));
    bytes.chunks_exact(4).map(|pixel| pixel[0] >= 128).collect()
}

fn intersection_over_union(a: &[bool], b: &[bool]) -> f64 {
    let both = a.iter().zip(b).filter(|(a, b)| **a && **b).count();
    let either = a.iter().zip(b).filter(|(a, b)| **a || **b).count();
    both as f64 / either as f64
}

#[test]
fn the_matte_of_a_photograph_is_no_worse_than_the_mask() {
    let test = "the_matte_of_a_photograph_is_no_worse_than_the_mask";
    let (Some(gpu), Some(media)) = (gpu(test), media(test)) else { return };
    let network = Network::bundled(&SEGMENTERS[0]).expect("the bundled network is read");
    for (photograph, golden, mark) in GOLDENS {
        let open = |name: &str| image::open(media.join(name)).expect("the picture is read");
        let picture = open(photograph).into_rgba8();
        let (width, height) = picture.dimensions();
        let frame = Frame::new(PixelFormat::Rgba, width, height, picture.into_raw()).expect("exact data");
        let truth: Vec<bool> = open(golden).into_rgb8().pixels().map(|pixel| pixel.0 == mark).collect();
        let [mask, matte] = [View::Mask, View::Matte]
            .map(|view| intersection_over_union(&people(gpu, &network, &frame, view), &truth));
        println!("{photograph}: mask {mask:.4}, matte {matte:.4}");
        assert!(matte >= mask, "{photograph}: {matte} is below the mask's {mask}");
        assert!(photograph != "portrait.jpg" || matte >= 0.98, "{photograph}: {matte}");
    }
}
