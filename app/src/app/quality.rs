//! Quality that holds a frame rate by itself: it gives up one thing after the other while frames come too slowly,
//! and takes the last one back after a while of calm.
//!
//! A step that fails at once makes the next try wait twice as long, so that it does not go back and forth.

use std::time::Duration;

/// What is given up, from nothing on; each step keeps what the ones before gave up.
const STEPS: [(&str, Plan); 6] = [
    ("full quality", Plan { every: 1, cheap: false, small_model: false, shrink: 1 }),
    ("cheaper edges", Plan { every: 1, cheap: true, small_model: false, shrink: 1 }),
    ("a smaller network", Plan { every: 1, cheap: true, small_model: true, shrink: 1 }),
    ("a new mask every second frame", Plan { every: 2, cheap: true, small_model: true, shrink: 1 }),
    ("half the resolution", Plan { every: 2, cheap: true, small_model: true, shrink: 2 }),
    ("a new mask every third frame", Plan { every: 3, cheap: true, small_model: true, shrink: 2 }),
];

/// Frames slower than this part of the target are too slow.
const TOO_SLOW: f32 = 0.88;

/// How long frames must be too slow before something is given up.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it must be calm before something is taken back, at first and at most.
const CALM: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(240));

/// How the picture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The network sees one of so many frames.
    pub every: u32,
    /// Whether the matte follows the picture by the cheaper filter.
    pub cheap: bool,
    /// Whether the smallest network runs.
    pub small_model: bool,
    /// By how much the picture is shrunk.
    pub shrink: u32,
}

impl Plan {
    /// Nothing given up.
    pub const FULL: Self = STEPS[0].1;
}

/// The present step and how long things have been as they are.
#[derive(Clone, Debug)]
pub struct Quality {
    step: usize,
    slow: Duration,
    calm: Duration,
    wait: Duration,
    /// Time since something was taken back, until that has proved itself.
    trial: Option<Duration>,
}

impl Default for Quality {
    fn default() -> Self {
        Self { step: 0, slow: Duration::ZERO, calm: Duration::ZERO, wait: CALM.0, trial: None }
    }
}

impl Quality {
    /// How the picture is made.
    pub fn plan(&self) -> Plan {
        STEPS[self.step].1
    }

    /// The step in words.
    pub fn title(&self) -> &'static str {
        STEPS[self.step].0
    }

    /// Accounts for `elapsed` time in which frames came at `rate` a second, where `target` are wanted. Tells what
    /// changed, in words.
    pub fn note(&mut self, rate: f32, target: f32, elapsed: Duration) -> Option<String> {
        if rate < TOO_SLOW * target {
            self.calm = Duration::ZERO;
            self.slow += elapsed;
            return if self.slow >= PATIENCE { self.give_up(rate, target) } else { None };
        }
        self.slow = Duration::ZERO;
        self.calm += elapsed;
        self.trial = self.trial.map(|since| since + elapsed).filter(|since| *since < 3 * CALM.0);
        if self.calm < self.wait || self.step == 0 {
            return None;
        }
        self.step -= 1;
        (self.calm, self.trial) = (Duration::ZERO, Some(Duration::ZERO));
        Some(format!("Frames come in time: {} again", self.title()))
    }

    fn give_up(&mut self, rate: f32, target: f32) -> Option<String> {
        self.slow = Duration::ZERO;
        self.wait = if self.trial.take().is_some() { (2 * self.wait).min(CALM.1) } else { self.wait };
        if self.step + 1 == STEPS.len() {
            return None;
        }
        self.step += 1;
        Some(format!("{rate:.0} of {target:.0} frames a second: now {}", self.title()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(500);

    /// Runs for some seconds on a machine that makes `rates[step]` frames a second; gives every change.
    fn run(quality: &mut Quality, rates: [f32; 6], seconds: u32) -> Vec<usize> {
        let mut steps = Vec::new();
        for _ in 0..2 * seconds {
            if quality.note(rates[quality.step], 30.0, TICK).is_some() {
                steps.push(quality.step);
            }
        }
        steps
    }

    #[test]
    fn a_fast_machine_keeps_everything() {
        assert!(run(&mut Quality::default(), [30.0; 6], 600).is_empty());
    }

    #[test]
    fn a_slow_machine_gives_up_until_it_is_fast_enough() {
        let mut quality = Quality::default();
        assert_eq!(run(&mut quality, [10.0, 14.0, 20.0, 29.0, 30.0, 30.0], 8), [1, 2, 3]);
        assert_eq!(quality.title(), "a new mask every second frame");
    }

    #[test]
    fn tries_to_take_back_become_rare() {
        let mut quality = Quality::default();
        let changes = run(&mut quality, [10.0, 20.0, 30.0, 30.0, 30.0, 30.0], 600);
        assert_eq!(changes[..4], [1, 2, 1, 2]);
        assert!(changes.len() < 16, "{changes:?}");
    }

    #[test]
    fn everything_comes_back_when_the_machine_is_free_again() {
        let mut quality = Quality::default();
        run(&mut quality, [10.0; 6], 60);
        assert_eq!(quality.step, 5);
        run(&mut quality, [30.0; 6], 120);
        assert_eq!(quality.plan(), Plan::FULL);
    }

    #[test]
    fn a_single_slow_moment_changes_nothing() {
        let mut quality = Quality::default();
        for _ in 0..100 {
            assert_eq!(quality.note(12.0, 30.0, TICK), None);
            assert_eq!(quality.note(30.0, 30.0, TICK), None);
        }
    }
}
