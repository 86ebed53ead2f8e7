//! What becomes of the models that come with the project: their graphs after each pass and their plans, as text, and
//! the figures that must not grow.

use crate::gpu::gpu;
use crate::{snapshot, source, test_data};
use matte_engine::graph::Graph;
use matte_engine::passes::{Applied, GPU_PASSES, PASSES, optimize, optimize_for_gpu};
use matte_engine::plan::{Choices, Plan, Target};
use matte_engine::wgsl::{Dialect, Elem};
use matte_engine::{Model, Session};
use std::fs;
use std::time::{Duration, Instant};

/// Names of the models, in order.
fn names() -> Vec<String> {
    let entries = fs::read_dir(source::root().join("models")).expect("models/ is readable");
    let paths = entries.map(|entry| entry.expect("the entry is readable").path());
    let models = paths.filter(|path| path.extension().is_some_and(|extension| extension == "tflite"));
    let stem = |path: std::path::PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<String> = models.filter_map(stem).collect();
    names.sort();
    names
}

fn graph(name: &str) -> Graph {
    let path = source::root().join("models").join(format!("{name}.tflite"));
    Model::open(path).expect("the model is read").graphs.swap_remove(0)
}

fn plan(graph: &Graph, elem: Elem) -> Plan {
    let dialect = Dialect { native_f16: false, f16_arithmetic: false };
    let target = Target::new(dialect, elem);
    Plan::gpu(graph, &target, &Choices::new()).expect("the model has a plan")
}

fn optimized(name: &str) -> Graph {
    let mut graph = graph(name);
    optimize_for_gpu(&mut graph, usize::MAX).expect("the passes run");
    graph
}

#[test]
fn graphs_after_each_pass_and_plans_are_as_reviewed() {
    let mut texts = Vec::new();
    for name in names() {
        let mut passes = String::new();
        for count in 0..=PASSES.len() + GPU_PASSES.len() {
            let mut graph = graph(&name);
            let applied = optimize_for_gpu(&mut graph, count).expect("the passes run");
            match applied.last() {
                None => passes += &format!("# as read\n{graph}\n"),
                // A pass that changed nothing left the text above.
                Some(pass) if pass.places == 0 => passes += &format!("# {pass}\n"),
                Some(pass) => passes += &format!("# {pass}\n{graph}\n"),
            }
        }
        texts.push((format!("{name}.graph.txt"), passes));
        texts.push((format!("{name}.plan.txt"), plan(&optimized(&name), Elem::F32).to_string()));
    }
    snapshot::check_all("models", texts);
}

#[test]
fn plans_keep_their_figures() {
    for name in names() {
        let graph = optimized(&name);
        let (full, half) = (plan(&graph, Elem::F32), plan(&graph, Elem::F16));
        for plan in [&full, &half] {
            assert!(plan.arena >= plan.lower_bound, "{name}");
            assert!(plan.arena as f64 <= 1.03 * plan.lower_bound as f64, "{name}: {plan}");
            assert!(plan.steps.iter().all(|planned| planned.dispatch.is_some()), "{name}: {plan}");
        }
        assert!(half.arena as f64 <= 0.55 * full.arena as f64, "{name}: halves take {} bytes", half.arena);
    }
}

#[test]
fn every_step_is_timed_where_the_device_has_time_stamps() {
    let Some(gpu) = gpu() else { return };
    let model = Model::open(source::root().join("models/face_landmark.tflite")).expect("the model is read");
    let builder = Session::builder(&model).gpu(&gpu.device, &gpu.queue);
    let mut session = builder.build().expect("the model has a session");
    let dispatches = session.plan().map(Plan::dispatches);
    let start = Instant::now();
    let times = session.profile().expect("the steps run");
    let elapsed = start.elapsed();
    assert_eq!(times.is_some(), gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY));
    let Some(times) = times else { return };
    assert_eq!(Some(times.len()), dispatches);
    let total: Duration = times.iter().map(|step| step.time).sum();
    assert!(total > Duration::ZERO && total <= elapsed, "{total:?} of {elapsed:?}");
}

/// The most dispatches of models with all their blocks, by the names of their files.
const MOST_DISPATCHES: [(&str, usize); 3] = [
    ("selfie_segmentation.tflite", 45),
    ("mobilenet_v1_1.0_224_f32_random.tflite", 18),
    ("deeplabv3_257_mv_gpu.tflite", 40),
];

#[test]
fn fused_plans_keep_their_dispatches() {
    let paths = test_data::models("dispatches of fused plans");
    for (file, most) in MOST_DISPATCHES {
        let Some(path) = paths.iter().find(|path| path.ends_with(file)) else { continue };
        let graph = |run: fn(&mut Graph, usize) -> matte_engine::Result<Vec<Applied>>| {
            let mut graph = Model::open(path).expect("the model is read").graphs.swap_remove(0);
            run(&mut graph, usize::MAX).expect("the passes run");
            graph
        };
        let [apart, fused] = [optimize, optimize_for_gpu].map(|run| plan(&graph(run), Elem::F32));
        let (before, after) = (apart.dispatches(), fused.dispatches());
        println!("{file}: {before} dispatches apart, {after} with blocks; arena {} bytes", fused.arena);
        assert!(after <= most, "{file}: {after} dispatches, {most} are the most\n{fused}");
    }
}
