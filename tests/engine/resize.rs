//! Inputs of other shapes than the file's: another batch, another size of picture.

use crate::golden::Golden;
use crate::gpu::gpu;
use crate::{cases, source};
use matte_engine::ops::case::{Case, given, integers, random};
use matte_engine::ops::reshape::Reshape;
use matte_engine::tensor::Tensor;
use matte_engine::{Error, Model, Session};

fn model(name: &str) -> Model {
    Model::open(source::root().join(format!("models/{name}.tflite"))).expect("the model is read")
}

/// Sessions of the model on each backend there is.
fn sessions(model: &Model) -> Vec<(&'static str, Session)> {
    let mut sessions = vec![
        ("plain", Session::builder(model).plain().build()),
        ("CPU", Session::builder(model).threads(2).build()),
    ];
    sessions.extend(gpu().map(|gpu| ("GPU", Session::builder(model).gpu(&gpu.device, &gpu.queue).build())));
    sessions.into_iter().map(|(name, session)| (name, session.expect("it has a plan"))).collect()
}

fn assert_close(want: &Tensor, got: &Tensor, tolerance: f32, what: &str) {
    assert_eq!(want.shape(), got.shape(), "{what}");
    let (want, got) = (want.to_reals().expect("reals"), got.to_reals().expect("reals"));
    let range =
        want.iter().fold(f32::MIN, |high, &v| high.max(v)) - want.iter().fold(f32::MAX, |low, &v| low.min(v));
    let apart = want.iter().zip(&got).fold(0.0f32, |apart, (a, b)| apart.max((a - b).abs()));
    assert!(apart <= tolerance * range, "{what}: {apart} apart, the range is {range}");
}

#[test]
fn two_small_pictures_in_a_network_for_one_large_give_what_litert_gives() {
    let golden = source::root().join("tests/goldens/posenet_mobilenet_v1_075_257_2x33x49.npz");
    let golden = Golden::open(&golden).expect("the golden is kept");
    let outputs = golden.outputs.expect("it has outputs");
    let resized =
        model("posenet_mobilenet_v1_075_257").resize(&[&[2, 33, 49, 3]]).expect("it is convolutional");
    let shapes: Vec<&[usize]> = resized.outputs().iter().map(|ty| &ty.shape[..]).collect();
    assert_eq!(shapes, outputs.iter().map(Tensor::shape).collect::<Vec<_>>());
    for (backend, mut session) in sessions(&resized) {
        let results = session.run(&golden.inputs).expect("it runs");
        for (want, got) in outputs.iter().zip(&results) {
            assert_close(want, got, 1e-5, backend);
        }
        let old = Tensor::zeros(resized.inputs()[0].with_shape([1, 257, 257, 3]));
        assert!(matches!(session.run(&[old]), Err(Error::Invalid(_))), "the file's own shape no longer fits");
    }
}

#[test]
fn pictures_of_a_batch_do_not_see_each_other() {
    let one = model("selfie_segmentation");
    let two = one.resize(&[&[2, 256, 256, 3]]).expect("nothing in it fixes the batch");
    let pictures = [random(&[1, 256, 256, 3], 0.0, 1.0), random(&[1, 256, 256, 3], -0.5, 0.5)];
    let both: Vec<f32> = pictures.iter().flat_map(|picture| picture.to_reals().expect("reals")).collect();
    let both = Tensor::from_slice([2, 256, 256, 3], &both).expect("two pictures");
    for ((backend, mut alone), (_, mut together)) in sessions(&one).into_iter().zip(sessions(&two)).skip(1) {
        let masks = together.run(std::slice::from_ref(&both)).expect("it runs")[0].to_reals().expect("reals");
        for (index, (picture, mask)) in pictures.iter().zip(masks.chunks(256 * 256)).enumerate() {
            let expected = alone.run(std::slice::from_ref(picture)).expect("it runs");
            let mask = Tensor::from_slice([1, 256, 256, 1], mask).expect("a mask");
            assert_close(&expected[0], &mask, 1e-5, &format!("picture {index} on the {backend}"));
        }
    }
}

#[test]
fn shapes_that_the_constants_forbid_are_refused_by_name() {
    let flat = Case::new("flat", Reshape::To(None), vec![given(&[1, 3, 4]), integers(&[1, 12])]);
    let error =
        cases::model(&flat).expect("twelve numbers").resize(&[&[2, 3, 4]]).expect_err("24 are not 12");
    let text = error.to_string();
    assert!(matches!(error, Error::Invalid(_)), "{text}");
    assert!(text.contains("[2, 3, 4]") && text.contains("RESHAPE") && text.contains("node 0"), "{text}");
    let selfie = model("selfie_segmentation");
    let text = selfie.resize(&[&[1, 192, 192, 3]]).expect_err("it enlarges to fixed sizes").to_string();
    assert!(text.contains("node "), "{text}");
    let text = selfie.resize(&[&[1, 256, 256, 4]]).expect_err("its weights take three channels").to_string();
    assert!(text.contains("CONV_2D"), "{text}");
    assert!(matches!(selfie.resize(&[]), Err(Error::Invalid(_))), "a shape is missing");
    let huge = [usize::MAX, 2, 2, 3];
    assert!(matches!(selfie.resize(&[&huge]), Err(Error::Invalid(_))), "no memory holds it");
}
