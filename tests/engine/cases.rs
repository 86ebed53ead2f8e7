//! Every operator case on every backend, kernel and precision, against the operator's reference.

use crate::gpu::{COMPILING, TestGpu, gpu};
use matte_engine::graph::{Graph, Model, Node, Value, ValueId};
use matte_engine::ops::case::Case;
use matte_engine::ops::{Operands, cases};
use matte_engine::plan::Choices;
use matte_engine::tensor::Tensor;
use matte_engine::wgsl::Choice;
use matte_engine::{Precision, Session};
use std::sync::PoisonError;

/// A model of one node.
pub fn model(case: &Case) -> Result<Model, String> {
    let mut graph = Graph::default();
    let mut inputs = Vec::new();
    for (index, given) in case.inputs.iter().enumerate() {
        inputs.push(given.as_ref().map(|given| {
            let name = format!("in{index}");
            let value = match given.constant {
                true => Value::constant(name, given.tensor.clone()),
                false => Value::new(name, given.tensor.ty().clone()),
            };
            let id = graph.add_value(value);
            if !given.constant {
                graph.inputs.push(id);
            }
            id
        }));
    }
    let outputs: Vec<ValueId> = case
        .outputs
        .iter()
        .enumerate()
        .map(|(i, ty)| graph.add_value(Value::new(format!("out{i}"), ty.clone())))
        .collect();
    graph.outputs.clone_from(&outputs);
    graph.nodes.push(Node { name: case.name.clone(), op: case.op.clone(), inputs, outputs });
    graph.verify().map_err(|error| error.to_string())?;
    graph.infer().map_err(|error| error.to_string())?;
    Ok(Model { name: case.name.clone(), graphs: vec![graph], signatures: Vec::new() })
}

fn expected(case: &Case, model: &Model) -> Result<Vec<Tensor>, String> {
    let graph = &model.graphs[0];
    let inputs: Vec<Option<&Tensor>> =
        case.inputs.iter().map(|given| given.as_ref().map(|given| &given.tensor)).collect();
    let mut types: Vec<_> = graph.outputs.iter().map(|&output| graph.value(output).ty.clone()).collect();
    if graph.outputs.iter().any(|&output| graph.value(output).dynamic) {
        let operand = |tensor: &&'_ Tensor| tensor.ty().clone();
        let known: Vec<_> = inputs.iter().map(|input| input.as_ref().map(operand)).collect();
        let operands = Operands {
            inputs: inputs
                .iter()
                .zip(&known)
                .map(|(tensor, ty)| {
                    ty.as_ref().map(|ty| matte_engine::ops::Operand { ty, constant: *tensor, dynamic: false })
                })
                .collect(),
            outputs: case.outputs.iter().collect(),
        };
        let shapes = case.op.infer(&operands).map_err(|refusal| refusal.0)?;
        for (ty, shape) in types.iter_mut().zip(shapes) {
            ty.shape = shape.ok_or("a shape stays unknown")?;
        }
    }
    case.op.reference(&inputs, &types).map_err(|refusal| refusal.0)
}

fn run(case: &Case, session: &mut Session) -> Result<Vec<Tensor>, String> {
    let given = case.inputs.iter().flatten().filter(|given| !given.constant);
    session
        .run(&given.map(|given| given.tensor.clone()).collect::<Vec<_>>())
        .map_err(|error| error.to_string())
}

/// How far results may be apart: a multiple of the case's tolerance, and so many steps of quantized results.
#[derive(Clone, Copy)]
struct Slack {
    tolerance: f32,
    steps: f32,
}

impl Slack {
    const CPU: Self = Self { tolerance: 1.0, steps: 0.0 };

    /// A GPU computes quantized results from reals, where a half may round to the other side.
    fn gpu(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self { tolerance: 1.0, steps: 1.0 },
            _ => Self { tolerance: 1000.0, steps: 1.0 },
        }
    }
}

