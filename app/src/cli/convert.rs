//! `matte convert`: a model with its weights, and if wished its activations, in another form, and what that costs and
//! gains.

use std::io::Write;

use anyhow::{Context, Result, ensure};
use matte_engine::quantize::{self, Bits, Budget, Change, MINIMUM, Measured, Mode, Recipe, Weights};
use matte_engine::schema::{self, File};
use matte_engine::tensor::Tensor;
use matte_engine::{Error, Model};
use regex_lite::Regex;

use super::arguments::{ConvertArguments, ModeName, WeightsName};
use super::report::{self, Report};
use super::{bad_input, engine, samples};
use crate::platform::whole::WholeFile;

/// What a conversion made.
struct Converted {
    file: File,
    changes: Vec<Change>,
    measured: Vec<Measured>,
}

/// Converts, writes, and reports.
pub fn run(arguments: &ConvertArguments) -> Result<()> {
    let bytes = engine::bytes(&arguments.input)?;
    let size_before = bytes.len();
    let original = Model::from_bytes(bytes.clone()).context("the model cannot be used").map_err(bad_input)?;
    let file = schema::read(bytes).map_err(Error::from)?;
    let file = quantize::prepared(file, arguments.layout.is_some())?;
    let prepared = model(&file)?;
    let samples = samples::samples(arguments, &prepared, &original).map_err(bad_input)?;
    let converted = converted(arguments, file, &samples)?;
    let bytes = schema::write(&converted.file).map_err(Error::from)?;
    let after = Model::from_bytes(bytes.clone()).context("the converted model")?;
    let mut output = WholeFile::create(&arguments.output)?;
    output.write_all(&bytes)?;
    output.finish()?;

    let (difference, latencies) = report::measured(arguments, &prepared, &after, &samples)?;
    let report = Report {
        input: arguments.input.display().to_string(),
        output: arguments.output.display().to_string(),
        bytes: [size_before, bytes.len()],
        difference,
        latencies,
        samples: samples.len(),
        changes: converted.changes,
        measured: converted.measured,
    };
    let text = if arguments.json { report.json().to_string() } else { report.table() };
    println!("{text}");
    Ok(())
}

fn model(file: &File) -> Result<Model> {
    let bytes = schema::write(file).map_err(Error::from)?;
    Ok(Model::from_bytes(bytes)?)
}

fn converted(arguments: &ConvertArguments, file: File, samples: &[Vec<Tensor>]) -> Result<Converted> {
    let keep: Vec<Regex> = arguments
        .keep
        .iter()
        .map(|text| Regex::new(text).with_context(|| format!("“{text}” is no regular expression")))
        .collect::<Result<_>>()
        .map_err(bad_input)?;
    let keep = |name: &str| keep.iter().any(|regex| regex.is_match(name));
    let threads = engine::threads(&arguments.engine);
    if arguments.auto {
        let four_bits = arguments.weights == WeightsName::Int4;
        let budget = Budget { error: arguments.error, threads, four_bits };
        let (file, measured) = quantize::convert_measured(&file, budget, samples, &keep)?;
        let changes = measured.iter().map(|measured| measured.change.clone()).collect();
        return Ok(Converted { file, changes, measured });
    }
    let recipe = Recipe {
        weights: match arguments.weights {
            WeightsName::Int8 => Weights::Integers(Bits::Eight),
            WeightsName::Int4 => Weights::Integers(Bits::Four),
            WeightsName::F16 => Weights::Halves,
            WeightsName::F32 => Weights::Reals,
        },
        mode: match arguments.mode {
            ModeName::Dynamic => Mode::Dynamic,
            ModeName::WeightOnly => Mode::WeightOnly,
            ModeName::Static => Mode::Static,
        },
        granularity: arguments.granularity,
        minimum: MINIMUM,
        keep: &keep,
    };
    let (file, changes) = if recipe.mode == Mode::Static {
        let given = arguments.calibrate.is_some();
        ensure!(
            given,
            Error::invalid("static mode needs pictures, a clip or arrays to calibrate with: --calibrate")
        );
        let ranges = quantize::observe(&file, arguments.ranging, threads, samples)?;
        quantize::convert_static(file, &recipe, &ranges)?
    } else {
        quantize::convert(file, &recipe)?
    };
    Ok(Converted { file, changes, measured: Vec::new() })
}
