//! Changing what runs the network, while it runs.
//!
//! A new segmenter is built on a thread of its own; the old one goes on until it is ready, and its last matte
//! stays until the new one has made its first. So there is never a frame without a picture.

use std::thread;
use std::time::Instant;

use anyhow::Result;

use super::{App, Event};
use crate::catalogue::Item;
use crate::segment::{Backend, Engine, Network, Segmenter};
use crate::task::Task;

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
        let engine = self.state.engine.wanted;
        if self.state.engine.preparing || self.state.engine.running == Some(engine) {
            return;
        }
        let Some(screen) = &self.screen else { return };
        let (device, queue) = (screen.gpu.device.clone(), screen.gpu.queue.clone());
        let item = match self.shelf.item(engine.model) {
            Ok(item) => item.clone(),
            Err(error) => return self.tell(format!("{error:#}"), true),
        };
        let (proxy, number) = (self.proxy.clone(), self.device);
        let build = move || {
            let start = Instant::now();
            let segmenter = build(engine, &item, &device, &queue, &proxy);
            log::info!("the network for {engine:?} was prepared in {:?}", start.elapsed());
            // The loop ends before its threads do; then nobody needs the segmenter.
            let _ = proxy.send_event(Event::Engine(Ready { engine, device: number, segmenter }));
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
            return self.prepare_engine();
        }
        match ready.segmenter {
            Ok((segmenter, task)) => {
                self.segmenter = Some(segmenter);
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
            Err(error) => {
                self.tell(format!("{error:#}"), true);
                let processor = Engine { backend: Backend::Cpu, ..ready.engine };
                let otherwise = if ready.engine.backend == Backend::Gpu { processor } else { ready.engine };
                self.state.engine.wanted = self.state.engine.running.unwrap_or(otherwise);
                if self.state.engine.running.is_none() && ready.engine.backend == Backend::Cpu {
                    return;
                }
            }
        }
        self.prepare_engine();
    }
}

fn build(
    engine: Engine,
    item: &Item,
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    proxy: &winit::event_loop::EventLoopProxy<Event>,
) -> Result<(Segmenter, Task)> {
    let network = Network::of_item(item)?;
    let task = network.reading.task.clone();
    let proxy = proxy.clone();
    let wake = Box::new(move || {
        // The loop ends before its threads do; then nobody needs the mask.
        let _ = proxy.send_event(Event::Mask);
    });
    Ok((Segmenter::new(network, engine, device, queue, wake)?, task))
}
