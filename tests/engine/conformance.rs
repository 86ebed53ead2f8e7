//! Every model at hand on every backend, against what LiteRT answers.
//!
//! A model's golden lies beside it, among the goldens, or is made by LiteRT where `MATTE_LITERT` names a Python that has
//! it; without one the plain kernels stand in. Reals must agree within 1e-5 of the output's range, quantized results
//! within one step, other integers exactly; [`ALLOWED`] and [`ALLOWED_ON_GPU`] list what may be further apart, and why.
//!
//! The table is kept in `tests/snapshots/conformance.md`: `MATTE_UPDATE_SNAPSHOTS=1 cargo test conformance` writes it.

use crate::golden::Golden;
use crate::gpu::{COMPILING, TestGpu, gpu};
use crate::{source, test_data};
use matte_engine::graph::{Graph, Model, ValueId};
use matte_engine::ops::{Op, quantize::Quantize};
use matte_engine::tensor::{DType, Tensor};
use matte_engine::{Session, tflite};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::PoisonError;
use std::{env, fs};

/// How far reals may be apart, as a part of the output's range.
const REALS: f32 = 1e-5;

/// Models whose results may be further from LiteRT's: as a part of the output's range (or, in quantized results, so
/// many steps), with the reason.
const ALLOWED: &[(&str, f32, &str)] = &[
    ("bundle/selfie_segmentation", 2e-5, "LiteRT's own rounding: sums in f64 are as far from it"),
    (
        "conformance/partly_quantized_mnist",
        1e-3,
        "LiteRT rounds the activations of layers with 8-bit weights",
    ),
    (
        "conformance/static_w8_a16_quantized_k_einsum",
        2.0,
        "LiteRT answers 0 where the exact result is up to 2 steps",
    ),
    (
        "reference/hair_segmentation",
        3e-2,
        "near maxima change places: LiteRT's own answer moves by 5e-2 when its input does by 6e-8",
    ),
    ("conformance/simple_atan2_op", 4e-5, "WGSL lets atan2 be 4096 units in the last place off"),
];

/// Models whose results on the GPU may be further still: quantized values are reals there that keep to their steps, and a
/// half that rounds to the other side moves what follows.
const ALLOWED_ON_GPU: &[(&str, f32, &str)] = &[(
    "reference/fastdepth_quant",
    5.0,
    "roundings to the other step spread through 60 layers, of which each alone is within one step",
)];

/// How a backend's results differ from the golden.
#[derive(Clone, Copy, Debug, Default)]
struct Difference {
    /// Of reals, as a part of the range.
    reals: f32,
    /// Of quantized results, in steps.
    steps: f32,
    /// The number of results that had to be equal and are not.
    unequal: usize,
}

impl Difference {
    fn within(&self, allowed: Option<f32>) -> bool {
        let (reals, steps) = allowed.map_or((REALS, 1.0), |allowed| (allowed, allowed));
        self.reals <= reals && self.steps <= steps + 1e-3 && self.unequal == 0
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self { unequal: 1.., .. } => write!(f, "{} unequal", self.unequal),
            Self { steps, .. } if *steps > 0.0 => write!(f, "{steps:.2} steps"),
            Self { reals, .. } if *reals > 0.0 => write!(f, "{reals:.0e}"),
            _ => f.write_str("equal"),
        }
    }
}

/// The step of an output: its own, or that of the quantized value it was made real from.
fn step(graph: &Graph, output: ValueId) -> Option<f32> {
    let scale = |value: ValueId| {
        let q = graph.value(value).ty.quantization.as_ref()?;
        (!q.is_per_channel()).then_some(q.scale[0])
    };
    let producer = graph.nodes.iter().find(|node| node.outputs.contains(&output));
    match producer {
        Some(node) if node.op == Op::Quantize(Quantize::Dequantize) => {
            let input = node.inputs[0].filter(|&input| graph.value(input).constant.is_none());
            input.and_then(scale)
        }
        _ => scale(output),
    }
}

