//! Choosing, opening and fetching models.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Result;

use super::state::{Fetch, Offered};
use super::{App, Event};
use crate::catalogue::download::{Go, Wanted, fetch, models_folder};
use crate::catalogue::{Item, Place, Shelf};
use crate::task::Task;

/// The part of a transfer after which the window hears of it again.
const STEPS: u64 = 100;

impl App {
    /// Puts a `.tflite` file on the shelf and to work.
    pub(super) fn open_model(&mut self, path: PathBuf) {
        match self.shelf.add_file(&path) {
            Ok(index) => {
                self.state.engine.models = offered(&self.shelf);
                self.use_model(index);
            }
            Err(error) => self.tell(format!("{error:#}"), true),
        }
    }

    /// Puts a model to work, or shows the card of one that has to be fetched first.
    pub(super) fn choose_model(&mut self, index: usize) {
        let here = self.state.engine.models.get(index).is_some_and(|offered| offered.here);
        self.state.engine.shown = (!here).then_some(index);
        if here {
            self.use_model(index);
        }
    }

    fn use_model(&mut self, index: usize) {
        self.chosen_model = index;
        self.state.engine.wanted.model = index;
        self.prepare_engine();
    }

    /// Begins to fetch a model, unless another one is on its way.
    pub(super) fn fetch_model(&mut self, index: usize) {
        if self.fetching.is_some() {
            return;
        }
        let started = self.start_fetch(index);
        match started {
            Ok(stop) => {
                self.fetching = Some(stop);
                self.state.engine.fetch = Some(Fetch { model: index, part: 0.0 });
            }
            Err(error) => self.tell(format!("{error:#}"), true),
        }
    }

    fn start_fetch(&self, index: usize) -> Result<Arc<AtomicBool>> {
        let item = self.shelf.item(index)?;
        let entry = item.entry.ok_or_else(|| anyhow::anyhow!("{} is a file already", item.title))?;
        let wanted = Wanted::of(&entry)?;
        let folder = models_folder().ok_or_else(|| anyhow::anyhow!("this user has no folder for models"))?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, proxy) = (Arc::clone(&stop), self.proxy.clone());
        let transfer = move || {
            let mut told = None;
            let result = fetch(&wanted, &folder, |bytes| {
                let step = bytes * STEPS / wanted.bytes.max(1);
                if told.replace(step) != Some(step) {
                    // The loop ends before its threads do; then nobody watches.
                    let _ = proxy.send_event(Event::Fetching(step as f32 / STEPS as f32));
                }
                if stopped.load(Ordering::Relaxed) { Go::Stop } else { Go::On }
            });
            let _ = proxy.send_event(Event::Fetched(index, result));
        };
        thread::Builder::new().name("fetch".into()).spawn(transfer)?;
        Ok(stop)
    }

    /// Ends a transfer; what has come is kept for another time.
    pub(super) fn stop_fetch(&mut self) {
        if let Some(stop) = &self.fetching {
            stop.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn fetch_goes_on(&mut self, part: f32) {
        if let Some(fetch) = &mut self.state.engine.fetch {
            fetch.part = part;
        }
    }

    /// Puts a model to work that has come, or says why it has not.
    pub(super) fn model_fetched(&mut self, index: usize, fetched: Result<PathBuf>) {
        let stopped = self.fetching.take().is_some_and(|stop| stop.load(Ordering::Relaxed));
        self.state.engine.fetch = None;
        match fetched {
            Ok(path) => {
                self.shelf.fetched(index, path);
                self.state.engine.models = offered(&self.shelf);
                self.state.engine.shown = None;
                self.use_model(index);
            }
            Err(_) if stopped => {}
            Err(error) => self.tell(format!("{error:#}"), true),
        }
    }

    /// Says which classes count as the person.
    pub(super) fn keep_class(&mut self, class: usize, keep: bool) {
        if let Some(entry) = self.state.engine.classes.get_mut(class) {
            entry.1 = keep;
        }
        let kept: Vec<bool> = self.state.engine.classes.iter().map(|(_, keep)| *keep).collect();
        if let Some(segmenter) = &mut self.segmenter {
            segmenter.keep(&kept);
        }
        self.renewed = true;
        self.show_again();
    }

    /// Takes over what the network that has come is for.
    pub(super) fn learn_task(&mut self, task: &Task) {
        self.state.engine.task = Some(task.title());
        self.state.engine.masks = task.is_mask();
        self.state.engine.classes = match task {
            Task::Classes { labels, keep, .. } => labels.iter().cloned().zip(keep.iter().copied()).collect(),
            _ => Vec::new(),
        };
    }
}

/// The shelf as the UI reads it.
pub fn offered(shelf: &Shelf) -> Vec<Offered> {
    shelf.items().iter().map(offer).collect()
}

fn offer(item: &Item) -> Offered {
    let card = item.card.as_ref();
    Offered {
        title: item.title.clone(),
        group: card.map_or("Your files", |card| card.task.title()),
        about: card.map_or_else(String::new, |card| card.about.clone()),
        license: card.map_or_else(
            || "A file of your own".into(),
            |card| format!("{}, © {}, from {}", card.license, card.copyright, card.origin),
        ),
        megabytes: card.map_or(0.0, |card| card.bytes as f32 / 1e6),
        here: item.place != Place::Away,
    }
}
