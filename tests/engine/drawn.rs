//! Operator cases drawn at random, against the operators' references on the CPU and the GPU.
//!
//! Each family draws shapes, attributes and types from a seed of its own, the same in every run. A case that fails is shrunk
//! to the smallest that still does, and printed with its operator and operands.

use crate::cases::{on_cpu, on_gpu};
use crate::gpu::{COMPILING, gpu};
use matte_engine::Precision;
use matte_engine::ops::arg::Arg;
use matte_engine::ops::batch_matmul::BatchMatMul;
use matte_engine::ops::binary::{Binary, BinaryKind};
use matte_engine::ops::case::{
    Case, Given, constant, given, integers, random, random_bools, random_integers,
};
use matte_engine::ops::case::{values, weights};
use matte_engine::ops::concat::Concat;
use matte_engine::ops::conv2d::Conv2d;
use matte_engine::ops::cumsum::Cumsum;
use matte_engine::ops::depthwise_conv2d::DepthwiseConv2d;
use matte_engine::ops::fully_connected::FullyConnected;
use matte_engine::ops::gather::Gather;
use matte_engine::ops::l2_normalization::L2Normalization;
use matte_engine::ops::pack::Pack;
use matte_engine::ops::pad::Pad;
use matte_engine::ops::pool2d::{Pool2d, Pooling};
use matte_engine::ops::reduce::{Reduce, Reducer};
use matte_engine::ops::resize::{Interpolation, Resize};
use matte_engine::ops::reverse::Reverse;
use matte_engine::ops::select::Select;
use matte_engine::ops::slice::{Masks, Slice};
use matte_engine::ops::softmax::Softmax;
use matte_engine::ops::space_depth::SpaceDepth;
use matte_engine::ops::split::Split;
use matte_engine::ops::tile::Tile;
use matte_engine::ops::transpose::Transpose;
use matte_engine::ops::transpose_conv::{Form, TransposeConv};
use matte_engine::ops::unary::Unary;
use matte_engine::ops::{Activation, Op, Padding, Window};
use matte_engine::tensor::{DType, Quantization, Tensor, TensorType};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use std::sync::PoisonError;

