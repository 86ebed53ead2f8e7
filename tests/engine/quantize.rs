//! Quantization after training on real files: what is written loads, computes nearly the same, and is smaller.

use crate::damage::Random;
use crate::selfie::array;
use crate::{source, test_data};
use matte_engine::quantize::{
    self, Bits, Budget, Change, Comparison, Difference, Form, Granularity, MINIMUM, Mode, Ranging, Recipe,
    Weights,
};
use matte_engine::schema::{
    self, BuiltinOperator, File, Operator, OperatorCode, Options, SubGraph, TensorType, Value,
};
use matte_engine::tensor::{Tensor, TensorType as Type};
use matte_engine::{Error, Model, Session};
use std::path::{Path, PathBuf};
use std::process::Command;

const EIGHT: Weights = Weights::Integers(Bits::Eight);
const FOUR: Weights = Weights::Integers(Bits::Four);

fn read(path: &Path) -> File {
    schema::read(std::fs::read(path).expect("the model is readable")).expect("the model reads")
}

fn bundled(name: &str) -> PathBuf {
    source::root().join("models").join(format!("{name}.tflite"))
}

/// A model that is not part of the project, where it is there.
fn reference(name: &str) -> Option<PathBuf> {
    Some(test_data::folder(name)?.join("models").join(name))
}

fn recipe(weights: Weights, mode: Mode, granularity: Granularity) -> Recipe<'static> {
    Recipe { weights, mode, granularity, minimum: MINIMUM, keep: &|_| false }
}

fn converted(path: &Path, recipe: &Recipe<'_>) -> (File, Vec<Change>) {
    let file = quantize::prepared(read(path), false).expect("the model can be made real");
    quantize::convert(file, recipe).expect("the model can be converted")
}

fn bytes(file: &File) -> Vec<u8> {
    schema::write(file).expect("the file can be written")
}

fn model(file: &File) -> Model {
    Model::from_bytes(bytes(file)).expect("what was written is a model")
}

fn run(model: &Model, inputs: &[Tensor]) -> Vec<Tensor> {
    let mut session = Session::builder(model).threads(2).build().expect("a session");
    session.run(inputs).expect("outputs")
}

/// How far the model's outputs move on one input.
fn moved(before: &Model, after: &Model, input: &Tensor) -> Difference {
    let (a, b) = (run(before, std::slice::from_ref(input)), run(after, std::slice::from_ref(input)));
    let shapes: Vec<&[usize]> = a.iter().map(Tensor::shape).collect();
    let mut comparison = Comparison::new(&shapes, input.shape());
    comparison.add(&a, &b);
    comparison.difference()
}

/// A bundled model's golden input: a photograph.
fn photograph(name: &str) -> Option<Tensor> {
    Some(array(&test_data::folder(name)?.join(format!("models/goldens/{name}.npz")), "input"))
}

fn kinds(file: &File) -> Vec<TensorType> {
    let constants =
        file.subgraphs[0].tensors.iter().filter(|tensor| !file.buffers[tensor.buffer as usize].is_empty());
    constants.map(|tensor| tensor.kind).collect()
}

fn count(file: &File, code: BuiltinOperator) -> usize {
    let is = |operator: &&Operator| file.operator_codes[operator.opcode_index as usize].builtin_code == code;
    file.subgraphs[0].operators.iter().filter(is).count()
}

