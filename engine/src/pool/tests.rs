use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{panic, thread};

use super::Pool;

#[test]
fn every_task_runs_once() {
    for threads in 0..5 {
        let pool = Pool::new(threads);
        assert_eq!(pool.threads(), threads.max(1));
        for tasks in [0, 1, 2, 3, 7, 64, if cfg!(miri) { 65 } else { 1000 }] {
            let counts: Vec<AtomicU32> = (0..tasks).map(|_| AtomicU32::new(0)).collect();
            pool.run(tasks, &|task| {
                counts[task].fetch_add(1, Ordering::Relaxed);
            });
            assert!(
                counts.iter().all(|count| count.load(Ordering::Relaxed) == 1),
                "{threads} threads, {tasks} tasks"
            );
        }
    }
}

#[test]
fn results_are_seen_by_the_caller_and_the_next_run() {
    let pool = Pool::new(3);
    let sums: Vec<AtomicUsize> = (0..16).map(AtomicUsize::new).collect();
    for round in 0..if cfg!(miri) { 50 } else { 5_000 } {
        pool.run(16, &|task| {
            let before = sums[task].load(Ordering::Relaxed);
            assert_eq!(before, task + round);
            sums[task].store(before + 1, Ordering::Relaxed);
        });
    }
}

#[test]
fn sleeping_threads_wake_up() {
    let pool = Pool::new(2);
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(3));
        let inside = AtomicUsize::new(0);
        // Each task waits for the other: only two threads can end this run.
        pool.run(2, &|_| {
            inside.fetch_add(1, Ordering::SeqCst);
            let start = Instant::now();
            while inside.load(Ordering::SeqCst) < 2 {
                assert!(start.elapsed() < Duration::from_secs(20), "the second thread should have come");
                thread::yield_now();
            }
        });
    }
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
    let pool = Pool::new(3);
    for culprit in [0, 5, 31] {
        let result = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            pool.run(32, &|task| assert_ne!(task, culprit, "the culprit"));
        }));
        let payload = result.expect_err("the task's panic should propagate");
        let message = payload.downcast_ref::<String>().expect("a formatted message");
        assert!(message.contains("the culprit"));
        let count = AtomicUsize::new(0);
        pool.run(32, &|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 32);
    }
}

#[test]
fn a_run_within_a_task_does_its_own_tasks() {
    let pool = Pool::new(2);
    let count = AtomicUsize::new(0);
    pool.run(4, &|_| {
        pool.run(8, &|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert_eq!(count.into_inner(), 32);
}

#[test]
fn two_callers_share_a_pool() {
    let pool = Pool::new(2);
    let count = AtomicUsize::new(0);
    let runs = if cfg!(miri) { 20 } else { 500 };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..runs {
                    pool.run(8, &|_| {
                        count.fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
        }
    });
    assert_eq!(count.into_inner(), 2 * 8 * runs);
}

/// The processor time of the thread whose folder in `/proc` this is.
#[cfg(all(target_os = "linux", not(miri)))]
fn processor_time(thread: &std::path::Path) -> Option<Duration> {
    let text = std::fs::read_to_string(thread.join("schedstat")).ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

#[cfg(all(target_os = "linux", not(miri)))]
#[test]
fn idle_threads_take_no_processor_time() {
    let pool = Pool::new(2);
    let threads = std::sync::Mutex::new(std::collections::BTreeSet::new());
    let inside = AtomicUsize::new(0);
    // Each task waits for the other, so that each thread takes one.
    pool.run(2, &|_| {
        threads.lock().expect("no panic").insert(std::fs::read_link("/proc/thread-self").expect("a thread"));
        inside.fetch_add(1, Ordering::SeqCst);
        while inside.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
    });
    let own = std::fs::read_link("/proc/thread-self").expect("a thread");
    let threads = threads.into_inner().expect("no panic");
    let worker = threads.into_iter().find(|thread| *thread != own).expect("a worker");
    let worker = std::path::Path::new("/proc").join(worker);
    // It looks for another run for some microseconds.
    thread::sleep(Duration::from_millis(20));
    let Some(before) = processor_time(&worker) else { return };
    thread::sleep(Duration::from_millis(200));
    let spent = processor_time(&worker).expect("the worker lives") - before;
    assert!(spent < Duration::from_millis(2), "an idle thread worked for {spent:?}");
}
