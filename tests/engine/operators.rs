//! The operators that the engine must have, by their names in files: each is known, has cases, and runs where it should.

use crate::cases;
use matte_engine::graph::Graph;
use matte_engine::ops::{self, Source};
use matte_engine::plan::{Choices, Plan, Target};
use matte_engine::tensor::{DType, TensorType};
use matte_engine::wgsl::{Dialect, Elem};
use std::collections::{BTreeMap, BTreeSet};

/// Operators with cases that run on the GPU.
const ON_THE_GPU: &str = "
    ABS ADD ADD_N ARG_MAX ARG_MIN ATAN2 AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_TO CAST CEIL
    CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU
    EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GELU
    GREATER GREATER_EQUAL HARD_SWISH L2_NORMALIZATION LEAKY_RELU LESS LESS_EQUAL LOCAL_RESPONSE_NORMALIZATION LOG
    LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL NEG
    NOT_EQUAL ONE_HOT PACK PAD PADV2 POW PRELU QUANTIZE REDUCE_ALL REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PROD RELU
    RELU6 RELU_0_TO_1 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_SEQUENCE REVERSE_V2 ROUND
    RSQRT SCATTER_ND SELECT SELECT_V2 SIGN SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPARSE_TO_DENSE SPLIT
    SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM TANH TILE TRANSPOSE TRANSPOSE_CONV UNPACK
    ZEROS_LIKE
    Convolution2DTransposeBias MaxPoolingWithArgmax2D MaxUnpooling2D TransformTensorBilinear TransformLandmarks
    Landmarks2TransformMatrix";

/// Operators for the CPU alone: of integers, of shapes that only running tells, of few numbers, or from step to step.
const ON_THE_CPU: &str = "
    BITCAST BROADCAST_ARGS DENSIFY LSTM NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 RANGE RANK RNN SHAPE SVDF
    TOPK_V2 UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN UNIQUE WHERE
    TFLite_Detection_PostProcess";

/// Operators that call graphs or keep variables: programs of several graphs test them.
const CONTROL: &str = "IF WHILE CALL_ONCE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE";

/// The dispatches of each operator's cases.
fn dispatches() -> BTreeMap<&'static str, usize> {
    let target = Target::new(Dialect { native_f16: false, f16_arithmetic: false }, Elem::F32);
    let mut dispatches = BTreeMap::new();
    for case in ops::cases() {
        let sum: &mut usize = dispatches.entry(case.op.name()).or_default();
        let model = cases::model(&case).expect("the case is sound");
        let graph: &Graph = &model.graphs[0];
        // A shape that only running tells is no plan's.
        *sum += Plan::gpu(graph, &target, &Choices::new()).map_or(0, |plan| plan.dispatches());
    }
    dispatches
}

#[test]
fn every_operator_has_cases_on_the_backends_it_is_for() {
    let dispatches = dispatches();
    for name in ON_THE_GPU.split_whitespace() {
        assert!(dispatches.get(name).is_some_and(|&count| count > 0), "{name} runs on the GPU in no case");
    }
    for name in ON_THE_CPU.split_whitespace() {
        assert_eq!(dispatches.get(name), Some(&0), "{name} has no cases, or has a GPU kernel by now");
    }
}

/// A GPU holds the first two of five axes as one: what does not tell them apart runs there, the rest says why it does not.
#[test]
fn five_axes_run_on_the_gpu_where_the_first_two_are_one() {
    let target = Target::new(Dialect { native_f16: false, f16_arithmetic: false }, Elem::F32);
    let (mut on_gpu, mut apart) = (BTreeSet::new(), BTreeSet::new());
    for case in ops::cases() {
        let model = cases::model(&case).expect("the case is sound");
        let graph: &Graph = &model.graphs[0];
        let is_high = |ty: &TensorType| ty.rank() == 5 && ty.dtype == DType::F32;
        if !graph.values.iter().any(|value| is_high(&value.ty)) {
            continue;
        }
        let Ok(plan) = Plan::gpu(graph, &target, &Choices::new()) else { continue };
        match plan.steps.iter().find(|planned| planned.dispatch.is_none()) {
            None => drop(on_gpu.insert(case.op.name())),
            Some(planned) => {
                assert_ne!(planned.reason, "it has no GPU kernel", "{}", case.name);
                apart.insert(case.op.name());
            }
        }
    }
    println!("on the GPU {on_gpu:?}, apart in some case {apart:?}");
    let wanted = "
        ADD_N BATCH_MATMUL CONCATENATION CUMSUM FILL GATHER LOG_SOFTMAX MEAN PACK PAD RESHAPE REVERSE_V2 SELECT SLICE
        SOFTMAX SPLIT STRIDED_SLICE SUB TRANSPOSE UNPACK ZEROS_LIKE";
    for name in wanted.split_whitespace() {
        assert!(on_gpu.contains(name), "{name} runs on the GPU in no case of five axes");
    }
    assert!(apart.contains("TRANSPOSE") && apart.contains("REDUCE_MAX"), "{apart:?}");
}

#[test]
fn every_operator_is_known_by_its_name() {
    let decoded = |name: &str| {
        ops::decode(&Source { name, version: 1, options: None, custom_options: &[], intermediates: &[] })
    };
    let unknown = decoded("NO_SUCH_OPERATOR").expect_err("there is no such operator").0;
    for name in [ON_THE_GPU, ON_THE_CPU, CONTROL].iter().flat_map(|names| names.split_whitespace()) {
        match decoded(name) {
            Ok(op) => assert_eq!(op.name(), name),
            // Some need options, and say what is wrong without them.
            Err(refusal) => assert_ne!(refusal.0, unknown, "{name}"),
        }
    }
}

#[test]
fn cases_are_many_and_of_every_rank_and_type() {
    let all = ops::cases();
    println!("{} cases", all.len());
    assert!(all.len() >= 600);
    let given = || all.iter().flat_map(|case| case.inputs.iter().flatten());
    let ranks: BTreeSet<usize> = given().map(|given| given.tensor.shape().len()).collect();
    let batches = given().filter(|given| matches!(given.tensor.shape(), [n, _, _, _] if *n > 1)).count();
    assert!((0..=5).all(|rank| ranks.contains(&rank)) && batches > 100, "{ranks:?}, {batches} with a batch");
    let odd = |extent: &usize| matches!(extent, 1 | 3 | 5 | 7);
    let odd = given().filter(|given| given.tensor.shape().iter().any(odd)).count();
    assert!(odd > 600, "{odd} operands of odd extents");
    let is = |dtype: DType| move |ty: &TensorType| ty.dtype == dtype;
    let types: Vec<&TensorType> = given().map(|given| given.tensor.ty()).collect();
    use DType::{Bool, F16, F32, I4, I8, I16, I32, I64, U8};
    for dtype in [F32, F16, I4, I8, U8, I16, I32, I64, Bool] {
        assert!(types.iter().copied().any(is(dtype)), "no case takes {dtype:?}");
    }
    for dtype in [I4, I8, U8, I16] {
        let quantized = |ty: &&TensorType| is(dtype)(ty) && ty.quantization.is_some();
        assert!(types.iter().any(quantized), "no case takes quantized {dtype:?}");
    }
}