#[test]
fn weights_from_a_thousand_elements_on_become_integers_and_the_mask_stays() {
    let path = bundled("selfie_segmentation");
    let (file, changes) = converted(&path, &recipe(EIGHT, Mode::Dynamic, Granularity::Channel));
    for change in &changes {
        let stays = change.form == Form::AsTheyWere;
        assert_eq!(stays, change.elements < MINIMUM, "{change:?}");
        assert_eq!(stays, change.why.contains("fewer than 1024 elements"), "{change:?}");
    }
    let integers = file.subgraphs[0].tensors.iter().filter(|tensor| tensor.kind == TensorType::INT8);
    for tensor in integers {
        let quantization = tensor.quantization.as_ref().expect("integers have scales");
        assert_eq!(
            quantization.scale.len(),
            tensor.shape[quantization.quantized_dimension as usize] as usize
        );
        assert!(quantization.zero_point.iter().all(|&zero| zero == 0));
        assert!(file.buffers[tensor.buffer as usize].iter().all(|&byte| byte as i8 != -128));
    }
    let before = std::fs::metadata(&path).expect("the model is there").len() as usize;
    assert!(before > 3 * bytes(&file).len() / 2, "{before} → {}", bytes(&file).len());
    let Some(input) = photograph("selfie_segmentation") else { return };
    let off = moved(&Model::open(&path).expect("the model"), &model(&file), &input);
    assert!(off.iou.is_some_and(|iou| iou >= 0.985), "{off:?}");
}

#[test]
fn reals_and_halves_come_back_without_loss() {
    let path = bundled("face_landmark");
    let (reals, _) = converted(&path, &recipe(Weights::Reals, Mode::Dynamic, Granularity::Channel));
    assert_eq!(count(&reals, BuiltinOperator::DEQUANTIZE), 0);
    assert!(!kinds(&reals).contains(&TensorType::FLOAT16));
    let (halves, _) =
        quantize::convert(reals.clone(), &recipe(Weights::Halves, Mode::Dynamic, Granularity::Channel))
            .expect("halves");
    assert!(bytes(&reals).len() * 10 > bytes(&halves).len() * 19);
    let Some(input) = photograph("face_landmark") else { return };
    let original = Model::open(&path).expect("the model");
    for file in [&reals, &halves] {
        assert_eq!(moved(&original, &model(file), &input).max, 0.0);
    }
}

#[test]
fn every_granularity_and_width_computes_nearly_the_same() {
    let path = bundled("face_landmark");
    let Some(input) = photograph("face_landmark") else { return };
    let original = Model::open(&path).expect("the model");
    let most = [
        (EIGHT, Mode::WeightOnly, Granularity::Channel, 1.0),
        (EIGHT, Mode::WeightOnly, Granularity::Tensor, 3.0),
        (EIGHT, Mode::WeightOnly, Granularity::Block(16), 1.0),
        (EIGHT, Mode::Dynamic, Granularity::Channel, 1.0),
        (FOUR, Mode::WeightOnly, Granularity::Block(8), 12.0),
        (FOUR, Mode::Dynamic, Granularity::Channel, 20.0),
    ];
    for (weights, mode, granularity, most) in most {
        let (file, _) = converted(&path, &recipe(weights, mode, granularity));
        let off = moved(&original, &model(&file), &input);
        println!("{weights:?} {mode:?} {granularity:?}: {off:?}, {} bytes", bytes(&file).len());
        assert!(
            off.shift.is_some_and(|shift| shift <= most),
            "{weights:?} {mode:?} {granularity:?}: {off:?}"
        );
    }
}

#[test]
fn a_layer_that_is_kept_stays() {
    let keep = |name: &str| name.starts_with("conv2d_1");
    let wanted = Recipe { keep: &keep, ..recipe(EIGHT, Mode::Dynamic, Granularity::Channel) };
    let (_, changes) = converted(&bundled("selfie_segmentation"), &wanted);
    let (kept, others): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| keep(&change.name));
    assert!(
        !kept.is_empty()
            && kept.iter().all(|change| change.form == Form::AsTheyWere && change.why == "it is kept")
    );
    assert!(others.iter().any(|change| change.form == Form::Dynamic(Bits::Eight)));
}

