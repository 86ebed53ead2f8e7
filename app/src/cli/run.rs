//! `matte run`: arrays in, arrays out, any model.

use anyhow::{Result, bail};
use matte_engine::Model;
use matte_engine::tensor::Tensor;

use super::arguments::RunArguments;
use super::{bad_input, engine, npz};
use crate::platform::whole::WholeFile;

/// Runs the model on the input file's arrays.
pub fn run(arguments: &RunArguments) -> Result<()> {
    let model = engine::model(&arguments.model)?;
    let inputs = inputs_from(&model, &arguments.input).map_err(bad_input)?;
    let output = WholeFile::create(&arguments.output)?;
    let gpu = engine::gpu(&arguments.engine)?;
    let mut session = engine::session(&model, gpu.as_ref(), &arguments.engine)?;
    let outputs = session.run(&inputs)?;
    let named: Vec<_> =
        outputs.into_iter().enumerate().map(|(index, value)| (format!("out{index}"), value)).collect();
    let mut output = output;
    npz::write(&mut output, &named)?;
    output.finish()
}

/// The arrays `in0`, `in1`, … of a file, or `input` for a model with one input, in the model's order.
pub fn inputs_from(model: &Model, path: &std::path::Path) -> Result<Vec<Tensor>> {
    let is_input = |name: &str| {
        name == "input" || name.strip_prefix("in").is_some_and(|rest| rest.parse::<u32>().is_ok())
    };
    let arrays = npz::read(path, is_input)?;
    let wanted = model.inputs().len();
    let find = |name: &str| arrays.iter().find(|(found, _)| found == name).map(|(_, array)| array.clone());
    let inputs: Option<Vec<_>> = (0..wanted).map(|index| find(&format!("in{index}"))).collect();
    match inputs.or_else(|| (wanted == 1).then(|| find("input")).flatten().map(|input| vec![input])) {
        Some(inputs) => Ok(inputs),
        None => {
            let names: Vec<_> = arrays.iter().map(|(name, _)| name.as_str()).collect();
            let expected = if wanted == 1 {
                "in0 or input".into()
            } else {
                format!("in0 to in{}", wanted.saturating_sub(1))
            };
            let found = if names.is_empty() { "none of them".into() } else { names.join(", ") };
            bail!("the file {} has to hold the arrays {expected}, and holds {found}", path.display())
        }
    }
}
