//! Measuring on a thread of its own, beside a session that runs.

use super::{Limit, Prepared, Report, Subject, Winners, tune};
use crate::error::Result;
use crate::gpu::{Executable, Gpu};
use crate::store::Store;
use crate::wgsl::Choice;
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
    /// The winners' plan, compiled; none where it is the one in use.
    pub faster: Option<(Prepared, Executable)>,
}

impl Background {
    /// Starts a search of at most `budget`; `used` are the kernels that the session runs. Winners go to the store.
    /// Without a thread to run on there is no search.
    pub fn start(
        gpu: &Gpu,
        subject: Subject,
        used: Vec<Option<Choice>>,
        store: Option<Store>,
        budget: Duration,
    ) -> Option<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, found) = channel();
        let (gpu, stopped) = (gpu.clone(), Arc::clone(&stop));
        let search = move || {
            let limit = Limit::new(budget, &stopped);
            let found = search(&gpu, &subject, &used, store.as_ref(), &limit);
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
    subject: &Subject,
    used: &[Option<Choice>],
    store: Option<&Store>,
    limit: &Limit<'_>,
) -> Result<Found> {
    let report = tune(gpu, subject, limit)?;
    if let Some(store) = store {
        Winners::remember(store, gpu, &report);
    }
    let mut prepared = subject.prepared(&Winners::of(&report))?;
    if prepared.plan.choices() == used {
        return Ok(Found { report, faster: None });
    }
    let executable = Executable::new(gpu, &prepared.plan)?;
    prepared.plan.weights.iter_mut().for_each(|weights| weights.values = Vec::new());
    Ok(Found { report, faster: Some((prepared, executable)) })
}
