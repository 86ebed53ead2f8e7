//! The tables of schema version 3 as plain structs. The names are the schema's.
//!
//! A list, text or range of bytes that a file leaves out is empty here, which means the same to every runtime.

use super::{BuiltinOperator, Bytes, Options, TensorType};

/// A whole file: the schema's `Model`.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The schema's version, 3.
    pub version: u32,
    /// What the file says of itself.
    pub description: String,
    /// The operators used, each named once.
    pub operator_codes: Vec<OperatorCode>,
    /// The graphs; the first one is the model's main graph.
    pub subgraphs: Vec<SubGraph>,
    /// The constants' bytes; buffer 0 is empty by convention.
    pub buffers: Vec<Bytes>,
    /// Indices of buffers that hold metadata, as older files list them.
    pub metadata_buffer: Vec<i32>,
    /// Named metadata.
    pub metadata: Vec<Metadata>,
    /// Named entry points.
    pub signature_defs: Vec<SignatureDef>,
    /// Names of files that hold constants outside this one.
    pub external_buffer_groups: Vec<String>,
    /// Constants that lie in those files.
    pub external_buffers: Vec<ExternalBuffer>,
}

impl Default for File {
    fn default() -> Self {
        Self {
            version: 3,
            description: String::new(),
            operator_codes: Vec::new(),
            subgraphs: Vec::new(),
            buffers: Vec::new(),
            metadata_buffer: Vec::new(),
            metadata: Vec::new(),
            signature_defs: Vec::new(),
            external_buffer_groups: Vec::new(),
            external_buffers: Vec::new(),
        }
    }
}

/// An operator by number or, for [`BuiltinOperator::CUSTOM`], by name, with its version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperatorCode {
    /// The larger of the file's two codes: old files fill only the 8-bit one, new ones the 32-bit one.
    pub builtin_code: BuiltinOperator,
    /// The name of a custom operator.
    pub custom_code: String,
    /// The operator's version.
    pub version: i32,
}

/// A graph: tensors and the operators between them, in the order of execution.
#[derive(Clone, Debug, PartialEq)]
pub struct SubGraph {
    /// All values of the graph.
    pub tensors: Vec<Tensor>,
    /// Indices of the tensors that the caller gives.
    pub inputs: Vec<i32>,
    /// Indices of the tensors that the caller gets.
    pub outputs: Vec<i32>,
    /// The nodes, each after those that it needs.
    pub operators: Vec<Operator>,
    /// The graph's name.
    pub name: String,
    /// Which entry of the debug metadata describes the graph, −1 for none.
    pub debug_metadata_index: i32,
}

impl Default for SubGraph {
    fn default() -> Self {
        Self {
            tensors: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            operators: Vec::new(),
            name: String::new(),
            debug_metadata_index: -1,
        }
    }
}

/// A value of a graph: its type, shape and, for a constant, its buffer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// The dimensions, outermost first; a dynamic one is 1 here.
    pub shape: Vec<i32>,
    /// The shape with −1 for each dynamic dimension; empty where all are fixed.
    pub shape_signature: Vec<i32>,
    /// Whether an empty shape means rank 0, not an unknown rank.
    pub has_rank: bool,
    /// The elements' type.
    pub kind: TensorType,
    /// The index of the buffer; an empty buffer makes no constant.
    pub buffer: u32,
    /// The identifier of an external buffer, 0 for none.
    pub external_buffer: u32,
    /// The tensor's name.
    pub name: String,
    /// How integers stand for real numbers.
    pub quantization: Option<Quantization>,
    /// Whether the value outlives a run.
    pub is_variable: bool,
    /// How a sparse constant is laid out.
    pub sparsity: Option<Sparsity>,
    /// The elements of a tensor of type VARIANT.
    pub variant_tensors: Vec<VariantSubType>,
}

/// The type of an element of a VARIANT tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VariantSubType {
    /// The dimensions, outermost first.
    pub shape: Vec<i32>,
    /// The elements' type.
    pub kind: TensorType,
    /// Whether an empty shape means rank 0, not an unknown rank.
    pub has_rank: bool,
}

/// real = scale · (stored − zero_point), one pair a tensor or one a slice of `quantized_dimension`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantization {
    /// The smallest real numbers seen in training.
    pub min: Vec<f32>,
    /// The largest real numbers seen in training.
    pub max: Vec<f32>,
    /// The real size of one step.
    pub scale: Vec<f32>,
    /// The stored integer that stands for 0.
    pub zero_point: Vec<i64>,
    /// The dimension along which scales differ.
    pub quantized_dimension: i32,
    /// Scales that are not one a tensor or one a slice.
    pub details: QuantizationDetails,
}

