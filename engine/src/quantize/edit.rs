//! A file under the knife: constants found behind what unpacks them, nodes and tensors added, and what nothing reads any
//! more left out at the end.

use crate::error::{Error, Result};
use crate::schema::{
    BuiltinOperator, Bytes, File, Operator, OperatorCode, Options, QuantizationDetails, Tensor,
};
use crate::tensor::Tensor as Elements;
use crate::tflite;
use std::collections::BTreeMap;

/// A tensor of a file: its subgraph and its index there.
pub type Place = (usize, usize);

/// A file that is being edited.
pub struct Editor {
    /// The file so far.
    pub file: File,
    /// Nodes that each subgraph begins with once the edit is done.
    first: Vec<Vec<Operator>>,
}

impl Editor {
    /// An edit of `file`.
    pub fn new(file: File) -> Self {
        Self { first: vec![Vec::new(); file.subgraphs.len()], file }
    }

    /// Which operator a node is.
    pub fn code(&self, operator: &Operator) -> BuiltinOperator {
        self.file.operator_codes[operator.opcode_index as usize].builtin_code
    }

    /// The name of a node's operator.
    pub fn operator_name(&self, operator: &Operator) -> String {
        let code = &self.file.operator_codes[operator.opcode_index as usize];
        match code.builtin_code {
            BuiltinOperator::CUSTOM => code.custom_code.clone(),
            builtin => builtin.to_string(),
        }
    }

    /// The index of a builtin operator of this version or a newer one.
    pub fn opcode(&mut self, builtin_code: BuiltinOperator, version: i32) -> u32 {
        let fits = |code: &OperatorCode| code.builtin_code == builtin_code && code.version >= version;
        let found = self.file.operator_codes.iter().position(fits);
        let index = found.unwrap_or_else(|| {
            let code = OperatorCode { builtin_code, version, ..OperatorCode::default() };
            self.file.operator_codes.push(code);
            self.file.operator_codes.len() - 1
        });
        index as u32
    }

    /// Lets a builtin node be of at least this version.
    pub fn raise_version(&mut self, (graph, node): Place, version: i32) {
        let operator = &self.file.subgraphs[graph].operators[node];
        let code = &self.file.operator_codes[operator.opcode_index as usize];
        if code.version < version && code.builtin_code != BuiltinOperator::CUSTOM {
            let index = self.opcode(code.builtin_code, version);
            self.file.subgraphs[graph].operators[node].opcode_index = index;
        }
    }

    /// A tensor.
    pub fn tensor(&self, (graph, index): Place) -> &Tensor {
        &self.file.subgraphs[graph].tensors[index]
    }

    /// The elements that a tensor's shape asks for, whether or not it has them: as many as can be counted at most.
    pub fn count(&self, place: Place) -> usize {
        let extents = self.tensor(place).shape.iter().map(|&extent| usize::try_from(extent).unwrap_or(0));
        extents.fold(1, usize::saturating_mul)
    }

    /// Adds a tensor and gives its index.
    pub fn add_tensor(&mut self, graph: usize, tensor: Tensor) -> usize {
        let tensors = &mut self.file.subgraphs[graph].tensors;
        tensors.push(tensor);
        tensors.len() - 1
    }

    /// Adds a constant and gives its index.
    pub fn add_constant(&mut self, graph: usize, tensor: Tensor, bytes: impl Into<Bytes>) -> usize {
        self.file.buffers.push(bytes.into());
        let buffer = (self.file.buffers.len() - 1) as u32;
        self.add_tensor(graph, Tensor { buffer, ..tensor })
    }

    /// Puts a node before all others of its subgraph: its operands should be constants.
    pub fn put_first(&mut self, graph: usize, operator: Operator) {
        self.first[graph].push(operator);
    }

    /// The node that writes each tensor of a subgraph.
    pub fn producers(&self, graph: usize) -> Vec<Option<usize>> {
        let subgraph = &self.file.subgraphs[graph];
        let mut producers = vec![None; subgraph.tensors.len()];
        for (node, operator) in subgraph.operators.iter().enumerate() {
            for output in written(operator) {
                producers[output] = Some(node);
            }
        }
        producers
    }

    /// The constant behind a tensor: itself, or what DEQUANTIZE and DENSIFY make it from.
    pub fn root(&self, producers: &[Option<usize>], (graph, mut index): Place) -> Option<usize> {
        let subgraph = &self.file.subgraphs[graph];
        // A chain is no longer than there are nodes, whatever the file says.
        for _ in 0..=subgraph.operators.len() {
            let Some(node) = producers[index] else {
                let tensor = &subgraph.tensors[index];
                let constant = !self.file.buffers[tensor.buffer as usize].is_empty() && !tensor.is_variable;
                return constant.then_some(index);
            };
            let operator = &subgraph.operators[node];
            if !unpacks(self.code(operator)) {
                return None;
            }
            index = usize::try_from(*operator.inputs.first()?).ok()?;
        }
        None
    }

