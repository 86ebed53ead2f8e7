//! The file format on real files: all read, all survive a rewrite, and no damage to them does worse than an error.

use crate::damage::Random;
use crate::{source, test_data};
use matte_engine::schema::{
    self, BuiltinOperator, Bytes, DimensionMetadata, Error, File, Options, QuantizationDetails, TensorType,
    Value, flexbuffer,
};
use std::{fs, path::Path};

fn read(path: &Path) -> File {
    let bytes = fs::read(path).expect("the model is readable");
    schema::read(bytes).unwrap_or_else(|error| fail(path, &error))
}

#[expect(clippy::panic, reason = "a test's failure")]
fn fail(path: &Path, error: &Error) -> File {
    panic!("{}: {error}", path.display())
}

/// A bundled model, which is always there.
fn bundled(name: &str) -> Vec<u8> {
    fs::read(source::root().join("models").join(name)).expect("the bundled model is readable")
}

#[test]
fn every_model_reads_and_reads_back_equal_from_what_is_written() {
    let models = test_data::models("rewriting the models of the field");
    assert!(models.len() >= 5, "the bundled models should be there");
    for path in models {
        let file = read(&path);
        assert_eq!(file.version, 3, "{}", path.display());
        let written = schema::write(&file).expect("a file that was read can be written");
        let again = schema::read(written.clone()).expect("what was written reads");
        assert_eq!(again, file, "{}", path.display());
        assert_eq!(schema::write(&again).expect("it can be written again"), written, "{}", path.display());
    }
}

#[test]
fn no_operator_of_a_model_has_options_unknown_to_the_schema() {
    for path in test_data::models("options of the models of the field") {
        let file = read(&path);
        for node in file.subgraphs.iter().flat_map(|graph| &graph.operators) {
            for options in [&node.builtin_options, &node.builtin_options_2].into_iter().flatten() {
                assert!(options.layout().is_some() && options.unknown().is_empty(), "{}", path.display());
            }
            assert!(file.operator_codes[node.opcode_index as usize].builtin_code.name().is_some());
        }
    }
}

#[test]
fn the_selfie_model_is_what_its_makers_describe() {
    let file = schema::read(bundled("selfie_segmentation.tflite")).expect("the model reads");
    let graph = &file.subgraphs[0];
    let (input, output) =
        (&graph.tensors[graph.inputs[0] as usize], &graph.tensors[graph.outputs[0] as usize]);
    assert_eq!((&input.shape[..], &output.shape[..]), (&[1, 256, 256, 3][..], &[1, 256, 256, 1][..]));
    assert_eq!(input.kind, TensorType::FLOAT32);
    let code = |index: u32| &file.operator_codes[index as usize];
    let resize = graph
        .operators
        .iter()
        .find(|node| code(node.opcode_index).builtin_code == BuiltinOperator::RESIZE_BILINEAR);
    let options = resize.and_then(|node| node.builtin_options.as_ref()).expect("it resizes");
    assert_eq!((options.bool("half_pixel_centers"), options.bool("align_corners")), (Ok(true), Ok(false)));
    let custom = graph
        .operators
        .iter()
        .find(|node| code(node.opcode_index).custom_code == "Convolution2DTransposeBias");
    // Padding, then the strides of width and height.
    assert_eq!(custom.expect("its last node").custom_options[..12], [1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]);
}

#[test]
fn options_of_the_detector_are_a_flexbuffer() {
    let Some(folder) = test_data::folder("custom options of the detector") else { return };
    let file = read(&folder.join("models/reference/ssd_mobilenet_v1_coco_quant.tflite"));
    let nodes = &file.subgraphs[0].operators;
    let options =
        flexbuffer::read(&nodes.last().expect("it has nodes").custom_options).expect("a FlexBuffer");
    assert_eq!(options.get("num_classes").and_then(flexbuffer::Value::as_int), Some(90));
    assert_eq!(options.get("max_detections").and_then(flexbuffer::Value::as_int), Some(10));
    assert_eq!(options.get("y_scale").and_then(flexbuffer::Value::as_float), Some(10.0));
    let threshold = options.get("nms_iou_threshold").and_then(flexbuffer::Value::as_float);
    assert_eq!(threshold, Some(f64::from(0.6_f32)));
    assert_eq!(options.get("use_regular_nms"), None);
}

#[test]
fn sparse_weights_keep_their_layout() {
    let Some(folder) = test_data::folder("sparse weights") else { return };
    let file = read(&folder.join("models/reference/face_detection_full_range_sparse.tflite"));
    let sparse = file.subgraphs[0].tensors.iter().filter_map(|tensor| tensor.sparsity.as_ref());
    let layouts: Vec<_> = sparse.collect();
    assert!(!layouts.is_empty());
    for layout in layouts {
        assert_eq!(layout.traversal_order.len(), layout.dim_metadata.len());
        let compressed =
            |dimension: &&DimensionMetadata| matches!(dimension, DimensionMetadata::Compressed { .. });
        assert_eq!(layout.dim_metadata.iter().filter(compressed).count(), 1);
    }
}

