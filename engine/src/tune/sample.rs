//! Steps of several plans, compiled and timed together.

use crate::error::Result;
use crate::gpu::{Executable, Gpu};
use crate::plan::Plan;
use std::time::Duration;

/// One step of a plan.
#[derive(Clone, Copy)]
pub struct Entrant<'a> {
    pub plan: &'a Plan,
    pub step: usize,
}

/// Entrants ready to run. What they compute is of no use: they all work on whatever the arena holds.
pub struct Sample {
    executable: Executable,
}

impl Sample {
    /// All entrants' plans lay out memory the same way.
    pub fn new(gpu: &Gpu, entrants: &[Entrant<'_>]) -> Result<Self> {
        let steps: Vec<(&Plan, usize)> =
            entrants.iter().map(|entrant| (entrant.plan, entrant.step)).collect();
        Ok(Self { executable: Executable::new(gpu, &Plan::sample(&steps))? })
    }

    /// Runs these entrants once, in this order, and gives the time that each took.
    pub fn times(&self, entrants: &[usize]) -> Result<Vec<Duration>> {
        match self.executable.times(entrants)? {
            Some(times) => Ok(times),
            None => self.executable.wall_times(entrants),
        }
    }
}
