//! What a conversion cost and gained: bytes, error, time.

use std::fmt::Write;
use std::time::Instant;

use anyhow::Result;
use matte_engine::quantize::{Change, Comparison, Difference, Form, Measured};
use matte_engine::tensor::Tensor;
use matte_engine::{Model, Session};
use serde_json::{Value, json};

use super::arguments::ConvertArguments;
use super::engine;

/// How many times each model runs; the median counts.
const RUNS: usize = 11;

/// The samples on which the models are compared at most.
const COMPARED: usize = 16;

/// The figures of a conversion.
pub struct Report {
    /// The model before.
    pub input: String,
    /// The model after.
    pub output: String,
    /// The files' sizes before and after.
    pub bytes: [usize; 2],
    /// How far outputs are apart.
    pub difference: Difference,
    /// Milliseconds on the CPU and, where there is one, the GPU.
    pub latencies: Vec<Latency>,
    /// Inputs used.
    pub samples: usize,
    /// What became of each layer.
    pub changes: Vec<Change>,
    /// What was measured of each layer, with `--auto`.
    pub measured: Vec<Measured>,
}

/// Milliseconds of a run in the median, before and after.
pub struct Latency {
    /// Where.
    pub on: String,
    /// Before and after.
    pub milliseconds: [f64; 2],
}

/// Runs both models: how far their outputs are apart, and how long they take.
pub fn measured(
    arguments: &ConvertArguments,
    before: &Model,
    after: &Model,
    samples: &[Vec<Tensor>],
) -> Result<(Difference, Vec<Latency>)> {
    let threads = engine::threads(&arguments.engine);
    let session = |model| Session::builder(model).threads(threads).build();
    let mut pair = [session(before)?, session(after)?];
    let shapes: Vec<&[usize]> = before.outputs().iter().map(|ty| &ty.shape[..]).collect();
    let input = before.inputs().first().map_or(&[][..], |ty| &ty.shape);
    let mut comparison = Comparison::new(&shapes, input);
    for sample in samples.iter().take(COMPARED) {
        pair.iter_mut().for_each(Session::reset);
        let [before, after] = &mut pair;
        comparison.add(&before.run(sample)?, &after.run(sample)?);
    }
    let mut latencies =
        vec![Latency { on: format!("CPU, {threads} threads"), milliseconds: times(&mut pair, &samples[0])? }];
    if !arguments.no_gpu {
        match engine::open_gpu(&arguments.engine) {
            Ok(gpu) => {
                let session = |model| engine::session(model, Some(&gpu), &arguments.engine);
                let mut pair = [session(before)?, session(after)?];
                latencies.push(Latency { on: gpu.title(), milliseconds: times(&mut pair, &samples[0])? });
            }
            Err(error) => log::warn!("no time on the GPU: {error:#}"),
        }
    }
    Ok((comparison.difference(), latencies))
}

/// The median milliseconds of both sessions, run in turn.
fn times(pair: &mut [Session; 2], sample: &[Tensor]) -> Result<[f64; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=RUNS {
        for (session, times) in pair.iter_mut().zip(&mut times) {
            let start = Instant::now();
            session.run(sample)?;
            // The first round warms caches.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    Ok(times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }))
}

impl Report {
    /// How many times smaller the file is.
    fn ratio(&self) -> f64 {
        self.bytes[0] as f64 / self.bytes[1] as f64
    }

    /// For people: the layers, then the sums.
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        if self.measured.is_empty() {
            for change in self.changes.iter().filter(|change| change.form == Form::AsTheyWere) {
                let _ =
                    writeln!(text, "{} ({}) stays as it was: {}", change.name, change.operator, change.why);
            }
        } else {
            text += &layers(&self.measured);
        }
        let changed = self.changes.iter().filter(|change| change.form != Form::AsTheyWere).count();
        let off = &self.difference;
        let _ = writeln!(text, "{:<12}{changed} of {} changed", "layers", self.changes.len());
        let _ = writeln!(
            text,
            "{:<12}{} → {}, {:.2} × smaller",
            "bytes",
            self.bytes[0],
            self.bytes[1],
            self.ratio()
        );
        let _ = writeln!(
            text,
            "{:<12}max {:.3e}, mean {:.3e}, SNR {:.1} dB",
            "error", off.max, off.mean, off.snr
        );
        let figures =
            [("IoU", off.iou, ""), ("top-1", off.top1, " agree"), ("key points", off.shift, " px moved")];
        for (name, figure, unit) in figures {
            if let Some(figure) = figure {
                let _ = writeln!(text, "{name:<12}{figure:.4}{unit}");
            }
        }
        for latency in &self.latencies {
            let [before, after] = latency.milliseconds;
            let speed = before / after;
            let _ = writeln!(
                text,
                "{:<12}{before:.2} → {after:.2} ms, {speed:.2} × as fast on {}",
                "time", latency.on
            );
        }
        let _ = write!(text, "{:<12}{} inputs", "compared on", self.samples.min(COMPARED));
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let off = &self.difference;
        let finite = |value: f64| value.is_finite().then_some(value);
        let latencies = self.latencies.iter().map(|latency| {
            let [before, after] = latency.milliseconds;
            json!({ "on": latency.on, "before_ms": before, "after_ms": after })
        });
        let measured = |name: &str| self.measured.iter().find(|measured| measured.change.name == name);
        let layers = self.changes.iter().map(|change| {
            let mut layer = json!({
                "name": change.name, "operator": change.operator, "elements": change.elements,
                "bytes_before": change.before, "form": change.form.to_string(), "why": change.why,
            });
            if let Some(measured) = measured(&change.name) {
                layer["error"] = json!(measured.error);
                layer["bytes_after"] = json!(measured.after);
                layer["before_ms"] = json!(measured.milliseconds[0]);
                layer["after_ms"] = json!(measured.milliseconds[1]);
            }
            layer
        });
        json!({
            "input": self.input, "output": self.output,
            "bytes_before": self.bytes[0], "bytes_after": self.bytes[1], "ratio": self.ratio(),
            "max_error": off.max, "mean_error": off.mean, "snr_db": finite(off.snr),
            "iou": off.iou, "top1_agreement": off.top1,
            "key_point_shift_px": off.shift, "largest_key_point_shift_px": off.largest_shift,
            "latency": latencies.collect::<Vec<_>>(), "samples": self.samples.min(COMPARED),
            "layers": layers.collect::<Vec<_>>(),
        })
    }
}

/// A line a layer: kind, error, bytes and milliseconds before and after, what became of it and why.
fn layers(measured: &[Measured]) -> String {
    let width = measured.iter().map(|layer| layer.change.name.chars().count().min(40)).max().unwrap_or(0);
    let mut text = format!(
        "{:width$} {:22} {:>8} {:>9} {:>9} {:>8} {:>8}  {}\n",
        "layer", "kind", "error", "bytes", "after", "ms", "after", "decision"
    );
    for layer in measured {
        let change = &layer.change;
        let skipped = change.name.chars().count().saturating_sub(width);
        let name: String = change.name.chars().skip(skipped).collect();
        let [before, after] = layer.milliseconds;
        let _ = writeln!(
            text,
            "{name:width$} {:22} {:8.4} {:9} {:9} {before:8.3} {after:8.3}  {}: {}",
            change.operator, layer.error, change.before, layer.after, change.form, change.why
        );
    }
    text
}
