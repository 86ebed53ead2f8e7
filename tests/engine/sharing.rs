//! What sessions on one device share, and what is kept from run to run.

use crate::gpu::{cached, gpu};
use crate::source;
use matte_engine::gpu::Gpu;
use matte_engine::ops::case::random;
use matte_engine::tensor::{DType, Tensor};
use matte_engine::{Canary, Model, Precision, Session};
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

/// The model with other weights, as if a driver read them wrong.
fn with_other_numbers(mut model: Model) -> Model {
    for value in &mut model.graphs[0].values {
        let floats = |constant: &&mut Tensor| matches!(constant.dtype(), DType::F16 | DType::F32);
        let Some(constant) = value.constant.as_mut().filter(floats) else { continue };
        let moved: Vec<f32> =
            constant.to_reals().expect("reals").iter().map(|number| number + 0.01).collect();
        *constant = Tensor::from_reals(value.ty.clone(), &moved).expect("as many numbers");
    }
    model
}

#[test]
fn every_model_of_the_project_computes_what_the_cpu_does() {
    let Some(gpu) = gpu() else { return };
    let entries = fs::read_dir(source::root().join("models")).expect("models/ is readable");
    let paths = entries.map(|entry| entry.expect("readable").path());
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "tflite")) {
        let model = Model::open(&path).expect("the model is read");
        for precision in [Precision::F32, Precision::F16] {
            let builder = Session::builder(&model).gpu(&gpu.device, &gpu.queue).precision(precision);
            let checked = builder.verified().build().map(|_| ());
            assert_eq!(checked, Ok(()), "{} in {precision:?}", path.display());
        }
    }
}

#[test]
fn a_device_that_computes_wrong_numbers_is_found_out_once() {
    let Some(gpu) = gpu() else { return };
    let (right, kept) = (model("face_detection_short_range"), folder("canary"));
    let builder = || Session::builder(&right).gpu(&gpu.device, &gpu.queue).cache(&kept);
    let verdicts = || {
        let entries = fs::read_dir(&kept).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("right-")).count()
    };
    for precision in [Precision::F32, Precision::F16] {
        builder().precision(precision).verified().build().expect("the device computes right numbers");
    }
    assert_eq!(verdicts(), 2);
    builder().verified().build().expect("it is known to");
    assert_eq!(verdicts(), 2);
    let wrong = Canary::of(&with_other_numbers(model("face_detection_short_range")), 2).expect("it runs");
    let mut session = builder().build().expect("a session");
    let error = wrong.check(&mut session).expect_err("other numbers are seen").to_string();
    assert!(error.contains("wrong numbers") && error.contains("in run 1"), "{error}");
    fs::remove_dir_all(&kept).expect("it exists");
}
