//! Time of whole models on the CPU, and of their steps.
//!
//! `cargo bench -p matte-engine --bench cpu_models -- MODEL.tflite… [--threads N] [--steps]`

use matte_engine::ops::case::random;
use matte_engine::tensor::{DType, Tensor};
use matte_engine::{Model, Session};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const ROUNDS: usize = 60;

fn inputs(model: &Model) -> Vec<Tensor> {
    let input = |ty: &matte_engine::tensor::TensorType| match ty.dtype {
        DType::F32 => random(&ty.shape, 0.0, 1.0),
        _ => Tensor::zeros(ty.clone()),
    };
    model.inputs().into_iter().map(input).collect()
}

/// The processor time of all threads so far, where the system tells it.
fn processor_time() -> Duration {
    let of_thread = |entry: std::io::Result<std::fs::DirEntry>| -> Option<u64> {
        let text = std::fs::read_to_string(entry.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    Duration::from_nanos(threads.filter_map(of_thread).sum())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The median time of each step, the slowest first, and the sums by the first word of the kernel's name.
fn print_steps(session: &mut Session, inputs: &[Tensor]) -> matte_engine::Result<()> {
    let rounds: Vec<_> = (0..20).map(|_| session.profile_cpu(inputs)).collect::<Result<_, _>>()?;
    let explained = session.explain();
    let mut families: BTreeMap<String, f64> = BTreeMap::new();
    let mut steps = Vec::new();
    for (index, (name, _)) in rounds[0].iter().enumerate() {
        let mut times: Vec<Duration> = rounds.iter().map(|round| round[index].1).collect();
        times.sort();
        let time = milliseconds(times[times.len() / 2]) * 1e3;
        *families.entry(name.split('.').next().unwrap_or_default().to_string()).or_default() += time;
        steps.push((time, explained.lines().nth(index).unwrap_or_default()));
    }
    steps.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (time, line) in steps.iter().take(40) {
        println!("  {time:8.1} µs {line}");
    }
    for (family, time) in families {
        println!("  {time:8.1} µs in all: {family}");
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value_of = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    let threads = value_of("--threads").and_then(|threads| threads.parse().ok()).unwrap_or(1);
    for path in arguments.iter().filter(|argument| argument.ends_with(".tflite")) {
        let start = Instant::now();
        let model = Model::open(path)?;
        let inputs = inputs(&model);
        let mut session = Session::builder(&model).threads(threads).build()?;
        session.run(&inputs)?;
        let first = start.elapsed();
        let (mut times, before) = (Vec::new(), processor_time());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            session.run(&inputs)?;
            times.push(start.elapsed());
        }
        times.sort();
        let processor = (processor_time() - before) / ROUNDS as u32;
        println!(
            "{:<44} {threads} threads: median {:.3} ms, minimum {:.3} ms, processor {:.3} ms; loaded and run in {:.0} ms",
            Path::new(path).file_name().unwrap_or_default().to_string_lossy(),
            milliseconds(times[ROUNDS / 2]),
            milliseconds(times[0]),
            milliseconds(processor),
            milliseconds(first)
        );
        if arguments.iter().any(|argument| argument == "--steps") {
            print_steps(&mut session, &inputs)?;
        }
    }
    Ok(())
}