/// A file that uses what no model at hand does.
fn rare_file() -> File {
    let composite = Options::new(
        "StableHLOCompositeOptions",
        &[("name", Value::Text("odml.rms_norm".into())), ("decomposition_subgraph_index", Value::Int(1))],
    );
    let gather = Options::new("StablehloGatherOptions", &[("offset_dims", Value::Ints(vec![-1, 1 << 40]))]);
    let bucketize = Options::new("BucketizeOptions", &[("boundaries", Value::Floats(vec![0.5, f32::MAX]))]);
    let node = |options: schema::Result<Options>| schema::Operator {
        builtin_options_2: Some(options.expect("the fields exist")),
        inputs: vec![0, -1],
        outputs: vec![1],
        intermediates: vec![2],
        mutating_variable_inputs: vec![false, true],
        debug_metadata_index: 7,
        custom_options: Bytes::from(vec![1, 2, 3]),
        ..Default::default()
    };
    let mut nodes = vec![node(composite), node(gather)];
    nodes[1].builtin_options = Some(bucketize.expect("the field exists"));
    let details = schema::BlockwiseQuantization {
        scales: 1,
        zero_points: -1,
        block_size: 32,
        block_shape: vec![1, 32],
    };
    let blockwise = schema::Quantization {
        scale: vec![0.5],
        zero_point: vec![i64::MIN],
        details: QuantizationDetails::Blockwise(details),
        ..Default::default()
    };
    let tensors = [TensorType::INT4, TensorType::FLOAT32, TensorType(99)].map(|kind| schema::Tensor {
        kind,
        shape: vec![2, 3],
        shape_signature: vec![-1, 3],
        has_rank: true,
        is_variable: true,
        buffer: 1,
        external_buffer: 5,
        quantization: Some(blockwise.clone()),
        variant_tensors: vec![Default::default()],
        ..Default::default()
    });
    let graph = |operators| schema::SubGraph {
        tensors: tensors.to_vec(),
        inputs: vec![0],
        outputs: vec![1],
        operators,
        debug_metadata_index: 3,
        ..Default::default()
    };
    let code = BuiltinOperator::STABLEHLO_COMPOSITE;
    File {
        description: "rare".into(),
        operator_codes: vec![schema::OperatorCode { builtin_code: code, version: 1, ..Default::default() }],
        subgraphs: vec![graph(nodes), graph(Vec::new())],
        buffers: vec![Bytes::default(), Bytes::from(vec![1; 24])],
        metadata_buffer: vec![1],
        metadata: vec![schema::Metadata { name: "min_runtime_version".into(), buffer: 1 }],
        signature_defs: vec![schema::SignatureDef {
            signature_key: "serving_default".into(),
            inputs: vec![schema::TensorMap { name: "x".into(), tensor_index: 0 }],
            outputs: vec![schema::TensorMap { name: "y".into(), tensor_index: 1 }],
            subgraph_index: 1,
        }],
        external_buffer_groups: vec!["weights.bin".into()],
        external_buffers: vec![schema::ExternalBuffer {
            id: 5,
            offset: 1 << 40,
            length: 24,
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[test]
fn rare_fields_survive_a_rewrite() {
    let file = rare_file();
    assert_eq!(schema::read(schema::write(&file).expect("it can be written")).expect("it reads"), file);
}

#[test]
fn constants_begin_at_multiples_of_16_and_share_the_file() {
    let bytes = bundled("face_detection_short_range.tflite");
    let file = schema::read(bytes).expect("the model reads");
    let written = Bytes::from(schema::write(&file).expect("it can be written"));
    let again = schema::read(written.clone()).expect("it reads");
    let start = written.as_ptr() as usize;
    for buffer in again.buffers.iter().filter(|buffer| !buffer.is_empty()) {
        let offset = buffer.as_ptr() as usize - start;
        assert!(offset < written.len() && offset.is_multiple_of(16));
    }
}

#[test]
fn an_index_past_its_list_is_named() {
    let mut file = rare_file();
    file.subgraphs[0].operators[1].inputs[0] = 3;
    let error =
        schema::read(schema::write(&file).expect("it can be written")).expect_err("there are 3 tensors");
    assert_eq!(error.to_string(), "the file is malformed: inputs of Operator 1 is 3, but there are 3");
}

#[test]
fn other_files_are_told_apart() {
    assert_eq!(schema::read(Vec::new()), Err(Error::NotTflite));
    assert_eq!(schema::read(b"\x89PNG\r\n\x1a\n and more".to_vec()), Err(Error::NotTflite));
}

/// Files whose tables are most of their bytes, so that damage hits them.
fn small_files() -> Vec<Vec<u8>> {
    let mut files = vec![schema::write(&rare_file()).expect("it can be written")];
    for name in ["face_detection_short_range.tflite", "selfie_segmentation.tflite"] {
        let mut file = schema::read(bundled(name)).expect("the model reads");
        file.buffers
            .iter_mut()
            .for_each(|buffer| *buffer = buffer.slice(0..buffer.len().min(4)).unwrap_or_default());
        files.push(schema::write(&file).expect("it can be written"));
    }
    let all = test_data::models("damage to the smallest models of the field");
    let contents = all.iter().map(|path| fs::read(path).expect("the model is readable"));
    files.extend(contents.filter(|bytes| bytes.len() < 1000));
    files
}

#[test]
fn every_prefix_of_a_file_is_an_error_or_a_file() {
    for bytes in small_files() {
        // All of a small file, and as many of a larger one.
        let step = bytes.len().div_ceil(4000);
        let whole = Bytes::from(bytes);
        let prefixes = (0..whole.len()).step_by(step).map(|len| whole.slice(0..len).expect("a prefix"));
        // Only a last few bytes, which pad or end a text, may be missing unnoticed.
        assert!(prefixes.filter(|prefix| schema::read(prefix.clone()).is_ok()).count() <= 16);
    }
}

#[test]
fn damaged_files_are_errors_or_files_that_can_be_written() {
    let files = small_files();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut refused) = (0, 0);
    while read + refused < 30_000 {
        let mut bytes = files[random.below(files.len())].clone();
        random.damage(&mut bytes);
        match schema::read(bytes) {
            Ok(file) => {
                read += 1;
                if let Ok(bytes) = schema::write(&file) {
                    assert!(schema::read(bytes).is_ok());
                }
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().is_ascii());
            }
        }
    }
    assert!(read > 1000 && refused > 1000, "{read} read, {refused} refused");
}

#[test]
fn damaged_flexbuffers_are_errors_or_values() {
    let map = every_type();
    assert!(flexbuffer::read(&map).is_ok());
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..30_000 {
        let mut bytes = map.clone();
        random.damage(&mut bytes);
        match flexbuffer::read(&bytes) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read > 1000 && refused > 1000, "{read} read, {refused} refused");
}

/// A map with a value of each type, written by `flexbuffers.Builder` of the Python package flatbuffers 25.12.19.
const EVERY_TYPE: &str = concat!(
    "69380075363400660064006e756c6c0073000668c3a96c6c6f00626c6f6200030001027400696e640000000090eefeff",
    "696e6466000000000000803e766563000178000003000000010000000b0000000000204006140e747600030001002c01",
    "fbff6676000000000000c03f00002040000060406976320007f7626f6f6c73000201006b657973006b31006b32000207",
    "056d0061000103010101050411832496993fa27e743123169d998754a971000013000000000000000100000000000000",
    "1100000000000000a8000000000000004f000000000000009a9999999999b93f000000000000e03f8000000000000000",
    "fdffffffffffffffcc00000000000000c800000000000000900000000000000081000000000000007e00000000000000",
    "000000000000000015010000000000000100000000000000dc0000000000000000000000000000800001000000000000",
    "64900f0f56071a2240382403146b2d0b2a992701",
);

fn every_type() -> Vec<u8> {
    let digits = EVERY_TYPE.as_bytes().chunks(2);
    let bytes =
        digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("digits"), 16).expect("a byte"));
    bytes.collect()
}

