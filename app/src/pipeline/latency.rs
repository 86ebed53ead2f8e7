//! How long each stage takes on the GPU, by timestamps at the ends of its passes.
//!
//! The clock runs only when it is asked to: its answers come back through a mapped buffer, which
//! [`super::readback`] counts apart from pixels. It measures one frame at a time and is free again when that
//! frame's times have been read, so that it never waits.

use std::cell::RefCell;

use wgpu::{Buffer, CommandEncoder, Device, QuerySet, Queue};

use super::readback::{self, Pending};

/// The stages that the pipeline records itself. The network's time lies between `Prepare` and `Convert`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Raw planes to the network's input.
    Prepare,
    /// Raw planes to the shown picture.
    Convert,
    /// The network's mask to the full-size matte.
    Refine,
    /// The blurred background.
    Blur,
    /// The result into its target.
    Compose,
}

/// Milliseconds that the stages of one frame took on the GPU; zero for those that did not run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageTimes {
    /// Raw planes to the network's input.
    pub prepare: f64,
    /// From the end of `prepare` to the beginning of `convert`.
    pub network: f64,
    /// Raw planes to the shown picture.
    pub convert: f64,
    /// The network's mask to the full-size matte.
    pub refine: f64,
    /// The blurred background.
    pub blur: f64,
    /// The result into its target.
    pub compose: f64,
}

const MAX_PASSES: u32 = 32;

enum State {
    /// Nothing is measured.
    Idle,
    /// Passes of this frame ask for queries.
    Running(Vec<Stage>),
    /// The encoder resolves the queries; the buffer can be mapped once it is submitted.
    Recorded(Vec<Stage>),
    /// The times are on their way.
    Waiting(Vec<Stage>, Pending),
}

struct Queries {
    set: QuerySet,
    resolved: Buffer,
    read: Buffer,
    nanoseconds: f64,
}

pub(super) struct Clock {
    queries: Option<Queries>,
    state: RefCell<State>,
}

impl Clock {
    /// A clock; it stands still on devices without `TIMESTAMP_QUERY`.
    pub fn new(device: &Device, queue: &Queue) -> Self {
        let able = device.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        Self { queries: able.then(|| Queries::new(device, queue)), state: RefCell::new(State::Idle) }
    }

    /// Measures the passes from here to [`Clock::finish`], unless an earlier frame's times are outstanding.
    pub fn start(&self) {
        let mut state = self.state.borrow_mut();
        if self.queries.is_some() && matches!(*state, State::Idle) {
            *state = State::Running(Vec::new());
        }
    }

    /// The two queries of a pass: the set, and the index of the first.
    pub fn times(&self, stage: Stage) -> Option<(&QuerySet, u32)> {
        let queries = self.queries.as_ref()?;
        match &mut *self.state.borrow_mut() {
            State::Running(passes) if (passes.len() as u32) < MAX_PASSES => {
                passes.push(stage);
                Some((&queries.set, 2 * (passes.len() as u32 - 1)))
            }
            _ => None,
        }
    }

    /// Records the copy of the times of this frame.
    pub fn finish(&self, encoder: &mut CommandEncoder) {
        let Some(queries) = &self.queries else { return };
        let mut state = self.state.borrow_mut();
        if let State::Running(passes) = &mut *state {
            let passes = std::mem::take(passes);
            let count = 2 * passes.len() as u32;
            if count == 0 {
                *state = State::Idle;
                return;
            }
            encoder.resolve_query_set(&queries.set, 0..count, &queries.resolved, 0);
            encoder.copy_buffer_to_buffer(&queries.resolved, 0, &queries.read, 0, u64::from(8 * count));
            *state = State::Recorded(passes);
        }
    }

    /// Gives the times of the last measured frame when they have come. The encoder of that frame was
    /// submitted before.
    pub fn read(&self, device: &Device) -> Option<StageTimes> {
        let queries = self.queries.as_ref()?;
        let mut state = self.state.borrow_mut();
        if let State::Recorded(passes) = &mut *state {
            let passes = std::mem::take(passes);
            let pending = readback::request_timings(&queries.read, 16 * passes.len() as u64);
            *state = State::Waiting(passes, pending);
        }
        let State::Waiting(passes, pending) = &mut *state else { return None };
        let Ok(bytes) = pending.poll(device)? else {
            *state = State::Idle;
            return None;
        };
        let ticks: Vec<u64> = bytes.chunks_exact(8).map(bytemuck::pod_read_unaligned).collect();
        let times = stage_times(passes, &ticks, queries.nanoseconds);
        *state = State::Idle;
        Some(times)
    }
}

impl Queries {
    fn new(device: &Device, queue: &Queue) -> Self {
        let bytes = u64::from(16 * MAX_PASSES);
        let buffer = |label, usage| {
            let mapped_at_creation = false;
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size: bytes,
                usage,
                mapped_at_creation,
            })
        };
        use wgpu::BufferUsages as Usage;
        Self {
            set: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("stages"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * MAX_PASSES,
            }),
            resolved: buffer("stage times", Usage::QUERY_RESOLVE | Usage::COPY_SRC),
            read: buffer("stage times to read", Usage::MAP_READ | Usage::COPY_DST),
            nanoseconds: f64::from(queue.get_timestamp_period()),
        }
    }
}

/// Sums each stage's passes. `ticks` holds the beginning and the end of each pass.
fn stage_times(passes: &[Stage], ticks: &[u64], nanoseconds: f64) -> StageTimes {
    let milliseconds = |begin: u64, end: u64| end.saturating_sub(begin) as f64 * nanoseconds * 1e-6;
    let mut times = StageTimes::default();
    let mut prepared = None;
    for (stage, pass) in passes.iter().zip(ticks.chunks_exact(2)) {
        let elapsed = milliseconds(pass[0], pass[1]);
        match stage {
            Stage::Prepare => {
                times.prepare += elapsed;
                prepared = Some(pass[1]);
            }
            Stage::Convert => {
                times.network += prepared.take().map_or(0.0, |end| milliseconds(end, pass[0]));
                times.convert += elapsed;
            }
            Stage::Refine => times.refine += elapsed,
            Stage::Blur => times.blur += elapsed,
            Stage::Compose => times.compose += elapsed,
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_of_a_stage_add_up_and_the_network_lies_between() {
        let passes = [Stage::Prepare, Stage::Convert, Stage::Refine, Stage::Refine, Stage::Compose];
        let ticks = [0, 1_000, 5_000, 6_000, 6_000, 8_000, 9_000, 10_000, 10_000, 14_000];
        let times = stage_times(&passes, &ticks, 1000.0);
        let expected =
            StageTimes { prepare: 1.0, network: 4.0, convert: 1.0, refine: 3.0, blur: 0.0, compose: 4.0 };
        assert_eq!(times, expected);
    }

    #[test]
    fn a_clock_that_runs_backwards_counts_as_zero() {
        let times = stage_times(&[Stage::Blur], &[9, 3], 1.0);
        assert_eq!(times, StageTimes::default());
    }
}
