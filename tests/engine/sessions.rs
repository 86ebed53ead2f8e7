//! Sessions in numbers: created and dropped, many at once, handed from thread to thread.

use crate::gpu::{COMPILING, TestGpu, gpu, open};
use crate::source;
use matte_engine::tensor::Tensor;
use matte_engine::{Model, Session};
use std::path::Path;
use std::sync::PoisonError;
use std::{fs, thread};

/// Sessions that are created and dropped.
const SESSIONS: usize = 4096;

fn selfie() -> (Model, Tensor) {
    let path = source::root().join("models/selfie_segmentation.tflite");
    let model = Model::open(path).expect("the model is read");
    let values: Vec<f32> = (0..256 * 256 * 3).map(|index| (index % 251) as f32 / 251.0).collect();
    let input = Tensor::from_slice(vec![1, 256, 256, 3], &values).expect("as many values as the shape holds");
    (model, input)
}

fn session(model: &Model, gpu: Option<&TestGpu>, threads: usize) -> Session {
    let builder = Session::builder(model).threads(threads);
    match gpu {
        Some(gpu) => builder.gpu(&gpu.device, &gpu.queue).build(),
        None => builder.build(),
    }
    .expect("a session")
}

/// The threads of the process, where the system tells.
fn threads() -> usize {
    Path::new("/proc/self/task").read_dir().map_or(0, Iterator::count)
}

/// Bytes of the process that are in memory, where the system tells.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok()).map_or(0, |pages| pages * 4096)
}

#[test]
fn thousands_of_sessions_leave_nothing_behind() {
    let _alone = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    let (model, _) = selfie();
    // Nobody else makes anything on this device.
    let own = pollster::block_on(open(wgpu::Features::SHADER_F16));
    assert!(
        own.is_some() || std::env::var_os("CI").is_none(),
        "CI needs a GPU adapter, a software one at least"
    );
    let objects = || {
        let report = own.as_ref().and_then(|(instance, _)| instance.generate_report());
        report.map_or(0, |report| {
            let hub = report.hub;
            [
                hub.buffers,
                hub.bind_groups,
                hub.compute_pipelines,
                hub.shader_modules,
                hub.textures,
                hub.query_sets,
            ]
            .iter()
            .map(|list| list.num_kept_from_user)
            .sum::<usize>()
        })
    };
    let gpu = own.as_ref().map(|(_, gpu)| gpu);
    let mut before = None;
    for number in 0..SESSIONS {
        // A session on the GPU costs a hundred of the others.
        let gpu = gpu.filter(|_| number % 128 == 0);
        drop(session(&model, gpu, 1 + number % 3));
        if number == SESSIONS / 8 {
            before = Some((objects(), threads(), resident()));
        }
    }
    if let Some(gpu) = gpu {
        gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device is idle");
    }
    let (objects_before, threads_before, resident_before) = before.expect("there were more");
    assert_eq!(objects(), objects_before);
    println!(
        "{SESSIONS} sessions: {resident_before} bytes in memory after an eighth, {} at the end",
        resident()
    );
    // Other tests run beside this one.
    assert!(threads() <= threads_before + 64 && resident() < resident_before + (512 << 20));
}

#[test]
fn many_sessions_run_at_once_on_many_threads() {
    let (model, input) = selfie();
    let gpu = gpu();
    let expected = session(&model, None, 1).run(std::slice::from_ref(&input)).expect("a mask");
    let on_gpu = gpu.as_ref().map(|gpu| session(&model, Some(gpu), 1).run(std::slice::from_ref(&input)));
    let on_gpu = on_gpu.transpose().expect("a mask");
    thread::scope(|scope| {
        for number in 0..12 {
            let (model, input, expected) = (&model, &input, &expected);
            let gpu = gpu.as_ref().filter(|_| number % 4 == 0);
            let expected = if gpu.is_some() { on_gpu.as_ref().unwrap_or(expected) } else { expected };
            scope.spawn(move || {
                let mut session = session(model, gpu, 1 + number % 3);
                for _ in 0..3 {
                    let mask = session.run(std::slice::from_ref(input)).expect("a mask");
                    assert_eq!(mask[0].as_bytes(), expected[0].as_bytes());
                }
            });
        }
    });
}

#[test]
fn a_session_moves_between_threads() {
    let (model, input) = selfie();
    for gpu in std::iter::once(None).chain(gpu().map(Some)) {
        let mut session = session(&model, gpu.as_ref(), 2);
        let first = session.run(std::slice::from_ref(&input)).expect("a mask");
        for _ in 0..3 {
            let input = input.clone();
            let run = thread::spawn(move || {
                let mask = session.run(&[input]).expect("a mask");
                (session, mask)
            });
            let (returned, mask) = run.join().expect("no panic");
            assert_eq!(mask[0].as_bytes(), first[0].as_bytes());
            session = returned;
        }
    }
}
