//! Bytes → graph → passes → plan → a run on the CPU, by the plain kernels and by the fast ones.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use matte_engine::tensor::{Tensor, TensorType};
use matte_engine::{Model, Session};

/// Models with larger values are not run: they would be honestly slow.
const MOST_BYTES: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(model) = Model::from_bytes(bytes.to_vec()) else { return Corpus::Keep };
    let mut values = model.graphs.iter().flat_map(|graph| &graph.values);
    let loops = model.graphs.len() > 1;
    if loops || values.any(|value| value.ty.bytes() > MOST_BYTES) {
        return Corpus::Reject;
    }
    let Ok(inputs) = model.inputs().into_iter().map(ramp).collect::<matte_engine::Result<Vec<_>>>() else {
        return Corpus::Keep;
    };
    let sessions = [Session::builder(&model).plain(), Session::builder(&model).threads(2)];
    for session in sessions {
        if let Ok(mut session) = session.memory_cap(1 << 22).build() {
            for _ in 0..2 {
                let _ = session.run(&inputs);
            }
        }
    }
    Corpus::Keep
});

/// Elements that are no constant and, as reals, are among the odd ones.
fn ramp(ty: &TensorType) -> matte_engine::Result<Tensor> {
    let bytes: Vec<u8> = (0..ty.bytes()).map(|index| (index * 37 % 251) as u8).collect();
    Tensor::from_bytes(ty.clone(), &bytes)
}