    /// The reals of the constant at `place`.
    pub fn reals(&self, (graph, index): Place) -> Result<Vec<f32>> {
        let elements = self.elements((graph, index))?;
        let name = || self.tensor((graph, index)).name.clone();
        elements
            .to_reals()
            .ok_or_else(|| Error::malformed(format!("the constant {} is not made of numbers", name())))
    }

    /// The elements of the constant at `place`.
    pub fn elements(&self, (graph, index): Place) -> Result<Elements> {
        let elements = tflite::elements(&self.file, graph, index)?;
        let name = || self.tensor((graph, index)).name.clone();
        elements.ok_or_else(|| Error::malformed(format!("the tensor {} should be a constant", name())))
    }

    /// Sets a field of a node's options, where the node has such options.
    pub fn set_option(
        &mut self,
        (graph, node): Place,
        field: &str,
        value: crate::schema::Value,
    ) -> Result<()> {
        let options = &mut self.file.subgraphs[graph].operators[node].builtin_options;
        if let Some(given) = options.take() {
            *options = Some(given.with(field, value)?);
        }
        Ok(())
    }

    /// The edited file, without the nodes, tensors, buffers and codes that nothing needs any more.
    pub fn finish(mut self) -> File {
        for (subgraph, first) in self.file.subgraphs.iter_mut().zip(&mut self.first) {
            subgraph.operators.splice(0..0, std::mem::take(first));
        }
        for graph in 0..self.file.subgraphs.len() {
            self.drop_nodes(graph);
            drop_tensors(&mut self.file, graph);
        }
        drop_buffers(&mut self.file);
        drop_codes(&mut self.file);
        self.file
    }

    /// Drops nodes that only change the form of what nothing reads.
    fn drop_nodes(&mut self, graph: usize) {
        let subgraph = &self.file.subgraphs[graph];
        let mut read = vec![false; subgraph.tensors.len()];
        subgraph.outputs.iter().for_each(|&output| read[output as usize] = true);
        let mut kept = vec![true; subgraph.operators.len()];
        for (node, operator) in subgraph.operators.iter().enumerate().rev() {
            kept[node] = !reforms(self.code(operator)) || written(operator).any(|output| read[output]);
            if kept[node] {
                read_by(operator).for_each(|input| read[input] = true);
            }
        }
        let mut kept = kept.into_iter();
        self.file.subgraphs[graph].operators.retain(|_| kept.next().unwrap_or(true));
    }
}

/// The tensors that a node reads.
pub fn read_by(operator: &Operator) -> impl Iterator<Item = usize> + '_ {
    operator.inputs.iter().filter_map(|&input| usize::try_from(input).ok())
}

/// The tensors that a node writes.
pub fn written(operator: &Operator) -> impl Iterator<Item = usize> + '_ {
    operator.outputs.iter().filter_map(|&output| usize::try_from(output).ok())
}

/// A node without options.
pub fn node(
    opcode_index: u32,
    inputs: &[usize],
    outputs: &[usize],
    builtin_options: Option<Options>,
) -> Operator {
    let indices = |list: &[usize]| list.iter().map(|&index| index as i32).collect();
    Operator {
        opcode_index,
        inputs: indices(inputs),
        outputs: indices(outputs),
        builtin_options,
        ..Operator::default()
    }
}

/// Whether the operator gives a constant in another form.
pub fn unpacks(code: BuiltinOperator) -> bool {
    matches!(code, BuiltinOperator::DEQUANTIZE | BuiltinOperator::DENSIFY)
}

/// Whether the operator only changes the form of its operand.
fn reforms(code: BuiltinOperator) -> bool {
    let moves = [BuiltinOperator::QUANTIZE, BuiltinOperator::RESHAPE, BuiltinOperator::TRANSPOSE];
    unpacks(code) || moves.contains(&code)
}