/// A convolution whose weights another node reads, too, where `shared`.
fn small_file(shared: bool) -> File {
    let code = |builtin_code| OperatorCode { builtin_code, version: 1, ..OperatorCode::default() };
    let tensor = |name: &str, shape: &[i32], buffer| schema::Tensor {
        name: name.into(),
        shape: shape.to_vec(),
        buffer,
        ..schema::Tensor::default()
    };
    let numbers = |count: usize| -> Vec<u8> {
        (0..count).flat_map(|index| ((index * 37 % 101) as f32 / 50.0 - 1.0).to_le_bytes()).collect()
    };
    let options = |name: &str, fields: &[(&str, Value)]| Some(Options::new(name, fields).expect("fields"));
    let strides = [("stride_w", Value::Int(1)), ("stride_h", Value::Int(1))];
    let convolution = Operator {
        inputs: vec![0, 1, 2],
        outputs: vec![3],
        builtin_options: options("Conv2DOptions", &strides),
        ..Operator::default()
    };
    let sum = Operator {
        opcode_index: 1,
        inputs: vec![1, 1],
        outputs: vec![4],
        builtin_options: options("AddOptions", &[]),
        ..Operator::default()
    };
    let outputs = if shared { vec![3, 4] } else { vec![3] };
    let subgraph = SubGraph {
        tensors: vec![
            tensor("image", &[1, 3, 3, 32], 0),
            tensor("weights", &[64, 1, 1, 32], 1),
            tensor("bias", &[64], 2),
            tensor("result", &[1, 3, 3, 64], 0),
            tensor("sum", &[64, 1, 1, 32], 0),
        ],
        inputs: vec![0],
        outputs,
        operators: if shared { vec![convolution, sum] } else { vec![convolution] },
        ..SubGraph::default()
    };
    File {
        operator_codes: vec![code(BuiltinOperator::CONV_2D), code(BuiltinOperator::ADD)],
        subgraphs: vec![subgraph],
        buffers: vec![Default::default(), numbers(64 * 32).into(), numbers(64).into()],
        ..File::default()
    }
}

#[test]
fn weights_that_another_operator_reads_stay_real() {
    let wanted = recipe(EIGHT, Mode::Dynamic, Granularity::Channel);
    let (file, changes) = quantize::convert(small_file(false), &wanted).expect("it can be quantized");
    assert_eq!(changes[0].form, Form::Dynamic(Bits::Eight));
    // The bias stays real, and the operator is of the version that takes scales by channel.
    assert_eq!(kinds(&file), [TensorType::FLOAT32, TensorType::INT8]);
    assert_eq!(file.operator_codes.iter().map(|code| code.version).collect::<Vec<_>>(), [5]);
    let error =
        quantize::convert(small_file(true), &wanted).expect_err("nothing else has weights").to_string();
    assert!(error.contains("its weights are shared with a ADD"), "{error}");
}

#[test]
fn integers_are_the_nearest_steps() {
    let (file, _) = quantize::convert(small_file(false), &recipe(EIGHT, Mode::Dynamic, Granularity::Channel))
        .expect("it can be quantized");
    let before = model(&small_file(false));
    let after = model(&file);
    let weights = |model: &Model| -> Vec<f32> {
        let values = &model.graphs[0].values;
        let weights =
            values.iter().find(|value| value.name == "weights").and_then(|value| value.constant.as_ref());
        weights.and_then(Tensor::to_reals).expect("weights")
    };
    for (a, b) in weights(&before).chunks(32).zip(weights(&after).chunks(32)) {
        let step = a.iter().fold(0.0f32, |most, v| most.max(v.abs())) / 127.0;
        assert!(a.iter().zip(b).all(|(x, y)| (x - y).abs() <= step * 0.5001));
    }
}

#[test]
fn what_cannot_be_converted_says_why() {
    let wanted = recipe(EIGHT, Mode::Dynamic, Granularity::Channel);
    let mut none = small_file(false);
    none.subgraphs[0].operators.clear();
    none.subgraphs[0].outputs = vec![0];
    let error = quantize::convert(none, &wanted).expect_err("it has no weights");
    assert_eq!(error, Error::invalid("the model has no weights to quantize"));
    let mut small = small_file(false);
    small.subgraphs[0].tensors[1].shape = vec![4, 1, 1, 32];
    small.subgraphs[0].tensors[2].shape = vec![4];
    small.buffers[1] = small.buffers[1].slice(0..512).expect("a part");
    small.buffers[2] = small.buffers[2].slice(0..16).expect("a part");
    let error = quantize::convert(small, &wanted).expect_err("its weights are few").to_string();
    assert!(error.contains("128 elements: it has fewer than 1024 elements"), "{error}");
    let error =
        quantize::observe(&small_file(false), Ranging::MinMax, 1, &[]).expect_err("no samples").to_string();
    assert_eq!(error, "there are no samples to calibrate with");
}

