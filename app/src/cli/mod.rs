//! The command line: `matte` opens the window, `matte COMMAND` works without one.
//!
//! Errors are one sentence on standard error. The exit code is 0, 2 for bad input, or 1 for a failure.

mod arguments;
mod background;
mod bench;
mod camera;
mod convert;
mod doctor;
mod engine;
mod figures;
mod inspect;
mod list;
mod models;
mod modes;
pub mod npz;
mod planes;
mod process;
mod record;
mod report;
mod run;
mod samples;
mod tune;
mod window;

use std::fmt;
use std::process::ExitCode;

use anyhow::Error;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use arguments::{Action, Arguments};

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = env_logger::Env::default().default_filter_or("warn,wgpu_hal=error,naga=error");
    env_logger::Builder::from_env(log).init();
    match carry_out(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("matte: {error:#}");
            exit_code(&error)
        }
    }
}

fn carry_out(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.action {
        None => window::run(&arguments.window),
        Some(Action::Process(arguments)) => process::run(&arguments),
        Some(Action::List) => list::run(),
        Some(Action::Record(arguments)) => record::run(&arguments),
        Some(Action::Run(arguments)) => run::run(&arguments),
        Some(Action::Bench(arguments)) => bench::run(&arguments),
        Some(Action::Rehearse(arguments)) => window::rehearse(&arguments),
        Some(Action::Load(arguments)) => window::load(&arguments),
        Some(Action::Faults(arguments)) => window::faults(&arguments),
        Some(Action::Modes(arguments)) => modes::run(&arguments),
        Some(Action::Changes(arguments)) => window::changes(&arguments),
        Some(Action::Inspect(arguments)) => inspect::run(&arguments),
        Some(Action::Convert(arguments)) => convert::run(&arguments),
        Some(Action::Models(arguments)) => models::run(&arguments),
        Some(Action::Figures(arguments)) => figures::run(&arguments),
        Some(Action::Doctor) => doctor::run(),
        Some(Action::Tune(arguments)) => tune::run(&arguments),
    }
}

/// A bar on the terminal; nothing where standard error is not one.
fn progress(length: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:32} {pos} of {len} {msg}, {eta} left");
    let bar = ProgressBar::new(length).with_message(what);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Marks an error as the fault of what was given.
#[derive(Debug)]
pub struct BadInput(String);

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}

/// Turns an error into one about the input, keeping its sentence.
pub fn bad_input(error: Error) -> Error {
    BadInput(format!("{error:#}")).into()
}

fn exit_code(error: &Error) -> ExitCode {
    use matte_engine::Error::{Invalid, Malformed, Unsupported};
    let bad = error.chain().any(|cause| {
        let engine = cause.downcast_ref::<matte_engine::Error>();
        cause.is::<BadInput>() || matches!(engine, Some(Malformed(_) | Invalid(_) | Unsupported { .. }))
    });
    ExitCode::from(if bad { 2 } else { 1 })
}
