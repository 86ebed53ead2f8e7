//! Static quantization: activations of eight bits with the ranges that calibration saw.
//!
//! Nodes are taken in order. One whose operator computes with integers reads integers: those of its producer, or a QUANTIZE
//! of reals. One that does not reads reals: those of its producer, or a DEQUANTIZE of integers. So the model's own inputs
//! and outputs stay real, and what cannot be quantized, or is kept, stays as it was.

use super::edit::{Editor, node, read_by, written};
use super::layer::role;
use super::observe::Range;
use super::scale::{Bits, Granularity, Integers};
use super::store::Form;
use crate::error::Result;
use crate::schema::{BuiltinOperator as Code, Operator, Quantization, Tensor, TensorType};
use std::collections::{BTreeMap, BTreeSet};

/// How an operator's integers relate.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    /// Sums of products with weights and a bias of 32 bits.
    Weighted,
    /// Operands and result have steps of their own.
    Free,
    /// The result has the steps of the operand.
    Same,
    /// All operands have the steps of the result.
    Joined,
    /// The result has these steps, whatever it holds.
    Fixed(f32, i64),
}

/// The operators with kernels for eight bits: how their integers relate, and the version that has the kernel.
const RULES: &[(Code, Rule, i32)] = &[
    (Code::CONV_2D, Rule::Weighted, 3),
    (Code::DEPTHWISE_CONV_2D, Rule::Weighted, 3),
    (Code::FULLY_CONNECTED, Rule::Weighted, 4),
    (Code::TRANSPOSE_CONV, Rule::Weighted, 3),
    (Code::ADD, Rule::Free, 2),
    (Code::SUB, Rule::Free, 2),
    (Code::MUL, Rule::Free, 3),
    (Code::MEAN, Rule::Free, 2),
    (Code::RELU, Rule::Free, 2),
    (Code::RELU6, Rule::Free, 2),
    (Code::LEAKY_RELU, Rule::Free, 2),
    (Code::PRELU, Rule::Free, 1),
    (Code::HARD_SWISH, Rule::Free, 1),
    (Code::AVERAGE_POOL_2D, Rule::Same, 2),
    (Code::MAX_POOL_2D, Rule::Same, 2),
    (Code::RESHAPE, Rule::Same, 1),
    (Code::SQUEEZE, Rule::Same, 1),
    (Code::EXPAND_DIMS, Rule::Same, 1),
    (Code::TRANSPOSE, Rule::Same, 2),
    (Code::PAD, Rule::Same, 2),
    (Code::SLICE, Rule::Same, 2),
    (Code::STRIDED_SLICE, Rule::Same, 2),
    (Code::RESIZE_BILINEAR, Rule::Same, 2),
    (Code::RESIZE_NEAREST_NEIGHBOR, Rule::Same, 2),
    (Code::DEPTH_TO_SPACE, Rule::Same, 1),
    (Code::SPACE_TO_DEPTH, Rule::Same, 1),
    (Code::CONCATENATION, Rule::Joined, 2),
    (Code::MAXIMUM, Rule::Joined, 2),
    (Code::MINIMUM, Rule::Joined, 2),
    (Code::LOGISTIC, Rule::Fixed(1.0 / 256.0, -128), 2),
    (Code::SOFTMAX, Rule::Fixed(1.0 / 256.0, -128), 2),
    (Code::TANH, Rule::Fixed(1.0 / 128.0, 0), 2),
    (Code::L2_NORMALIZATION, Rule::Fixed(1.0 / 128.0, 0), 2),
];

/// One scale and zero point.
type Steps = (f32, i64);

/// The main graph while its nodes are taken in order.
struct Conversion<'a> {
    editor: &'a mut Editor,
    ranges: &'a BTreeMap<usize, Range>,
    granularity: Granularity,
    operators: Vec<Operator>,
    /// The integers of each value, where they are there, and their steps.
    integers: BTreeMap<usize, (usize, Steps)>,
    /// The values whose reals are there.
    reals: BTreeSet<usize>,
}

/// Makes the main graph's nodes compute with integers where `keep` does not name their result; tells of each node whether
/// it does.
pub fn convert(
    editor: &mut Editor,
    ranges: &BTreeMap<usize, Range>,
    granularity: Granularity,
    keep: &dyn Fn(&str) -> bool,
) -> Result<Vec<(String, Form)>> {
    let subgraph = &mut editor.file.subgraphs[0];
    let operators = std::mem::take(&mut subgraph.operators);
    let (inputs, outputs) = (subgraph.inputs.clone(), subgraph.outputs.clone());
    // Constants are found through the nodes that unpack them, which therefore stay while the others are taken.
    subgraph.operators.clone_from(&operators);
    let reals = inputs.iter().map(|&input| input as usize).collect();
    let mut conversion =
        Conversion { editor, ranges, granularity, operators: Vec::new(), integers: BTreeMap::new(), reals };
    let mut forms = Vec::with_capacity(operators.len());
    for operator in operators {
        let name = |tensor: usize| conversion.editor.tensor((0, tensor)).name.clone();
        let name = written(&operator).next().map_or_else(String::new, name);
        let rule = conversion.rule(&operator).filter(|_| !keep(&name));
        match rule {
            Some((rule, version)) => conversion.integer(operator, rule, version)?,
            None => conversion.real(operator),
        }
        forms.push((name, if rule.is_some() { Form::Static } else { Form::AsTheyWere }));
    }
    outputs.iter().for_each(|&output| conversion.want_reals(output as usize));
    let operators = conversion.operators;
    editor.file.subgraphs[0].operators = operators;
    Ok(forms)
}