/// A family's name and what draws its cases.
type Family = (&'static str, fn() -> BoxedStrategy<Case>);

const FAMILIES: [Family; 26] = [
    ("unary", unary),
    ("binary", binary),
    ("quantized binary", quantized_binary),
    ("conv2d", conv2d),
    ("quantized conv2d", quantized_conv2d),
    ("depthwise_conv2d", depthwise_conv2d),
    ("transpose_conv", transpose_conv),
    ("pool2d", pool2d),
    ("fully_connected", fully_connected),
    ("batch_matmul", batch_matmul),
    ("reduce", reduce),
    ("resize", resize),
    ("concat", concat),
    ("pack", pack),
    ("pad", pad),
    ("slice", slice),
    ("strided slice", strided_slice),
    ("split", split),
    ("transpose", transpose),
    ("softmax", softmax),
    ("space_depth", space_depth),
    ("gather", gather),
    ("tile and select", spread),
    ("arg", arg),
    ("cumsum and reverse", along),
    ("l2_normalization", l2_normalization),
];

/// Cases of each family for a backend: compiling makes those of the GPU slow.
const ON_CPU: u32 = 24;
const ON_GPU: u32 = 8;

fn draw(cases: u32, check: impl Fn(&Case) -> Result<(), String>) {
    let mut failures = Vec::new();
    for (name, family) in FAMILIES {
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let mut seed = [0; 32];
        seed.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let drawn = TestRunner::new_with_rng(config, rng)
            .run(&family(), |case| check(&case).map_err(TestCaseError::fail));
        match drawn {
            Ok(()) => {}
            Err(TestError::Fail(reason, case)) => {
                let types = case.inputs.iter().map(|given| {
                    given.as_ref().map_or("none".into(), |given| {
                        format!("{}{}", if given.constant { "constant " } else { "" }, given.tensor.ty())
                    })
                });
                let types: Vec<String> = types.collect();
                failures.push(format!("{name}: {:?} of {}: {reason}", case.op, types.join(", ")));
            }
            Err(TestError::Abort(reason)) => failures.push(format!("{name}: {reason}")),
        }
    }
    println!("{} cases were drawn", cases as usize * FAMILIES.len());
    assert!(failures.is_empty(), "{} families failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn drawn_cases_agree_with_the_reference_on_the_cpu() {
    draw(ON_CPU, on_cpu);
}

#[test]
fn drawn_cases_agree_with_the_reference_on_the_gpu() {
    let Some(gpu) = gpu() else { return };
    let _alone = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    draw(ON_GPU, |case| on_gpu(case, &gpu, Precision::F32, false).map(|_| ()));
}

/// A case of this operator; its kind and operands are its name.
fn case(op: impl Into<Op>, inputs: Vec<Option<Given>>) -> Case {
    Case::new("drawn", op, inputs).tolerance(2e-5)
}

fn shape(ranks: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<usize>> {
    vec(1usize..8, ranks)
}

/// `[n, h, w, c]`.
fn image() -> impl Strategy<Value = [usize; 4]> {
    (1usize..3, 1usize..10, 1usize..10, 1usize..14).prop_map(<[usize; 4]>::from)
}

fn pair(range: std::ops::Range<usize>) -> impl Strategy<Value = [usize; 2]> {
    (range.clone(), range).prop_map(<[usize; 2]>::from)
}

fn activation() -> impl Strategy<Value = Activation> {
    use Activation::{None, Relu, Relu6, ReluN1To1, Tanh};
    select(vec![None, Relu, Relu6, ReluN1To1, Tanh])
}

/// A window with its padding: one that does not fit inside the picture reaches over its edges.
fn window([_, h, w, _]: [usize; 4]) -> impl Strategy<Value = Window> {
    (pair(1..5), pair(1..4), pair(1..3), any::<bool>()).prop_map(move |(size, stride, dilation, valid)| {
        let fits = |axis: usize, extent: usize| (size[axis] - 1) * dilation[axis] < extent;
        let padding = if valid && fits(0, h) && fits(1, w) { Padding::Valid } else { Padding::Same };
        Window { size, stride, dilation, padding }
    })
}

fn quantized(dtype: DType, scale: f32, zero_point: i64) -> TensorType {
    TensorType {
        quantization: Some(Quantization::per_tensor(scale, zero_point)),
        ..TensorType::new(dtype, [])
    }
}

/// Integers of all steps of a quantized type.
fn steps(ty: &TensorType, shape: &[usize]) -> Tensor {
    let (low, high) = ty.dtype.integer_range().unwrap_or((0, 0));
    random_integers(ty.with_shape(shape), low, high)
}

/// An eight-bit type with its scale and zero point.
fn eight_bits() -> impl Strategy<Value = TensorType> {
    (select(vec![(DType::I8, -20), (DType::I8, 0), (DType::U8, 100)]), 0.01f32..0.1)
        .prop_map(|((dtype, zero_point), scale)| quantized(dtype, scale, zero_point))
}

fn unary() -> BoxedStrategy<Case> {
    use Unary::*;
    let any_sign = vec![
        Abs, Ceil, Cos, Elu, Exp, Floor, HardSwish, Logistic, Neg, Relu, Relu0To1, Relu6, ReluN1To1, Round,
        Sign, Sin, Square, Tanh,
    ];
    let attributed = vec![Gelu { approximate: true }, Gelu { approximate: false }, LeakyRelu { alpha: 0.3 }];
    let of_any = select([any_sign, attributed].concat()).prop_map(|op| (op, -4.0));
    let of_positive = select(vec![Log, Rsqrt, Sqrt]).prop_map(|op| (op, 0.1));
    (prop_oneof![4 => of_any, 1 => of_positive], shape(0..=5))
        .prop_map(|((op, low), shape)| case(op, vec![values(random(&shape, low, 4.0))]))
        .boxed()
}

/// A shape and two that spread over it.
fn broadcast() -> impl Strategy<Value = [Vec<usize>; 2]> {
    (shape(0..=4), vec(any::<(bool, bool)>(), 4), any::<(Index, Index)>()).prop_map(
        |(shape, ones, (a, b))| {
            let spread = |keep: Index, one: &dyn Fn(usize) -> bool| -> Vec<usize> {
                let first = keep.index(shape.len() + 1);
                shape
                    .iter()
                    .enumerate()
                    .skip(first)
                    .map(|(axis, &extent)| if one(axis) { 1 } else { extent })
                    .collect()
            };
            [spread(a, &|axis| ones[axis].0), spread(b, &|axis| ones[axis].1)]
        },
    )
}

fn binary() -> BoxedStrategy<Case> {
    use BinaryKind::*;
    let arithmetic = (select(vec![Add, Div, Mul, Sub]), activation());
    let plain =
        select(vec![FloorDiv, Maximum, Minimum, SquaredDifference]).prop_map(|kind| (kind, Activation::None));
    let truth = select(vec![Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual])
        .prop_map(|kind| (kind, Activation::None));
    let real = prop_oneof![2 => arithmetic, 1 => plain].prop_map(|op| (op, DType::F32));
    let truth = truth.prop_map(|op| (op, DType::Bool));
    (prop_oneof![3 => real, 1 => truth], broadcast(), any::<bool>())
        .prop_map(|(((kind, activation), dtype), [a, b], known)| {
            let b = random(&b, 0.5, 2.0);
            let inputs = vec![given(&a), if known { constant(b) } else { values(b) }];
            case(Binary { kind, activation }, inputs).outputs(vec![TensorType::new(dtype, [])])
        })
        .boxed()
}

fn quantized_binary() -> BoxedStrategy<Case> {
    use BinaryKind::{Add, Mul, Sub};
    (select(vec![Add, Mul, Sub]), broadcast(), eight_bits(), 0.01f32..0.1, 0.02f32..0.2)
        .prop_map(|(kind, [a, b], ty, other, output)| {
            let scaled = |scale| TensorType {
                quantization: Some(Quantization::per_tensor(
                    scale,
                    ty.quantization.as_ref().map_or(0, |q| q.zero_point[0]),
                )),
                ..ty.clone()
            };
            let inputs = vec![values(steps(&ty, &a)), values(steps(&scaled(other), &b))];
            let op = Binary { kind, activation: Activation::None };
            case(op, inputs).outputs(vec![scaled(output)])
        })
        .boxed()
}

fn conv2d() -> BoxedStrategy<Case> {
    let drawn =
        image().prop_flat_map(|shape| (Just(shape), window(shape), 1usize..14, activation(), any::<bool>()));
    drawn
        .prop_map(|(shape, window, outputs, activation, biased)| {
            let Window { size: [kh, kw], stride, dilation, padding } = window;
            let op = Conv2d { stride, dilation, padding, activation };
            let bias = if biased { weights(&[outputs]) } else { None };
            case(op, vec![given(&shape), weights(&[outputs, kh, kw, shape[3]]), bias])
        })
        .boxed()
}

fn quantized_conv2d() -> BoxedStrategy<Case> {
    let drawn =
        image().prop_flat_map(|shape| (Just(shape), window(shape), 1usize..14, eight_bits(), 0.02f32..0.2));
    drawn
        .prop_map(|(shape, window, outputs, ty, scale)| {
            let Window { size: [kh, kw], stride, dilation, padding } = window;
            let op = Conv2d { stride, dilation, padding, activation: Activation::Relu };
            let filter = match ty.dtype {
                DType::U8 => quantized(DType::U8, 0.01, 120),
                _ => quantized(DType::I8, 0.01, 0),
            };
            let input = ty.quantization.as_ref().map_or(1.0, |q| q.scale[0]);
            let bias =
                random_integers(quantized(DType::I32, input * 0.01, 0).with_shape([outputs]), -999, 999);
            let weights = constant(steps(&filter, &[outputs, kh, kw, shape[3]]));
            let output = quantized(ty.dtype, scale, if ty.dtype == DType::U8 { 30 } else { -90 });
            case(op, vec![values(steps(&ty, &shape)), weights, constant(bias)]).outputs(vec![output])
        })
        .boxed()
}

fn depthwise_conv2d() -> BoxedStrategy<Case> {
    let drawn = image().prop_flat_map(|shape| (Just(shape), window(shape), 1usize..4, activation()));
    drawn
        .prop_map(|(shape, window, times, activation)| {
            let Window { size: [kh, kw], stride, dilation, padding } = window;
            let op = DepthwiseConv2d { stride, dilation, padding, activation };
            let outputs = shape[3] * times;
            case(op, vec![given(&shape), weights(&[1, kh, kw, outputs]), weights(&[outputs])])
        })
        .boxed()
}

fn transpose_conv() -> BoxedStrategy<Case> {
    (image(), pair(1..5), pair(1..4), 1usize..10, activation(), any::<bool>())
        .prop_map(|([n, h, w, c], [kh, kw], stride, outputs, activation, custom)| {
            let kernel = weights(&[outputs, kh, kw, c]);
            let (image, bias) = (given(&[n, h, w, c]), weights(&[outputs]));
            if custom {
                let padding = Padding::Valid;
                let op = TransposeConv { form: Form::Custom, stride, padding, activation: Activation::None };
                return case(op, vec![image, kernel, bias]);
            }
            let op = TransposeConv { form: Form::Sized, stride, padding: Padding::Same, activation };
            let size = [n, h * stride[0], w * stride[1], outputs].map(|extent| extent as i32);
            case(op, vec![integers(&size), kernel, image, bias])
        })
        .boxed()
}

fn pool2d() -> BoxedStrategy<Case> {
    let pooling = select(vec![Pooling::Average, Pooling::L2, Pooling::Max]);
    let drawn =
        image().prop_flat_map(move |shape| (Just(shape), window(shape), pooling.clone(), activation()));
    drawn
        .prop_map(|(shape, window, pooling, activation)| {
            let [_, h, w, _] = shape;
            let fits = window.size[0] <= h && window.size[1] <= w;
            let padding = if fits { window.padding } else { Padding::Same };
            case(
                Pool2d { pooling, window: Window { dilation: [1, 1], padding, ..window }, activation },
                vec![given(&shape)],
            )
        })
        .boxed()
}

fn fully_connected() -> BoxedStrategy<Case> {
    (shape(0..=2), 1usize..40, 1usize..20, activation(), any::<(bool, bool)>())
        .prop_map(|(leading, inputs, outputs, activation, (keep_num_dims, biased))| {
            let op = FullyConnected { keep_num_dims, activation };
            let leading = if leading.is_empty() { vec![1] } else { leading };
            let bias = if biased { weights(&[outputs]) } else { None };
            case(op, vec![given(&[leading, vec![inputs]].concat()), weights(&[outputs, inputs]), bias])
        })
        .boxed()
}

fn batch_matmul() -> BoxedStrategy<Case> {
    (shape(0..=2), (1usize..9, 1usize..20, 1usize..14), any::<(bool, bool, bool)>())
        .prop_map(|(batches, (m, k, n), (adj_x, adj_y, known))| {
            let x = if adj_x { [k, m] } else { [m, k] };
            let y = if adj_y { [n, k] } else { [k, n] };
            let of = |matrix: [usize; 2]| [&batches[..], &matrix].concat();
            let y = if known { weights(&of(y)) } else { given(&of(y)) };
            case(BatchMatMul { adj_x, adj_y }, vec![given(&of(x)), y])
        })
        .boxed()
}

fn reduce() -> BoxedStrategy<Case> {
    let reducer = select(vec![Reducer::Max, Reducer::Mean, Reducer::Min, Reducer::Prod, Reducer::Sum]);
    (reducer, shape(1..=4), vec(any::<bool>(), 4), any::<bool>())
        .prop_map(|(reducer, shape, chosen, keep_dims)| {
            let axes: Vec<i32> =
                (0..shape.len()).filter(|&axis| chosen[axis]).map(|axis| axis as i32).collect();
            case(Reduce { reducer, keep_dims }, vec![given(&shape), integers(&axes)])
        })
        .boxed()
}

fn resize() -> BoxedStrategy<Case> {
    let attributes = select(vec![(false, false), (true, false), (false, true)]);
    (select(vec![Interpolation::Bilinear, Interpolation::Nearest]), attributes, image(), pair(1..20))
        .prop_map(|(interpolation, (align_corners, half_pixel_centers), shape, size)| {
            let op = Resize { interpolation, align_corners, half_pixel_centers };
            case(op, vec![given(&shape), integers(&size.map(|extent| extent as i32))])
        })
        .boxed()
}

fn concat() -> BoxedStrategy<Case> {
    (shape(1..=4), any::<Index>(), vec(1usize..9, 1..5), activation())
        .prop_map(|(shape, axis, extents, activation)| {
            let axis = axis.index(shape.len());
            let part = |(index, &extent): (usize, &usize)| {
                let mut shape = shape.clone();
                shape[axis] = extent;
                values(random(&shape, index as f32 - 1.5, index as f32))
            };
            case(Concat { axis: axis as i64, activation }, extents.iter().enumerate().map(part).collect())
        })
        .boxed()
}

fn pack() -> BoxedStrategy<Case> {
    (shape(0..=3), any::<Index>(), 1usize..6)
        .prop_map(|(shape, axis, count)| {
            let part = |index: usize| values(random(&shape, index as f32, index as f32 + 1.0));
            let axis = axis.index(shape.len() + 1) as i64;
            case(Pack { axis }, (0..count).map(part).collect())
        })
        .boxed()
}

fn pad() -> BoxedStrategy<Case> {
    (select(vec![Pad::Zero, Pad::Value, Pad::Reflect, Pad::Symmetric]), shape(1..=5), vec(pair(0..4), 5))
        .prop_map(|(op, shape, edges)| {
            let most = |extent: usize| match op {
                Pad::Reflect => extent - 1,
                Pad::Symmetric => extent,
                Pad::Zero | Pad::Value => usize::MAX,
            };
            let edges = shape
                .iter()
                .zip(edges)
                .flat_map(|(&extent, edges)| edges.map(|e| e.min(most(extent)) as i32));
            let edges: Vec<i32> = edges.collect();
            let edges = Tensor::from_slice([shape.len(), 2], &edges).expect("two for each axis");
            let mut inputs = vec![given(&shape), constant(edges)];
            if op == Pad::Value {
                inputs.push(constant(random(&[], -2.0, 2.0)));
            }
            case(op, inputs)
        })
        .boxed()
}

fn slice() -> BoxedStrategy<Case> {
    (shape(1..=5), vec(any::<(Index, Index)>(), 5))
        .prop_map(|(shape, chosen)| {
            let boxed = shape.iter().zip(chosen).map(|(&extent, (begin, size))| {
                let begin = begin.index(extent);
                (begin as i32, 1 + size.index(extent - begin) as i32)
            });
            let (begin, size): (Vec<i32>, Vec<i32>) = boxed.unzip();
            case(Slice::Box, vec![given(&shape), integers(&begin), integers(&size)])
        })
        .boxed()
}

fn strided_slice() -> BoxedStrategy<Case> {
    (shape(1..=4), vec((any::<Index>(), 1i32..4, any::<bool>()), 4), 0i64..16, 0i64..16)
        .prop_map(|(shape, chosen, begin, end)| {
            let strided = shape.iter().zip(chosen).map(|(&extent, (begin, step, backward))| {
                let (begin, extent) = (begin.index(extent) as i32, extent as i32);
                if backward { (begin, (-1 - extent, -step)) } else { (begin, (extent, step)) }
            });
            let (begins, others): (Vec<i32>, Vec<(i32, i32)>) = strided.unzip();
            let (ends, steps): (Vec<i32>, Vec<i32>) = others.into_iter().unzip();
            let op = Slice::Strided(Masks { begin, end, ..Masks::default() });
            case(op, vec![given(&shape), integers(&begins), integers(&ends), integers(&steps)])
        })
        .boxed()
}

fn split() -> BoxedStrategy<Case> {
    (shape(1..=4), any::<Index>(), vec(1usize..7, 1..5), any::<bool>())
        .prop_map(|(mut shape, axis, extents, equal)| {
            let axis = axis.index(shape.len());
            let extents = if equal { vec![extents[0]; extents.len()] } else { extents };
            shape[axis] = extents.iter().sum();
            let at = integers(&[axis as i32]);
            let sizes: Vec<i32> = extents.iter().map(|&extent| extent as i32).collect();
            let drawn = match equal {
                true => case(Split::Equal, vec![at, given(&shape)]),
                false => case(Split::Given, vec![given(&shape), integers(&sizes), at]),
            };
            drawn.outputs(vec![TensorType::f32([]); extents.len()])
        })
        .boxed()
}

fn transpose() -> BoxedStrategy<Case> {
    let order = |rank: usize| Just((0..rank as i32).collect::<Vec<_>>()).prop_shuffle();
    shape(0..=5)
        .prop_flat_map(move |shape| (order(shape.len()), Just(shape)))
        .prop_map(|(order, shape)| case(Transpose, vec![given(&shape), integers(&order)]))
        .boxed()
}

fn softmax() -> BoxedStrategy<Case> {
    let op = prop_oneof![(0.2f32..2.0).prop_map(|beta| Softmax::Plain { beta }), Just(Softmax::Log)];
    (op, shape(1..=3), 1usize..40)
        .prop_map(|(op, leading, classes)| {
            case(op, vec![values(random(&[leading, vec![classes]].concat(), -6.0, 6.0))])
        })
        .boxed()
}

fn space_depth() -> BoxedStrategy<Case> {
    ((1usize..3, 1usize..5, 1usize..5, 1usize..8), 1usize..4, any::<bool>())
        .prop_map(|((n, h, w, c), block, to_depth)| match to_depth {
            true => case(SpaceDepth::SpaceToDepth(block), vec![given(&[n, h * block, w * block, c])]),
            false => case(SpaceDepth::DepthToSpace(block), vec![given(&[n, h, w, c * block * block])]),
        })
        .boxed()
}

fn gather() -> BoxedStrategy<Case> {
    (shape(1..=4), any::<Index>(), shape(0..=2), any::<bool>())
        .prop_map(|(shape, axis, by, known)| {
            let axis = axis.index(shape.len());
            let indices = random_integers(TensorType::new(DType::I32, by), 0, shape[axis] as i64 - 1);
            let indices = if known { constant(indices) } else { values(indices) };
            case(Gather::Along { axis: axis as i64, batch_dims: 0 }, vec![given(&shape), indices])
        })
        .boxed()
}

fn spread() -> BoxedStrategy<Case> {
    let tile = (shape(1..=4), vec(1i32..4, 4)).prop_map(|(shape, times)| {
        let times = integers(&times[..shape.len()]);
        case(Tile::Times, vec![given(&shape), times])
    });
    let select = broadcast().prop_map(|[a, b]| {
        case(Select::Broadcast, vec![values(random_bools(&a)), given(&b), values(random(&a, 2.0, 3.0))])
    });
    prop_oneof![tile, select].boxed()
}

fn arg() -> BoxedStrategy<Case> {
    (select(vec![Arg::Max, Arg::Min]), shape(1..=4), any::<Index>())
        .prop_map(|(op, shape, axis)| {
            let axis = axis.index(shape.len()) as i32;
            case(op, vec![given(&shape), integers(&[axis])]).outputs(vec![TensorType::new(DType::I32, [])])
        })
        .boxed()
}

fn along() -> BoxedStrategy<Case> {
    (shape(1..=4), any::<Index>(), any::<Option<(bool, bool)>>())
        .prop_map(|(shape, axis, sums)| {
            let axis = integers(&[axis.index(shape.len()) as i32]);
            match sums {
                Some((exclusive, reverse)) => case(Cumsum { exclusive, reverse }, vec![given(&shape), axis]),
                None => case(Reverse::Axes, vec![given(&shape), axis]),
            }
        })
        .boxed()
}

fn l2_normalization() -> BoxedStrategy<Case> {
    shape(1..=4)
        .prop_map(|shape| case(L2Normalization { activation: Activation::None }, vec![given(&shape)]))
        .boxed()
}