/// Photographs as a model's input, squeezed.
fn photographs(names: &[&str], ty: &Type, [low, high]: [f32; 2]) -> Option<Vec<Vec<Tensor>>> {
    let folder = test_data::folder("photographs")?.join("media");
    let [_, height, width, _] = ty.shape[..] else { return None };
    let sample = |name: &&str| {
        let picture = image::open(folder.join(name)).expect("a picture").into_rgb8();
        let filter = image::imageops::FilterType::Triangle;
        let small = image::imageops::resize(&picture, width as u32, height as u32, filter);
        let values: Vec<f32> = small.iter().map(|&v| low + f32::from(v) / 255.0 * (high - low)).collect();
        vec![Tensor::from_slice(ty.shape.clone(), &values).expect("a picture's values")]
    };
    Some(names.iter().map(sample).collect())
}

const PICTURES: [&str; 4] = ["grace_hopper.jpg", "burger.jpg", "cats_and_dogs.jpg", "pose.jpg"];

#[test]
fn static_integers_name_the_same_classes() {
    let Some(path) = reference("reference/mobilenet_v1_0.25_224.tflite") else { return };
    let file = quantize::prepared(read(&path), false).expect("it is real");
    let original = model(&file);
    let samples = photographs(&PICTURES, original.inputs()[0], [-1.0, 1.0]).expect("photographs");
    for ranging in [Ranging::MinMax, Ranging::MovingAverage, Ranging::Percentile(99.99), Ranging::Mse] {
        // One picture's logits reach twice as far as the others': a mean of extremes would clamp them.
        let samples = if ranging == Ranging::MovingAverage { &samples[1..2] } else { &samples[..] };
        let ranges = quantize::observe(&file, ranging, 2, samples).expect("ranges");
        let wanted = recipe(EIGHT, Mode::Static, Granularity::Channel);
        let (integers, changes) = quantize::convert_static(file.clone(), &wanted, &ranges).expect("integers");
        assert!(changes.iter().all(|change| change.form == Form::Static), "{changes:?}");
        // Reals come in and go out; nothing in between is real.
        assert_eq!(count(&integers, BuiltinOperator::QUANTIZE), 1);
        assert_eq!(count(&integers, BuiltinOperator::DEQUANTIZE), 1);
        assert!(!kinds(&integers).contains(&TensorType::FLOAT32));
        let after = model(&integers);
        let shapes: Vec<&[usize]> = original.outputs().iter().map(|ty| &ty.shape[..]).collect();
        let mut comparison = Comparison::new(&shapes, &original.inputs()[0].shape);
        for sample in samples {
            comparison.add(&run(&original, sample), &run(&after, sample));
        }
        let off = comparison.difference();
        println!("{ranging:?}: {off:?}, {} bytes", bytes(&integers).len());
        // Two of the photographs show none of the model's classes: their best class is a matter of a hundredth.
        assert!(off.top1.is_some_and(|agree| agree >= 0.5) && off.snr > 5.0, "{ranging:?}: {off:?}");
    }
}