fn difference(graph: &Graph, golden: &[Tensor], results: &[Tensor]) -> Result<Difference, String> {
    if golden.len() != results.len() {
        return Err(format!("{} outputs, expected {}", results.len(), golden.len()));
    }
    let mut difference = Difference::default();
    for ((&output, want), got) in graph.outputs.iter().zip(golden).zip(results) {
        if want.shape() != got.shape() || want.dtype() != got.dtype() {
            return Err(format!("an output is {}, expected {}", got.ty(), want.ty()));
        }
        let quantized = step(graph, output);
        if !want.dtype().is_float() && quantized.is_none() {
            difference.unequal += usize::from(want.as_bytes() != got.as_bytes());
            continue;
        }
        let want = want.with_type(got.ty().clone()).map_err(|error| error.to_string())?;
        let (Some(want), Some(got)) = (want.to_reals(), got.to_reals()) else { continue };
        let finite = want.iter().filter(|v| v.is_finite());
        let (low, high) = finite.fold((0.0f32, 0.0f32), |(low, high), &v| (low.min(v), high.max(v)));
        let mut apart = 0.0f32;
        for (a, b) in want.iter().zip(&got) {
            if (a.is_nan() && b.is_nan()) || a == b {
                continue;
            }
            apart = if (a - b).is_finite() { apart.max((a - b).abs()) } else { f32::INFINITY };
        }
        match quantized {
            Some(step) => difference.steps = difference.steps.max(apart / step),
            None => difference.reals = difference.reals.max(apart / (high - low).max(f32::MIN_POSITIVE)),
        }
    }
    Ok(difference)
}

/// The folder's and the file's name, without extension.
fn name(path: &Path) -> String {
    let stem = path.with_extension("");
    let part =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{}/{}", stem.parent().map(part).unwrap_or_default(), part(&stem))
}

/// Where the model's golden lies, made by LiteRT if need be.
fn golden_of(path: &Path, shared: &Path) -> Option<PathBuf> {
    let stem = path.file_stem()?.to_string_lossy().into_owned();
    let beside = path.with_extension("npz");
    let among = shared.join(format!("models/goldens/{stem}.npz"));
    if let Some(found) = [beside, among].into_iter().find(|path| path.is_file()) {
        return Some(found);
    }
    let python = env::var_os("MATTE_LITERT")?;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("goldens");
    let made = folder.join(format!("{}.npz", name(path).replace('/', "-")));
    if !made.is_file() {
        fs::create_dir_all(&folder).ok()?;
        let script = shared.join("tools/litert_reference.py");
        let output = Command::new(python).arg(script).arg(path).arg(&made).output().ok()?;
        if !output.status.success() {
            return None;
        }
    }
    Some(made)
}

/// Inputs where there is no golden: pseudo-random reals in [0, 1), zeros of other types.
fn inputs_without_golden(model: &Model) -> Vec<Tensor> {
    let input = |ty: &&matte_engine::tensor::TensorType| match ty.dtype {
        DType::F32 => matte_engine::ops::case::random(&ty.shape, 0.0, 1.0),
        _ => Tensor::zeros((*ty).clone()),
    };
    model.inputs().iter().map(input).collect()
}

/// A row of the table: its name, what stays the same on every machine, and the figures.
struct Row {
    name: String,
    fixed: String,
    figures: Vec<String>,
    failures: Vec<String>,
}

fn row(path: &Path, shared: &Path, gpu: Option<&TestGpu>) -> Row {
    let name = name(path);
    let mut row = Row { name: name.clone(), fixed: String::new(), figures: Vec::new(), failures: Vec::new() };
    match fill(&mut row, path, shared, gpu) {
        Ok(()) => {}
        Err(error) => row.failures.push(format!("{name}: {error}")),
    }
    row
}

