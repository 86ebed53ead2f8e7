//! Kernels are measured, the winners used and remembered.

use crate::gpu::gpu;
use crate::sharing::folder;
use crate::source;
use matte_engine::graph::{Graph, Node, Value};
use matte_engine::ops::case::random;
use matte_engine::ops::conv2d::Conv2d;
use matte_engine::ops::depthwise_conv2d::DepthwiseConv2d;
use matte_engine::ops::{Activation, Op, Padding};
use matte_engine::tensor::{Tensor, TensorType};
use matte_engine::tune::{Fate, Fusion};
use matte_engine::{Model, Session};
use std::fs;
use std::time::{Duration, Instant};

/// Two convolutions of the same shapes and one of others.
fn model() -> Model {
    let mut graph = Graph::default();
    let mut value = graph.add_value(Value::new("x", TensorType::f32([1, 12, 12, 8])));
    graph.inputs.push(value);
    for (index, size) in [3, 3, 1].into_iter().enumerate() {
        let weights = random(&[8, size, size, 8], -0.2, 0.2);
        let weights = graph.add_value(Value::constant("w", weights));
        let output = graph.add_value(Value::new("y", TensorType::f32([])));
        let op =
            Conv2d { stride: [1, 1], dilation: [1, 1], padding: Padding::Same, activation: Activation::Relu };
        graph.nodes.push(Node {
            name: format!("convolution {index}"),
            op: op.into(),
            inputs: vec![Some(value), Some(weights), None],
            outputs: vec![output],
        });
        value = output;
    }
    graph.outputs.push(value);
    graph.verify().expect("the graph is sound");
    graph.infer().expect("its shapes are known");
    Model { name: "made here".into(), graphs: vec![graph], signatures: Vec::new() }
}

const AMPLE: Duration = Duration::from_secs(300);

#[test]
fn the_fastest_kernels_win_are_used_and_remembered() {
    let Some(gpu) = gpu() else { return };
    let (model, kept) = (model(), folder("tune"));
    let input = random(&[1, 12, 12, 8], -1.0, 1.0);
    let builder = || Session::builder(&model).gpu(&gpu.device, &gpu.queue);
    let expected = builder().build().expect("a session").run(std::slice::from_ref(&input)).expect("it runs");
    let mut session = builder().cache(&kept).build().expect("a session");
    let report = session.tune(AMPLE).expect("kernels are measured");
    println!("{report}");
    assert!(report.finished);
    assert_eq!(report.entries.len(), 2, "equal nodes are one contest");
    assert_eq!(report.entries[0].contest.nodes.len(), 2);
    for entry in &report.entries {
        assert!(entry.trials.len() > entry.contest.listed.len(), "work-groups were tried too");
        let fates: Vec<Fate> = (0..entry.trials.len()).map(|trial| entry.fate(trial)).collect();
        assert_eq!(fates.iter().filter(|&&fate| fate == Fate::Won).count(), 1, "{fates:?}");
        assert!(!fates.contains(&Fate::Unmeasured), "{fates:?}");
        let (heuristic, winner) = entry.times().expect("it was measured");
        assert!(winner <= heuristic);
    }
    let chosen = |session: &Session| -> Vec<String> {
        let steps = &session.plan().expect("a plan").steps;
        steps.iter().filter_map(|step| Some(step.dispatch.as_ref()?.choice.to_string())).collect()
    };
    let winners = |node: usize| {
        let decided = report.entries.iter().find(|entry| entry.contest.nodes.iter().any(|id| id.0 == node));
        decided.expect("every node is in a contest").choice().to_string()
    };
    assert_eq!(chosen(&session), [winners(0), winners(1), winners(2)]);
    let close = |output: &Tensor| {
        let (a, b) = (output.to_reals().expect("reals"), expected[0].to_reals().expect("reals"));
        a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5)
    };
    assert!(close(&session.run(std::slice::from_ref(&input)).expect("it runs")[0]));
    let again = builder().cache(&kept).search(AMPLE).build().expect("a session");
    assert_eq!(chosen(&again), chosen(&session), "winners are remembered");
    assert!(!again.is_searching(), "there is nothing left to look for");
    let file = fs::read_dir(&kept).expect("a folder").next().expect("a file").expect("readable").path();
    let text = fs::read_to_string(&file).expect("text");
    for damaged in [text.replace("conv2d", "conv9d"), text.replacen("engine", "engines", 1), String::new()] {
        fs::write(&file, damaged).expect("writable");
        let session = builder().cache(&kept).build().expect("a session");
        assert_eq!(chosen(&session), chosen(&builder().build().expect("a session")), "the heuristic is used");
    }
    fs::remove_dir_all(&kept).expect("it exists");
}

