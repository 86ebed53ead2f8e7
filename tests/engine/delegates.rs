//! Where GPU delegates of the field are known to give wrong numbers without a word: the right ones, worked out by hand, on
//! every backend.

use crate::gpu::gpu;
use matte_engine::graph::{Graph, Model, Node, Value, ValueId};
use matte_engine::ops::batch_matmul::BatchMatMul;
use matte_engine::ops::binary::{Binary, BinaryKind};
use matte_engine::ops::reduce::{Reduce, Reducer};
use matte_engine::ops::reshape::Reshape;
use matte_engine::ops::scatter::Scatter;
use matte_engine::ops::space_depth::SpaceDepth;
use matte_engine::ops::split::Split;
use matte_engine::ops::{Activation, Op};
use matte_engine::tensor::{DType, Quantization, Tensor, TensorType};
use matte_engine::{Precision, Session};

#[derive(Default)]
struct Drawing(Graph);

impl Drawing {
    fn input(&mut self, ty: TensorType) -> ValueId {
        let value = self.0.add_value(Value::new("input", ty));
        self.0.inputs.push(value);
        value
    }

    fn constant(&mut self, tensor: Tensor) -> ValueId {
        self.0.add_value(Value::constant("constant", tensor))
    }

    fn node(&mut self, op: impl Into<Op>, inputs: &[ValueId], outputs: Vec<TensorType>) -> Vec<ValueId> {
        let outputs: Vec<ValueId> =
            outputs.into_iter().map(|ty| self.0.add_value(Value::new("result", ty))).collect();
        let inputs = inputs.iter().copied().map(Some).collect();
        self.0.nodes.push(Node { name: "node".into(), op: op.into(), inputs, outputs: outputs.clone() });
        outputs
    }

    /// A node with one output of f32.
    fn real(&mut self, op: impl Into<Op>, inputs: &[ValueId]) -> ValueId {
        self.node(op, inputs, vec![TensorType::f32([])])[0]
    }

    fn model(mut self, outputs: &[ValueId]) -> Model {
        self.0.outputs = outputs.to_vec();
        self.0.verify().expect("the graph is sound");
        self.0.infer().expect("its shapes are known");
        Model { name: "drawn here".into(), graphs: vec![self.0], signatures: Vec::new() }
    }
}

fn reals(shape: &[usize], values: impl IntoIterator<Item = f32>) -> Tensor {
    let values: Vec<f32> = values.into_iter().collect();
    Tensor::from_slice(shape, &values).expect("as many numbers as the shape holds")
}

/// 0, 1, 2, … as f32.
fn counted(shape: &[usize]) -> Tensor {
    reals(shape, (0..shape.iter().product::<usize>()).map(|index| index as f32))
}

/// Runs the model on each backend there is, with all passes and with none; each must give exactly these tensors.
fn assert_gives(model: &Model, inputs: &[Tensor], expected: &[Tensor]) {
    let gpu = gpu();
    for passes in [0, usize::MAX] {
        let builder = || Session::builder(model).passes(passes);
        let mut sessions = vec![("plain kernels", builder().plain()), ("the CPU", builder().threads(2))];
        sessions.extend(gpu.as_ref().into_iter().flat_map(|gpu| {
            [Precision::F32, Precision::F16].map(|precision| {
                ("the GPU", builder().gpu(&gpu.device, &gpu.queue).precision(precision).small_map(0))
            })
        }));
        for (backend, session) in sessions {
            let mut session = session.build().expect("it has a plan");
            for _ in 0..2 {
                let results = session.run(inputs).expect("it runs");
                assert_eq!(results.len(), expected.len(), "{backend}");
                for (result, want) in results.iter().zip(expected) {
                    assert_eq!((result.shape(), result.dtype()), (want.shape(), want.dtype()), "{backend}");
                    assert_eq!(result.as_bytes(), want.as_bytes(), "{backend}: {result:?}, not {want:?}");
                }
            }
        }
    }
}

#[test]
fn a_constant_of_rank_one_is_no_scalar() {
    for kind in [BinaryKind::Add, BinaryKind::Mul] {
        let function = |a: f32, b: f32| if kind == BinaryKind::Add { a + b } else { a * b };
        for constant in [vec![3.0, 5.0, -2.0], vec![4.0]] {
            let mut drawing = Drawing::default();
            let x = drawing.input(TensorType::f32([2, 2, 1, 3]));
            let weights = drawing.constant(reals(&[constant.len()], constant.iter().copied()));
            let op = Binary { kind, activation: Activation::None };
            let sum = drawing.real(op, &[x, weights]);
            let wanted = (0..12).map(|index| function(index as f32, constant[index % constant.len()]));
            let wanted = reals(&[2, 2, 1, 3], wanted);
            assert_gives(&drawing.model(&[sum]), &[counted(&[2, 2, 1, 3])], &[wanted]);
        }
    }
}

#[test]
fn a_batch_is_split() {
    let mut drawing = Drawing::default();
    let axis = drawing.constant(Tensor::i32s(&[0]));
    let x = drawing.input(TensorType::f32([4, 1, 2, 3]));
    let halves = drawing.node(Split::Equal, &[axis, x], vec![TensorType::f32([]); 2]);
    let half = |first: u32| reals(&[2, 1, 2, 3], (first..first + 12).map(|value| value as f32));
    assert_gives(&drawing.model(&halves), &[counted(&[4, 1, 2, 3])], &[half(0), half(12)]);
}

