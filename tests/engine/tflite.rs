//! Files → models: constants, quantizations, composites, signatures, and what is said of files that cannot be.

use crate::{damage::Random, test_data};
use matte_engine::graph::{Model, ValueId};
use matte_engine::schema::{
    self, BuiltinOperator, Bytes, DimensionMetadata, File, Operator, OperatorCode, Options, Quantization,
    QuantizationDetails, SignatureDef, SparseIndex, Sparsity, SubGraph, Tensor, TensorMap, TensorType, Value,
};
use matte_engine::tensor::DType;
use matte_engine::{Error, tflite};
use std::fs;

fn read(file: &File) -> matte_engine::Result<Model> {
    tflite::read(schema::write(file).expect("the file can be written"))
}

fn code(builtin_code: BuiltinOperator, version: i32) -> OperatorCode {
    OperatorCode { builtin_code, version, ..OperatorCode::default() }
}

fn tensor(name: &str, shape: &[i32], kind: TensorType, buffer: u32) -> Tensor {
    Tensor { name: name.into(), shape: shape.to_vec(), kind, buffer, ..Tensor::default() }
}

fn node(opcode_index: u32, inputs: &[i32], outputs: &[i32]) -> Operator {
    Operator { opcode_index, inputs: inputs.to_vec(), outputs: outputs.to_vec(), ..Operator::default() }
}

/// z = x + w, with w a constant of four f32 in buffer 1.
fn addition() -> File {
    let kind = TensorType::FLOAT32;
    let tensors =
        vec![tensor("x", &[1, 4], kind, 0), tensor("w", &[4], kind, 1), tensor("z", &[1, 4], kind, 0)];
    let operators = vec![node(0, &[0, 1], &[2])];
    let graph = SubGraph { tensors, inputs: vec![0], outputs: vec![2], operators, ..SubGraph::default() };
    let weights: Vec<u8> = [1_f32, 2.0, 3.0, 4.0].iter().flat_map(|weight| weight.to_le_bytes()).collect();
    File {
        operator_codes: vec![code(BuiltinOperator::ADD, 1)],
        subgraphs: vec![graph],
        buffers: vec![Bytes::default(), Bytes::from(weights)],
        ..File::default()
    }
}

fn main_graph(file: &mut File) -> &mut SubGraph {
    &mut file.subgraphs[0]
}

#[test]
fn every_model_reads_or_names_what_the_engine_lacks() {
    let (mut read, mut lacking) = (0, Vec::new());
    for path in test_data::models("models of the field as graphs") {
        match tflite::read(fs::read(&path).expect("the model is readable")) {
            Ok(model) => {
                assert!(!model.graphs[0].outputs.is_empty(), "{}", path.display());
                read += 1;
            }
            Err(Error::Unsupported { node, operator, reason }) => {
                assert!(
                    operator.contains(" version ") || reason.contains("it"),
                    "{node} {operator} {reason}"
                );
                lacking.push(format!("{}: {operator}: {reason}", path.display()));
            }
            Err(error) => lacking.push(fail(&format!("{}: {error}", path.display()))),
        }
    }
    println!("{read} models read; {} lack something:\n{}", lacking.len(), lacking.join("\n"));
    assert!(read + lacking.len() >= 5, "the bundled models should be there");
}

#[expect(clippy::panic, reason = "a test's failure")]
fn fail(text: &str) -> String {
    panic!("{text}")
}

