//! What outlives a run, and graphs that call each other.

use crate::gpu::gpu;
use matte_engine::graph::{Graph, Model, Node, Value, ValueId};
use matte_engine::ops::binary::{Binary, BinaryKind};
use matte_engine::ops::control::Control;
use matte_engine::ops::rnn::Rnn;
use matte_engine::ops::{Activation, Op, case};
use matte_engine::tensor::{DType, Tensor, TensorType};
use matte_engine::{Error, Session};

fn model(graphs: Vec<Graph>) -> Model {
    let mut graphs = graphs;
    for graph in &mut graphs {
        graph.verify().expect("the graph is sound");
        graph.infer().expect("its shapes are known");
    }
    Model { name: "made here".into(), graphs, signatures: Vec::new() }
}

fn node(graph: &mut Graph, op: impl Into<Op>, inputs: &[ValueId], output: TensorType) -> ValueId {
    let output = graph.add_value(Value::new("result", output));
    let inputs = inputs.iter().copied().map(Some).collect();
    graph.nodes.push(Node { name: "node".into(), op: op.into(), inputs, outputs: vec![output] });
    output
}

fn input(graph: &mut Graph, ty: TensorType) -> ValueId {
    let value = graph.add_value(Value::new("input", ty));
    graph.inputs.push(value);
    value
}

fn scalar(value: f32) -> Tensor {
    Tensor::from_slice([], &[value]).expect("a scalar")
}

/// A recurrent layer of five units on three features, over a sequence or one step a run.
fn recurrent(shape: &[usize]) -> Model {
    let mut graph = Graph::default();
    let x = input(&mut graph, TensorType::f32(shape));
    let weights = [&[5, 3][..], &[5, 5], &[5]];
    let mut inputs = vec![x];
    inputs.extend(weights.map(|shape| graph.add_value(Value::constant("w", case::random(shape, -1.0, 1.0)))));
    inputs.push(graph.add_value(Value { variable: true, ..Value::new("h", TensorType::f32([1, 5])) }));
    let op = Rnn { sequence: shape.len() == 3, time_major: false, activation: Activation::Tanh };
    let y = node(&mut graph, op, &inputs, TensorType::f32([]));
    graph.outputs.push(y);
    model(vec![graph])
}

#[test]
fn a_state_goes_on_from_run_to_run_until_it_is_reset() {
    let sequence = case::random(&[1, 2, 3], -1.0, 1.0);
    let numbers = sequence.to_reals().expect("reals");
    let step = |at: usize| Tensor::from_slice([1, 3], &numbers[3 * at..][..3]).expect("three numbers");
    let whole = recurrent(&[1, 2, 3]);
    let expected =
        Session::builder(&whole).plain().build().expect("it runs").run(&[sequence]).expect("it runs");
    let expected = expected[0].to_reals().expect("reals");
    let stepwise = recurrent(&[1, 3]);
    let mut sessions = vec![Session::builder(&stepwise).plain().build(), Session::builder(&stepwise).build()];
    sessions.extend(gpu().map(|gpu| Session::builder(&stepwise).gpu(&gpu.device, &gpu.queue).build()));
    for session in sessions {
        let mut session = session.expect("it runs");
        for _ in 0..2 {
            for at in 0..2 {
                let result = session.run(&[step(at)]).expect("it runs");
                assert_eq!(result[0].to_reals().expect("reals"), expected[5 * at..][..5], "step {at}");
            }
            session.reset();
        }
    }
}

/// x if it is below 100, else 2x, by two graphs besides the main one.
fn choice() -> Model {
    let real = || TensorType::f32([]);
    let mut main = Graph::default();
    let x = input(&mut main, real());
    let limit = main.add_value(Value::constant("limit", scalar(100.0)));
    let less = Binary { kind: BinaryKind::Less, activation: Activation::None };
    let below = node(&mut main, less, &[x, limit], TensorType::new(DType::Bool, []));
    let chosen = node(&mut main, Control::If { then_graph: 1, else_graph: 2 }, &[below, x], real());
    main.outputs.push(chosen);
    let mut same = Graph::default();
    let y = input(&mut same, real());
    same.outputs.push(y);
    let mut doubled = Graph::default();
    let y = input(&mut doubled, real());
    let add = Binary { kind: BinaryKind::Add, activation: Activation::None };
    let twice = node(&mut doubled, add, &[y, y], real());
    doubled.outputs.push(twice);
    model(vec![main, same, doubled])
}

#[test]
fn a_condition_chooses_the_graph() {
    let model = choice();
    for session in [Session::builder(&model).plain(), Session::builder(&model)] {
        let mut session = session.build().expect("it runs");
        let mut answer = |x: f32| session.run(&[scalar(x)]).expect("it runs")[0].to_reals().expect("a real");
        assert_eq!((answer(99.0), answer(101.0)), (vec![99.0], vec![202.0]));
    }
}

#[test]
fn graphs_that_call_each_other_without_an_end_are_refused() {
    let mut graph = Graph::default();
    let x = input(&mut graph, TensorType::f32([]));
    let y = node(&mut graph, Control::Call { graph: 0 }, &[x], TensorType::f32([]));
    graph.outputs.push(y);
    let model = model(vec![graph]);
    let mut session = Session::builder(&model).build().expect("it is a model");
    assert!(
        matches!(session.run(&[scalar(1.0)]), Err(Error::Malformed(text)) if text.contains("without an end"))
    );
}

#[test]
fn a_variable_that_was_never_assigned_is_named() {
    let mut graph = Graph::default();
    let handle = Control::VarHandle { container: "shelf".into(), name: "counter".into() };
    let handle = node(&mut graph, handle, &[], TensorType::new(DType::Resource, []));
    let value = node(&mut graph, Control::ReadVariable, &[handle], TensorType::f32([]));
    graph.outputs.push(value);
    let model = model(vec![graph]);
    let mut session = Session::builder(&model).build().expect("it is a model");
    let error = session.run(&[]).expect_err("nobody assigned it").to_string();
    assert!(error.contains("shelf/counter") && error.contains("READ_VARIABLE"), "{error}");
}