fn drop_tensors(file: &mut File, graph: usize) {
    let signatures = || file.signature_defs.iter().filter(|def| def.subgraph_index as usize == graph);
    let named = signatures()
        .flat_map(|def| def.inputs.iter().chain(&def.outputs))
        .map(|map| map.tensor_index as usize);
    let subgraph = &file.subgraphs[graph];
    let mut kept = vec![false; subgraph.tensors.len()];
    let ends = subgraph.inputs.iter().chain(&subgraph.outputs).map(|&index| index as usize);
    ends.chain(named).for_each(|index| kept[index] = true);
    for operator in &subgraph.operators {
        let inside = operator.intermediates.iter().filter_map(|&index| usize::try_from(index).ok());
        read_by(operator).chain(written(operator)).chain(inside).for_each(|index| kept[index] = true);
    }
    for (index, tensor) in subgraph.tensors.iter().enumerate() {
        if kept[index] {
            scales_of(tensor).for_each(|scales| kept[scales as usize] = true);
        }
    }
    let places = places(&kept);
    let moved = |index: &mut i32| {
        if let Ok(old) = usize::try_from(*index) {
            *index = places[old] as i32;
        }
    };
    for def in file.signature_defs.iter_mut().filter(|def| def.subgraph_index as usize == graph) {
        for map in def.inputs.iter_mut().chain(&mut def.outputs) {
            map.tensor_index = places[map.tensor_index as usize] as u32;
        }
    }
    let subgraph = &mut file.subgraphs[graph];
    subgraph.inputs.iter_mut().chain(&mut subgraph.outputs).for_each(moved);
    for operator in &mut subgraph.operators {
        operator
            .inputs
            .iter_mut()
            .chain(&mut operator.outputs)
            .chain(&mut operator.intermediates)
            .for_each(moved);
    }
    let mut flags = kept.into_iter();
    subgraph.tensors.retain(|_| flags.next().unwrap_or(true));
    for tensor in &mut subgraph.tensors {
        match tensor.quantization.as_mut().map(|quantization| &mut quantization.details) {
            Some(QuantizationDetails::Blockwise(blocks)) => {
                moved(&mut blocks.scales);
                moved(&mut blocks.zero_points);
            }
            Some(QuantizationDetails::MultiAxis(axes)) => {
                moved(&mut axes.scales);
                moved(&mut axes.zero_points);
            }
            _ => {}
        }
    }
}

/// The tensors that hold a tensor's scales and zero points.
fn scales_of(tensor: &Tensor) -> impl Iterator<Item = i32> {
    let pair = match tensor.quantization.as_ref().map(|quantization| &quantization.details) {
        Some(QuantizationDetails::Blockwise(blocks)) => [blocks.scales, blocks.zero_points],
        Some(QuantizationDetails::MultiAxis(axes)) => [axes.scales, axes.zero_points],
        _ => [-1, -1],
    };
    pair.into_iter().filter(|&index| index >= 0)
}

/// The place of each thing that is kept once the others are gone.
fn places(kept: &[bool]) -> Vec<usize> {
    let mut next = 0;
    let place = |&kept: &bool| {
        next += usize::from(kept);
        next.saturating_sub(1)
    };
    kept.iter().map(place).collect()
}

/// Drops buffers that nothing names, and keeps one of those that are equal. The first stays, which is empty by
/// convention.
fn drop_buffers(file: &mut File) {
    let mut named = vec![false; file.buffers.len()];
    let tensors = file.subgraphs.iter().flat_map(|subgraph| &subgraph.tensors);
    let constants = tensors.map(|tensor| tensor.buffer as usize);
    let metadata = file.metadata.iter().map(|metadata| metadata.buffer as usize);
    let old = file.metadata_buffer.iter().filter_map(|&buffer| usize::try_from(buffer).ok());
    for index in constants.chain(metadata).chain(old) {
        if let Some(named) = named.get_mut(index) {
            *named = true;
        }
    }
    let mut buffers: Vec<Bytes> = vec![Bytes::default()];
    let mut known: BTreeMap<Vec<u8>, usize> = BTreeMap::from([(Vec::new(), 0)]);
    let mut moved = vec![0; file.buffers.len()];
    for (index, buffer) in file.buffers.iter().enumerate().filter(|(index, _)| named[*index]) {
        moved[index] = *known.entry(buffer.to_vec()).or_insert_with(|| {
            buffers.push(buffer.clone());
            buffers.len() - 1
        });
    }
    for tensor in file.subgraphs.iter_mut().flat_map(|subgraph| &mut subgraph.tensors) {
        tensor.buffer = moved[tensor.buffer as usize] as u32;
    }
    file.metadata.iter_mut().for_each(|metadata| metadata.buffer = moved[metadata.buffer as usize] as u32);
    for index in &mut file.metadata_buffer {
        let old = usize::try_from(*index).ok().and_then(|index| moved.get(index));
        *index = old.map_or(*index, |&moved| moved as i32);
    }
    file.buffers = buffers;
}

fn drop_codes(file: &mut File) {
    let mut kept = vec![false; file.operator_codes.len()];
    let operators = file.subgraphs.iter_mut().flat_map(|subgraph| &mut subgraph.operators);
    let operators: Vec<&mut Operator> = operators.collect();
    operators.iter().for_each(|operator| kept[operator.opcode_index as usize] = true);
    let places = places(&kept);
    for operator in operators {
        operator.opcode_index = places[operator.opcode_index as usize] as u32;
    }
    let mut flags = kept.into_iter();
    file.operator_codes.retain(|_| flags.next().unwrap_or(true));
}
