//! Indices that only a run knows, on the GPU: those outside reach nothing, those of every origin arrive, and what a kernel finds
//! is an index for the next.

use crate::gpu::gpu;
use matte_engine::graph::{Graph, Model, Node, Value, ValueId};
use matte_engine::ops::Op;
use matte_engine::ops::arg::Arg;
use matte_engine::ops::cast::Cast;
use matte_engine::ops::gather::Gather;
use matte_engine::ops::one_hot::OneHot;
use matte_engine::ops::reshape::Reshape;
use matte_engine::ops::reverse::Reverse;
use matte_engine::ops::scatter::Scatter;
use matte_engine::tensor::{DType, Tensor, TensorType};
use matte_engine::{Precision, Session};

#[derive(Default)]
struct Drawing(Graph);

impl Drawing {
    fn input(&mut self, dtype: DType, shape: &[usize]) -> ValueId {
        let value = self.0.add_value(Value::new("input", TensorType::new(dtype, shape)));
        self.0.inputs.push(value);
        value
    }

    fn constant(&mut self, tensor: Tensor) -> ValueId {
        self.0.add_value(Value::constant("constant", tensor))
    }

    fn node(&mut self, op: impl Into<Op>, inputs: &[ValueId], dtype: DType) -> ValueId {
        let output = self.0.add_value(Value::new("result", TensorType::new(dtype, [])));
        let inputs = inputs.iter().copied().map(Some).collect();
        self.0.nodes.push(Node { name: "node".into(), op: op.into(), inputs, outputs: vec![output] });
        output
    }

    /// Rows of `depth` zeros with a one at each index.
    fn one_hot(&mut self, indices: ValueId, depth: i32) -> ValueId {
        let scalar = |value: f32| Tensor::from_slice([], &[value]);
        let [depth, on, off] = [Tensor::from_slice([], &[depth]), scalar(1.0), scalar(0.0)]
            .map(|tensor| self.constant(tensor.expect("one number")));
        self.node(OneHot { axis: -1 }, &[indices, depth, on, off], DType::F32)
    }

    fn model(mut self, outputs: &[ValueId]) -> Model {
        self.0.outputs = outputs.to_vec();
        self.0.verify().expect("the graph is sound");
        self.0.infer().expect("its shapes are known");
        Model { name: "drawn here".into(), graphs: vec![self.0], signatures: Vec::new() }
    }
}

fn counted(shape: &[usize]) -> Tensor {
    let values: Vec<f32> = (0..shape.iter().product::<usize>()).map(|index| index as f32 + 1.0).collect();
    Tensor::from_slice(shape, &values).expect("as many numbers as the shape holds")
}

/// The reals of the model's outputs, computed by `dispatches` kernels of a GPU in each precision; none without a GPU.
fn on_gpu(model: &Model, inputs: &[Tensor], dispatches: usize) -> Option<Vec<Vec<f32>>> {
    let gpu = gpu()?;
    let run = |precision: Precision| {
        let builder = Session::builder(model).passes(0).gpu(&gpu.device, &gpu.queue);
        let mut session = builder.precision(precision).small_map(0).build().expect("it has a plan");
        let plan = session.plan().expect("it is a GPU's");
        assert_eq!((plan.dispatches(), plan.steps.len()), (dispatches, dispatches), "{plan}");
        let results = session.run(inputs).expect("it runs");
        results.iter().map(|result| result.to_reals().expect("numbers")).collect::<Vec<_>>()
    };
    let [full, halves] = [Precision::F32, Precision::F16].map(run);
    assert_eq!(full, halves);
    Some(full)
}

#[test]
fn indices_outside_read_zeros_and_write_nothing() {
    let wild = [-1, 2, i32::MAX, 0, i32::MIN, 3];
    let indices = Tensor::i32s(&wild);
    let chosen = |at: i32, column: usize| match at {
        0..3 => (2 * at as usize + column) as f32 + 1.0,
        _ => 0.0,
    };
    let rows: Vec<f32> = wild.iter().flat_map(|&at| [chosen(at, 0), chosen(at, 1)]).collect();

    let mut drawing = Drawing::default();
    let (table, at) = (drawing.input(DType::F32, &[3, 2]), drawing.input(DType::I32, &[6]));
    let gathered = drawing.node(Gather::Along { axis: 0, batch_dims: 0 }, &[table, at], DType::F32);
    let looked_up = drawing.node(Gather::Rows, &[at, table], DType::F32);
    let model = drawing.model(&[gathered, looked_up]);
    let Some(results) = on_gpu(&model, &[counted(&[3, 2]), indices.clone()], 2) else { return };
    assert_eq!(results, [rows.clone(), rows.clone()]);

    let mut drawing = Drawing::default();
    let (table, at) = (drawing.input(DType::F32, &[3, 2]), drawing.input(DType::I32, &[6, 1]));
    let gathered = drawing.node(Gather::Coordinates, &[table, at], DType::F32);
    let updates = drawing.input(DType::F32, &[6, 2]);
    let shape = drawing.constant(Tensor::i32s(&[3, 2]));
    let scattered = drawing.node(Scatter::Add, &[at, updates, shape], DType::F32);
    let model = drawing.model(&[gathered, scattered]);
    let places = Tensor::from_slice([6, 1], &wild).expect("six");
    let results = on_gpu(&model, &[counted(&[3, 2]), places, counted(&[6, 2])], 2).expect("there is a GPU");
    assert_eq!(results, [rows, vec![7.0, 8.0, 0.0, 0.0, 3.0, 4.0]]);

    let mut drawing = Drawing::default();
    let (list, lengths) = (drawing.input(DType::F32, &[2, 3]), drawing.input(DType::I32, &[2]));
    let reversed = drawing.node(Reverse::Sequences { sequence: 1, batch: 0 }, &[list, lengths], DType::F32);
    let inputs = [counted(&[2, 3]), Tensor::i32s(&[i32::MAX, -7])];
    let results = on_gpu(&drawing.model(&[reversed]), &inputs, 1).expect("there is a GPU");
    assert_eq!(results, [[3.0, 2.0, 1.0, 4.0, 5.0, 6.0]]);
}

