//! Graphs that run on both backends: the order of their nodes, what crosses, and that the numbers stay.

use crate::gpu::{COMPILING, gpu};
use crate::source;
use matte_engine::graph::{Graph, Model, Node, NodeId, Value, ValueId};
use matte_engine::ops::binary::{Binary, BinaryKind};
use matte_engine::ops::case::random;
use matte_engine::ops::cast::Cast;
use matte_engine::ops::conv2d::Conv2d;
use matte_engine::ops::unary::Unary;
use matte_engine::ops::{Activation, Op, Padding};
use matte_engine::plan::{Choices, Plan, Target};
use matte_engine::tensor::{Tensor, TensorType};
use matte_engine::wgsl::{Dialect, Elem};
use matte_engine::{Session, plan::Planned};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::PoisonError;

struct Drawing(Graph);

impl Drawing {
    fn new() -> Self {
        Self(Graph::default())
    }

    fn input(&mut self, shape: &[usize]) -> ValueId {
        let value = self.0.add_value(Value::new("input", TensorType::f32(shape)));
        self.0.inputs.push(value);
        value
    }

    fn constant(&mut self, tensor: Tensor) -> ValueId {
        self.0.add_value(Value::constant("constant", tensor))
    }

    fn node(&mut self, op: impl Into<Op>, inputs: &[ValueId]) -> ValueId {
        let output = self.0.add_value(Value::new("result", TensorType::f32([])));
        let inputs = inputs.iter().copied().map(Some).collect();
        self.0.nodes.push(Node { name: "node".into(), op: op.into(), inputs, outputs: vec![output] });
        output
    }

    /// The same numbers by their bytes, which no GPU kernel sees.
    fn on_cpu(&mut self, input: ValueId) -> ValueId {
        self.node(Cast::Bits, &[input])
    }

    fn convolution(&mut self, input: ValueId, channels: usize) -> ValueId {
        let filter = self.constant(random(&[channels, 3, 3, channels], -0.1, 0.1));
        let op =
            Conv2d { stride: [1; 2], dilation: [1; 2], padding: Padding::Same, activation: Activation::None };
        self.node(op, &[input, filter])
    }

    fn add(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.node(Binary { kind: BinaryKind::Add, activation: Activation::None }, &[a, b])
    }

    fn model(mut self, outputs: &[ValueId]) -> Model {
        self.0.outputs = outputs.to_vec();
        self.0.verify().expect("the graph is sound");
        self.0.infer().expect("its shapes are known");
        Model { name: "drawn here".into(), graphs: vec![self.0], signatures: Vec::new() }
    }
}

/// Why a GPU does not reinterpret bytes.
const SEES_BYTES: &str = "it sees the bytes of numbers, which a GPU holds in another way";

fn plan(model: &Model) -> Plan {
    let dialect = Dialect { native_f16: false, f16_arithmetic: false };
    let target = Target::new(dialect, Elem::F32);
    Plan::gpu(&model.graphs[0], &target, &Choices::new()).expect("it has a plan")
}

fn on_cpu(plan: &Plan) -> Vec<&Planned> {
    plan.steps.iter().filter(|planned| planned.dispatch.is_none()).collect()
}

#[test]
fn a_lone_operator_goes_back_to_the_gpu_only_where_that_pays() {
    let small = || {
        let mut drawing = Drawing::new();
        let x = drawing.input(&[1, 8, 8, 4]);
        let same = drawing.on_cpu(x);
        let root = drawing.node(Unary::Abs, &[same]);
        let again = drawing.on_cpu(root);
        drawing.model(&[again])
    };
    let plan_of_small = plan(&small());
    assert_eq!((plan_of_small.steps.len(), plan_of_small.dispatches()), (3, 0), "{plan_of_small}");
    let lone = &plan_of_small.steps[1];
    assert!(lone.reason.contains("bytes to and fro") && lone.crossing == [0, 0], "{plan_of_small}");
    let large = {
        let mut drawing = Drawing::new();
        let x = drawing.input(&[1, 64, 64, 64]);
        let same = drawing.on_cpu(x);
        let convolved = drawing.convolution(same, 64);
        let again = drawing.on_cpu(convolved);
        drawing.model(&[again])
    };
    let plan = plan(&large);
    assert_eq!((plan.steps.len(), plan.dispatches()), (3, 1), "{plan}");
    let bytes = 64 * 64 * 64 * 4;
    assert_eq!([plan.steps[0].crossing, plan.steps[2].crossing], [[0, bytes], [bytes, 0]], "{plan}");
    let text = plan.to_string();
    assert!(text.contains("cpu BITCAST reference") && text.contains("1 wait for the GPU"), "{text}");
}

/// Two branches, each with a large convolution before and after a node of the CPU's, drawn one after the other.
fn branches() -> Model {
    let mut drawing = Drawing::new();
    let x = drawing.input(&[1, 64, 64, 64]);
    let branch = |drawing: &mut Drawing| {
        let before = drawing.convolution(x, 64);
        let same = drawing.on_cpu(before);
        drawing.convolution(same, 64)
    };
    let (a, b) = (branch(&mut drawing), branch(&mut drawing));
    let sum = drawing.add(a, b);
    drawing.model(&[sum])
}

#[test]
fn branches_cross_together() {
    let plan = plan(&branches());
    let backends: Vec<bool> = plan.steps.iter().map(|planned| planned.dispatch.is_some()).collect();
    assert_eq!(backends, [true, true, false, false, true, true], "{plan}");
    assert!(on_cpu(&plan).iter().all(|planned| planned.crossing == [64 * 64 * 64 * 4; 2]), "{plan}");
}

