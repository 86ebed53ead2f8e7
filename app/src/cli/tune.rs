//! `matte tune`: which kernels are fastest for a model on the graphics adapter.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, bail};

use super::arguments::{BackendName, TuneArguments};
use super::{BadInput, engine};

/// Measures, remembers and prints.
pub fn run(arguments: &TuneArguments) -> Result<()> {
    if arguments.engine.backend != BackendName::Gpu {
        return Err(BadInput("only the kernels of a graphics adapter are tuned".into()).into());
    }
    let model = engine::model(&arguments.model)?;
    let gpu = engine::open_gpu(&arguments.engine)?;
    let mut session = engine::session(&model, Some(&gpu), &arguments.engine)?;
    let report = session.tune(Duration::from_secs(arguments.seconds.into()))?;
    // A closed pipe, as of `head`, is no failure.
    let _ = write!(std::io::stdout(), "adapter {}\n{report}", gpu.title());
    let (heuristic, winners) = report.times();
    let lag = 100.0 * (heuristic.as_secs_f64() / winners.as_secs_f64().max(f64::MIN_POSITIVE) - 1.0);
    match arguments.most_lag {
        Some(most) if lag > most => {
            bail!("the heuristic's kernels take {lag:.1} % longer than the winners, {most} % are allowed")
        }
        _ => Ok(()),
    }
}
