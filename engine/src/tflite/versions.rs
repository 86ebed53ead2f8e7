//! Up to which version each operator is defined.

/// The newest version of the operators that have more than one, by version.
const NEWEST: &[(i32, &[&str])] = &[
    (
        2,
        &[
            "COS",
            "DEPTH_TO_SPACE",
            "DIV",
            "EXP",
            "FAKE_QUANT",
            "FLOOR_MOD",
            "GREATER",
            "L2_NORMALIZATION",
            "LEAKY_RELU",
            "LESS_EQUAL",
            "LOG",
            "LOG_SOFTMAX",
            "RANGE",
            "REDUCE_PROD",
            "SELECT_V2",
            "SIGN",
            "SIN",
            "SPACE_TO_DEPTH",
            "SQRT",
            "SQUARED_DIFFERENCE",
            "SQUEEZE",
            "SUM",
            "WHERE",
        ],
    ),
    (
        3,
        &[
            "ARG_MAX",
            "ARG_MIN",
            "AVERAGE_POOL_2D",
            "BIDIRECTIONAL_SEQUENCE_LSTM",
            "BIDIRECTIONAL_SEQUENCE_RNN",
            "FLOOR_DIV",
            "GELU",
            "GREATER_EQUAL",
            "LESS",
            "LOGISTIC",
            "MAX_POOL_2D",
            "MEAN",
            "MIRROR_PAD",
            "REDUCE_MAX",
            "REDUCE_MIN",
            "RELU",
            "RELU6",
            "RNN",
            "RSQRT",
            "SPARSE_TO_DENSE",
            "SPLIT_V",
            "TANH",
            "TILE",
            "TOPK_V2",
            "UNIDIRECTIONAL_SEQUENCE_RNN",
        ],
    ),
    (
        4,
        &[
            "BATCH_MATMUL",
            "BATCH_TO_SPACE_ND",
            "BROADCAST_TO",
            "LSTM",
            "MAXIMUM",
            "MINIMUM",
            "NOT_EQUAL",
            "RESIZE_BILINEAR",
            "RESIZE_NEAREST_NEIGHBOR",
            "REVERSE_V2",
            "SELECT",
            "SOFTMAX",
            "SPACE_TO_BATCH_ND",
            "SVDF",
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
        ],
    ),
    (5, &["ABS", "EMBEDDING_LOOKUP", "EQUAL", "FILL", "PACK", "SPLIT", "SUB", "TRANSPOSE_CONV"]),
    (6, &["ADD", "DYNAMIC_UPDATE_SLICE", "GATHER_ND", "PAD", "PADV2", "QUANTIZE", "UNPACK"]),
    (7, &["CONCATENATION", "DEPTHWISE_CONV_2D"]),
    (8, &["CONV_2D", "GATHER", "MUL", "SLICE", "STRIDED_SLICE"]),
    (9, &["CAST", "DEQUANTIZE", "TRANSPOSE"]),
    (14, &["FULLY_CONNECTED"]),
];

/// The newest version of the builtin operator `name` that its definition, TFLite as of LiteRT 2.3, knows.
pub fn newest(name: &str) -> i32 {
    let row = NEWEST.iter().find(|(_, names)| names.contains(&name));
    row.map_or(1, |(version, _)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::BuiltinOperator;

    #[test]
    fn the_table_names_operators_once_and_in_order() {
        let names: Vec<&str> = NEWEST.iter().flat_map(|(_, names)| *names).copied().collect();
        for (place, name) in names.iter().enumerate() {
            assert!(BuiltinOperator::by_name(name).is_some(), "{name}");
            assert!(!names[..place].contains(name), "{name}");
        }
        assert!(NEWEST.is_sorted_by_key(|(version, _)| version));
        assert_eq!((newest("CONV_2D"), newest("HARD_SWISH"), newest("FULLY_CONNECTED")), (8, 1, 14));
    }
}
