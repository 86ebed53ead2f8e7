//! The depth behind the portrait: a second network beside the one that finds the person, while it is of use.
//!
//! It runs on the adapter that draws, and only if a model of depth is on this machine. Without it the portrait is made
//! of the matte alone.

use std::thread;

use anyhow::Result;

use super::{App, Effect, Event, View};
use crate::catalogue::{CardTask, Item, Place};
use crate::segment::{Backend, Network, OnGpu};

/// A network of depth that is ready, or why there is none.
pub struct DepthReady {
    /// The number of the device it was built for.
    device: u64,
    network: Result<Box<OnGpu>>,
}

impl App {
    /// Whether what is shown is better with a depth.
    fn wants_depth(&self) -> bool {
        let look = &self.state.look;
        let shown = look.effect == Effect::Portrait || matches!(look.view, View::Depth | View::Circles);
        shown && self.state.engine.wanted.backend == Backend::Gpu && self.state.engine.masks
    }

    /// Starts preparing the network of depth, or lets it go.
    pub(super) fn follow_depth(&mut self) {
        if !self.wants_depth() {
            self.depth = None;
            if let Some(screen) = &mut self.screen {
                screen.pipeline.set_depth(None);
            }
            return;
        }
        if self.depth.is_some() || self.depth_asked == Some(self.device) {
            return;
        }
        let (Some(screen), Some(item)) = (&self.screen, self.depth_model()) else { return };
        let (device, queue) = (screen.gpu.device.clone(), screen.gpu.queue.clone());
        let (messenger, number, precision) =
            (self.messenger(), self.device, self.state.engine.wanted.precision);
        let build = move || {
            let network =
                Network::of_item(&item).and_then(|network| OnGpu::new(&network, precision, &device, &queue));
            messenger.send(Event::Depth(DepthReady { device: number, network: network.map(Box::new) }));
        };
        match thread::Builder::new().name("depth".into()).spawn(build) {
            Ok(_) => self.depth_asked = Some(self.device),
            Err(error) => self.tell(format!("the network of depth could not be prepared: {error}"), true),
        }
    }

    /// The model of depth that is on this machine.
    fn depth_model(&self) -> Option<Item> {
        let is_depth =
            |item: &&Item| item.card.as_ref().is_some_and(|card| matches!(card.task, CardTask::Depth));
        let here = |item: &&Item| item.place != Place::Away;
        self.shelf.items().iter().filter(is_depth).find(here).cloned()
    }

    /// Puts a finished network of depth to work.
    pub(super) fn depth_ready(&mut self, ready: DepthReady) {
        if ready.device != self.device {
            return;
        }
        match ready.network {
            Ok(network) => self.depth = Some(network),
            Err(error) => return self.tell(format!("the portrait goes on without a depth: {error:#}"), true),
        }
        self.depth_asked = None;
        self.follow_depth();
        self.show_again();
    }
}
