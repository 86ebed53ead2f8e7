//! A run on the CPU allocates nothing: the allocator counts what each thread asks for.

use crate::{source, test_data};
use matte_engine::ops::case::random;
use matte_engine::tensor::{DType, Tensor};
use matte_engine::{Model, Session};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::PathBuf;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, with a count of the calls of each thread.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count() {
    // A thread that ends may allocate when its count is gone.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1u8; 100]))), 1);
    assert_eq!(allocations(|| ()), 0);
}

/// The models of the repository, and quantized ones where they are at hand.
fn models() -> Vec<PathBuf> {
    let quantized =
        ["mobilenet_v1_1.0_224_i8_random", "mobilenet_v1_1.0_224_dr8_random", "mobilenet_v1_0.25_224_quant"];
    let bundled = source::root().join("models");
    let mut models = test_data::models("a run of quantized models allocates nothing");
    models.retain(|path| {
        path.starts_with(&bundled) || quantized.iter().any(|name| path.file_stem() == Some(name.as_ref()))
    });
    models
}

#[test]
fn a_run_on_the_cpu_allocates_nothing() {
    let models = models();
    assert!(models.len() >= 5, "the repository has models");
    let mut guilty = Vec::new();
    for (path, threads) in models.iter().flat_map(|path| [(path, 1), (path, 2)]) {
        let model = Model::open(path).expect("a model");
        let input = |ty: &matte_engine::tensor::TensorType| match ty.dtype {
            DType::F32 => random(&ty.shape, 0.0, 1.0),
            _ => Tensor::zeros(ty.clone()),
        };
        let inputs: Vec<Tensor> = model.inputs().into_iter().map(input).collect();
        let mut session = Session::builder(&model).threads(threads).build().expect("a session");
        let mut outputs = session.run(&inputs).expect("a first run");
        let expected = outputs.clone();
        session.run_into(&inputs, &mut outputs).expect("a run that parts the outputs from their clones");
        let count = allocations(|| session.run_into(&inputs, &mut outputs).expect("a run"));
        assert!(outputs == expected, "{}: a run into tensors gives what a run gives", path.display());
        if count > 0 {
            guilty.push(format!("{}, {threads} threads: {count} allocations", path.display()));
        }
    }
    assert!(guilty.is_empty(), "runs allocate:\n{}", guilty.join("\n"));
}
