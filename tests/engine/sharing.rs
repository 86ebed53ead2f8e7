//! What sessions on one device share, and what is kept from run to run.

use crate::gpu::{cached, gpu};
use crate::source;
use matte_engine::gpu::Gpu;
use matte_engine::ops::case::random;
use matte_engine::{Model, Precision, Session};
use std::fs;
use std::path::PathBuf;

/// A folder of this test's own, empty.
pub fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("matte-{name}-{}", std::process::id()));
    // It is there only after a run that was cut short.
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn model(name: &str) -> Model {
    Model::open(source::root().join("models").join(format!("{name}.tflite"))).expect("the model is read")
}

#[test]
fn sessions_of_one_model_share_its_weights() {
    let Some(gpu) = gpu() else { return };
    let (selfie, landscape) = (model("selfie_segmentation"), model("selfie_segmentation_landscape"));
    let shared = Gpu::new(&gpu.device, &gpu.queue);
    let session = |model: &Model, precision| {
        let builder = Session::builder(model).on(&shared).precision(precision);
        builder.build().expect("a session")
    };
    let mut first = session(&selfie, Precision::F32);
    let input = random(&selfie.inputs()[0].shape, 0.0, 1.0);
    let alone = first.run(std::slice::from_ref(&input)).expect("it runs");
    let mut second = session(&selfie, Precision::F32);
    assert!(first.shares_weights_with(&second));
    assert!(!first.shares_weights_with(&session(&selfie, Precision::F16)));
    assert!(!first.shares_weights_with(&session(&landscape, Precision::F32)));
    drop(first);
    assert_eq!(
        second.run(&[input]).expect("it runs"),
        alone,
        "weights outlive the session that brought them"
    );
}

#[test]
fn a_memory_cap_is_refused_with_the_figure_needed() {
    let Some(gpu) = gpu() else { return };
    let model = model("selfie_segmentation");
    let needed = Session::builder(&model).gpu(&gpu.device, &gpu.queue).build().expect("a session").memory().0;
    let capped =
        |cap| Session::builder(&model).gpu(&gpu.device, &gpu.queue).memory_cap(cap).build().map(|_| ());
    assert_eq!(capped(needed), Ok(()));
    let error = capped(needed - 1).expect_err("a byte is missing").to_string();
    assert!(error.contains(&needed.to_string()) && error.contains(&(needed - 1).to_string()), "{error}");
}

#[test]
fn the_drivers_pipelines_are_kept_and_damage_to_them_is_survived() {
    let Some(gpu) = cached() else { return };
    let kept = folder("pipelines");
    let model = model("face_detection_short_range");
    let run = || {
        // A cache belongs to a device: each run has one of its own.
        let gpu = cached().expect("there is a GPU");
        let builder = Session::builder(&model).gpu(&gpu.device, &gpu.queue).cache(&kept);
        let input = random(&model.inputs()[0].shape, 0.0, 1.0);
        builder.build().and_then(|mut session| session.run(&[input])).expect("it runs")
    };
    let first = run();
    if !gpu.device.features().contains(wgpu::Features::PIPELINE_CACHE) {
        println!("SKIPPED: this device keeps no pipelines");
        return;
    }
    let files: Vec<PathBuf> =
        fs::read_dir(&kept).expect("a folder").map(|entry| entry.expect("readable").path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let whole = fs::read(&files[0]).expect("readable");
    assert_eq!(run(), first);
    for damaged in [&whole[..whole.len() / 2], b"", &[b"other", &whole[..]].concat()] {
        fs::write(&files[0], damaged).expect("writable");
        assert_eq!(run(), first);
        assert!(fs::read(&files[0]).expect("readable").len() > damaged.len().min(200), "it is written anew");
    }
    fs::remove_dir_all(&kept).expect("it exists");
}
