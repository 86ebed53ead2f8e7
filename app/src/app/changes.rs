//! Changes of the source in the running window: each takes a moment, and the picture stays until the new one.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::conductor::{Conductor, PATIENCE, conducted};
use super::{Choice, Command, Options};

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// How long it took until the new source's first picture was presented.
    pub shown: Duration,
    /// Whether the old one's picture stayed until then.
    pub kept: bool,
}

/// Runs the program in a window and picks these sources one after the other.
pub fn changes(options: &Options, sources: Vec<Choice>) -> Result<Vec<Change>> {
    conducted(options, |conductor| {
        conductor.wait("the first picture", |app| app.state.figures.presented > 2)?;
        sources.into_iter().map(|source| change(conductor, source)).collect()
    })
}

fn change(conductor: &Conductor, source: Choice) -> Result<Change> {
    let name = format!("{source:?}");
    let start = Instant::now();
    conductor.visit(move |app| app.carry_out(Command::Source(source)))?;
    let mut kept = true;
    loop {
        // None without a picture; else whether it was taken after the change.
        let fresh = conductor.visit(move |app| app.shown.as_ref().map(|frame| frame.captured > start))?;
        kept &= fresh.is_some();
        if fresh == Some(true) {
            return Ok(Change { shown: start.elapsed(), kept });
        }
        ensure!(start.elapsed() < PATIENCE, "no picture of {name} came");
        thread::sleep(Duration::from_millis(5));
    }
}
