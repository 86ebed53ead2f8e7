//! The selfie models against the official runtime's masks, on every backend.

use crate::gpu::gpu;
use crate::{source, test_data};
use matte_engine::tensor::Tensor;
use matte_engine::{Model, Precision, Session};
use npyz::npz::NpzArchive;
use std::path::Path;

const MODELS: [&str; 2] = ["selfie_segmentation", "selfie_segmentation_landscape"];

/// An f32 array of an archive.
pub fn array(path: &Path, name: &str) -> Tensor {
    let mut archive = NpzArchive::open(path).expect("the archive opens");
    let array = archive.by_name(name).expect("the archive is whole").expect("the array is there");
    let shape: Vec<usize> = array.shape().iter().map(|&extent| extent as usize).collect();
    let values: Vec<f32> = array.into_vec().expect("the array holds f32");
    Tensor::from_slice(shape, &values).expect("as many values as the shape holds")
}

fn difference(a: &Tensor, b: &Tensor) -> f32 {
    let (a, b) = (a.as_slice::<f32>().expect("f32"), b.as_slice::<f32>().expect("f32"));
    a.iter().zip(b).fold(0.0, |most, (x, y)| f32::max(most, (x - y).abs()))
}

/// Intersection over union of the masks cut at ½.
fn iou(a: &Tensor, b: &Tensor) -> f32 {
    let pairs = || a.as_slice::<f32>().expect("f32").iter().zip(b.as_slice::<f32>().expect("f32"));
    let both = pairs().filter(|&(&x, &y)| x > 0.5 && y > 0.5).count();
    let any = pairs().filter(|&(&x, &y)| x > 0.5 || y > 0.5).count();
    both as f32 / any.max(1) as f32
}

/// Each model with the golden's input and mask.
fn goldens(test: &str) -> Vec<(Model, Tensor, Tensor)> {
    let Some(folder) = test_data::folder(test) else { return Vec::new() };
    let golden = |name: &str| {
        let path = folder.join("models/goldens").join(format!("{name}.npz"));
        let model = Model::open(source::root().join("models").join(format!("{name}.tflite")))
            .expect("the model is read");
        (model, array(&path, "input"), array(&path, "out0"))
    };
    MODELS.map(golden).to_vec()
}

#[test]
fn the_cpu_gives_the_golden_masks() {
    for (model, input, mask) in goldens("selfie masks on the CPU") {
        let mut session = Session::builder(&model).threads(2).build().expect("a session");
        let off = difference(&session.run(&[input]).expect("a mask")[0], &mask);
        println!("{}: {off:e}", model.name);
        assert!(off <= 1e-4, "{} is off by {off}", model.name);
    }
}

#[test]
fn the_gpu_gives_the_golden_masks() {
    let Some(gpu) = gpu() else { return };
    for (model, input, mask) in goldens("selfie masks on the GPU") {
        let precisions = [
            (Precision::F32, 1e-4),
            (Precision::F16, 1e-2),
            (Precision::F16Sums, 1e-1),
            (Precision::Auto, 2e-2),
        ];
        for (precision, bound) in precisions {
            let builder = Session::builder(&model).gpu(&gpu.device, &gpu.queue).precision(precision);
            let mut session = builder.calibration(vec![input.clone()]).build().expect("a session");
            let output = &session.run(std::slice::from_ref(&input)).expect("a mask")[0];
            let (off, iou) = (difference(output, &mask), iou(output, &mask));
            println!("{} {precision:?}: {off:e}, IoU {iou}", model.name);
            if precision == Precision::Auto {
                let (layers, text) = (session.layer_errors(), session.explain());
                assert!(layers.iter().any(|layer| !layer.is_full()), "{text}");
                assert!(layers.iter().all(|layer| text.contains(&layer.to_string())), "{text}");
            }
            assert!(
                off <= bound && iou >= 0.99,
                "{} in {precision:?} is off by {off}, IoU {iou}",
                model.name
            );
        }
    }
}

#[test]
fn the_square_model_fits_its_budget() {
    let Some(gpu) = gpu() else { return };
    let model =
        Model::open(source::root().join("models/selfie_segmentation.tflite")).expect("the model is read");
    let session = Session::builder(&model).gpu(&gpu.device, &gpu.queue).build().expect("a session");
    let plan = session.plan().expect("a GPU session has a plan");
    println!("{plan}");
    assert!(plan.dispatches() <= 75, "{} dispatches", plan.dispatches());
    assert!(plan.arena <= 4_000_000, "an arena of {} bytes", plan.arena);
    assert!(plan.steps.iter().all(|planned| planned.dispatch.is_some()), "every step runs on the GPU");
}
