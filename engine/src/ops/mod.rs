//! The operators: one folder a family, with its formula, shape rule, reference and kernels.
//!
//! An operator knows its operands (types, shapes, constants), never the graph; it neither allocates device memory nor
//! compiles. What it offers:
//!
//! - [`Operator::infer`], the shape rule, which also refuses what the operator cannot be;
//! - [`Operator::reference`], the plain kernel that is right, for every supported type;
//! - [`Operator::cpu`], SIMD kernels, where they apply;
//! - [`Operator::gpu`], kernel candidates and their descriptions, where they apply.
//!
//! # Add an operator
//! 1. Make a folder with `mod.rs`: the attributes as a struct, `decode` (options → attributes) and the two required
//!    methods of [`Operator`].
//! 2. Write `cases.rs`: shapes, attributes, values and tolerance; the driver runs them on every backend and precision.
//! 3. Add the family's line to the table at the end of this file.
//!
//! Kernels follow in `cpu.rs` and `gpu.rs`.

mod decode;
mod grid;
mod kernel;
pub mod merged;
mod operand;
mod rearrange;
mod strided;
mod strings;
mod weighted;
mod window;

pub use chain::{Broadcast, Chain, Link, Other};
pub use decode::{Source, decode};
pub use kernel::{CpuIo, CpuKernel};
pub use merged::Merged;
pub use operand::{Operand, Operands, Refusal, Verdict, axis, extent};
pub use window::{Activation, Padding, Window};

use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Inline, Kernel};
use std::fmt;

/// What every operator offers.
pub trait Operator: fmt::Debug {
    /// The name in the file format, such as `CONV_2D`.
    fn name(&self) -> &'static str;

    /// The shape of each output, `None` where it is known only from elements that are not constant. Refuses operands
    /// that contradict the operator.
    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>>;

    /// The plain kernel: right for every type the operator supports, slow. `outputs` are the inferred types.
    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>>;

    /// The inputs that the operator changes: the state of a recurrent one, kept in a value that is `variable`.
    ///
    /// [`Operator::reference`] gives their new elements, of the inputs' types, after the outputs and in this order. Who
    /// executes the node puts them in the variables' place, where the next node that reads them, or the next run, finds
    /// them; in an input that is not variable they are dropped. A variable starts as zeros: as its zero points where it is
    /// quantized.
    fn updates(&self) -> &'static [usize] {
        &[]
    }

    /// Multiply-adds of the products, where the operator is made of them.
    fn macs(&self, _operands: &Operands) -> u64 {
        0
    }

    /// A kernel for CPUs, with `chain` applied to each result before it is stored; none where only the reference is. What the operator
    /// [updates](Operator::updates) it writes after its outputs, as the reference gives it.
    fn cpu(&self, _operands: &Operands, _chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        None
    }

    /// The GPU kernels that apply, the heuristic's choice first; a refusal says why there is none.
    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("it has no GPU kernel"))
    }

    /// The description of one of the kernels that [`Operator::gpu`] listed.
    fn gpu_kernel(&self, _operands: &Operands, _choice: &Choice) -> Verdict<Kernel> {
        Err(Refusal::new("it has no GPU kernel"))
    }

    /// The elementwise steps that the GPU kernel applies between its parts, as functions its source calls.
    fn gpu_inlines(&self, _operands: &Operands) -> Vec<Inline> {
        Vec::new()
    }

    /// The activation fused into the operator, which its GPU kernel leaves to the epilogue.
    fn activation(&self) -> Activation {
        Activation::None
    }

    /// Whether quantized operands stand for reals here, so that the operator may be given those instead. Otherwise it sees
    /// integers.
    fn takes_reals(&self) -> bool {
        true
    }

    /// The operator for operands of rank above 4 whose first axes are merged; a refusal says why it is none.
    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let all =
            operands.inputs.iter().flatten().map(|input| input.ty).chain(operands.outputs.iter().copied());
        let high = all.max_by_key(|ty| ty.rank()).map_or(String::new(), |ty| ty.to_string());
        Err(Refusal::new(format!("its GPU kernel takes f32 of rank ≤ 4, not {high}")))
    }

    /// Whether input `index` holds integers that are only compared with extents, or become reals: a GPU may be given them as f32,
    /// which are exact to 2²⁴ and stay beyond where they were beyond.
    fn takes_indices(&self, _operands: &Operands, _index: usize) -> bool {
        false
    }

    /// Whether its integers are indices below 2²⁴, so that a GPU may write them as f32.
    fn gives_indices(&self) -> bool {
        false
    }

    /// The input that is added to weighted sums: its integers count in the steps of the products.
    fn bias(&self) -> Option<usize> {
        None
    }

    /// Whether the GPU kernel takes a chain on this input: it reads each element about once.
    fn carries_prologue(&self, _operands: &Operands, _input: usize) -> bool {
        false
    }

    /// Whether the CPU kernel takes a chain on its first output.
    fn cpu_carries_epilogue(&self, _operands: &Operands) -> bool {
        false
    }

    /// Whether running it changes more than its outputs, so that it stays even where nothing reads them.
    fn has_effects(&self) -> bool {
        !self.updates().is_empty()
    }

    /// Whether the first output is the first input's elements in row-major order under another shape.
    fn reinterprets(&self) -> bool {
        false
    }

    /// The texel of input 0 at which output `index` lies unchanged in a GPU's layout, where it does: memory may be
    /// shared instead of copied.
    fn view(&self, _operands: &Operands, _index: usize) -> Option<usize> {
        None
    }

    /// The texel of output 0 at which input `index` lies unchanged in a GPU's layout, where it does: its producer may
    /// write there.
    fn placement(&self, _operands: &Operands, _index: usize) -> Option<usize> {
        None
    }

    /// The operator as a chain on its input `of`, where it is elementwise: every other operand broadcasts.
    fn link(&self, _operands: &Operands, _of: usize) -> Option<Chain> {
        None
    }
}

