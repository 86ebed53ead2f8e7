//! Small outputs of a network on their way to the processor, a few frames at once, so that nobody waits for them.

use std::mem;

use anyhow::Result;
use wgpu::{Buffer, BufferBinding, BufferUsages, CommandEncoder, Device};

use super::readback::{Pending, request_outputs};

/// Frames on their way at once.
const SLOTS: usize = 3;

/// A ring of mapped buffers. Each turn carries a tag of the caller's, such as what the network saw.
pub struct Ring<T> {
    device: Device,
    slots: Vec<Slot<T>>,
}

struct Slot<T> {
    buffer: Option<Buffer>,
    state: State<T>,
}

enum State<T> {
    Free,
    /// The copies are recorded; their lengths in bytes.
    Recorded(T, Vec<u64>),
    Waiting(T, Vec<u64>, Pending),
}

/// What came back in one turn.
pub struct Turn<T> {
    /// The caller's tag.
    pub tag: T,
    /// The bytes of each binding.
    pub outputs: Vec<Vec<u8>>,
}

impl<T> Ring<T> {
    /// An empty ring.
    pub fn new(device: &Device) -> Self {
        let slot = || Slot { buffer: None, state: State::Free };
        Self { device: device.clone(), slots: (0..SLOTS).map(|_| slot()).collect() }
    }

    /// Records copies of some bindings, each of whose sizes is known, unless every buffer is on its way.
    pub fn record(&mut self, encoder: &mut CommandEncoder, bindings: &[BufferBinding<'_>], tag: T) {
        let Some(slot) = self.slots.iter_mut().find(|slot| matches!(slot.state, State::Free)) else { return };
        let lengths: Vec<u64> = bindings
            .iter()
            .map(|binding| binding.size.map_or(binding.buffer.size() - binding.offset, |size| size.get()))
            .collect();
        let total = lengths.iter().sum::<u64>();
        if slot.buffer.as_ref().is_none_or(|buffer| buffer.size() < total) {
            slot.buffer = Some(self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("outputs to read"),
                size: total,
                usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }));
        }
        let Some(buffer) = &slot.buffer else { return };
        let mut offset = 0;
        for (binding, &length) in bindings.iter().zip(&lengths) {
            encoder.copy_buffer_to_buffer(binding.buffer, binding.offset, buffer, offset, length);
            offset += length;
        }
        slot.state = State::Recorded(tag, lengths);
    }

    /// Asks for what was recorded, after its submission.
    pub fn submitted(&mut self) {
        for slot in &mut self.slots {
            slot.state = match (mem::replace(&mut slot.state, State::Free), &slot.buffer) {
                (State::Recorded(tag, lengths), Some(buffer)) => {
                    let pending = request_outputs(buffer, lengths.iter().sum());
                    State::Waiting(tag, lengths, pending)
                }
                (state, _) => state,
            };
        }
    }

    /// Whether anything is on its way.
    pub fn is_waiting(&self) -> bool {
        self.slots.iter().any(|slot| !matches!(slot.state, State::Free))
    }

    /// Waits for the next turn, if any is on its way.
    pub fn wait(&mut self) -> Option<Result<Turn<T>>> {
        for slot in &mut self.slots {
            let State::Waiting(_, _, pending) = &mut slot.state else { continue };
            let bytes = pending.wait(&self.device);
            let State::Waiting(tag, lengths, _) = mem::replace(&mut slot.state, State::Free) else {
                continue;
            };
            return Some(bytes.map(|bytes| Turn { tag, outputs: parted(&bytes, &lengths) }));
        }
        None
    }

    /// A turn that has come back, once. Does not wait.
    pub fn poll(&mut self) -> Option<Result<Turn<T>>> {
        for slot in &mut self.slots {
            let State::Waiting(_, _, pending) = &mut slot.state else { continue };
            let Some(bytes) = pending.poll(&self.device) else { continue };
            let State::Waiting(tag, lengths, _) = mem::replace(&mut slot.state, State::Free) else {
                continue;
            };
            return Some(bytes.map(|bytes| Turn { tag, outputs: parted(&bytes, &lengths) }));
        }
        None
    }
}

fn parted(bytes: &[u8], lengths: &[u64]) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut part = |length: u64| {
        let (part, after) = rest.split_at(rest.len().min(length as usize));
        rest = after;
        part.to_vec()
    };
    lengths.iter().map(|&length| part(length)).collect()
}
