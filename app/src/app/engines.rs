//! Changing what runs the network, while it runs.
//!
//! A new segmenter is built on a thread of its own; the old one goes on until it is ready, and its last matte
//! stays until the new one has made its first. So there is never a frame without a picture. Where nothing runs yet,
//! the processor makes the first masks: it is ready at once, and the GPU's pipelines are made one by one behind it.
//!
//! An adapter that fails, while its pipelines are made or later, gives way to the processor, and is not tried again at
//! the next start ([`Trust`](crate::render::Trust)) until people choose it anew.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::{App, Event, Messenger};
use crate::catalogue::Item;
use crate::segment::{Backend, Engine, Network, Segmenter};
use crate::task::Task;

/// How long a network's memory may be in use after it was replaced: the GPU finishes its pictures.
const LEAVING: Duration = Duration::from_secs(1);

/// A segmenter that is ready, or why there is none.
pub struct Ready {
    engine: Engine,
    /// The number of the device it was built for.
    device: u64,
    segmenter: Result<(Segmenter, Task)>,
}

impl App {
    /// Starts preparing the wanted engine, unless that is under way.
    pub(super) fn prepare_engine(&mut self) {
        if self.state.engine.preparing || self.state.engine.running == Some(self.state.engine.wanted) {
            return;
        }
        self.heed_faults();
        let wanted = self.state.engine.wanted;
        let first = self.state.engine.running.is_none();
        self.prepare(if first { Engine { backend: Backend::Cpu, ..wanted } } else { wanted });
    }

    fn prepare(&mut self, engine: Engine) {
        let Some(screen) = &self.screen else { return };
        let (device, queue) = (screen.gpu.device.clone(), screen.gpu.queue.clone());
        let item = match self.shelf.item(engine.model) {
            Ok(item) => item.clone(),
            Err(error) => return self.tell(format!("{error:#}"), true),
        };
        let (messenger, number) = (self.messenger(), self.device);
        if engine.backend == Backend::Gpu {
            self.trust.begin(&screen.gpu.identity());
        }
        let build = move || {
            let start = Instant::now();
            let segmenter = build(engine, &item, &device, &queue, &messenger);
            log::info!("the network for {engine:?} was prepared in {:?}", start.elapsed());
            messenger.send(Event::Engine(Ready { engine, device: number, segmenter }));
        };
        match thread::Builder::new().name("engine".into()).spawn(build) {
            Ok(_) => self.state.engine.preparing = true,
            Err(error) => self.tell(format!("the network could not be prepared: {error}"), true),
        }
    }

    /// Puts a finished segmenter to work, or goes back to what works.
    pub(super) fn engine_ready(&mut self, ready: Ready) {
        self.state.engine.preparing = false;
        if ready.device != self.device {
            self.trust.put_off();
            return self.prepare_engine();
        }
        match ready.segmenter {
            Ok((segmenter, task)) => {
                self.trust.pass();
                self.segmenter = Some(segmenter);
                self.give_back_at = Some(Instant::now() + LEAVING);
                self.drawn = None;
                self.learn_task(&task);
                self.follow_depth();
                self.offered = None;
                self.offer_frame();
                self.renewed = true;
                self.state.engine.running = Some(ready.engine);
                self.state.figures.restart();
                self.shown_at = None;
            }
            Err(error) => return self.cannot_prepare(ready.engine, &error),
        }
        self.prepare_engine();
    }

    /// Goes back to what works, or on to what may.
    fn cannot_prepare(&mut self, engine: Engine, error: &anyhow::Error) {
        self.tell(format!("{error:#}"), true);
        let wanted = self.state.engine.wanted;
        match (engine.backend, self.state.engine.running) {
            (Backend::Gpu, running) => {
                if is_device(error) {
                    self.mistrust(&format!("{error:#}"));
                }
                self.trust.put_off();
                let processor = Engine { backend: Backend::Cpu, ..engine };
                self.state.engine.wanted = running.unwrap_or(processor);
                self.prepare_engine();
            }
            (Backend::Cpu, Some(running)) => self.state.engine.wanted = running,
            (Backend::Cpu, None) if wanted.backend == Backend::Gpu => self.prepare(wanted),
            (Backend::Cpu, None) => {}
        }
    }

    /// The network failed: nobody is shown until another one works. The GPU's gives way to the processor's.
    pub(super) fn fail(&mut self, error: &anyhow::Error) {
        self.tell(format!("{error:#}"), true);
        self.mistrust(&format!("{error:#}"));
        let on_gpu = self.state.engine.running.is_some_and(|running| running.backend == Backend::Gpu);
        self.segmenter = None;
        self.state.engine.running = None;
        if let Some(screen) = &mut self.screen {
            screen.pipeline.forget();
        }
        if on_gpu {
            self.prepare_engine();
        }
    }

    /// Remembers that the adapter failed with a network, if one was there; the processor is to take over.
    pub(super) fn mistrust(&mut self, why: &str) {
        let Some(screen) = &self.screen else { return };
        let engine = &mut self.state.engine;
        if self.trust.is_trying() || engine.running.is_some_and(|running| running.backend == Backend::Gpu) {
            engine.wanted.backend = Backend::Cpu;
            self.trust.fail(&screen.gpu.identity(), why);
            self.tell(format!("{why}; the processor takes over"), true);
        }
    }

    /// A fault that the device has by itself is the network's that runs on it, and so is work that it does not finish.
    pub(super) fn heed_device(&mut self) {
        let fault = self.screen.as_ref().and_then(|screen| screen.gpu.take_fault());
        let on_gpu = self.state.engine.running.is_some_and(|running| running.backend == Backend::Gpu);
        if let Some(fault) = fault.filter(|_| on_gpu) {
            self.fail(&anyhow!(fault));
        }
    }

    /// People chose an engine: an adapter that failed gets another chance.
    pub(super) fn forgive(&mut self) {
        if let Some(screen) =
            self.screen.as_ref().filter(|_| self.state.engine.wanted.backend == Backend::Gpu)
        {
            self.trust.forgive(&screen.gpu.identity());
        }
    }

    /// Takes the processor where the adapter is known to fail.
    fn heed_faults(&mut self) {
        let wanted = &mut self.state.engine.wanted;
        let Some(screen) = self.screen.as_ref().filter(|_| wanted.backend == Backend::Gpu) else { return };
        if let Some(fault) = self.trust.fault(&screen.gpu.identity()) {
            wanted.backend = Backend::Cpu;
            let advice = "the network runs on the processor, since it failed on the graphics adapter before";
            self.tell(format!("{advice} ({fault}); choose GPU to try again"), false);
        }
    }
}

/// Whether it is the adapter that failed, and not the model that cannot run there.
fn is_device(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(matte_engine::Error::Device(_)))
}

fn build(
    engine: Engine,
    item: &Item,
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    messenger: &Messenger,
) -> Result<(Segmenter, Task)> {
    let network = Network::of_item(item)?;
    let task = network.reading.task.clone();
    let messenger = messenger.clone();
    let wake = Box::new(move || messenger.send(Event::Mask));
    Ok((Segmenter::new(network, engine, device, queue, wake)?, task))
}
