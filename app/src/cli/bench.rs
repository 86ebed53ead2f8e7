//! `matte bench`: how long a model takes to load, to compile and to run.
//!
//! On the CPU it also tells the share of the processor's multiply-adds that a run uses; those are measured, with floats, in the same
//! process. A run on the GPU counts the upload of its inputs and the reading of its outputs.

use std::fmt::Write as _;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use cpu_time::ProcessTime;
use matte_engine::tensor::Tensor;
use matte_engine::{Model, Session, simd};
use serde_json::json;

use super::arguments::{BackendName, BenchArguments};
use super::{bad_input, engine, npz, run};
use crate::segment::processors;

/// A model ready to run, and how long that took, in milliseconds.
struct Prepared {
    model: Model,
    session: Session,
    load: f64,
    compile: f64,
    note: String,
}

/// Measures, or answers measurements over standard input and output.
pub fn run(arguments: &BenchArguments) -> Result<()> {
    match &arguments.serve {
        Some(references) => serve(arguments, references),
        None => measure(arguments),
    }
}

fn prepared(arguments: &BenchArguments) -> Result<Prepared> {
    let start = Instant::now();
    let model = engine::model(&arguments.model)?;
    let load = milliseconds(start);
    let gpu = engine::gpu(&arguments.engine)?;
    let start = Instant::now();
    let session = engine::session(&model, gpu.as_ref(), &arguments.engine)?;
    let compile = milliseconds(start);
    let note =
        gpu.map_or_else(|| format!("CPU, {} threads", engine::threads(&arguments.engine)), |gpu| gpu.title());
    Ok(Prepared { model, session, load, compile, note })
}

fn measure(arguments: &BenchArguments) -> Result<()> {
    let Prepared { model, mut session, load, compile, note } = prepared(arguments)?;
    let inputs: Vec<_> = model.inputs().into_iter().map(engine::sample).collect::<Result<_>>()?;
    let start = Instant::now();
    session.run(&inputs)?;
    let first = milliseconds(start);
    let bar = super::progress(arguments.runs.into(), "runs");
    let mut times = Vec::with_capacity(arguments.runs as usize);
    for _ in 0..arguments.runs {
        let start = Instant::now();
        session.run(&inputs)?;
        times.push(milliseconds(start));
        bar.inc(1);
    }
    bar.finish_and_clear();
    times.sort_by(f64::total_cmp);
    let rank = |part: f64| times[((times.len() as f64 * part) as usize).min(times.len() - 1)];
    let share = (arguments.engine.backend == BackendName::Cpu)
        .then(|| Share::of(&session, rank(0.5), engine::threads(&arguments.engine)));
    let figures = [
        ("median", rank(0.5)),
        ("p95", rank(0.95)),
        ("min", times[0]),
        ("first", first),
        ("load", load),
        ("compile", compile),
    ];
    println!("{}", report(arguments, &note, &figures, share.as_ref()));
    Ok(())
}

/// How much of what the processor can multiply and add a model uses.
struct Share {
    /// Multiply-adds of a run.
    macs: u64,
    /// Those that all threads reach in a millisecond, each with the widest instruction set on floats.
    peak: f64,
    /// The part of them that a run uses.
    share: f64,
}

impl Share {
    fn of(session: &Session, milliseconds: f64, threads: usize) -> Self {
        let macs = session.graph().macs();
        let cores = threads.min(processors());
        let peak = simd::peak(simd::Isa::detect()) * cores as f64 / 1e3;
        Self { macs, peak, share: macs as f64 / (milliseconds * peak) }
    }
}

fn report(arguments: &BenchArguments, note: &str, figures: &[(&str, f64)], share: Option<&Share>) -> String {
    if arguments.json {
        let mut object = json!({
            "model": arguments.model.display().to_string(),
            "on": note,
            "runs": arguments.runs,
        });
        for (name, value) in figures {
            object[format!("{name}_ms")] = json!(value);
        }
        if let Some(Share { macs, peak, share }) = share {
            object["multiply_adds"] = json!(macs);
            object["peak_multiply_adds_per_second"] = json!(peak * 1e3);
            object["share_of_peak"] = json!(share);
        }
        return object.to_string();
    }
    let mut text = format!("{} on {note}, {} runs", arguments.model.display(), arguments.runs);
    for (name, value) in figures {
        // Writing to a string does not fail.
        let _ = write!(text, "\n{name:>8} {value:9.3} ms");
    }
    if let Some(Share { macs, peak, share }) = share {
        let (macs, peak, share) = (*macs as f64 / 1e6, peak / 1e6, share * 100.0);
        let _ = write!(
            text,
            "\n   share {share:9.1} % of the {peak:.1} G multiply-adds a second measured here; {macs:.1} M a run"
        );
    }
    text
}