#[test]
fn integers_become_reals_with_the_activations_that_their_ranges_carry() {
    let Some(path) = reference("reference/mobilenet_v1_0.25_224_quant.tflite") else { return };
    let file = quantize::prepared(read(&path), false).expect("it can be made real");
    assert!(kinds(&file).iter().all(|kind| matches!(*kind, TensorType::FLOAT32 | TensorType::INT32)));
    let activation =
        |operator: &Operator| operator.builtin_options.as_ref()?.int("fused_activation_function").ok();
    let code = |operator: &Operator| file.operator_codes[operator.opcode_index as usize].builtin_code;
    let convolves = |operator: &&Operator| {
        [BuiltinOperator::CONV_2D, BuiltinOperator::DEPTHWISE_CONV_2D].contains(&code(operator))
    };
    let convolutions = file.subgraphs[0].operators.iter().filter(convolves);
    let carried = convolutions.filter(|operator| activation(operator) == Some(3)).count();
    assert_eq!(carried, 27, "every convolution but the last ends in RELU6");
    let real = model(&file);
    let quantized = Model::open(&path).expect("the model");
    let samples = photographs(&PICTURES, real.inputs()[0], [-1.0, 1.0]).expect("photographs");
    for sample in samples {
        let reals = sample[0].to_reals().expect("numbers");
        let stored = Tensor::from_reals(quantized.inputs()[0].clone(), &reals).expect("steps");
        let (a, b) = (run(&quantized, &[stored]), run(&real, &sample));
        let (a, b) = (a[0].to_reals().expect("numbers"), b[0].to_reals().expect("numbers"));
        let off = a.iter().zip(&b).fold(0.0f32, |most, (x, y)| most.max((x - y).abs()));
        assert!(off <= 0.15, "{off}");
    }
}

#[test]
fn planes_become_pixels_and_no_transposition_is_left() {
    let Some(path) = reference("reference/fastdepth_quant.tflite") else { return };
    let planes = quantize::prepared(read(&path), false).expect("it can be made real");
    let pixels = quantize::prepared(read(&path), true).expect("it can be laid out again");
    assert_eq!(
        (count(&planes, BuiltinOperator::TRANSPOSE), count(&pixels, BuiltinOperator::TRANSPOSE)),
        (63, 0)
    );
    let (planes, pixels) = (model(&planes), model(&pixels));
    assert_eq!(pixels.inputs()[0].shape, [1, 224, 224, 3]);
    assert_eq!(pixels.outputs()[0].shape, [1, 224, 224, 1]);
    let sample = photographs(&["pose.jpg"], pixels.inputs()[0], [0.0, 1.0]).expect("a photograph").remove(0);
    let values = sample[0].to_reals().expect("numbers");
    let by_plane: Vec<f32> = (0..3).flat_map(|c| values.iter().skip(c).step_by(3).copied()).collect();
    let input = Tensor::from_slice(vec![1, 3, 224, 224], &by_plane).expect("planes");
    let (a, b) = (run(&planes, &[input]), run(&pixels, &sample));
    let (a, b) = (a[0].to_reals().expect("numbers"), b[0].to_reals().expect("numbers"));
    let off = a.iter().zip(&b).fold(0.0f32, |most, (x, y)| most.max((x - y).abs()));
    assert!(off <= 1e-4, "{off}");
}

#[test]
fn sparse_weights_are_spread_out_and_quantized() {
    let Some(path) = reference("reference/face_detection_full_range_sparse.tflite") else { return };
    let (file, changes) = converted(&path, &recipe(EIGHT, Mode::WeightOnly, Granularity::Channel));
    assert!(changes.iter().any(|change| change.form == Form::Unpacked(Bits::Eight)));
    let integers = file.subgraphs[0].tensors.iter().filter(|tensor| tensor.kind == TensorType::INT8);
    assert!(integers.clone().count() > 10 && integers.clone().all(|tensor| tensor.sparsity.is_none()));
    let (before, after) = (Model::open(&path).expect("the model"), model(&file));
    let sample =
        photographs(&["portrait.jpg"], before.inputs()[0], [-1.0, 1.0]).expect("a photograph").remove(0);
    let off = moved(&before, &after, &sample[0]);
    assert!(off.snr > 20.0 && off.shift.is_some_and(|shift| shift < 2.0), "{off:?}");
}

