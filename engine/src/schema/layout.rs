//! Which options tables the schema has, as data: for each member of the two unions its number, its name and its
//! fields in the order of their slots, with type and default (0 where none is written).
//!
//! [`Options`](super::Options) reads, finds and writes fields by this list, so a new table is one line here.

/// The type of a field of an options table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A truth value.
    Bool,
    /// An 8-bit integer, mostly a code.
    I8,
    /// A 32-bit integer.
    I32,
    /// A 32-bit integer without sign.
    U32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit floating-point number.
    F32,
    /// UTF-8 text.
    Text,
    /// A list of truth values.
    Bools,
    /// Bytes.
    Bytes,
    /// A list of 32-bit integers.
    I32s,
    /// A list of 32-bit integers without sign.
    U32s,
    /// A list of 64-bit integers.
    I64s,
    /// A list of 32-bit floating-point numbers.
    F32s,
}

/// A field of an options table; its slot is its place in [`Layout::fields`].
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in the schema.
    pub name: &'static str,
    /// The type.
    pub kind: Kind,
    /// What a number is where a file leaves it out.
    pub default: i64,
}

/// An options table of the schema.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// The number of the table in its union.
    pub id: u8,
    /// The name in the schema.
    pub name: &'static str,
    /// The fields in the order of their slots.
    pub fields: &'static [Field],
}

/// The table numbered `id` in `union`, one of [`BUILTIN_OPTIONS`] and [`BUILTIN_OPTIONS_2`].
pub fn by_id(union: &'static [Layout], id: u8) -> Option<&'static Layout> {
    union.get(usize::from(id).checked_sub(1)?)
}

/// The table called `name` in either union.
pub fn by_name(name: &str) -> Option<&'static Layout> {
    BUILTIN_OPTIONS.iter().chain(BUILTIN_OPTIONS_2).find(|layout| layout.name == name)
}

macro_rules! kind {
    (bool) => {
        Kind::Bool
    };
    (i8) => {
        Kind::I8
    };
    (i32) => {
        Kind::I32
    };
    (u32) => {
        Kind::U32
    };
    (i64) => {
        Kind::I64
    };
    (f32) => {
        Kind::F32
    };
    (string) => {
        Kind::Text
    };
    ([bool]) => {
        Kind::Bools
    };
    ([u8]) => {
        Kind::Bytes
    };
    ([i32]) => {
        Kind::I32s
    };
    ([u32]) => {
        Kind::U32s
    };
    ([i64]) => {
        Kind::I64s
    };
    ([f32]) => {
        Kind::F32s
    };
}

macro_rules! layouts {
    ($($id:literal $name:ident { $($field:ident : $kind:tt $(= $default:literal)?),* $(,)? })*) => {
        &[$(Layout {
            id: $id,
            name: stringify!($name),
            fields: &[$(Field {
                name: stringify!($field),
                kind: kind!($kind),
                default: 0 $(+ $default)?,
            }),*],
        }),*]
    };
}