/// A quantization beyond scale and zero point.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum QuantizationDetails {
    /// None: scale and zero point say all.
    #[default]
    None,
    /// Bytes of an agreement between writer and reader.
    Custom(Bytes),
    /// One scale a block.
    Blockwise(BlockwiseQuantization),
    /// One scale a block along several dimensions.
    MultiAxis(MultiAxisQuantization),
}

/// One scale a block of consecutive elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockwiseQuantization {
    /// The index of the tensor that holds the scales.
    pub scales: i32,
    /// The index of the tensor that holds the zero points.
    pub zero_points: i32,
    /// The elements of a block.
    pub block_size: i32,
    /// The block's extent in each dimension.
    pub block_shape: Vec<i32>,
}

/// One scale a block along several dimensions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MultiAxisQuantization {
    /// The index of the tensor that holds the scales.
    pub scales: i32,
    /// The index of the tensor that holds the zero points.
    pub zero_points: i32,
    /// The elements of a block.
    pub block_size: i32,
    /// The dimensions along which scales differ.
    pub quantized_dimensions: Vec<i32>,
}

/// A sparse constant's layout: each dimension of the traversal dense or compressed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sparsity {
    /// In which order the dimensions, then the block's dimensions, are stored.
    pub traversal_order: Vec<i32>,
    /// Which dimension each of the block's dimensions divides.
    pub block_map: Vec<i32>,
    /// Each dimension in the order of the traversal.
    pub dim_metadata: Vec<DimensionMetadata>,
}

/// How one dimension of a sparse constant is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum DimensionMetadata {
    /// All indices, in order.
    Dense {
        /// How many.
        size: i32,
    },
    /// Only the indices that hold values.
    Compressed {
        /// Where the indices of each outer position begin in `indices`, and where the last ends.
        segments: SparseIndex,
        /// The indices stored.
        indices: SparseIndex,
    },
}

/// A list of indices in the smallest type that holds them.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SparseIndex {
    /// No list.
    #[default]
    None,
    /// 32-bit indices.
    I32(Vec<i32>),
    /// 16-bit indices.
    U16(Vec<u16>),
    /// 8-bit indices.
    U8(Vec<u8>),
}

impl SparseIndex {
    /// The indices as one type; a negative one is kept.
    pub fn to_vec(&self) -> Vec<i64> {
        match self {
            Self::None => Vec::new(),
            Self::I32(indices) => indices.iter().map(|&index| index.into()).collect(),
            Self::U16(indices) => indices.iter().map(|&index| index.into()).collect(),
            Self::U8(indices) => indices.iter().map(|&index| index.into()).collect(),
        }
    }
}

/// A node: an operator applied to tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// Which of [`File::operator_codes`].
    pub opcode_index: u32,
    /// Indices of tensors, −1 for an optional one left out.
    pub inputs: Vec<i32>,
    /// Indices of tensors.
    pub outputs: Vec<i32>,
    /// Indices of tensors for scratch values.
    pub intermediates: Vec<i32>,
    /// Which inputs the operator changes.
    pub mutating_variable_inputs: Vec<bool>,
    /// The options of a builtin operator.
    pub builtin_options: Option<Options>,
    /// The options of a builtin operator of the StableHLO family.
    pub builtin_options_2: Option<Options>,
    /// The options of a custom operator.
    pub custom_options: Bytes,
    /// How the custom options are coded; 0, FlexBuffers, is the only code, though many files hold raw structs.
    pub custom_options_format: i8,
    /// Which entry of the debug metadata describes the node, −1 for none.
    pub debug_metadata_index: i32,
}

impl Default for Operator {
    fn default() -> Self {
        Self {
            opcode_index: 0,
            inputs: Vec::new(),
            outputs: Vec::new(),
            intermediates: Vec::new(),
            mutating_variable_inputs: Vec::new(),
            builtin_options: None,
            builtin_options_2: None,
            custom_options: Bytes::default(),
            custom_options_format: 0,
            debug_metadata_index: -1,
        }
    }
}

/// Bytes with a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The index of the buffer.
    pub buffer: u32,
}

/// A named entry point: names for the inputs and outputs of a subgraph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignatureDef {
    /// The entry point's name.
    pub signature_key: String,
    /// The inputs' names.
    pub inputs: Vec<TensorMap>,
    /// The outputs' names.
    pub outputs: Vec<TensorMap>,
    /// Which of [`File::subgraphs`].
    pub subgraph_index: u32,
}

/// A name for a tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TensorMap {
    /// The name.
    pub name: String,
    /// The index of the tensor in the signature's subgraph.
    pub tensor_index: u32,
}

/// A constant that lies in another file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExternalBuffer {
    /// What tensors call it.
    pub id: u32,
    /// Which of [`File::external_buffer_groups`].
    pub group: u32,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// Its size in bytes.
    pub length: u64,
    /// How its elements are packed.
    pub packing: String,
}