#[test]
fn what_is_measured_keeps_within_its_error_and_says_why() {
    let path = bundled("selfie_segmentation");
    let Some(input) = photograph("selfie_segmentation") else { return };
    let file = quantize::prepared(read(&path), false).expect("it is real");
    let budget = Budget { error: 0.03, threads: 1, four_bits: false };
    let keep = |name: &str| name == "conv2d_5";
    let (chosen, measured) =
        quantize::convert_measured(&file, budget, &[vec![input.clone()]], &keep).expect("it can be measured");
    for layer in &measured {
        assert!(layer.error <= budget.error && !layer.change.why.is_empty(), "{layer:?}");
        assert_eq!(layer.change.name == "conv2d_5", layer.change.why == "it is kept", "{layer:?}");
        assert!(
            layer.after <= layer.change.before || layer.milliseconds[1] < layer.milliseconds[0],
            "{layer:?}"
        );
    }
    assert!(measured.iter().filter(|layer| layer.change.form != Form::AsTheyWere).count() > 20);
    let off = moved(&Model::open(&path).expect("the model"), &model(&chosen), &input);
    assert!(off.iou.is_some_and(|iou| iou >= 0.985), "{off:?}");
}

/// A graph with its constants, as text.
fn described(model: &Model) -> String {
    let constants = |graph: &matte_engine::graph::Graph| -> Vec<String> {
        let constants = graph.values.iter().filter_map(|value| value.constant.as_ref());
        constants
            .map(|tensor| {
                format!(
                    "{} {:?}",
                    tensor.ty(),
                    tensor.as_bytes().iter().fold(0u64, |sum, &byte| {
                        sum.wrapping_mul(1_099_511_628_211).wrapping_add(u64::from(byte) + 1)
                    })
                )
            })
            .collect()
    };
    model
        .graphs
        .iter()
        .map(|graph| format!("{graph}\n{:?}\n{:?}", graph.values.len(), constants(graph)))
        .collect()
}

#[test]
fn every_file_gives_the_same_graph_when_it_is_written_again() {
    let mut compared = 0;
    for path in test_data::models("graphs of rewritten models") {
        let given = std::fs::read(&path).expect("the model is readable");
        let again = bytes(&schema::read(given.clone()).expect("the model reads"));
        match (Model::from_bytes(given), Model::from_bytes(again)) {
            (Ok(a), Ok(b)) => {
                assert_eq!(described(&a), described(&b), "{}", path.display());
                compared += 1;
            }
            (a, b) => assert_eq!(a.err(), b.err(), "{}", path.display()),
        }
    }
    assert!(compared >= 5);
}

#[test]
fn every_file_is_converted_to_one_that_reads_or_refused_with_a_sentence() {
    let mut done = 0;
    for path in test_data::models("conversions of all models") {
        let small = std::fs::metadata(&path).is_ok_and(|file| file.len() < 3_000_000);
        if !small || Model::open(&path).is_err() {
            continue;
        }
        for (weights, mode) in [
            (EIGHT, Mode::Dynamic),
            (FOUR, Mode::WeightOnly),
            (Weights::Halves, Mode::Dynamic),
            (Weights::Reals, Mode::Dynamic),
        ] {
            let wanted = Recipe { minimum: 1, ..recipe(weights, mode, Granularity::Channel) };
            let result =
                quantize::prepared(read(&path), true).and_then(|file| quantize::convert(file, &wanted));
            match result {
                Ok((file, _)) => {
                    let again = Model::from_bytes(bytes(&file));
                    assert!(again.is_ok(), "{} as {weights:?}: {:?}", path.display(), again.err());
                    done += 1;
                }
                Err(error) => assert!(error.to_string().len() > 20, "{}: {error}", path.display()),
            }
        }
    }
    assert!(done >= 20, "{done}");
}

#[test]
fn damaged_files_are_refused_or_converted() {
    let whole = std::fs::read(bundled("selfie_segmentation")).expect("the model is readable");
    let wanted = recipe(EIGHT, Mode::Dynamic, Granularity::Channel);
    let mut random = Random(7);
    for _ in 0..60 {
        let mut damaged = whole.clone();
        match random.below(2) {
            0 => damaged.truncate(random.below(whole.len())),
            _ => (0..3).for_each(|_| {
                let at = random.below(whole.len().min(40_000));
                damaged[at] = random.below(256) as u8;
            }),
        }
        let Ok(file) = schema::read(damaged) else { continue };
        if let Ok((file, _)) =
            quantize::prepared(file, true).and_then(|file| quantize::convert(file, &wanted))
        {
            assert!(schema::write(&file).is_ok());
        }
    }
    assert!(schema::read(&whole[..whole.len() / 3]).is_err());
}