/// One line of JSON when ready; then for each line with a number that many runs and their wall and process
/// times in milliseconds; on `q` the peak of the memory, and the end.
fn serve(arguments: &BenchArguments, references: &Path) -> Result<()> {
    let mut prepared = match prepared(arguments) {
        Ok(prepared) => prepared,
        Err(error) => {
            say(&json!({ "ready": 0, "error": format!("{error:#}") }));
            return Err(error);
        }
    };
    let inputs = run::inputs_from(&prepared.model, references).map_err(bad_input)?;
    let mut expected = npz::read(references, |name| output_number(name).is_some()).map_err(bad_input)?;
    expected.sort_by_key(|(name, _)| output_number(name));
    let start = Instant::now();
    let outputs = match prepared.session.run(&inputs) {
        Ok(outputs) => outputs,
        Err(error) => {
            say(&json!({ "ready": 0, "error": error.to_string() }));
            return Err(error.into());
        }
    };
    let first = milliseconds(start);
    let errors: Vec<_> = expected.iter().map(|(_, reference)| error_of(reference, &outputs)).collect();
    say(&json!({
        "ready": 1,
        "init_ms": prepared.load + prepared.compile,
        "first_ms": first,
        "maxabs": errors,
        "note": prepared.note,
    }));
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.trim() == "q" {
            break;
        }
        let count: usize = line.trim().parse().context("a line is a number or q").map_err(bad_input)?;
        let times: Result<Vec<_>> = (0..count).map(|_| timed(&mut prepared.session, &inputs)).collect();
        say(&json!(times?));
    }
    say(&json!({ "maxrss_mb": peak_memory() }));
    Ok(())
}

fn timed(session: &mut Session, inputs: &[Tensor]) -> Result<[f64; 2]> {
    let (wall, process) = (Instant::now(), ProcessTime::now());
    session.run(inputs)?;
    Ok([milliseconds(wall), process.elapsed().as_secs_f64() * 1e3])
}

fn output_number(name: &str) -> Option<u32> {
    name.strip_prefix("out")?.parse().ok()
}

/// The largest difference to the output of the same size that comes nearest.
fn error_of(reference: &Tensor, outputs: &[Tensor]) -> Option<f64> {
    let want = plain(reference)?;
    outputs
        .iter()
        .filter_map(plain)
        .filter(|got| got.len() == want.len())
        .map(|got| got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
        .min_by(f64::total_cmp)
}

/// The elements as they are stored, without scale.
fn plain(tensor: &Tensor) -> Option<Vec<f64>> {
    let integers = tensor.to_integers().map(|values| values.iter().map(|&value| value as f64).collect());
    integers.or_else(|| Some(tensor.to_reals()?.into_iter().map(f64::from).collect()))
}

fn say(value: &serde_json::Value) {
    let mut out = std::io::stdout().lock();
    // Whoever asked may be gone; then nobody reads the answer.
    let _ = writeln!(out, "{value}").and_then(|()| out.flush());
}

/// The most memory that the process held at once, in MB, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

fn milliseconds(from: Instant) -> f64 {
    from.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_output_of_the_same_size_counts() {
        let tensor = |values: &[f32]| Tensor::from_slice([values.len()], values).expect("a list");
        let outputs = [tensor(&[1.0, 2.0]), tensor(&[1.5, 2.25]), tensor(&[0.0])];
        assert_eq!(error_of(&tensor(&[1.5, 2.0]), &outputs), Some(0.25));
        assert_eq!(error_of(&tensor(&[1.0, 2.0, 3.0]), &outputs), None);
    }

    #[test]
    fn outputs_are_told_by_their_number() {
        assert_eq!(output_number("out12"), Some(12));
        assert_eq!(output_number("output_names"), None);
        assert_eq!(output_number("in0"), None);
    }
}
