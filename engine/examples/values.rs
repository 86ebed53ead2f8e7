//! A model without a window or a GPU: values in, values out.
//!
//!     cargo run --release --example values [MODEL.tflite]

use matte_engine::tensor::{Tensor, TensorType};
use matte_engine::{Model, Result, Session};
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let bundled =
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/posenet_mobilenet_v1_075_257.tflite");
    let model = Model::open(std::env::args_os().nth(1).map_or_else(bundled, PathBuf::from))?;

    let mut session = Session::builder(&model).threads(2).build()?;
    print!("{}", session.explain());

    let inputs = model.inputs().into_iter().map(waves).collect::<Result<Vec<Tensor>>>()?;
    for (index, output) in session.run(&inputs)?.iter().enumerate() {
        let values = output.to_reals().unwrap_or_default();
        let least = values.iter().copied().fold(f32::INFINITY, f32::min);
        let greatest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        println!("output {index}: {}, {least} … {greatest}", output.ty());
    }
    Ok(())
}

/// Some smooth numbers between 0 and 1.
fn waves(ty: &TensorType) -> Result<Tensor> {
    let wave = |index: usize| (index as f32 * 0.01).sin() * 0.5 + 0.5;
    Tensor::from_reals(ty.clone(), &(0..ty.elements()).map(wave).collect::<Vec<f32>>())
}
