//! What the program measures about itself, as medians over the last two seconds or so.

use std::collections::VecDeque;

const KEPT: usize = 96;

/// The stages of a frame, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From the moment the frame was captured until it is taken.
    Capture,
    /// Its planes into textures.
    Upload,
    /// Colors, crop, size and range of the network's input.
    Prepare,
    /// The network.
    Network,
    /// The mask over time and along the picture's edges.
    Refine,
    /// The picture with its new background.
    Compose,
    /// Submission and the wait for the screen.
    Present,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 7] = [
        Self::Capture,
        Self::Upload,
        Self::Prepare,
        Self::Network,
        Self::Refine,
        Self::Compose,
        Self::Present,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Upload => "upload",
            Self::Prepare => "prepare",
            Self::Network => "network",
            Self::Refine => "refine",
            Self::Compose => "compose",
            Self::Present => "present",
        }
    }
}

/// The last values of one figure.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    values: VecDeque<f32>,
}

impl Meter {
    /// How many values are kept.
    pub const KEPT: usize = KEPT;

    /// The values that are kept, the oldest first.
    pub fn values(&self) -> impl Iterator<Item = f32> {
        self.values.iter().copied()
    }

    /// Adds a value and forgets the oldest.
    pub fn add(&mut self, value: f32) {
        if self.values.len() == KEPT {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// The middle value, if there is any.
    pub fn median(&self) -> Option<f32> {
        self.rank(0.5)
    }

    /// The value that one in twenty exceeds.
    pub fn p95(&self) -> Option<f32> {
        self.rank(0.95)
    }

    fn rank(&self, part: f32) -> Option<f32> {
        let mut sorted: Vec<_> = self.values.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let index = (part * sorted.len() as f32) as usize;
        sorted.get(index.min(sorted.len().saturating_sub(1))).copied()
    }
}

/// All figures of the overlay.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Milliseconds from one shown frame to the next.
    pub interval: Meter,
    /// Milliseconds of each stage, in the order of [`Stage::ALL`].
    pub stages: [Meter; 7],
    /// The age of the shown frame: milliseconds from its capture, by the driver's clock, to its presentation.
    pub latency: Meter,
    /// How often the CPU copied the last frame, from the driver's buffer into the upload.
    pub copies: u32,
    /// Frames that were never shown.
    pub dropped: u64,
    /// Bytes of pictures that came back to the CPU in the last frame.
    pub read_back: u64,
    /// Bytes of the GPU's clock that came back in the last frame.
    pub timers: u64,
    /// Bytes of a network's boxes, points and scores that came back in the last frame.
    pub outputs: u64,
    /// Pictures presented.
    pub presented: u64,
}

impl Figures {
    /// Adds a stage's milliseconds.
    pub fn add(&mut self, stage: Stage, milliseconds: f32) {
        self.stages[stage as usize].add(milliseconds);
    }

    /// The milliseconds of a stage.
    pub fn stage(&self, stage: Stage) -> &Meter {
        &self.stages[stage as usize]
    }

    /// Source frames shown a second.
    pub fn rate(&self) -> Option<f32> {
        self.interval.median().filter(|&interval| interval > 0.0).map(|interval| 1000.0 / interval)
    }

    /// Forgets what another source or engine measured.
    pub fn restart(&mut self) {
        self.interval.clear();
        self.latency.clear();
        self.stages.iter_mut().for_each(Meter::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_gives_ranks_of_its_last_values() {
        let mut meter = Meter::default();
        assert_eq!(meter.median(), None);
        (0..1000).for_each(|value| meter.add(value as f32));
        assert_eq!(meter.median(), Some(952.0));
        assert_eq!(meter.p95(), Some(995.0));
    }

    #[test]
    fn the_rate_is_the_inverse_of_the_median_interval() {
        let mut figures = Figures::default();
        assert_eq!(figures.rate(), None);
        [33.0, 33.5, 500.0].into_iter().for_each(|interval| figures.interval.add(interval));
        assert!(figures.rate().is_some_and(|rate| (rate - 29.85).abs() < 0.01));
    }
}
