//! Faults of the device, provoked: each is a [`Error::Device`], and what runs on the processor goes on.

use crate::gpu::{TestGpu, gpu, opened};
use crate::source;
use matte_engine::ops::case::random;
use matte_engine::tensor::Tensor;
use matte_engine::{Error, Model, Result, Session};
use std::time::Duration;

fn selfie() -> (Model, Tensor) {
    let model =
        Model::open(source::root().join("models/selfie_segmentation.tflite")).expect("the model is read");
    let input = random(&model.inputs()[0].shape, 0.0, 1.0);
    (model, input)
}

fn built(model: &Model, gpu: &TestGpu) -> Result<Session> {
    Session::builder(model).gpu(&gpu.device, &gpu.queue).build()
}

/// The sentence of a device's error.
fn sentence<T>(result: Result<T>) -> String {
    let error = result.map(|_| ()).expect_err("the device is at fault");
    assert!(matches!(error, Error::Device(_)), "{error:?}");
    error.to_string()
}

fn runs_on_the_processor(model: &Model, input: Tensor) {
    let mut session = Session::builder(model).build().expect("a session");
    assert!(session.run(&[input]).is_ok());
}

#[test]
fn a_destroyed_device_is_an_error_of_the_device() {
    let Some(gpu) = opened(|_| ()) else { return };
    let (model, input) = selfie();
    let mut session = built(&model, &gpu).expect("a session");
    session.run(std::slice::from_ref(&input)).expect("a mask");
    gpu.device.destroy();
    sentence(session.run(std::slice::from_ref(&input)));
    sentence(built(&model, &gpu));
    runs_on_the_processor(&model, input);
}

#[test]
fn work_that_is_late_is_an_error_of_the_device() {
    let Some(gpu) = gpu() else { return };
    let (model, input) = selfie();
    let session = |patience| {
        let builder = Session::builder(&model).gpu(&gpu.device, &gpu.queue);
        builder.patience(patience).build().expect("a session")
    };
    let late = session(Duration::from_micros(10)).run(std::slice::from_ref(&input));
    let said = sentence(late);
    assert!(said.contains("did not finish within"), "{said}");
    session(Duration::from_secs(60)).run(&[input]).expect("the device is none the worse for it");
}

#[test]
fn a_device_that_binds_too_little_is_an_error_of_the_device() {
    let Some(gpu) = opened(|limits| limits.max_storage_buffer_binding_size = 1 << 16) else { return };
    let (model, input) = selfie();
    let said = sentence(built(&model, &gpu));
    assert!(said.contains("this GPU binds 65536 at most"), "{said}");
    runs_on_the_processor(&model, input);
}