fn compare(case: &Case, expected: &[Tensor], actual: &[Tensor], slack: Slack) -> Result<(), String> {
    for (index, (want, got)) in expected.iter().zip(actual).enumerate() {
        if want.shape() != got.shape() || want.dtype() != got.dtype() {
            return Err(format!("output {index} is {}, expected {}", got.ty(), want.ty()));
        }
        let (Some(a), Some(b)) = (want.to_reals(), got.to_reals()) else { continue };
        let finite = |sum: f32, v: &f32| if v.is_finite() { sum.max(v.abs()) } else { sum };
        let scale = a.iter().fold(0.0, finite).max(1.0);
        let step =
            want.ty().quantization.as_ref().map_or(0.0, |q| q.scale.iter().copied().fold(0.0, f32::max));
        let bound = case.tolerance * slack.tolerance * scale + slack.steps * step;
        let off = |(x, y): &(&f32, &f32)| !((*x - *y).abs() <= bound || x == y || x.is_nan() && y.is_nan());
        if let Some((x, y)) = a.iter().zip(&b).find(off) {
            return Err(format!("output {index} has {y}, expected {x} within {bound}"));
        }
    }
    Ok(())
}

fn report(failures: Vec<String>, count: usize) {
    println!("{count} cases ran");
    assert!(failures.is_empty(), "{} of {count} cases failed:\n{}", failures.len(), failures.join("\n"));
}

/// The cases whose names contain one of the texts that `MATTE_CASES` holds, such as `pool2d/,softmax/`; all without it.
fn selected() -> Vec<Case> {
    let parts = std::env::var("MATTE_CASES").unwrap_or_default();
    cases().into_iter().filter(|case| parts.split(',').any(|part| case.name.contains(part))).collect()
}

/// Runs the case twice on threads.
pub fn on_cpu(case: &Case) -> Result<(), String> {
    let model = model(case)?;
    let expected = expected(case, &model)?;
    let mut session =
        Session::builder(&model).passes(0).threads(2).build().map_err(|error| error.to_string())?;
    for _ in 0..2 {
        compare(case, &expected, &run(case, &mut session)?, Slack::CPU)?;
    }
    Ok(())
}

#[test]
fn kernels_of_the_cpu_agree_with_the_reference() {
    let cases = selected();
    let failed = |case: &Case| on_cpu(case).err().map(|error| format!("{}: {error}", case.name));
    report(cases.iter().filter_map(failed).collect(), cases.len());
}

/// Runs the case on the GPU, by each kernel or by the one that is chosen; the number of dispatches.
pub fn on_gpu(case: &Case, gpu: &TestGpu, precision: Precision, all_kernels: bool) -> Result<usize, String> {
    let model = model(case)?;
    let expected = expected(case, &model)?;
    let graph = &model.graphs[0];
    let kernels = case.op.gpu(&graph.operands(&graph.nodes[0])).unwrap_or_default();
    let slack = Slack::gpu(precision);
    let taken: Vec<Option<Choice>> = match all_kernels && !kernels.is_empty() {
        true => kernels.into_iter().map(Some).collect(),
        false => vec![None],
    };
    let mut ran = 0;
    for choice in taken {
        let choices: Choices =
            choice.iter().map(|choice| (matte_engine::graph::NodeId(0), choice.clone())).collect();
        let builder = Session::builder(&model)
            .passes(0)
            .gpu(&gpu.device, &gpu.queue)
            .precision(precision)
            .small_map(0)
            .choices(choices);
        let mut session = builder.build().map_err(|error| error.to_string())?;
        ran += session.plan().map_or(0, |plan| plan.dispatches());
        let named = |error: String| format!("{:?}: {error}", choice.as_ref().map(ToString::to_string));
        compare(case, &expected, &run(case, &mut session).map_err(named)?, slack).map_err(named)?;
    }
    Ok(ran)
}

#[test]
fn kernels_of_the_gpu_agree_with_the_reference() {
    let Some(gpu) = gpu() else { return };
    let _alone = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    let cases = selected();
    let mut failures = Vec::new();
    let mut dispatches = 0;
    for case in &cases {
        for (precision, all) in [(Precision::F32, true), (Precision::F16, false)] {
            match on_gpu(case, &gpu, precision, all) {
                Ok(ran) => dispatches += ran,
                Err(error) => failures.push(format!("{} {precision:?}: {error}", case.name)),
            }
        }
    }
    println!("{dispatches} dispatches ran");
    report(failures, cases.len());
    assert!(dispatches > 0, "no case ran on the GPU");
}
