//! Measuring on a thread of its own, beside a session that runs.

use super::{Limit, Report, Winners, tune};
use crate::error::Result;
use crate::gpu::{Executable, Gpu};
use crate::graph::Graph;
use crate::plan::{Choices, Plan, Target};
use crate::store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A search for faster kernels that is under way. Dropping it ends the search after the run in work.
pub struct Background {
    stop: Arc<AtomicBool>,
    found: Receiver<Result<Found>>,
    thread: Option<JoinHandle<()>>,
}

/// What a search found.
pub struct Found {
    /// Who ran and who won.
    pub report: Report,
    /// The plan of the winners, compiled; none where no choice differs from those in use.
    pub faster: Option<(Plan, Executable)>,
}

impl Background {
    /// Starts a search of at most `budget`; `used` are the choices that the session runs with. Winners go to the store.
    /// Without a thread to run on there is no search.
    pub fn start(
        gpu: &Gpu,
        graph: Arc<Graph>,
        target: Target,
        used: Choices,
        store: Option<Store>,
        budget: Duration,
    ) -> Option<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, found) = channel();
        let (gpu, stopped) = (gpu.clone(), Arc::clone(&stop));
        let search = move || {
            let limit = Limit::new(budget, &stopped);
            let found = search(&gpu, &graph, &target, &used, store.as_ref(), &limit);
            // Nobody waits any more where the session is gone.
            let _ = sender.send(found);
        };
        let thread = thread::Builder::new().name("tune".into()).spawn(search).ok()?;
        Some(Self { stop, found, thread: Some(thread) })
    }

    /// The result, once there is one; an error is a device's that refused, and ends the search.
    pub fn take(&self) -> Option<Result<Found>> {
        match self.found.try_recv() {
            Ok(found) => Some(found),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                Some(Err(crate::Error::device("the search for kernels crashed")))
            }
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // A crash of the search has been reported as its result.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn search(
    gpu: &Gpu,
    graph: &Graph,
    target: &Target,
    used: &Choices,
    store: Option<&Store>,
    limit: &Limit<'_>,
) -> Result<Found> {
    let report = tune(gpu, graph, target, limit)?;
    if let Some(store) = store {
        Winners::remember(store, gpu, &report);
    }
    let choices = report.choices();
    if choices == *used || report.entries.iter().all(|entry| entry.times().is_none()) {
        return Ok(Found { report, faster: None });
    }
    let mut plan = Plan::gpu(graph, target, &choices)?;
    let executable = Executable::new(gpu, &plan)?;
    plan.weights.iter_mut().for_each(|weights| weights.values = Vec::new());
    Ok(Found { report, faster: Some((plan, executable)) })
}