/// The union `BuiltinOptions`; number 1 comes first.
pub static BUILTIN_OPTIONS: &[Layout] = layouts! {
    1 Conv2DOptions {
        padding: i8, stride_w: i32, stride_h: i32, fused_activation_function: i8, dilation_w_factor: i32 = 1,
        dilation_h_factor: i32 = 1, quantized_bias_type: i8,
    }
    2 DepthwiseConv2DOptions {
        padding: i8, stride_w: i32, stride_h: i32, depth_multiplier: i32, fused_activation_function: i8,
        dilation_w_factor: i32 = 1, dilation_h_factor: i32 = 1,
    }
    3 ConcatEmbeddingsOptions {
        num_channels: i32, num_columns_per_channel: [i32], embedding_dim_per_channel: [i32],
    }
    4 LSHProjectionOptions { type: i8 }
    5 Pool2DOptions {
        padding: i8, stride_w: i32, stride_h: i32, filter_width: i32, filter_height: i32,
        fused_activation_function: i8,
    }
    6 SVDFOptions { rank: i32, fused_activation_function: i8, asymmetric_quantize_inputs: bool }
    7 RNNOptions { fused_activation_function: i8, asymmetric_quantize_inputs: bool }
    8 FullyConnectedOptions {
        fused_activation_function: i8, weights_format: i8, keep_num_dims: bool,
        asymmetric_quantize_inputs: bool, quantized_bias_type: i8, quant_spec: [u8],
    }
    9 SoftmaxOptions { beta: f32 }
    10 ConcatenationOptions { axis: i32, fused_activation_function: i8 }
    11 AddOptions { fused_activation_function: i8, pot_scale_int16: bool = 1 }
    12 L2NormOptions { fused_activation_function: i8 }
    13 LocalResponseNormalizationOptions { radius: i32, bias: f32, alpha: f32, beta: f32 }
    14 LSTMOptions {
        fused_activation_function: i8, cell_clip: f32, proj_clip: f32, kernel_type: i8,
        asymmetric_quantize_inputs: bool,
    }
    15 ResizeBilinearOptions {
        new_height: i32, new_width: i32, align_corners: bool, half_pixel_centers: bool,
    }
    16 CallOptions { subgraph: u32 }
    17 ReshapeOptions { new_shape: [i32] }
    18 SkipGramOptions { ngram_size: i32, max_skip_size: i32, include_all_ngrams: bool }
    19 SpaceToDepthOptions { block_size: i32 }
    20 EmbeddingLookupSparseOptions { combiner: i8 }
    21 MulOptions { fused_activation_function: i8 }
    22 PadOptions {}
    23 GatherOptions { axis: i32, batch_dims: i32 }
    24 BatchToSpaceNDOptions {}
    25 SpaceToBatchNDOptions {}
    26 TransposeOptions {}
    27 ReducerOptions { keep_dims: bool }
    28 SubOptions { fused_activation_function: i8, pot_scale_int16: bool = 1 }
    29 DivOptions { fused_activation_function: i8 }
    30 SqueezeOptions { squeeze_dims: [i32] }
    31 SequenceRNNOptions {
        time_major: bool, fused_activation_function: i8, asymmetric_quantize_inputs: bool,
    }
    32 StridedSliceOptions {
        begin_mask: i32, end_mask: i32, ellipsis_mask: i32, new_axis_mask: i32, shrink_axis_mask: i32,
        offset: bool,
    }
    33 ExpOptions {}
    34 TopKV2Options {}
    35 SplitOptions { num_splits: i32 }
    36 LogSoftmaxOptions {}
    37 CastOptions { in_data_type: i8, out_data_type: i8 }
    38 DequantizeOptions {}
    39 MaximumMinimumOptions {}
    40 ArgMaxOptions { output_type: i8 }
    41 LessOptions {}
    42 NegOptions {}
    43 PadV2Options {}
    44 GreaterOptions {}
    45 GreaterEqualOptions {}
    46 LessEqualOptions {}
    47 SelectOptions {}
    48 SliceOptions {}
    49 TransposeConvOptions {
        padding: i8, stride_w: i32, stride_h: i32, fused_activation_function: i8, quantized_bias_type: i8,
    }
    50 SparseToDenseOptions { validate_indices: bool }
    51 TileOptions {}
    52 ExpandDimsOptions {}
    53 EqualOptions {}
    54 NotEqualOptions {}
    55 ShapeOptions { out_type: i8 }
    56 PowOptions {}
    57 ArgMinOptions { output_type: i8 }
    58 FakeQuantOptions { min: f32, max: f32, num_bits: i32, narrow_range: bool }
    59 PackOptions { values_count: i32, axis: i32 }
    60 LogicalOrOptions {}
    61 OneHotOptions { axis: i32 }
    62 LogicalAndOptions {}
    63 LogicalNotOptions {}
    64 UnpackOptions { num: i32, axis: i32 }
    65 FloorDivOptions {}
    66 SquareOptions {}
    67 ZerosLikeOptions {}
    68 FillOptions {}
    69 BidirectionalSequenceLSTMOptions {
        fused_activation_function: i8, cell_clip: f32, proj_clip: f32, merge_outputs: bool,
        time_major: bool = 1, asymmetric_quantize_inputs: bool,
    }
    70 BidirectionalSequenceRNNOptions {
        time_major: bool, fused_activation_function: i8, merge_outputs: bool,
        asymmetric_quantize_inputs: bool,
    }
    71 UnidirectionalSequenceLSTMOptions {
        fused_activation_function: i8, cell_clip: f32, proj_clip: f32, time_major: bool,
        asymmetric_quantize_inputs: bool, diagonal_recurrent_tensors: bool,
    }
    72 FloorModOptions {}
    73 RangeOptions {}
    74 ResizeNearestNeighborOptions { align_corners: bool, half_pixel_centers: bool }
    75 LeakyReluOptions { alpha: f32 }
    76 SquaredDifferenceOptions {}
    77 MirrorPadOptions { mode: i8 }
    78 AbsOptions {}
    79 SplitVOptions { num_splits: i32 }
    80 UniqueOptions { idx_out_type: i8 = 2 }
    81 ReverseV2Options {}
    82 AddNOptions {}
    83 GatherNdOptions {}
    84 CosOptions {}
    85 WhereOptions {}
    86 RankOptions {}
    87 ReverseSequenceOptions { seq_dim: i32, batch_dim: i32 }
    88 MatrixDiagOptions {}
    89 QuantizeOptions {}
    90 MatrixSetDiagOptions {}
    91 HardSwishOptions {}
    92 IfOptions { then_subgraph_index: i32, else_subgraph_index: i32 }
    93 WhileOptions { cond_subgraph_index: i32, body_subgraph_index: i32 }
    94 DepthToSpaceOptions { block_size: i32 }
    95 NonMaxSuppressionV4Options {}
    96 NonMaxSuppressionV5Options {}
    97 ScatterNdOptions {}
    98 SelectV2Options {}
    99 DensifyOptions {}
    100 SegmentSumOptions {}
    101 BatchMatMulOptions { adj_x: bool, adj_y: bool, asymmetric_quantize_inputs: bool }
    102 CumsumOptions { exclusive: bool, reverse: bool }
    103 CallOnceOptions { init_subgraph_index: i32 }
    104 BroadcastToOptions {}
    105 Rfft2dOptions {}
    106 Conv3DOptions {
        padding: i8, stride_d: i32, stride_w: i32, stride_h: i32, fused_activation_function: i8,
        dilation_d_factor: i32 = 1, dilation_w_factor: i32 = 1, dilation_h_factor: i32 = 1,
    }
    107 HashtableOptions { table_id: i32, key_dtype: i8, value_dtype: i8 }
    108 HashtableFindOptions {}
    109 HashtableImportOptions {}
    110 HashtableSizeOptions {}
    111 VarHandleOptions { container: string, shared_name: string }
    112 ReadVariableOptions {}
    113 AssignVariableOptions {}
    114 RandomOptions { seed: i64, seed2: i64 }
    115 BucketizeOptions { boundaries: [f32] }
    116 GeluOptions { approximate: bool }
    117 DynamicUpdateSliceOptions {}
    118 UnsortedSegmentProdOptions {}
    119 UnsortedSegmentMaxOptions {}
    120 UnsortedSegmentMinOptions {}
    121 UnsortedSegmentSumOptions {}
    122 ATan2Options {}
    123 SignOptions {}
    124 BitcastOptions {}
    125 BitwiseXorOptions {}
    126 RightShiftOptions {}
};