#[test]
fn indices_of_the_model_that_are_outside_are_the_error_they_are_on_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let mut drawing = Drawing::default();
    let table = drawing.input(DType::F32, &[3, 2]);
    let at = drawing.constant(Tensor::i32s(&[1, 3]));
    let gathered = drawing.node(Gather::Along { axis: 0, batch_dims: 0 }, &[table, at], DType::F32);
    let model = drawing.model(&[gathered]);
    let mut session = Session::builder(&model).gpu(&gpu.device, &gpu.queue).build().expect("it has a plan");
    assert!(session.explain().contains("its index 3 is not below 3"), "{}", session.explain());
    let error = session.run(&[counted(&[3, 2])]).expect_err("there is no row 3").to_string();
    assert!(error.contains("not below 3"), "{error}");
}

/// The place of the greatest number, found on the GPU, under another shape, as an index, a one among zeros and a real.
#[test]
fn what_one_kernel_finds_is_an_index_for_the_next() {
    let mut drawing = Drawing::default();
    let scores = drawing.input(DType::F32, &[2, 2, 5]);
    let axis = drawing.constant(Tensor::i32s(&[2]));
    let found = drawing.node(Arg::Max, &[scores, axis], DType::I64);
    let four = drawing.constant(Tensor::i32s(&[4]));
    let list = drawing.node(Reshape::To(None), &[found, four], DType::I64);
    let table = drawing.constant(counted(&[5, 2]));
    let rows = drawing.node(Gather::Along { axis: 0, batch_dims: 0 }, &[table, list], DType::F32);
    let hot = drawing.one_hot(list, 5);
    let real = drawing.node(Cast::Value, &[found], DType::F32);
    let model = drawing.model(&[rows, hot, real, found]);
    let places = [3usize, 0, 4, 1];
    let one = |at: usize| (0..5).map(move |place| if place == at { 9.0 } else { place as f32 });
    let scores: Vec<f32> = places.iter().flat_map(|&at| one(at)).collect();
    let inputs = [Tensor::from_slice([2, 2, 5], &scores).expect("twenty")];
    let Some(gpu) = gpu() else { return };
    for precision in [Precision::F32, Precision::F16] {
        let builder = Session::builder(&model).passes(0).gpu(&gpu.device, &gpu.queue).precision(precision);
        let mut session = builder.small_map(0).build().expect("it has a plan");
        let plan = session.plan().expect("it is a GPU's");
        assert_eq!(plan.dispatches(), plan.steps.len(), "{plan}");
        let results = session.run(&inputs).expect("it runs");
        let row = |at: usize| [2.0 * at as f32 + 1.0, 2.0 * at as f32 + 2.0];
        let hot = |at: usize| (0..5).map(move |place| (place == at) as u8 as f32);
        let reals: Vec<f32> = places.iter().map(|&at| at as f32).collect();
        let integers: Vec<i64> = places.iter().map(|&at| at as i64).collect();
        assert_eq!(results[0].to_reals(), Some(places.iter().flat_map(|&at| row(at)).collect()));
        assert_eq!(results[1].to_reals(), Some(places.iter().flat_map(|&at| hot(at)).collect()));
        assert_eq!(results[2].to_reals(), Some(reals));
        assert_eq!(results[3].to_integers(), Some(integers));
    }
}

/// A GPU holds the caller's integers as f32, which rounds those above 2²⁴: who passes them on must have them as they were.
#[test]
fn large_integers_stay_what_they_are() {
    let Some(gpu) = gpu() else { return };
    let large = [(1 << 24) + 1, 0, i32::MAX, 2];
    let mut drawing = Drawing::default();
    let at = drawing.input(DType::I32, &[4]);
    let hot = drawing.one_hot(at, 3);
    let shape = drawing.constant(Tensor::i32s(&[2, 2]));
    let square = drawing.node(Reshape::To(None), &[at, shape], DType::I32);
    let model = drawing.model(&[hot, square, at]);
    let mut session = Session::builder(&model).gpu(&gpu.device, &gpu.queue).build().expect("it has a plan");
    let results = session.run(&[Tensor::i32s(&large)]).expect("it runs");
    assert_eq!(results[0].to_reals(), Some([[0.0; 3], [1.0, 0.0, 0.0], [0.0; 3], [0.0, 0.0, 1.0]].concat()));
    assert_eq!(results[1].to_integers(), Some(large.map(i64::from).to_vec()));
    assert_eq!(results[2].to_integers(), Some(large.map(i64::from).to_vec()));
}