fn fill(row: &mut Row, path: &Path, shared: &Path, gpu: Option<&TestGpu>) -> Result<(), String> {
    let text = |error: matte_engine::Error| error.to_string();
    let model = tflite::read(fs::read(path).map_err(|error| error.to_string())?).map_err(text)?;
    let find =
        |list: &'static [(&str, f32, &'static str)]| list.iter().find(|(name, _, _)| *name == row.name);
    let (allowed, allowed_on_gpu) = (find(ALLOWED), find(ALLOWED_ON_GPU));
    let golden = golden_of(path, shared).map(|path| Golden::open(&path)).transpose()?;
    let inputs =
        golden.as_ref().map_or_else(|| inputs_without_golden(&model), |golden| golden.inputs.clone());
    let typed = |(tensor, ty): (&Tensor, &&matte_engine::tensor::TensorType)| tensor.with_type((*ty).clone());
    let inputs: Vec<Tensor> =
        inputs.iter().zip(&model.inputs()).map(typed).collect::<Result<_, _>>().map_err(text)?;
    let plain = Session::builder(&model).plain().build().and_then(|mut s| s.run(&inputs)).map_err(text)?;
    let official = golden.and_then(|golden| golden.outputs);
    let by_litert = official.is_some();
    let against = official.unwrap_or_else(|| plain.clone());
    let graph = &model.graphs[0];
    let operators: BTreeSet<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
    let _ = write!(
        row.fixed,
        "{} | {} | {}",
        operators.into_iter().collect::<Vec<_>>().join(" "),
        if by_litert { "LiteRT" } else { "plain kernels" },
        match (allowed, allowed_on_gpu) {
            (Some((_, _, reason)), _) => reason.to_string(),
            (None, Some((_, _, reason))) => format!("on the GPU: {reason}"),
            (None, None) => String::new(),
        }
    );
    let mut compare = |backend: &str, results: Result<Vec<Tensor>, String>| {
        let found = results.and_then(|results| difference(graph, &against, &results));
        match found {
            Ok(difference) => {
                row.figures.push(difference.to_string());
                let allowed = allowed_on_gpu.filter(|_| backend == "the GPU").or(allowed);
                if !difference.within(allowed.map(|(_, allowed, _)| *allowed)) {
                    row.failures.push(format!("{} on {backend}: {difference}", row.name));
                }
            }
            Err(error) => {
                row.figures.push("failed".into());
                row.failures.push(format!("{} on {backend}: {error}", row.name));
            }
        }
    };
    compare("plain kernels", Ok(plain));
    let cpu = Session::builder(&model).threads(2).build().and_then(|mut session| session.run(&inputs));
    compare("the CPU", cpu.map_err(text));
    if let Some(gpu) = gpu {
        let built = Session::builder(&model).gpu(&gpu.device, &gpu.queue).build();
        match built {
            Ok(mut session) => {
                compare("the GPU", session.run(&inputs).map_err(text));
                let steps = session.plan().map_or(0, |plan| plan.steps.len());
                let on_gpu = session.plan().map_or(0, |plan| plan.dispatches());
                row.figures.push(format!("{on_gpu} of {steps}"));
            }
            Err(error) => compare("the GPU", Err(error.to_string())),
        }
    }
    Ok(())
}

#[test]
fn models_agree_with_the_official_runtime() {
    let Some(shared) = test_data::folder("models of the field against LiteRT") else { return };
    let only = env::var("MATTE_MODEL").ok();
    let gpu = gpu();
    let _alone = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut paths = test_data::models("models of the field against LiteRT");
    paths.retain(|path| {
        only.as_ref().is_none_or(|only| only.split(',').any(|part| name(path).contains(part)))
    });
    let bundled = source::root().join("models");
    paths.retain(|path| !path.starts_with(&bundled) || !shared.join("models/bundle").is_dir());
    let mut rows = Vec::new();
    for path in &paths {
        let row = row(path, &shared, gpu.as_ref());
        println!("{}: {}", row.name, row.figures.join(", "));
        rows.push(row);
    }
    let failures: Vec<&String> = rows.iter().flat_map(|row| &row.failures).collect();
    println!("{} models", rows.len());
    let texts: Vec<&str> = failures.iter().map(|failure| failure.as_str()).collect();
    assert!(
        failures.is_empty(),
        "{} failures in {} models:\n{}",
        failures.len(),
        rows.len(),
        texts.join("\n")
    );
    if only.is_none() {
        check_table(&rows, gpu.is_some());
    }
}

/// The model with each node by itself: what other nodes wrote are inputs, and every node's results are outputs.
fn taken_apart(model: &Model) -> Model {
    let mut graph = model.graphs[0].clone();
    let written: Vec<ValueId> = graph.nodes.iter().flat_map(|node| node.outputs.clone()).collect();
    graph.inputs.extend(&written);
    graph.outputs.clear();
    for index in 0..graph.nodes.len() {
        let copied = graph.nodes[index].outputs.clone().into_iter().map(|output| {
            let value = graph.value(output).clone();
            graph.add_value(value)
        });
        let copied: Vec<ValueId> = copied.collect();
        graph.outputs.extend(&copied);
        graph.nodes[index].outputs = copied;
    }
    Model { graphs: vec![graph], ..model.clone() }
}

