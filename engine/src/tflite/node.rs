//! Operators of the file → operators of the engine.

use super::types::{self, Checked, Flaw};
use super::versions;
use crate::error::{Error, Result};
use crate::ops::{self, Op, Source};
use crate::schema::{BuiltinOperator, File, Operator, OperatorCode, Options};
use crate::tensor::TensorType;

/// Which operator of the file is read, as errors name it.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The file.
    pub file: &'a File,
    /// The index of the graph.
    pub graph: usize,
    /// The index of the operator in the graph.
    pub index: usize,
}

impl<'a> Place<'a> {
    /// The operator.
    pub fn operator(&self) -> &'a Operator {
        &self.file.subgraphs[self.graph].operators[self.index]
    }

    /// Which operator it is.
    pub fn code(&self) -> &'a OperatorCode {
        &self.file.operator_codes[self.operator().opcode_index as usize]
    }

    /// The node's name: the file gives names only to tensors, so it is that of the first result.
    pub fn name(&self) -> &'a str {
        let first = self.operator().outputs.first().and_then(|&output| usize::try_from(output).ok());
        first.map_or("", |output| &self.file.subgraphs[self.graph].tensors[output].name)
    }

    /// The error that the operator is wrong or not supported, as `flaw` says.
    pub fn error(&self, flaw: Flaw) -> Error {
        let code = self.code();
        let operator = format!("{} version {}", operator_name(code), code.version);
        let graph = if self.graph == 0 { String::new() } else { format!(" of graph {}", self.graph) };
        let node = format!("{}{graph} {}", self.index, self.name());
        match flaw {
            Flaw::Malformed(reason) => Error::malformed(format!("node {node} ({operator}): {reason}")),
            Flaw::Unsupported(reason) => Error::Unsupported { node, operator, reason },
        }
    }
}

/// The operator at `place` with its attributes.
pub fn decode(place: Place<'_>) -> Result<Op> {
    attributes(place).map_err(|flaw| place.error(flaw))
}

fn attributes(place: Place<'_>) -> Checked<Op> {
    let (operator, code) = (place.operator(), place.code());
    let name = operator_name(code);
    let newest = versions::newest(&name);
    if code.builtin_code != BuiltinOperator::CUSTOM && code.version > newest {
        return Err(Flaw::unsupported(format!(
            "its version is newer than {newest}, the last one that is defined"
        )));
    }
    let options = operator.builtin_options.as_ref().or(operator.builtin_options_2.as_ref());
    options.map_or(Ok(()), known)?;
    let tensors = &place.file.subgraphs[place.graph].tensors;
    let intermediates =
        operator.intermediates.iter().filter_map(|&index| tensors.get(usize::try_from(index).ok()?));
    let intermediates = intermediates.map(types::tensor_type).collect::<Checked<Vec<TensorType>>>()?;
    let op = ops::decode(&Source {
        name: &name,
        version: code.version.into(),
        options,
        custom_options: &operator.custom_options,
        intermediates: &intermediates,
    });
    op.map_err(|refusal| Flaw::Unsupported(refusal.0))
}

/// Refuses options that the schema does not name: what they change cannot be known.
fn known(options: &Options) -> Checked<()> {
    match (options.layout(), options.unknown()) {
        (None, _) => Err(Flaw::unsupported(format!("its options are of the unknown table {}", options.id()))),
        (Some(layout), [slot, ..]) => {
            Err(Flaw::unsupported(format!("its {} have an unknown field {slot}", layout.name)))
        }
        (Some(_), []) => Ok(()),
    }
}

fn operator_name(code: &OperatorCode) -> String {
    match code.builtin_code {
        BuiltinOperator::CUSTOM => code.custom_code.clone(),
        builtin => builtin.to_string(),
    }
}