/// The union `BuiltinOptions2`; number 1 comes first.
pub static BUILTIN_OPTIONS_2: &[Layout] = layouts! {
    1 StablehloConcatenateOptions { dimension: i64 }
    2 StablehloBroadcastInDimOptions { broadcast_dimensions: [i64] }
    3 StablehloSliceOptions { start_indices: [i64], limit_indices: [i64], strides: [i64] }
    4 StablehloConvolutionOptions {
        window_strides: [i64], padding: [i64], lhs_dilation: [i64], rhs_dilation: [i64],
        window_reversal: [bool], input_batch_dimension: i64, input_feature_dimension: i64,
        input_spatial_dimensions: [i64], kernel_input_feature_dimension: i64,
        kernel_output_feature_dimension: i64, kernel_spatial_dimensions: [i64], output_batch_dimension: i64,
        output_feature_dimension: i64, output_spatial_dimensions: [i64], feature_group_count: i64,
        batch_group_count: i64, precision_config: [u32],
    }
    5 StablehloCustomCallOptions {
        call_target_name: string, has_side_effect: bool, backend_config: string, api_version: i32,
        called_computations: [i32], custom_attributes: [u8],
    }
    6 StablehloReduceOptions { dimensions: [i64], body_subgraph_index: i32 }
    7 StablehloScatterOptions {
        indices_are_sorted: bool, update_window_dims: [i64], inserted_window_dims: [i64],
        scatter_dims_to_operand_dims: [i64], index_vector_dim: i64, unique_indices: bool,
        update_computation_subgraph_index: i32,
    }
    8 StablehloCompareOptions { comparison_direction: u32, compare_type: u32 }
    9 StablehloDynamicSliceOptions { slice_sizes: [i64] }
    10 StablehloPadOptions { edge_padding_low: [i64], edge_padding_high: [i64], interior_padding: [i64] }
    11 StablehloIotaOptions { iota_dimension: i64 }
    12 StablehloDotGeneralOptions {
        lhs_batching_dimensions: [i64], rhs_batching_dimensions: [i64], lhs_contracting_dimensions: [i64],
        rhs_contracting_dimensions: [i64], precision_config: [u32],
    }
    13 StablehloReduceWindowOptions {
        window_dimensions: [i64], window_strides: [i64], base_dilations: [i64], window_dilations: [i64],
        padding: [i64], body_subgraph_index: i32,
    }
    14 StablehloSortOptions { dimension: i64, is_stable: bool, comparator_subgraph_index: i32 }
    15 StablehloWhileOptions { cond_subgraph_index: i32, body_subgraph_index: i32 }
    16 StablehloGatherOptions {
        offset_dims: [i64], collapsed_slice_dims: [i64], start_index_map: [i64], index_vector_dim: i64,
        slice_sizes: [i64], indices_are_sorted: bool,
    }
    17 StablehloTransposeOptions { permutation: [i64] }
    18 DilateOptions {}
    19 StablehloRngBitGeneratorOptions { algorithm: i8 }
    20 ReduceWindowOptions { reduce_function: i32 }
    21 StableHLOCompositeOptions {
        name: string, decomposition_subgraph_index: i32, composite_attributes: [u8],
        composite_attributes_format: i8, version: i32,
    }
    22 StablehloShiftLeftOptions {}
    23 StablehloCaseOptions { branch_subgraph_indices: [i32] }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_table_is_its_number_and_names_are_unique() {
        for union in [BUILTIN_OPTIONS, BUILTIN_OPTIONS_2] {
            for (place, layout) in union.iter().enumerate() {
                assert_eq!(usize::from(layout.id), place + 1, "{}", layout.name);
                assert_eq!(by_id(union, layout.id), Some(layout));
                assert_eq!(by_name(layout.name), Some(layout));
            }
        }
        assert_eq!(by_id(BUILTIN_OPTIONS, 0), None);
        assert_eq!((BUILTIN_OPTIONS.len(), BUILTIN_OPTIONS_2.len()), (126, 23));
    }
}
