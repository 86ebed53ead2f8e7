//! The command line: `matte` opens the window, `matte COMMAND` works without one.
//!
//! Errors are one sentence on standard error. The exit code is 0, 2 for bad input, or 1 for a failure.

mod arguments;
mod window;

use std::fmt;
use std::process::ExitCode;

use anyhow::Error;
use clap::Parser;

use arguments::Arguments;

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = env_logger::Env::default().default_filter_or("warn,wgpu_hal=error,naga=error");
    env_logger::Builder::from_env(log).init();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("matte: {error:#}");
            exit_code(&error)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    window::run(&arguments.window)
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