#[test]
fn both_backends_together_give_what_each_gives() {
    let Some(gpu) = gpu() else { return };
    let model = branches();
    let inputs = [random(&[1, 64, 64, 64], -0.1, 0.1)];
    let expected =
        Session::builder(&model).build().and_then(|mut session| session.run(&inputs)).expect("it runs");
    let mut session = Session::builder(&model).gpu(&gpu.device, &gpu.queue).build().expect("it has a plan");
    for _ in 0..2 {
        let results = session.run(&inputs).expect("it runs");
        assert_close(&expected, &results, "the branches");
    }
    assert!(session.explain().contains("cpu BITCAST"), "{}", session.explain());
}

#[test]
fn every_node_has_a_line_with_its_backend_kernel_bytes_and_reason() {
    let Some(gpu) = gpu() else { return };
    let model = branches();
    let builder = || Session::builder(&model).gpu(&gpu.device, &gpu.queue);
    let words = |text: &str| -> Vec<Vec<String>> {
        let cells = |line: &str| -> Vec<String> {
            line.split("  ").map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect()
        };
        text.lines().map(cells).collect()
    };
    let session = builder().build().expect("it has a plan");
    let rows = words(&session.by_node());
    assert_eq!(rows[0], ["node", "operator", "backend", "kernel", "bytes from the GPU", "to it", "because"]);
    assert_eq!(rows.len(), 1 + session.graph().nodes.len());
    for (row, node) in rows[1..].iter().zip(&session.graph().nodes) {
        let bytes = (64 * 64 * 64 * 4).to_string();
        match node.op.name() {
            "BITCAST" => assert_eq!(
                row[1..],
                ["BITCAST", "cpu", "reference", &bytes, &bytes, SEES_BYTES].map(str::to_owned)
            ),
            "CONV_2D" => assert!(row[3].starts_with("conv2d.") && row[6] == "it has a GPU kernel", "{row:?}"),
            name => assert!(row[3] == "-" && row[6].starts_with("it rides on node "), "{name}: {row:?}"),
        }
    }
    let session = builder().keep_on_cpu(session.graph().node_ids()).build().expect("it has a plan");
    let rows = words(&session.by_node());
    let kept = "the caller keeps it on the CPU";
    assert!(rows[1..].iter().all(|row| row[2] == "cpu" && row[4..] == ["0", "0", kept]), "{rows:?}");
    for session in [Session::builder(&model).build(), Session::builder(&model).plain().build()] {
        let text = session.expect("it runs").by_node();
        assert!(words(&text)[1..].iter().all(|row| row[2] == "cpu" && row.len() == 7), "{text}");
    }
}

/// Sums in another order: each of two backends may be 2e-5 of the range from the exact result, as in the conformance table.
const APART: f32 = 4e-5;

fn assert_close(want: &[Tensor], got: &[Tensor], what: &str) {
    assert_eq!(want.len(), got.len(), "{what}");
    for (want, got) in want.iter().zip(got) {
        assert_eq!(want.shape(), got.shape(), "{what}");
        let (want, got) = (want.to_reals().expect("reals"), got.to_reals().expect("reals"));
        let range = want.iter().fold(0.0f32, |range, value| range.max(value.abs()));
        let apart = want.iter().zip(&got).fold(0.0f32, |apart, (a, b)| apart.max((a - b).abs()));
        assert!(apart <= APART * range, "{what}: {apart} apart in {range}");
    }
}

/// The nodes of each operator of a graph.
fn operators(graph: &Graph) -> Vec<(&'static str, Vec<NodeId>)> {
    let names: BTreeSet<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
    let of = |name: &'static str| graph.node_ids().filter(|&id| graph.node(id).op.name() == name).collect();
    names.into_iter().map(|name| (name, of(name))).collect()
}

/// The models that come with the project.
fn models() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(source::root().join("models")).expect("models/ is readable");
    let paths = entries.map(|entry| entry.expect("the entry is readable").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "tflite")).collect();
    paths.sort();
    paths
}

/// A face, as a model's input of `[1, h, w, 3]` between 0 and 1: what a network answers to noise may be too little to compare.
fn photograph(shape: &[usize]) -> Tensor {
    let picture =
        image::open(source::root().join("assets/pictures/astronaut.jpg")).expect("the picture is kept");
    let filter = image::imageops::FilterType::Triangle;
    let pixels = picture.resize_exact(shape[2] as u32, shape[1] as u32, filter).into_rgb32f();
    Tensor::from_slice(shape, &pixels.into_raw()).expect("three numbers a pixel")
}

#[test]
fn each_operator_of_each_model_may_be_forced_to_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let _alone = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut forced = 0;
    for path in models() {
        let model = Model::open(&path).expect("the model is read");
        let inputs = [photograph(&model.inputs()[0].shape)];
        let builder = || Session::builder(&model).gpu(&gpu.device, &gpu.queue).threads(2);
        let mut whole = builder().build().expect("it has a plan");
        let expected = whole.run(&inputs).expect("it runs");
        assert!(whole.plan().is_some_and(|plan| plan.dispatches() == plan.steps.len()), "{}", path.display());
        let graph = whole.graph().clone();
        for (name, nodes) in operators(&graph) {
            let what = format!("{} without {name} on the GPU", path.display());
            let mut session = builder().keep_on_cpu(nodes).build().expect("it has a plan");
            assert_close(&expected, &session.run(&inputs).expect("it runs"), &what);
            forced += 1;
        }
        let all = graph.node_ids();
        let mut session = builder().keep_on_cpu(all).build().expect("it has a plan");
        assert_eq!(session.plan().map(Plan::dispatches), Some(0), "{}", path.display());
        assert_close(&expected, &session.run(&inputs).expect("it runs"), "no node on the GPU");
    }
    println!("{forced} operators were forced to the CPU");
    assert!(forced > 0, "there are models");
}