#[test]
fn a_list_is_updated_in_its_middle() {
    let mut drawing = Drawing::default();
    let [list, update] = [8, 3].map(|length| drawing.input(TensorType::f32([length])));
    let place = drawing.input(TensorType::new(DType::I32, [1]));
    let updated = drawing.real(Scatter::Update, &[list, update, place]);
    let model = drawing.model(&[updated]);
    // A place from which the update would reach past the end is moved back.
    for (place, wanted) in
        [(4, [0.0, 1.0, 2.0, 3.0, 70.0, 80.0, 90.0, 7.0]), (7, [0.0, 1.0, 2.0, 3.0, 4.0, 70.0, 80.0, 90.0])]
    {
        let inputs = [counted(&[8]), reals(&[3], [70.0, 80.0, 90.0]), Tensor::i32s(&[place])];
        assert_gives(&model, &inputs, &[reals(&[8], wanted)]);
    }
}

/// A fully connected layer whose weights have a scale for each block of two inputs, as converters write it: blocks are
/// multiplied apart, scaled, and summed.
#[test]
fn a_layer_with_scales_by_blocks_is_summed_over_the_blocks() {
    let (blocks, block, outputs) = (3, 2, 5);
    let mut drawing = Drawing::default();
    let x = drawing.input(TensorType::f32([1, blocks * block]));
    let shape = drawing.constant(Tensor::i32s(&[blocks as i32, 1, block as i32]));
    let parts = drawing.real(Reshape::To(None), &[x, shape]);
    let weights = |part: usize, input: usize, output: usize| ((part + 2 * input + output) % 4) as f32 - 1.0;
    let places = (0..blocks * block * outputs)
        .map(|index| weights(index / (block * outputs), index / outputs % block, index % outputs));
    let matrix = drawing.constant(reals(&[blocks, block, outputs], places));
    let products = drawing.real(BatchMatMul { adj_x: false, adj_y: false }, &[parts, matrix]);
    let scale = |part: usize, output: usize| [0.5, 2.0, 4.0][(part + output) % 3];
    let scales = (0..blocks * outputs).map(|index| scale(index / outputs, index % outputs));
    let scales = drawing.constant(reals(&[blocks, 1, outputs], scales));
    let multiply = Binary { kind: BinaryKind::Mul, activation: Activation::None };
    let scaled = drawing.real(multiply, &[products, scales]);
    let axis = drawing.constant(Tensor::i32s(&[0]));
    let sum = drawing.real(Reduce { reducer: Reducer::Sum, keep_dims: false }, &[scaled, axis]);
    let wanted = (0..outputs).map(|output| {
        let part = |part: usize| {
            let product = |input: usize| (part * block + input) as f32 * weights(part, input, output);
            scale(part, output) * (0..block).map(product).sum::<f32>()
        };
        (0..blocks).map(part).sum()
    });
    let wanted = reals(&[1, outputs], wanted);
    assert_gives(&drawing.model(&[sum]), &[counted(&[1, blocks * block])], &[wanted]);
}

#[test]
fn bytes_go_from_space_to_depth() {
    let ty = |shape: &[usize]| TensorType {
        quantization: Some(Quantization::per_tensor(0.5, 100)),
        ..TensorType::new(DType::U8, shape)
    };
    let bytes = |shape: &[usize], values: &[u8]| Tensor::from_bytes(ty(shape), values).expect("bytes");
    let mut drawing = Drawing::default();
    let x = drawing.input(ty(&[1, 2, 4, 3]));
    let deep = drawing.node(SpaceDepth::SpaceToDepth(2), &[x], vec![ty(&[])]);
    let pixel = |value: u8| [value, value + 1, 255 - value];
    let input: Vec<u8> = (0..8).flat_map(|place| pixel(10 * place)).collect();
    let wanted: Vec<u8> = [0, 1, 4, 5, 2, 3, 6, 7].iter().flat_map(|&place| pixel(10 * place)).collect();
    let model = drawing.model(&deep);
    assert_gives(&model, &[bytes(&[1, 2, 4, 3], &input)], &[bytes(&[1, 1, 2, 12], &wanted)]);
}

#[test]
fn an_input_may_be_an_output() {
    let mut drawing = Drawing::default();
    let [a, b] = [0, 1].map(|_| drawing.input(TensorType::f32([1, 2, 2, 3])));
    let sum = drawing.real(Binary { kind: BinaryKind::Add, activation: Activation::None }, &[a, b]);
    let inputs = [counted(&[1, 2, 2, 3]), reals(&[1, 2, 2, 3], (0..12).map(|value| 100.0 - value as f32))];
    let wanted = [inputs[1].clone(), reals(&[1, 2, 2, 3], [100.0; 12]), inputs[0].clone()];
    assert_gives(&drawing.model(&[b, sum, a]), &inputs, &wanted);

    let mut drawing = Drawing::default();
    let only = drawing.input(TensorType::f32([3]));
    assert_gives(&drawing.model(&[only]), &[counted(&[3])], &[counted(&[3])]);
}