#[test]
fn a_search_beside_the_session_changes_kernels_but_not_results() {
    let Some(gpu) = gpu() else { return };
    let model = model();
    let input = random(&[1, 12, 12, 8], -1.0, 1.0);
    let builder = Session::builder(&model).gpu(&gpu.device, &gpu.queue);
    let start = Instant::now();
    let mut session = builder.search(AMPLE).build().expect("a session");
    let texture = session.output_texture(0).expect("a texture");
    let first = session.run(std::slice::from_ref(&input)).expect("it runs")[0].to_reals().expect("reals");
    while session.is_searching() && start.elapsed() < AMPLE {
        session.adopt();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!session.is_searching(), "the search ended");
    let later = session.run(std::slice::from_ref(&input)).expect("it runs")[0].to_reals().expect("reals");
    assert!(first.iter().zip(&later).all(|(a, b)| (a - b).abs() < 1e-5));
    assert_eq!(session.output_texture(0).expect("a texture"), texture, "the output's texture stays");
}

/// A depthwise convolution and the 1×1 convolution that reads it.
fn separable() -> Model {
    let mut graph = Graph::default();
    let x = graph.add_value(Value::new("x", TensorType::f32([1, 12, 12, 8])));
    graph.inputs.push(x);
    let [taps, weights] = [[1, 3, 3, 8], [16, 1, 1, 8]]
        .map(|shape| graph.add_value(Value::constant("w", random(&shape, -0.2, 0.2))));
    let [middle, y] = ["middle", "y"].map(|name| graph.add_value(Value::new(name, TensorType::f32([]))));
    let (stride, dilation, padding, activation) = ([1; 2], [1; 2], Padding::Same, Activation::Relu);
    let mut add = |op: Op, inputs: [_; 2], output| {
        let inputs = inputs.into_iter().map(Some).collect();
        graph.nodes.push(Node { name: "layer".into(), op, inputs, outputs: vec![output] });
    };
    add(DepthwiseConv2d { stride, dilation, padding, activation }.into(), [x, taps], middle);
    add(Conv2d { stride, dilation, padding, activation }.into(), [middle, weights], y);
    graph.outputs.push(y);
    graph.verify().expect("the graph is sound");
    graph.infer().expect("its shapes are known");
    Model { name: "made here".into(), graphs: vec![graph], signatures: Vec::new() }
}

#[test]
fn a_block_runs_where_it_was_measured_to_be_faster() {
    let Some(gpu) = gpu() else { return };
    let (model, kept) = (separable(), folder("blocks"));
    let input = random(&[1, 12, 12, 8], -1.0, 1.0);
    let builder = || Session::builder(&model).gpu(&gpu.device, &gpu.queue);
    let dispatches = |session: &Session| session.plan().expect("a plan").dispatches();
    let run = |session: &mut Session| session.run(std::slice::from_ref(&input)).expect("it runs");
    let software = gpu.device.adapter_info().device_type == wgpu::DeviceType::Cpu;
    let mut sessions = [Fusion::Never, Fusion::Always, Fusion::Measured]
        .map(|fusion| builder().fusion(fusion).build().expect("a session"));
    assert_eq!(sessions.each_ref().map(dispatches), [2, 1, if software { 2 } else { 1 }]);
    let [apart, together, _] = sessions.each_mut().map(|session| run(session)[0].to_reals().expect("reals"));
    assert!(apart.iter().zip(&together).all(|(a, b)| (a - b).abs() < 1e-5));
    let mut session = builder().cache(&kept).build().expect("a session");
    let report = session.tune(AMPLE).expect("kernels are measured");
    println!("{report}");
    assert_eq!(report.duels.len(), 1, "there is one group");
    let duel = &report.duels[0];
    assert!(report.finished && duel.is_decided() && duel.believed != software);
    let measured = if duel.is_together() { 1 } else { 2 };
    assert_eq!(dispatches(&session), measured);
    let tuned = run(&mut session)[0].to_reals().expect("reals");
    assert!(apart.iter().zip(&tuned).all(|(a, b)| (a - b).abs() < 1e-5));
    let again = builder().cache(&kept).search(AMPLE).build().expect("a session");
    assert_eq!(dispatches(&again), measured, "the verdict is remembered");
    assert!(!again.is_searching(), "there is nothing left to look for");
    let file = fs::read_dir(&kept).expect("a folder").next().expect("a file").expect("readable").path();
    let mut text = fs::read_to_string(&file).expect("text");
    let reason = |session: &Session| session.passes().last().map(|pass| pass.to_string()).unwrap_or_default();
    if !duel.is_together() {
        assert!(reason(&again).contains("measured"), "{}", reason(&again));
        text = text.replace("\tapart\t", "\ttogether\t");
        fs::write(&file, text).expect("writable");
        let damaged = builder().cache(&kept).build().expect("a session");
        assert!(!reason(&damaged).contains("measured"), "a file that was changed is not believed");
    }
    fs::remove_dir_all(&kept).expect("it exists");
}

#[test]
fn a_budget_is_kept_and_a_dropped_session_ends_its_search() {
    let Some(gpu) = gpu() else { return };
    let model = Model::open(source::root().join("models/face_landmark.tflite")).expect("the model is read");
    let builder = || Session::builder(&model).gpu(&gpu.device, &gpu.queue);
    let report = builder().build().and_then(|mut session| session.tune(Duration::ZERO)).expect("a report");
    assert!(!report.finished && report.entries.iter().all(|entry| entry.winner() == 0));
    let session = builder().search(AMPLE).build().expect("a session");
    let start = Instant::now();
    drop(session);
    assert!(start.elapsed() < Duration::from_secs(100), "the search goes on without its session");
}