#[test]
fn tensors_become_values_of_the_same_index() {
    let model = read(&addition()).expect("the engine adds");
    let graph = &model.graphs[0];
    let names: Vec<&str> = graph.values.iter().map(|value| value.name.as_str()).collect();
    assert_eq!(names, ["x", "w", "z"]);
    assert_eq!((&graph.inputs[..], &graph.outputs[..]), (&[ValueId(0)][..], &[ValueId(2)][..]));
    let weights = graph.values[1].constant.as_ref().expect("w is a constant");
    assert_eq!(weights.as_slice::<f32>().expect("of f32"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(weights.shape(), [4]);
    assert_eq!(graph.nodes[0].name, "z");
}

#[test]
fn shapes_are_inferred_whatever_the_file_declares() {
    let mut file = addition();
    main_graph(&mut file).tensors[2].shape = vec![7, 7];
    main_graph(&mut file).tensors[0].shape = vec![3, 4];
    assert_eq!(read(&file).expect("it reads").graphs[0].values[2].ty.shape, [3, 4]);
}

#[test]
fn constants_of_one_buffer_share_their_elements() {
    let mut file = addition();
    let shared = Tensor { shape: vec![2, 2], name: "v".into(), ..main_graph(&mut file).tensors[1].clone() };
    main_graph(&mut file).tensors.push(shared);
    let model = read(&file).expect("it reads");
    let bytes = |index: usize| {
        model.graphs[0].values[index].constant.as_ref().map(|tensor| tensor.as_bytes().as_ptr())
    };
    assert!(bytes(1).is_some());
    assert_eq!(bytes(1), bytes(3));
}

#[test]
fn four_bit_weights_are_unpacked_with_their_scales() {
    let mut file = addition();
    file.buffers[1] = Bytes::from(vec![0x8f, 0x70]);
    let quantization = Quantization { scale: vec![0.5], zero_point: vec![0], ..Quantization::default() };
    let weights = &mut main_graph(&mut file).tensors[1];
    (weights.kind, weights.quantization) = (TensorType::INT4, Some(quantization));
    let model = read(&file).expect("it reads");
    let weights = model.graphs[0].values[1].constant.as_ref().expect("w is a constant");
    assert_eq!((weights.dtype(), weights.to_integers()), (DType::I4, Some(vec![-1, -8, 0, 7])));
    assert_eq!(weights.to_reals(), Some(vec![-0.5, -4.0, 0.0, 3.5]));
}

#[test]
fn weights_with_scales_by_blocks_are_reals() {
    let mut file = addition();
    let halves: Vec<u8> =
        [0.5_f32, 2.0].iter().flat_map(|&scale| half::f16::from_f32(scale).to_le_bytes()).collect();
    file.buffers[1] = Bytes::from(vec![0x8f, 0x70]);
    file.buffers.push(Bytes::from(halves));
    let blocks =
        schema::BlockwiseQuantization { scales: 3, zero_points: -1, block_size: 2, block_shape: vec![] };
    let details = QuantizationDetails::Blockwise(blocks);
    let graph = main_graph(&mut file);
    graph.tensors.push(tensor("scales", &[2], TensorType::FLOAT16, 2));
    graph.tensors[1].kind = TensorType::INT4;
    graph.tensors[1].quantization = Some(Quantization { details, ..Quantization::default() });
    let model = read(&file).expect("it reads");
    let weights = model.graphs[0].values[1].constant.as_ref().expect("w is a constant");
    assert_eq!(weights.as_slice::<f32>().expect("of f32"), [-0.5, -4.0, 0.0, 14.0]);
}

#[test]
fn sparse_weights_are_dense() {
    let mut file = addition();
    let (segments, indices) = (SparseIndex::U8(vec![0, 2]), SparseIndex::U16(vec![0, 3]));
    let dim_metadata = vec![DimensionMetadata::Compressed { segments, indices }];
    file.buffers[1] = file.buffers[1].slice(0..8).expect("two elements");
    let sparsity = Sparsity { traversal_order: vec![0], dim_metadata, ..Sparsity::default() };
    main_graph(&mut file).tensors[1].sparsity = Some(sparsity);
    let model = read(&file).expect("it reads");
    let weights = model.graphs[0].values[1].constant.as_ref().expect("w is a constant");
    assert_eq!(weights.as_slice::<f32>().expect("of f32"), [1.0, 0.0, 0.0, 2.0]);
}

#[test]
fn a_constant_without_elements_is_a_constant() {
    let mut file = addition();
    let empty = tensor("shape", &[0], TensorType::INT32, 0);
    main_graph(&mut file).tensors.push(empty);
    let model = read(&file).expect("it reads");
    assert!(model.graphs[0].values[3].constant.as_ref().is_some_and(|tensor| tensor.is_empty()));
    assert!(model.graphs[0].values[0].constant.is_none());
}

#[test]
fn signatures_name_values() {
    let mut file = addition();
    let map = |name: &str, tensor_index| TensorMap { name: name.into(), tensor_index };
    file.signature_defs = vec![SignatureDef {
        signature_key: "serve".into(),
        inputs: vec![map("image", 0)],
        outputs: vec![map("mask", 2)],
        subgraph_index: 0,
    }];
    let model = read(&file).expect("it reads");
    assert_eq!(model.signatures[0].key, "serve");
    assert_eq!(model.signatures[0].inputs, [("image".to_owned(), ValueId(0))]);
    assert_eq!(model.signatures[0].outputs, [("mask".to_owned(), ValueId(2))]);
}

/// A file whose main graph calls `decomposition` as a composite of x and w.
fn composite(decomposition: SubGraph) -> File {
    let mut file = addition();
    file.operator_codes.push(code(BuiltinOperator::STABLEHLO_COMPOSITE, 1));
    let options = [("name", Value::Text("test.add".into())), ("decomposition_subgraph_index", Value::Int(1))];
    let options = Options::new("StableHLOCompositeOptions", &options).expect("the fields exist");
    main_graph(&mut file).operators[0] =
        Operator { builtin_options_2: Some(options), ..node(1, &[0, 1], &[2]) };
    file.subgraphs.push(decomposition);
    file
}

/// (a + b) + c with a constant c, of arguments a and b.
fn two_additions() -> SubGraph {
    let kind = TensorType::FLOAT32;
    let names = [("a", 0), ("b", 0), ("c", 1), ("sum", 0), ("total", 0)];
    let tensors = names.map(|(name, buffer)| tensor(name, &[4], kind, buffer)).to_vec();
    let operators = vec![node(0, &[0, 1], &[3]), node(0, &[3, 2], &[4])];
    SubGraph { tensors, inputs: vec![0, 1], outputs: vec![4], operators, ..SubGraph::default() }
}

#[test]
fn composites_are_replaced_by_their_decomposition() {
    let model = read(&composite(two_additions())).expect("it reads");
    let graph = &model.graphs[0];
    let name = |id: ValueId| graph.values[id.0].name.as_str();
    let nodes: Vec<_> = graph
        .nodes
        .iter()
        .map(|node| {
            let inputs: Vec<&str> = node.inputs.iter().flatten().map(|&id| name(id)).collect();
            (inputs, name(node.outputs[0]))
        })
        .collect();
    assert_eq!(nodes, [(vec!["x", "w"], "sum"), (vec!["sum", "c"], "z")]);
    assert_eq!(graph.outputs, [ValueId(2)]);
    assert_eq!(graph.values[2].ty.shape, [1, 4]);
    assert_eq!(model.graphs.len(), 2);
}

#[test]
fn a_composite_may_pass_an_argument_through() {
    let mut file = composite(SubGraph { operators: Vec::new(), outputs: vec![1], ..two_additions() });
    let map = TensorMap { name: "y".into(), tensor_index: 2 };
    file.signature_defs = vec![SignatureDef { outputs: vec![map], ..SignatureDef::default() }];
    let model = read(&file).expect("it reads");
    assert_eq!(model.graphs[0].outputs, [ValueId(1)]);
    assert_eq!(model.signatures[0].outputs[0].1, ValueId(1));
}

#[test]
fn a_composite_that_calls_itself_is_an_error() {
    let mut file = composite(two_additions());
    let call = file.subgraphs[0].operators[0].clone();
    file.subgraphs[1].operators[0] = Operator { outputs: vec![3], ..call };
    let error = read(&file).expect_err("it has no end");
    assert_eq!(error, Error::malformed("the file's composites call each other without an end"));
}

#[test]
fn what_the_engine_lacks_names_node_operator_version_and_reason() {
    let unsupported = |file: &File| match read(file) {
        Err(Error::Unsupported { node, operator, reason }) => format!("{node} | {operator} | {reason}"),
        other => fail(&format!("{other:?}")),
    };
    let mut file = addition();
    file.operator_codes[0].version = 7;
    assert_eq!(
        unsupported(&file),
        "0 z | ADD version 7 | its version is newer than 6, the last one that is defined"
    );

    let mut file = addition();
    file.operator_codes[0] = OperatorCode { custom_code: "Fancy".into(), ..code(BuiltinOperator::CUSTOM, 1) };
    assert_eq!(unsupported(&file), "0 z | Fancy version 1 | the engine does not have this operator");

    let mut file = addition();
    file.operator_codes[0] = code(BuiltinOperator(999), 1);
    assert!(unsupported(&file).starts_with("0 z | code 999 version 1 | "));

    let mut file = addition();
    main_graph(&mut file).tensors[1].kind = TensorType::COMPLEX64;
    let expected =
        "0 z | ADD version 1 | its operand w is of the type COMPLEX64, which the engine does not have";
    assert_eq!(unsupported(&file), expected);

    let mut file = addition();
    main_graph(&mut file).tensors[1].external_buffer = 1;
    assert_eq!(unsupported(&file), "0 z | ADD version 1 | its operand w has its elements in another file");

    let mut file = addition();
    let options = Options::new("AddOptions", &[("fused_activation_function", Value::Int(9))]);
    main_graph(&mut file).operators[0].builtin_options = Some(options.expect("the field exists"));
    assert!(unsupported(&file).starts_with("0 z | ADD version 1 | its fused activation 9"));
}

#[test]
fn files_that_contradict_themselves_are_malformed() {
    let malformed = |file: &File| match read(file) {
        Err(Error::Malformed(text)) => text,
        other => fail(&format!("{other:?}")),
    };
    let mut file = addition();
    file.buffers[1] = file.buffers[1].slice(0..8).expect("half of them");
    let expected =
        "node 0 z (ADD version 1): its operand w is f32[4], which does not take the 8 bytes of its buffer";
    assert_eq!(malformed(&file), expected);

    let mut file = addition();
    main_graph(&mut file).operators[0].outputs = vec![-1];
    assert!(malformed(&file).contains("one of its outputs is left out"));

    let mut file = addition();
    main_graph(&mut file).inputs = vec![0, 1];
    assert!(malformed(&file).ends_with("its operand w is written, but has elements of its own"));

    let mut file = addition();
    file.subgraphs.clear();
    assert_eq!(malformed(&file), "the file has no graph");

    let mut file = addition();
    let quantization =
        Quantization { scale: vec![1.0; 3], zero_point: vec![0; 3], ..Quantization::default() };
    let weights = &mut main_graph(&mut file).tensors[1];
    (weights.kind, weights.quantization) = (TensorType::INT32, Some(quantization));
    assert!(malformed(&file).contains("its operand w has 3 scales along dimension 0 of the shape [4]"));
}

#[test]
fn damaged_files_are_errors_or_models() {
    let mut sparse = composite(two_additions());
    let (segments, indices) = (SparseIndex::U8(vec![0, 4]), SparseIndex::I32(vec![0, 1, 2, 3]));
    let dim_metadata = vec![DimensionMetadata::Compressed { segments, indices }];
    main_graph(&mut sparse).tensors[1].sparsity =
        Some(Sparsity { traversal_order: vec![0], dim_metadata, ..Sparsity::default() });
    let bytes = schema::write(&sparse).expect("the file can be written");
    assert!(tflite::read(bytes.clone()).is_ok());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut damaged = bytes.clone();
        random.damage(&mut damaged);
        match tflite::read(damaged) {
            Ok(model) => {
                read += 1;
                assert_eq!(model.graphs.iter().map(|graph| graph.verify().is_ok()).min(), Some(true));
            }
            Err(_) => refused += 1,
        }
    }
    assert!(read > 100 && refused > 1000, "{read} read, {refused} refused");
}