macro_rules! operators {
    ($($(#[$doc:meta])* $variant:ident($family:ident::$type:ident)),* $(,)?) => {
        /// An operator with its attributes.
        #[derive(Clone, PartialEq)]
        pub enum Op { $($(#[$doc])* $variant($family::$type)),* }

        impl std::ops::Deref for Op {
            type Target = dyn Operator;
            fn deref(&self) -> &Self::Target {
                match self { $(Op::$variant(op) => op),* }
            }
        }

        impl fmt::Debug for Op {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Op::$variant(op) => op.fmt(f)),* }
            }
        }

        /// Each family's decoder: the operator where the source is one of the family's.
        const FAMILIES: &[fn(&Source) -> Verdict<Option<Op>>] =
            &[$(|source| Ok($family::decode(source)?.map(Op::$variant))),*];

        /// The cases of every family, each name led by its family's.
        pub fn cases() -> Vec<case::Case> {
            let mut all = Vec::new();
            $(all.extend($family::cases::cases().into_iter().map(|case| case::Case {
                name: format!("{}/{}", stringify!($family), case.name),
                ..case
            }));)*
            all
        }

        $(impl From<$family::$type> for Op {
            fn from(op: $family::$type) -> Self {
                Op::$variant(op)
            }
        })*
    };
}

operators! {
    /// Elementwise functions of one operand.
    Unary(unary::Unary),
    /// Elementwise functions of two operands, with broadcasting.
    Binary(binary::Binary),
    /// Convolution over height and width.
    Conv2d(conv2d::Conv2d),
    /// Reals to steps and back.
    Quantize(quantize::Quantize),
    /// Sparse constants.
    Densify(densify::Densify),
    /// The greatest numbers.
    TopK(top_k::TopK),
    /// Coordinates of what is not zero.
    WhereNonzero(where_nonzero::WhereNonzero),
    /// Distinct elements.
    Unique(unique::Unique),
    /// Long short-term memory.
    Lstm(lstm::Lstm),
    /// Long short-term memory whose caller keeps the state.
    BasicLstm(basic_lstm::BasicLstm),
    /// Plain recurrent layers.
    Rnn(rnn::Rnn),
    /// Rank-limited filters over time.
    Svdf(svdf::Svdf),
    /// Calls of other graphs, and variables.
    Control(control::Control),
    /// The best of overlapping boxes.
    NonMaxSuppression(non_max_suppression::NonMaxSuppression),
    /// A detector's boxes.
    DetectionPostProcess(detection_post_process::DetectionPostProcess),
    /// A closer look at a part of a face.
    Landmarks(landmarks::Landmarks),
    /// Convolution of each channel by itself.
    DepthwiseConv2d(depthwise_conv2d::DepthwiseConv2d),
    /// Means, root mean squares and maxima under a sliding window.
    Pool2d(pool2d::Pool2d),
    /// Sums, products, means, extremes and truth over whole dimensions.
    Reduce(reduce::Reduce),
    /// Images of another size.
    Resize(resize::Resize),
    /// Transposed convolution.
    TransposeConv(transpose_conv::TransposeConv),
    /// The same elements under another shape.
    Reshape(reshape::Reshape),
    /// Operands one after the other along an axis.
    Concat(concat::Concat),
    /// Operands one after the other along a new axis.
    Pack(pack::Pack),
    /// Places added at the edges.
    Pad(pad::Pad),
    /// A box of the operand.
    Slice(slice::Slice),
    /// Parts of the operand along an axis.
    Split(split::Split),
    /// Axes in another order.
    Transpose(transpose::Transpose),
    /// Matrix products with the model's weights.
    FullyConnected(fully_connected::FullyConnected),
    /// Matrix products of two operands.
    BatchMatMul(batch_matmul::BatchMatMul),
    /// Exponentials that sum to one.
    Softmax(softmax::Softmax),
    /// Vectors of length one.
    L2Normalization(l2_normalization::L2Normalization),
    /// Channels weighed against their neighbors.
    LocalResponseNormalization(local_response_normalization::LocalResponseNormalization),
    /// Maximum pooling with indices, and its inverse.
    MaxPoolIndices(max_pool_indices::MaxPoolIndices),
    /// Blocks of pixels as channels or batches, and back.
    SpaceDepth(space_depth::SpaceDepth),
    /// Operands repeated along axes.
    Tile(tile::Tile),
    /// Parts of an operand named by indices.
    Gather(gather::Gather),
    /// One of two operands by a condition.
    Select(select::Select),
    /// Places of the greatest and the least numbers.
    Arg(arg::Arg),
    /// Tensors that follow from shapes and a few numbers.
    Shape(shape::Shape),
    /// Elements of another type.
    Cast(cast::Cast),
    /// Axes read backward.
    Reverse(reverse::Reverse),
    /// Indices as rows of zeros with a one.
    OneHot(one_hot::OneHot),
    /// Running sums.
    Cumsum(cumsum::Cumsum),
    /// Numbers put at places of a tensor.
    Scatter(scatter::Scatter),
    /// Sums of many operands.
    AddN(add_n::AddN),
    /// Several operators that run as one.
    Block(block::Block),
}

pub mod add_n;
pub mod arg;
pub mod basic_lstm;
pub mod batch_matmul;
pub mod binary;
pub mod block;
pub mod case;
pub mod cast;
pub mod chain;
pub mod concat;
pub mod control;
pub mod conv2d;
pub mod copy;
#[cfg(feature = "cpu")]
pub mod cpu;
pub mod cumsum;
pub mod densify;
pub mod depthwise_conv2d;
pub mod detection_post_process;
pub mod fully_connected;
pub mod gather;
pub mod l2_normalization;
pub mod landmarks;
pub mod local_response_normalization;
pub mod lstm;
pub mod max_pool_indices;
pub mod non_max_suppression;
pub mod one_hot;
pub mod pack;
pub mod pad;
pub mod pool2d;
pub mod quantize;
pub mod reduce;
pub mod reshape;
pub mod resize;
pub mod reverse;
pub mod rnn;
pub mod scatter;
pub mod select;
pub mod shape;
pub mod slice;
pub mod softmax;
pub mod space_depth;
pub mod split;
pub mod svdf;
pub mod tile;
pub mod top_k;
pub mod transpose;
pub mod transpose_conv;
pub mod unary;
pub mod unique;
pub mod where_nonzero;
