//! Time of whole models on the GPU, with layers fused into blocks and with each layer apart, in interleaved rounds; what
//! recording and submitting a run costs the calling thread; and the time of each step.
//!
//! `cargo bench -p matte-engine --bench gpu_models -- MODEL.tflite… [--rounds N] [--steps]`

use anyhow::Context;
use matte_engine::ops::case::random;
use matte_engine::tensor::{DType, Tensor, TensorType};
use matte_engine::tune::Fusion;
use matte_engine::{Input, Model, Session, StepTime};
use std::path::Path;
use std::time::{Duration, Instant};

fn inputs(model: &Model) -> Vec<Tensor> {
    let input = |ty: &TensorType| match ty.dtype {
        DType::F32 => random(&ty.shape, 0.0, 1.0),
        _ => Tensor::zeros(ty.clone()),
    };
    model.inputs().into_iter().map(input).collect()
}

async fn device() -> anyhow::Result<(wgpu::Device, wgpu::Queue)> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = instance.request_adapter(&Default::default()).await.context("there is no GPU adapter")?;
    let wanted = wgpu::Features::SHADER_F16 | wgpu::Features::TIMESTAMP_QUERY;
    let descriptor =
        wgpu::DeviceDescriptor { required_features: adapter.features() & wanted, ..Default::default() };
    Ok(adapter.request_device(&descriptor).await?)
}

/// The processor time of a thread so far, by its folder, where the system tells it.
fn thread_time(folder: &Path) -> Option<Duration> {
    let text = std::fs::read_to_string(folder.join("schedstat")).ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

/// The processor time of all threads so far: what a software GPU is measured by.
fn processor_time() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    threads.filter_map(|entry| thread_time(&entry.path())).sum()
}

/// The least processor time that recording and submitting a run takes of this thread.
fn recording(
    session: &mut Session,
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    rounds: usize,
) -> anyhow::Result<Duration> {
    let own = || thread_time(Path::new("/proc/thread-self")).unwrap_or_default();
    let mut least = Duration::MAX;
    for _ in 0..rounds {
        let before = own();
        let mut encoder = device.create_command_encoder(&Default::default());
        session.encode(&mut encoder, Input::Ready)?;
        queue.submit([encoder.finish()]);
        least = least.min(own() - before);
        device.poll(wgpu::PollType::wait_indefinitely())?;
    }
    Ok(least)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Wall and processor time of a run.
fn timed(session: &mut Session, inputs: &[Tensor]) -> anyhow::Result<[f64; 2]> {
    let (start, before) = (Instant::now(), processor_time());
    session.run(inputs)?;
    Ok([milliseconds(start.elapsed()), milliseconds(processor_time() - before)])
}

/// The least time of each step.
fn print_steps(session: &mut Session, rounds: usize) -> anyhow::Result<()> {
    let profiles: Vec<Option<Vec<StepTime>>> =
        (0..rounds).map(|_| session.profile()).collect::<Result<_, _>>()?;
    let profiles: Option<Vec<Vec<StepTime>>> = profiles.into_iter().collect();
    let Some(profiles) = profiles.filter(|list| !list.is_empty()) else {
        println!("  the device has no time stamps");
        return Ok(());
    };
    let explained = session.explain();
    for (index, line) in explained.lines().take(profiles[0].len()).enumerate() {
        let time = profiles.iter().map(|steps| steps[index].time).min().unwrap_or_default();
        println!("  {:9.3} ms {line}", milliseconds(time));
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value_of = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    let rounds = value_of("--rounds").and_then(|rounds| rounds.parse().ok()).unwrap_or(20);
    let (device, queue) = pollster::block_on(device())?;
    for path in arguments.iter().filter(|argument| argument.ends_with(".tflite")) {
        let model = Model::open(path)?;
        let inputs = inputs(&model);
        let session = |fusion| Session::builder(&model).gpu(&device, &queue).fusion(fusion).build();
        let mut sessions = [session(Fusion::Always)?, session(Fusion::Never)?];
        for session in &mut sessions {
            session.run(&inputs)?;
        }
        let mut least = [[f64::INFINITY; 2]; 2];
        for _ in 0..rounds {
            for (session, least) in sessions.iter_mut().zip(&mut least) {
                let times = timed(session, &inputs)?;
                *least = [least[0].min(times[0]), least[1].min(times[1])];
            }
        }
        let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
        for ((what, session), [wall, processor]) in
            ["in blocks", "apart"].iter().zip(&mut sessions).zip(least)
        {
            let dispatches = session.plan().map_or(0, |plan| plan.dispatches());
            let recorded = match session.plan().is_some_and(|plan| plan.dispatches() == plan.steps.len()) {
                true => milliseconds(recording(session, &device, &queue, rounds)?),
                false => f64::NAN,
            };
            println!(
                "{name:<44} {what:<9} {dispatches:3} dispatches, {wall:8.2} ms, processor {processor:8.2} ms, of which \
                 recording and submission {recorded:.3} ms"
            );
        }
        if arguments.iter().any(|argument| argument == "--steps") {
            for session in &mut sessions {
                print_steps(session, rounds)?;
                println!();
            }
        }
    }
    Ok(())
}