#[test]
fn a_flexbuffer_of_every_type_is_a_map() {
    use flexbuffer::Value::{Blob, Bool, Float, Int, Map, Null, Text, UInt, Vector};
    let text = |text: &str| Text(text.into());
    let entries = [
        ("blob", Blob(vec![0, 1, 2])),
        ("bools", Vector(vec![Bool(true), Bool(false)])),
        ("d", Float(0.1)),
        ("f", Float(0.5)),
        ("fv", Vector(vec![Float(1.5), Float(2.5), Float(3.5)])),
        ("i8", Int(-3)),
        ("ind", Int(-70_000)),
        ("indf", Float(0.25)),
        ("iv2", Vector(vec![Int(7), Int(-9)])),
        ("keys", Vector(vec![text("k1"), text("k2")])),
        ("m", Map(vec![("a".into(), Int(5))])),
        ("null", Null),
        ("s", text("h\u{e9}llo")),
        ("t", Bool(true)),
        ("tv", Vector(vec![Int(1), Int(300), Int(-5)])),
        ("u64", UInt(1 << 63)),
        ("vec", Vector(vec![Int(1), text("x"), Float(2.5)])),
    ];
    let entries = entries.map(|(key, value)| (key.to_owned(), value)).to_vec();
    assert_eq!(flexbuffer::read(&every_type()), Ok(Map(entries)));
}
