//! NaN, infinities, denormals, single elements and none at all, against what LiteRT's reference kernels answer.
//!
//! `tests/goldens/odd_numbers.py` builds a model of one operator for each case and asks LiteRT; models, inputs and answers lie
//! in `tests/goldens/odd_numbers.npz`. Results are of the same kind (NaN, an infinity, a number), and numbers are close. What
//! differs nevertheless stands in a table with the reason, and a row that no longer differs is an error as well. GPUs other
//! than Mesa's software one may differ where WGSL promises nothing.

use crate::golden::tensor;
use crate::gpu::{COMPILING, gpu};
use crate::source;
use matte_engine::tensor::{DType, Tensor};
use matte_engine::{Model, Session, tflite};
use npyz::npz::NpzArchive;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::sync::PoisonError;

/// A model with what goes in and what LiteRT answers.
struct Odd {
    model: Model,
    inputs: Vec<Tensor>,
    answer: Tensor,
}

fn odd() -> BTreeMap<String, Odd> {
    let path = source::root().join("tests/goldens/odd_numbers.npz");
    let file = BufReader::new(File::open(path).expect("the goldens are there"));
    let mut archive = NpzArchive::new(file).expect("an archive");
    let names: Vec<String> = archive.array_names().map(str::to_owned).collect();
    let mut read =
        |name: &str| tensor(archive.by_name(name).expect("readable").expect("there")).expect("a tensor");
    let labels = names.iter().filter_map(|name| name.strip_suffix(".model"));
    labels
        .map(|label| {
            let bytes = read(&format!("{label}.model")).as_bytes().to_vec();
            let model = tflite::read(bytes).expect("a model of LiteRT's own writer");
            let count = model.inputs().len();
            let inputs = (0..count).map(|index| read(&format!("{label}.in{index}"))).collect();
            (label.to_owned(), Odd { model, inputs, answer: read(&format!("{label}.out0")) })
        })
        .collect()
}

/// Why a number is another one than LiteRT's.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Why {
    /// The rounding of a sum depends on the order of its terms, and here they cancel each other.
    Order,
    /// WGSL lets an implementation assume that there are neither NaN nor infinities.
    Infinite,
    /// WGSL lets denormals be taken for zeros.
    Denormal,
    /// WGSL promises sines and cosines of angles within −π … π alone.
    Angle,
}

/// What differs.
const DIFFERENT: [(&str, Why, &str); 5] = [
    ("the CPU", Why::Order, "FULLY_CONNECTED"),
    ("the GPU", Why::Order, "FULLY_CONNECTED"),
    (
        "the GPU",
        Why::Infinite,
        "ADD ATAN2 AVERAGE_POOL_2D CONV_2D DEPTHWISE_CONV_2D DIV FLOOR_MOD FULLY_CONNECTED HARD_SWISH L2_NORMALIZATION \
         MAX_POOL_2D MUL POW REDUCE_MAX REDUCE_MIN RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 RESIZE_BILINEAR SIGN SUB TANH",
    ),
    ("the GPU", Why::Denormal, "LOG"),
    ("the GPU", Why::Angle, "COS SIN"),
];

impl Why {
    fn explains(self, want: f32, got: f32) -> bool {
        let finite = want.is_finite() && got.is_finite();
        if self == Why::Infinite { !finite } else { finite }
    }

    /// Whether the reason lies in WGSL and not in arithmetic.
    fn is_wgsl(self) -> bool {
        self != Why::Order
    }
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    match tensor.dtype() {
        DType::F32 => tensor.to_reals().expect("reals"),
        _ => tensor.to_integers().expect("integers").into_iter().map(|integer| integer as f32).collect(),
    }
}

/// Whether two results are of one kind and, as numbers, close.
fn agree(want: f32, got: f32, on_gpu: bool) -> bool {
    let least = match want.abs() > 1e-3 {
        true => 1e-6,
        false if on_gpu => 2.0 * f32::MIN_POSITIVE,
        false => 1e-44,
    };
    match want.is_finite() {
        true => (want - got).abs() <= 1e-5 * want.abs() + least,
        false => want == got || (want.is_nan() && got.is_nan()),
    }
}

/// The numbers of a backend's result that differ: LiteRT's, the result's.
fn apart(
    odd: &Odd,
    result: matte_engine::Result<Vec<Tensor>>,
    on_gpu: bool,
) -> Result<Vec<[f32; 2]>, String> {
    let result = result.map_err(|error| error.to_string())?.remove(0);
    if result.shape() != odd.answer.shape() {
        return Err(format!("the shape is {:?}, not {:?}", result.shape(), odd.answer.shape()));
    }
    let pairs = numbers(&odd.answer).into_iter().zip(numbers(&result));
    Ok(pairs.filter(|&(want, got)| !agree(want, got, on_gpu)).map(|(want, got)| [want, got]).collect())
}

#[test]
fn odd_numbers_become_what_the_official_runtime_makes_of_them() {
    let _alone = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    let gpu = gpu();
    let known = gpu.as_ref().is_none_or(|gpu| gpu.device.adapter_info().name.contains("llvmpipe"));
    let mut failures = Vec::new();
    let all = odd();
    for (label, odd) in &all {
        let plain = Session::builder(&odd.model).plain().build();
        let fast = Session::builder(&odd.model).threads(2).build();
        let on_gpu =
            gpu.as_ref().map(|gpu| Session::builder(&odd.model).gpu(&gpu.device, &gpu.queue).build());
        for (backend, session) in [("plain", Some(plain)), ("the CPU", Some(fast)), ("the GPU", on_gpu)] {
            let Some(session) = session else { continue };
            let stated = |why: &Why| {
                let names = |row: &&(&str, Why, &str)| row.0 == backend && row.1 == *why;
                DIFFERENT.iter().filter(names).any(|row| row.2.split(' ').any(|name| name == label))
            };
            let whys = [Why::Order, Why::Infinite, Why::Denormal, Why::Angle];
            let result = session.and_then(|mut session| session.run(&odd.inputs));
            let apart = match apart(odd, result, backend == "the GPU") {
                Ok(apart) => apart,
                Err(wrong) => {
                    failures.push(format!("{label} on {backend}: {wrong}"));
                    continue;
                }
            };
            for why in whys.iter().filter(|why| stated(why) && (known || !why.is_wgsl())) {
                if !apart.iter().any(|&[want, got]| why.explains(want, got)) {
                    failures.push(format!("{label} on {backend} no longer differs by {why:?}"));
                }
            }
            let unknown = backend == "the GPU" && !known;
            for [want, got] in apart {
                let may = |why: &&Why| stated(why) || (unknown && why.is_wgsl());
                if !whys.iter().filter(may).any(|why| why.explains(want, got)) {
                    failures.push(format!("{label} on {backend}: {got:e}, not {want:e}"));
                }
            }
        }
    }
    println!("{} cases", all.len());
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}
