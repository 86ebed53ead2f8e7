//! Keeps a source that could run at any speed to its frame rate.

use std::thread;
use std::time::{Duration, Instant};

/// Frames fall due at whole periods after the first; late frames are not made up for.
pub struct Metronome {
    period: Duration,
    due: Option<Instant>,
}

impl Metronome {
    /// A metronome of `rate` beats a second.
    pub fn new(rate: f64) -> Self {
        Self { period: Duration::from_secs_f64(1.0 / rate.clamp(0.01, 1000.0)), due: None }
    }

    /// When the next frame is due; the first is due at once.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Sleeps until the next frame is due, and counts it as given.
    pub fn wait(&mut self) {
        if let Some(due) = self.due {
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        self.beat();
    }

    /// Counts the frame that is due as given.
    pub fn beat(&mut self) {
        let now = Instant::now();
        let due = self.due.unwrap_or(now);
        let late = now.saturating_duration_since(due) > 4 * self.period;
        self.due = Some(if late { now } else { due } + self.period);
    }
}
