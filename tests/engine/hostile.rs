//! Operands that contradict their operator are refused: there is no panic, whatever a file says of shapes, types and
//! integers.

use crate::source;
use matte_engine::ops::case::Case;
use matte_engine::ops::{Chain, Operand, Operands, cases};
use matte_engine::tensor::{DType, Tensor, TensorType, checked_bytes};
use matte_engine::{Error, Model, schema};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How often each case is changed.
const CHANGES: usize = 100;

/// Larger results are not computed.
const MOST_BYTES: usize = 1 << 20;

const TYPES: [DType; 6] = [DType::F32, DType::I32, DType::I8, DType::Bool, DType::I64, DType::String];
const INTEGERS: [i64; 12] = [-1, 0, 1, 2, 3, 7, -2, -9, i64::MAX, i64::MIN, 1 << 31, -(1 << 31)];

/// Numbers by xorshift (Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.roll(list.len())]
    }
}

/// The tensor with another extent, rank or type, or with other integers in it.
fn changed(tensor: &Tensor, dice: &mut Dice) -> Tensor {
    let mut ty = tensor.ty().clone();
    match (dice.roll(6), tensor.to_integers()) {
        (0, _) if !ty.shape.is_empty() => {
            let axis = dice.roll(ty.shape.len());
            ty.shape[axis] = dice.roll(9);
        }
        (1, _) => ty.shape.insert(0, dice.roll(3)),
        (2, _) => drop(ty.shape.pop()),
        (3, _) => ty.dtype = dice.one_of(&TYPES),
        (_, Some(mut list)) => {
            for value in &mut list {
                let other = dice.one_of(&INTEGERS);
                *value = dice.one_of(&[*value, other]);
            }
            return Tensor::from_integers(ty, &list).expect("as many as before");
        }
        _ => return tensor.clone(),
    }
    let bytes = tensor.as_bytes().iter().copied().chain(std::iter::repeat(0));
    let bytes: Vec<u8> = bytes.take(ty.bytes()).collect();
    Tensor::from_bytes(ty, &bytes).expect("as many as the type holds")
}

/// Asks the operator everything of these operands, and runs it where it accepts them.
fn ask(case: &Case, inputs: &[Option<Tensor>], known: &[bool], declared: &[TensorType]) {
    let operand =
        |(tensor, &known): (&'_ Tensor, &bool)| (tensor.ty().clone(), known.then(|| tensor.clone()));
    let owned: Vec<_> = inputs.iter().zip(known).map(|(t, k)| t.as_ref().map(|t| operand((t, k)))).collect();
    let of = |outputs: &[TensorType]| -> Option<Vec<TensorType>> {
        let operands = operands(&owned, outputs);
        let shapes = case.op.infer(&operands).ok()?;
        let types = outputs.iter().zip(shapes).map(|(ty, shape)| Some(ty.with_shape(shape?)));
        types.collect()
    };
    let Some(types) = of(declared) else { return };
    let small = |ty: &TensorType| checked_bytes(ty.dtype, &ty.shape).is_ok_and(|bytes| bytes < MOST_BYTES);
    if types.len() != declared.len() || !types.iter().all(small) {
        return;
    }
    let operands = operands(&owned, &types);
    for choice in case.op.gpu(&operands).unwrap_or_default() {
        let _ = case.op.gpu_kernel(&operands, &choice);
    }
    let _ = case.op.cpu(&operands, &Chain::empty());
    for index in 0..inputs.len().max(types.len()) {
        if index < types.len() {
            case.op.view(&operands, index);
        }
        if index < inputs.len() {
            case.op.placement(&operands, index);
            case.op.carries_prologue(&operands, index);
            case.op.link(&operands, index);
        }
    }
    let tensors: Vec<Option<&Tensor>> = inputs.iter().map(Option::as_ref).collect();
    let _ = case.op.reference(&tensors, &types);
}

type Known = Option<(TensorType, Option<Tensor>)>;

fn operands<'a>(inputs: &'a [Known], outputs: &'a [TensorType]) -> Operands<'a> {
    let operand = |(ty, constant): &'a (TensorType, Option<Tensor>)| Operand {
        ty,
        constant: constant.as_ref(),
        dynamic: false,
    };
    Operands {
        inputs: inputs.iter().map(|input| input.as_ref().map(operand)).collect(),
        outputs: outputs.iter().collect(),
    }
}

#[test]
fn changed_operands_are_refused_or_computed() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut panicked = Vec::new();
    for case in cases() {
        for _ in 0..CHANGES {
            let mut inputs: Vec<Option<Tensor>> =
                case.inputs.iter().map(|given| given.as_ref().map(|given| given.tensor.clone())).collect();
            let mut known: Vec<bool> =
                case.inputs.iter().map(|given| given.as_ref().is_none_or(|g| g.constant)).collect();
            let mut outputs = case.outputs.clone();
            for _ in 0..1 + dice.roll(2) {
                let at = dice.roll(inputs.len().max(1));
                match (dice.roll(12), inputs.get_mut(at)) {
                    (0, Some(_)) => drop(inputs.remove(at)),
                    (1, Some(input)) => *input = None,
                    (2, Some(_)) => known[at] = !known[at],
                    (3, _) => outputs[0].dtype = dice.one_of(&TYPES),
                    (_, Some(Some(tensor))) => *tensor = changed(tensor, &mut dice),
                    _ => {}
                }
            }
            known.resize(inputs.len(), true);
            let asked = catch_unwind(AssertUnwindSafe(|| ask(&case, &inputs, &known, &outputs)));
            if asked.is_err() {
                let types: Vec<String> =
                    inputs.iter().map(|i| i.as_ref().map_or("none".into(), |t| t.ty().to_string())).collect();
                panicked.push(format!("{}: {types:?} → {}", case.name, outputs[0]));
            }
        }
    }
    assert!(panicked.is_empty(), "{} panics:\n{}", panicked.len(), panicked.join("\n"));
}

#[test]
fn a_node_without_the_outputs_that_it_computes_is_refused() {
    let path = source::root().join("models/face_detection_short_range.tflite");
    let mut file = schema::read(fs::read(path).expect("the model is there")).expect("it reads");
    let operators = &mut file.subgraphs[0].operators;
    let mut unheard = operators[2].clone();
    unheard.outputs.clear();
    operators.push(unheard);
    let written = schema::write(&file).expect("it is written");
    let refusal = Model::from_bytes(written).map(|_| ());
    assert!(matches!(&refusal, Err(Error::Malformed(text)) if text.contains("0 outputs")), "{refusal:?}");
}
