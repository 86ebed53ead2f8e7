//! A fixed set of threads that share the tasks of one call.
//!
//! [`Pool::run`] hands out task numbers by an atomic counter; the caller works too, so a pool of one thread has no other. A run
//! allocates nothing and takes no lock unless a task panics. Between runs a thread spins for some microseconds, since the next operator of a model
//! usually follows at once, then it sleeps.
//!
//! A run ends as soon as its tasks are done: a thread that wakes too late to take one is not waited for.

use std::any::Any;
use std::cell::UnsafeCell;
use std::hint;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

mod disjoint;
#[cfg(test)]
mod tests;

pub use disjoint::Disjoint;

/// How long a thread looks for the next run before it sleeps.
const SPIN: Duration = Duration::from_micros(20);

/// Threads that work on the tasks of [`Pool::run`].
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    wake: Vec<Thread>,
}

struct Shared {
    /// The run's number in the high half, [`OPEN`], and the number of threads inside it. Only an open run is joined.
    state: AtomicU64,
    /// The next task to take.
    next: AtomicUsize,
    /// What to do; read by a thread only while it is counted in `state`.
    job: UnsafeCell<Job>,
    /// Set while a run is going on.
    busy: AtomicBool,
    stop: AtomicBool,
    /// Whether a task of the run has panicked.
    panicked: AtomicBool,
    /// The first panic of a task.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

const RUN: u64 = 1 << 32;
const OPEN: u64 = 1 << 31;
const INSIDE: u64 = OPEN - 1;

/// The tasks of a run. The lifetimes are erased: [`Pool::run`] outlives every use.
struct Job {
    task: *const (dyn Fn(usize) + Sync),
    tasks: usize,
    caller: Option<Thread>,
}

// SAFETY: `job` is written only by the thread that holds `busy`, while no thread is counted inside; the other fields are `Sync`.
unsafe impl Sync for Shared {}
// SAFETY: the pointer in `job` refers to a `Sync` closure and is used only during the run that set it.
unsafe impl Send for Shared {}

impl Pool {
    /// A pool of `threads` threads, the caller of [`Pool::run`] being one of them. Zero counts as one; where the system refuses
    /// a thread the pool has fewer.
    pub fn new(threads: usize) -> Self {
        let idle: &(dyn Fn(usize) + Sync) = &|_| ();
        let shared = Arc::new(Shared {
            state: AtomicU64::new(0),
            next: AtomicUsize::new(0),
            job: UnsafeCell::new(Job { task: idle, tasks: 0, caller: None }),
            busy: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let workers: Vec<_> = (1..threads)
            .map_while(|i| {
                let shared = shared.clone();
                thread::Builder::new().name(format!("matte-cpu-{i}")).spawn(move || shared.serve()).ok()
            })
            .collect();
        let wake = workers.iter().map(|worker| worker.thread().clone()).collect();
        Self { shared, workers, wake }
    }

    /// Threads at work in a run, the caller included.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `task` with every number below `tasks`, each once, on all threads, and returns when all are done.
    ///
    /// A call from within a task, or while another thread runs the pool, does its tasks itself.
    ///
    /// # Panics
    /// With the panic of a task, after the others have ended. The remaining tasks may not have been started.
    pub fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        if self.workers.is_empty() || tasks <= 1 || self.shared.busy.swap(true, Ordering::Acquire) {
            (0..tasks).for_each(task);
            return;
        }
        let panic = self.shared.run(tasks, task, &self.wake);
        self.shared.busy.store(false, Ordering::Release);
        if let Some(panic) = panic {
            panic::resume_unwind(panic);
        }
    }

    /// Cuts `0..count` into about `pieces` ranges, no more than keep the threads busy, and calls `piece` with each as
    /// [`Pool::run`] calls its tasks.
    pub fn split(&self, count: usize, pieces: usize, piece: &(dyn Fn(Range<usize>) + Sync)) {
        let tasks = pieces.clamp(1, 4 * self.threads()).min(count.max(1));
        self.run(tasks, &|task| piece(part(count, tasks, task)));
    }
}

/// Part `index` of `0..count` cut into `parts` ranges of about the same length, one after the other.
pub fn part(count: usize, parts: usize, index: usize) -> Range<usize> {
    count * index / parts..count * (index + 1) / parts
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.wake.iter().for_each(Thread::unpark);
        for worker in self.workers.drain(..) {
            // A worker catches the panics of its tasks, so joining cannot fail.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// One run, on the caller's side. The caller holds `busy`.
    fn run(
        &self,
        tasks: usize,
        task: &(dyn Fn(usize) + Sync),
        wake: &[Thread],
    ) -> Option<Box<dyn Any + Send>> {
        // SAFETY: only the lifetime changes. The pointer is used by threads counted in `state`, and this function returns
        // after their number has come down to zero with the run closed.
        let task: *const (dyn Fn(usize) + Sync + 'static) = unsafe { std::mem::transmute(task as *const _) };
        // SAFETY: `busy` is held and the last run ended with no thread inside, so nobody reads the job now.
        unsafe { *self.job.get() = Job { task, tasks, caller: Some(thread::current()) } };
        self.next.store(0, Ordering::Relaxed);
        let run = (self.state.load(Ordering::Relaxed) & !(RUN - 1)).wrapping_add(RUN);
        self.state.store(run | OPEN, Ordering::SeqCst);
        wake.iter().take(tasks - 1).for_each(Thread::unpark);
        self.work(task, tasks);
        self.state.fetch_and(!OPEN, Ordering::AcqRel);
        self.wait(|| self.state.load(Ordering::Acquire) & INSIDE == 0);
        let panicked = self.panicked.swap(false, Ordering::AcqRel);
        panicked.then(|| self.panic.lock().unwrap_or_else(PoisonError::into_inner).take()).flatten()
    }

    /// A worker's life: waits for a run, joins it, works, leaves.
    fn serve(&self) {
        let mut seen = 0;
        loop {
            self.wait(|| {
                let state = self.state.load(Ordering::SeqCst);
                (state & OPEN != 0 && state / RUN != seen) || self.stop.load(Ordering::Acquire)
            });
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            let Some(run) = self.join() else { continue };
            seen = run;
            // SAFETY: this thread is counted inside the run, so the job stays as it is.
            let (task, tasks) = unsafe { ((*self.job.get()).task, (*self.job.get()).tasks) };
            self.work(task, tasks);
            self.leave();
        }
    }

    /// Counts this thread into the open run and returns its number.
    fn join(&self) -> Option<u64> {
        let join = |state| (state & OPEN != 0).then_some(state + 1);
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, join).ok().map(|state| state / RUN)
    }

    /// Counts this thread out; the last one wakes the caller.
    fn leave(&self) {
        // SAFETY: this thread is still counted inside the run, so the job stays as it is.
        let caller = unsafe { (*self.job.get()).caller.clone() };
        let state = self.state.fetch_sub(1, Ordering::AcqRel);
        if state & INSIDE == 1 && state & OPEN == 0 {
            caller.iter().for_each(Thread::unpark);
        }
    }

    /// Takes tasks until none is left.
    fn work(&self, task: *const (dyn Fn(usize) + Sync), tasks: usize) {
        let all = AssertUnwindSafe(|| {
            loop {
                let next = self.next.fetch_add(1, Ordering::Relaxed);
                if next >= tasks {
                    break;
                }
                // SAFETY: the run that owns the closure waits for this thread.
                unsafe { (*task)(next) };
            }
        });
        if let Err(payload) = panic::catch_unwind(all) {
            self.next.store(tasks, Ordering::Relaxed);
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
            self.panicked.store(true, Ordering::Release);
        }
    }

    /// Spins, then sleeps, until `done`. Whoever makes it true unparks this thread afterwards.
    fn wait(&self, done: impl Fn() -> bool) {
        let mut start = None;
        loop {
            for _ in 0..64 {
                if done() {
                    return;
                }
                hint::spin_loop();
            }
            if start.get_or_insert_with(Instant::now).elapsed() > SPIN {
                break;
            }
        }
        while !done() {
            thread::park();
        }
    }
}