/// The official runtime's outputs for a model on an input, where `MATTE_LITERT` names its Python.
fn official(python: &std::ffi::OsStr, file: &File, name: &str, input: &Tensor) -> Vec<Tensor> {
    let folder = std::env::temp_dir().join(format!("matte-quantize-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let place = |extension: &str| folder.join(format!("{name}.{extension}"));
    std::fs::write(place("tflite"), bytes(file)).expect("the model can be written");
    let mut array = Vec::new();
    {
        use npyz::WriterBuilder;
        let shape: Vec<u64> = input.shape().iter().map(|&extent| extent as u64).collect();
        let options = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut array);
        let mut writer = options.begin_nd().expect("an array");
        writer.extend(input.as_slice::<f32>().expect("f32").iter().copied()).expect("numbers");
        writer.finish().expect("the array");
    }
    std::fs::write(place("npy"), array).expect("the input can be written");
    let script =
        test_data::folder("the official runtime").expect("its script").join("tools/litert_reference.py");
    let status = Command::new(python)
        .arg(script)
        .args([place("tflite"), place("npz")])
        .args(["--input", &format!("0={}", place("npy").display())])
        .output()
        .expect("Python runs");
    assert!(status.status.success(), "{name}: {}", String::from_utf8_lossy(&status.stderr));
    let count = file.subgraphs[0].outputs.len();
    (0..count).map(|index| array_at(&place("npz"), index)).collect()
}

fn array_at(path: &Path, index: usize) -> Tensor {
    array(path, &format!("out{index}"))
}

#[test]
fn the_official_runtime_loads_and_runs_what_is_written() {
    let Some(python) = std::env::var_os("MATTE_LITERT") else {
        println!("SKIPPED: MATTE_LITERT names no Python with ai-edge-litert");
        return;
    };
    let name = "face_landmark";
    let (path, Some(input)) = (bundled(name), photograph(name)) else { return };
    let original = Model::open(&path).expect("the model");
    let wanted = run(&original, std::slice::from_ref(&input));
    let recipes = [
        (EIGHT, Mode::Dynamic, Granularity::Channel, 30.0),
        (EIGHT, Mode::WeightOnly, Granularity::Channel, 40.0),
        (EIGHT, Mode::WeightOnly, Granularity::Tensor, 30.0),
        (EIGHT, Mode::WeightOnly, Granularity::Block(16), 40.0),
        (FOUR, Mode::Dynamic, Granularity::Channel, 10.0),
        (FOUR, Mode::WeightOnly, Granularity::Block(8), 15.0),
        (Weights::Halves, Mode::Dynamic, Granularity::Channel, 60.0),
        (Weights::Reals, Mode::Dynamic, Granularity::Channel, 60.0),
    ];
    let check = |file: &File, label: &str, least: f64| {
        let outputs = official(&python, file, label, &input);
        let shapes: Vec<&[usize]> = wanted.iter().map(Tensor::shape).collect();
        let mut comparison = Comparison::new(&shapes, input.shape());
        comparison.add(&wanted, &outputs);
        let off = comparison.difference();
        println!("{label}: {off:?}");
        assert!(off.snr >= least, "{label}: {off:?}");
    };
    for (index, (weights, mode, granularity, least)) in recipes.into_iter().enumerate() {
        let (file, _) = converted(&path, &recipe(weights, mode, granularity));
        check(&file, &format!("{index}-{weights:?}-{mode:?}"), least);
    }
    let file = quantize::prepared(read(&path), false).expect("it is real");
    let ranges = quantize::observe(&file, Ranging::MinMax, 2, &[vec![input.clone()]]).expect("ranges");
    let (file, _) =
        quantize::convert_static(file, &recipe(EIGHT, Mode::Static, Granularity::Channel), &ranges)
            .expect("integers");
    check(&file, "static", 15.0);
}