#[test]
fn each_layer_of_a_quantized_model_is_within_one_step_on_the_gpu() {
    let Some(shared) = test_data::folder("layers of quantized models on the GPU") else { return };
    let Some(gpu) = gpu() else { return };
    let _alone = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    for name in ["fastdepth_quant", "mobilenet_v1_0.25_224_quant"] {
        let path = shared.join(format!("models/reference/{name}.tflite"));
        let mut whole = Model::open(&path).expect("the model is read");
        let apart = taken_apart(&whole);
        let mut inputs = inputs_without_golden(&whole);
        if let [input] = &mut inputs[..] {
            // Bytes as a picture has them.
            let reals = matte_engine::ops::case::random(input.shape(), 0.0, 1.0).to_reals();
            *input = Tensor::from_reals(input.ty().clone(), &reals.expect("reals")).expect("a picture");
        }
        let graph = &mut whole.graphs[0];
        graph.outputs = graph.nodes.iter().flat_map(|node| node.outputs.clone()).collect();
        let plain = Session::builder(&whole).plain().build().and_then(|mut plain| plain.run(&inputs));
        let plain = plain.expect("it runs by its plain kernels");
        inputs.extend(plain.iter().cloned());
        let mut session =
            Session::builder(&apart).gpu(&gpu.device, &gpu.queue).build().expect("it has a plan");
        let dispatches = session.plan().map_or(0, |plan| plan.dispatches());
        let results = session.run(&inputs).expect("it runs");
        let mut off = 0;
        for ((&output, want), got) in whole.graphs[0].outputs.iter().zip(&plain).zip(&results) {
            let Some(step) = step(&whole.graphs[0], output) else { continue };
            let (want, got) = (want.to_reals().expect("reals"), got.to_reals().expect("reals"));
            let steps = want.iter().zip(&got).map(|(a, b)| (a - b).abs() / step);
            off += steps.clone().filter(|&steps| steps > 0.5).count();
            let most = steps.fold(0.0, f32::max);
            let layer = &whole.graphs[0].value(output).name;
            assert!(most <= 1.001, "{name}: the layer {layer} alone is {most} steps off");
        }
        println!("{name}: {off} results a step off in {} layers, {dispatches} dispatches", results.len());
        assert!(dispatches > results.len() / 2);
    }
}

/// Compares the table's rows but for the figures, which depend on the machine; writes the table when asked to.
fn check_table(rows: &[Row], with_gpu: bool) {
    let path = source::root().join("tests/snapshots/conformance.md");
    if env::var_os("MATTE_UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        assert!(with_gpu, "the table is written on a machine with a GPU adapter");
        let mut table = String::from(HEAD);
        for row in rows {
            let _ = writeln!(table, "| {} | {} | {} |", row.name, row.figures.join(" | "), row.fixed);
        }
        fs::write(path, table).expect("the table is written");
        return;
    }
    let stored = fs::read_to_string(path).expect("the table is kept");
    // A row's name, operators and reason; the golden's origin depends on whether LiteRT is there.
    let kept = |line: &str| -> Option<[String; 3]> {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        (cells.len() == 8).then(|| [0, 5, 7].map(|cell| cells[cell].to_owned()))
    };
    let stored: Vec<[String; 3]> = stored.lines().filter_map(kept).skip(2).collect();
    let line = |row: &Row| format!("| {} ||||| {} |", row.name, row.fixed);
    let now: Vec<[String; 3]> = rows.iter().filter_map(|row| kept(&line(row))).collect();
    let changed: Vec<&str> =
        now.iter().filter(|row| !stored.contains(row)).map(|row| row[0].as_str()).collect();
    let fewer = stored.len() != now.len();
    assert!(
        changed.is_empty() && !fewer,
        "MATTE_UPDATE_SNAPSHOTS=1 writes the table anew: {} rows, {} now; changed: {changed:?}",
        stored.len(),
        now.len()
    );
}

const HEAD: &str = "\
# Models against LiteRT

The greatest difference of each backend to LiteRT's answer: of reals as a part of the output's range, of quantized results
in steps. `MATTE_UPDATE_SNAPSHOTS=1 cargo test --release -p matte-engine conformance` writes this table; the test holds
1e-5 of the range and one step, or what the last column allows.

| model | plain | CPU | GPU | steps on the GPU | operators | against | allowed further apart because |
|---|---|---|---|---|---|---|---|
";