/// The steps of eight bits for a range: zero is one of them.
pub fn steps((low, high): Range) -> (f32, i64) {
    let scale = (f64::from(high) - f64::from(low)) / 255.0;
    let scale = if (scale as f32).is_normal() { scale } else { 1.0 };
    let zero_point = (-128.0 - f64::from(low) / scale).round().clamp(-128.0, 127.0);
    (scale as f32, zero_point as i64)
}

impl Conversion<'_> {
    /// The rule and version for a node that can compute with integers.
    fn rule(&self, operator: &Operator) -> Option<(Rule, i32)> {
        let code = self.editor.code(operator);
        let &(_, rule, version) = RULES.iter().find(|(known, ..)| *known == code)?;
        let tensor = |index: usize| self.editor.tensor((0, index));
        let real = |index: &usize| tensor(*index).kind == TensorType::FLOAT32;
        let known = |index: usize| self.is_constant(index) || self.ranges.contains_key(&index);
        let operands = read_by(operator).filter(real).all(known);
        let results = written(operator).all(|index| real(&index) && self.ranges.contains_key(&index));
        let places = weights_and_bias(code);
        let constant = |input: usize| {
            let index = operator.inputs.get(input).and_then(|&index| usize::try_from(index).ok());
            index.is_none_or(|index| self.is_constant(index) && real(&index))
        };
        let weighted = rule != Rule::Weighted || (constant(places[1]) && constant(places[2]));
        let data = operator.inputs.get(places[0]).and_then(|&index| usize::try_from(index).ok());
        let computed = data.is_some_and(|index| real(&index) && !self.is_constant(index));
        (operands && results && weighted && computed).then_some((rule, version))
    }

    fn is_constant(&self, index: usize) -> bool {
        self.constant_root(index).is_some()
    }

    fn constant_root(&self, index: usize) -> Option<usize> {
        self.editor.root(&self.editor.producers(0), (0, index))
    }

    /// Takes a node as it is: its operands have to be there as they are.
    fn real(&mut self, operator: Operator) {
        read_by(&operator).for_each(|index| self.want_reals(index));
        self.reals.extend(written(&operator));
        self.operators.push(operator);
    }

    /// Puts a DEQUANTIZE of a value's integers, where its reals are not there.
    fn want_reals(&mut self, index: usize) {
        let Some(&(stored, _)) = self.integers.get(&index) else { return };
        if self.reals.insert(index) {
            let opcode = self.editor.opcode(Code::DEQUANTIZE, 2);
            self.operators.push(node(opcode, &[stored], &[index], None));
        }
    }

    /// A tensor of eight bits in the stead of `index`.
    fn tensor_of(&mut self, index: usize, (scale, zero_point): Steps) -> usize {
        let old = self.editor.tensor((0, index));
        let quantization =
            Quantization { scale: vec![scale], zero_point: vec![zero_point], ..Quantization::default() };
        let tensor = Tensor {
            kind: TensorType::INT8,
            name: format!("{}/int8", old.name),
            quantization: Some(quantization),
            buffer: 0,
            ..old.clone()
        };
        self.editor.add_tensor(0, tensor)
    }

    /// The integers of a value or constant, in these steps where steps are given.
    fn want_integers(&mut self, index: usize, wanted: Option<Steps>) -> Result<(usize, Steps)> {
        if let Some(root) = self.constant_root(index) {
            return self.constant(index, root, wanted);
        }
        let quantize = self.editor.opcode(Code::QUANTIZE, 1);
        let (stored, given) = match self.integers.get(&index) {
            Some(&found) => found,
            None => {
                let steps = self.ranges.get(&index).map_or((1.0, 0), |&range| steps(range));
                let stored = self.tensor_of(index, steps);
                self.operators.push(node(quantize, &[index], &[stored], None));
                self.integers.insert(index, (stored, steps));
                (stored, steps)
            }
        };
        match wanted {
            Some(wanted) if wanted != given => {
                let again = self.tensor_of(index, wanted);
                self.operators.push(node(quantize, &[stored], &[again], None));
                Ok((again, wanted))
            }
            _ => Ok((stored, given)),
        }
    }

    /// A constant operand as integers.
    fn constant(&mut self, index: usize, root: usize, wanted: Option<Steps>) -> Result<(usize, Steps)> {
        let reals = self.editor.reals((0, root))?;
        let range = reals.iter().fold((0.0f32, 0.0f32), |(low, high), &n| (low.min(n), high.max(n)));
        let (scale, zero_point) = wanted.unwrap_or_else(|| steps(range));
        let integer = |&real: &f32| ((real / scale).round() as i64 + zero_point).clamp(-128, 127) as u8;
        let bytes: Vec<u8> = reals.iter().map(integer).collect();
        let stored = self.tensor_of(index, (scale, zero_point));
        let tensor = self.editor.tensor((0, stored)).clone();
        Ok((self.editor.add_constant(0, tensor, bytes), (scale, zero_point)))
    }

    fn integer(&mut self, mut operator: Operator, rule: Rule, version: i32) -> Result<()> {
        let code = self.editor.code(&operator);
        let result = written(&operator).next();
        let own = result.and_then(|index| self.ranges.get(&index)).map(|&range| steps(range));
        let places = weights_and_bias(code);
        let mut given = None;
        for input in 0..operator.inputs.len() {
            let Ok(index) = usize::try_from(operator.inputs[input]) else { continue };
            let weights = rule == Rule::Weighted && (input == places[1] || input == places[2]);
            if weights || self.editor.tensor((0, index)).kind != TensorType::FLOAT32 {
                continue;
            }
            let (stored, steps) = self.want_integers(index, own.filter(|_| rule == Rule::Joined))?;
            given.get_or_insert(steps);
            operator.inputs[input] = stored as i32;
        }
        if let (Rule::Weighted, Some((scale, _))) = (rule, given) {
            self.weights(&mut operator, code, scale)?;
        }
        let steps = match rule {
            Rule::Same => given,
            Rule::Fixed(scale, zero_point) => Some((scale, zero_point)),
            Rule::Weighted | Rule::Free | Rule::Joined => own,
        };
        for output in &mut operator.outputs {
            let index = *output as usize;
            let own = self.ranges.get(&index).map(|&range| self::steps(range));
            let steps = if rule == Rule::Same || matches!(rule, Rule::Fixed(..)) { steps } else { own };
            let steps = steps.unwrap_or((1.0, 0));
            let stored = self.tensor_of(index, steps);
            self.integers.insert(index, (stored, steps));
            *output = stored as i32;
        }
        let opcode = &self.editor.file.operator_codes[operator.opcode_index as usize];
        let version = version.max(opcode.version);
        operator.opcode_index = self.editor.opcode(code, version);
        self.operators.push(operator);
        Ok(())
    }

    /// Weights of eight bits, and a bias in the products' steps.
    fn weights(&mut self, operator: &mut Operator, code: Code, input_scale: f32) -> Result<()> {
        let [_, weights, bias] = weights_and_bias(code);
        let index = operator.inputs[weights] as usize;
        let Some(root) = self.constant_root(index) else { return Ok(()) };
        let reals = self.editor.reals((0, root))?;
        let shape: Vec<usize> = self.editor.elements((0, root))?.shape().to_vec();
        let axis = role(code, "").and_then(|role| role.axis);
        let axis = axis.filter(|&axis| axis < shape.len() && self.granularity != Granularity::Tensor);
        let integers = Integers::new(&reals, &shape, axis, Bits::Eight);
        let old = self.editor.tensor((0, index));
        let tensor = Tensor {
            kind: integers.kind(),
            quantization: Some(integers.quantization()),
            buffer: 0,
            sparsity: None,
            ..old.clone()
        };
        operator.inputs[weights] = self.editor.add_constant(0, tensor, integers.bytes()) as i32;
        let Some(index) = operator.inputs.get(bias).and_then(|&index| usize::try_from(index).ok()) else {
            return Ok(());
        };
        let Some(root) = self.constant_root(index) else { return Ok(()) };
        let reals = self.editor.reals((0, root))?;
        let scales: Vec<f32> = integers.scales.iter().map(|&scale| input_scale * scale).collect();
        let integer = |(channel, &real): (usize, &f32)| {
            let scale = scales[if scales.len() > 1 { channel } else { 0 }];
            // A cast to fewer bits keeps within their range.
            (f64::from(real) / f64::from(scale)).round() as i32
        };
        let bytes: Vec<u8> = reals.iter().enumerate().flat_map(|pair| integer(pair).to_le_bytes()).collect();
        let old = self.editor.tensor((0, index));
        let quantization =
            Quantization { zero_point: vec![0; scales.len()], scale: scales, ..Quantization::default() };
        let tensor =
            Tensor { kind: TensorType::INT32, quantization: Some(quantization), buffer: 0, ..old.clone() };
        operator.inputs[bias] = self.editor.add_constant(0, tensor, bytes) as i32;
        Ok(())
    }
}

/// The inputs of an operator that hold data, weights and bias.
fn weights_and_bias(code: Code) -> [usize; 3] {
    if code == Code::TRANSPOSE_CONV { [2, 1, 3] } else { [0, 1, 2] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_a_step_of_every_range() {
        assert_eq!(steps((0.0, 255.0)), (1.0, -128));
        assert_eq!(steps((-128.0, 127.0)), (1.0, 0));
        assert_eq!(steps((0.0, 0.0)).0, 1.0);
        assert_eq!(steps((-2.55, 0.0)).1, 127);
    }
}
