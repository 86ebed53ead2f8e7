//! Bytes → [`File`].

use super::{
    BlockwiseQuantization, BuiltinOperator, Bytes, DimensionMetadata, Error, ExternalBuffer, File,
    IDENTIFIER, Metadata, MultiAxisQuantization, Operator, OperatorCode, Options, Quantization,
    QuantizationDetails, Result, SignatureDef, SparseIndex, Sparsity, SubGraph, Tensor, TensorMap,
    TensorType, VariantSubType, check,
    flatbuffer::{Source, Table},
    layout::{BUILTIN_OPTIONS, BUILTIN_OPTIONS_2, Layout},
};

/// Reads a `.tflite` file and checks that its indices are in range.
///
/// Buffers and custom options stay ranges of `bytes`, also those that lie behind the FlatBuffer, as files past
/// 2 GiB have them.
pub fn read(bytes: impl Into<Bytes>) -> Result<File> {
    let bytes = bytes.into();
    if bytes.get(4..8) != Some(&IDENTIFIER) {
        return Err(Error::NotTflite);
    }
    let source = Source::new(&bytes);
    let file = file(&Table::root(&source, "Model")?, &bytes)?;
    check::indices(&file)?;
    Ok(file)
}

fn list<'a, T>(tables: Vec<Table<'a>>, read: impl Fn(&Table<'a>) -> Result<T>) -> Result<Vec<T>> {
    tables.iter().map(read).collect()
}

fn file(model: &Table<'_>, bytes: &Bytes) -> Result<File> {
    let groups = model.tables(8, "external_buffer_groups", "ExternalBufferGroup")?;
    Ok(File {
        version: model.scalar(0, "version", 0)?,
        operator_codes: list(model.tables(1, "operator_codes", "OperatorCode")?, operator_code)?,
        subgraphs: list(model.tables(2, "subgraphs", "SubGraph")?, |table| subgraph(table, bytes))?,
        description: model.text(3, "description")?,
        buffers: list(model.tables(4, "buffers", "Buffer")?, |table| buffer(table, bytes))?,
        metadata_buffer: model.vector(5, "metadata_buffer")?,
        metadata: list(model.tables(6, "metadata", "Metadata")?, metadata)?,
        signature_defs: list(model.tables(7, "signature_defs", "SignatureDef")?, signature_def)?,
        external_buffer_groups: list(groups, |table| table.text(0, "name"))?,
        external_buffers: list(model.tables(9, "external_buffers", "ExternalBuffer")?, external_buffer)?,
    })
}

fn operator_code(table: &Table<'_>) -> Result<OperatorCode> {
    let deprecated: i8 = table.scalar(0, "deprecated_builtin_code", 0)?;
    let code = table.scalar(3, "builtin_code", 0)?;
    Ok(OperatorCode {
        builtin_code: BuiltinOperator(i32::max(deprecated.into(), code)),
        custom_code: table.text(1, "custom_code")?,
        version: table.scalar(2, "version", 1)?,
    })
}

fn subgraph(table: &Table<'_>, bytes: &Bytes) -> Result<SubGraph> {
    Ok(SubGraph {
        tensors: list(table.tables(0, "tensors", "Tensor")?, |table| tensor(table, bytes))?,
        inputs: table.vector(1, "inputs")?,
        outputs: table.vector(2, "outputs")?,
        operators: list(table.tables(3, "operators", "Operator")?, |table| operator(table, bytes))?,
        name: table.text(4, "name")?,
        debug_metadata_index: table.scalar(5, "debug_metadata_index", -1)?,
    })
}

fn tensor(table: &Table<'_>, bytes: &Bytes) -> Result<Tensor> {
    let quantization = table.table(4, "quantization", "QuantizationParameters")?;
    let sparsity = table.table(6, "sparsity", "SparsityParameters")?;
    Ok(Tensor {
        shape: table.vector(0, "shape")?,
        kind: TensorType(table.scalar(1, "type", 0)?),
        buffer: table.scalar(2, "buffer", 0)?,
        name: table.text(3, "name")?,
        quantization: quantization.map(|table| self::quantization(&table, bytes)).transpose()?,
        is_variable: table.scalar(5, "is_variable", false)?,
        sparsity: sparsity.map(|table| self::sparsity(&table)).transpose()?,
        shape_signature: table.vector(7, "shape_signature")?,
        has_rank: table.scalar(8, "has_rank", false)?,
        variant_tensors: list(table.tables(9, "variant_tensors", "VariantSubType")?, variant_sub_type)?,
        external_buffer: table.scalar(10, "external_buffer", 0)?,
    })
}

fn variant_sub_type(table: &Table<'_>) -> Result<VariantSubType> {
    Ok(VariantSubType {
        shape: table.vector(0, "shape")?,
        kind: TensorType(table.scalar(1, "type", 0)?),
        has_rank: table.scalar(2, "has_rank", false)?,
    })
}

fn quantization(table: &Table<'_>, bytes: &Bytes) -> Result<Quantization> {
    Ok(Quantization {
        min: table.vector(0, "min")?,
        max: table.vector(1, "max")?,
        scale: table.vector(2, "scale")?,
        zero_point: table.vector(3, "zero_point")?,
        details: quantization_details(table, bytes)?,
        quantized_dimension: table.scalar(6, "quantized_dimension", 0)?,
    })
}

fn quantization_details(table: &Table<'_>, bytes: &Bytes) -> Result<QuantizationDetails> {
    let member = |name| required(table, 5, "details", name);
    match table.scalar::<u8>(4, "details_type", 0)? {
        0 => Ok(QuantizationDetails::None),
        1 => {
            let custom = member("CustomQuantization")?.range(0, "custom", 1)?.unwrap_or(0..0);
            Ok(QuantizationDetails::Custom(bytes.slice(custom).unwrap_or_default()))
        }
        2 => {
            let table = member("BlockwiseQuantization")?;
            Ok(QuantizationDetails::Blockwise(BlockwiseQuantization {
                scales: table.scalar(0, "scales", 0)?,
                zero_points: table.scalar(1, "zero_points", 0)?,
                block_size: table.scalar(2, "block_size", 0)?,
                block_shape: table.vector(3, "block_shape")?,
            }))
        }
        3 => {
            let table = member("MultiAxisQuantization")?;
            Ok(QuantizationDetails::MultiAxis(MultiAxisQuantization {
                scales: table.scalar(0, "scales", 0)?,
                zero_points: table.scalar(1, "zero_points", 0)?,
                block_size: table.scalar(2, "block_size", 0)?,
                quantized_dimensions: table.vector(3, "quantized_dimensions")?,
            }))
        }
        code => Err(unknown("QuantizationParameters", "details_type", code)),
    }
}

fn sparsity(table: &Table<'_>) -> Result<Sparsity> {
    Ok(Sparsity {
        traversal_order: table.vector(0, "traversal_order")?,
        block_map: table.vector(1, "block_map")?,
        dim_metadata: list(table.tables(2, "dim_metadata", "DimensionMetadata")?, dimension_metadata)?,
    })
}

fn dimension_metadata(table: &Table<'_>) -> Result<DimensionMetadata> {
    match table.scalar::<i8>(0, "format", 0)? {
        0 => Ok(DimensionMetadata::Dense { size: table.scalar(1, "dense_size", 0)? }),
        1 => Ok(DimensionMetadata::Compressed {
            segments: sparse_index(table, 2, "array_segments_type", "array_segments")?,
            indices: sparse_index(table, 4, "array_indices_type", "array_indices")?,
        }),
        code => Err(Error::UnknownCode { table: "DimensionMetadata", field: "format", code: code.into() }),
    }
}

fn sparse_index(
    table: &Table<'_>,
    slot: u16,
    kind: &'static str,
    field: &'static str,
) -> Result<SparseIndex> {
    let member = |name| required(table, slot + 1, field, name);
    match table.scalar::<u8>(slot, kind, 0)? {
        0 => Ok(SparseIndex::None),
        1 => Ok(SparseIndex::I32(member("Int32Vector")?.vector(0, "values")?)),
        2 => Ok(SparseIndex::U16(member("Uint16Vector")?.vector(0, "values")?)),
        3 => Ok(SparseIndex::U8(member("Uint8Vector")?.vector(0, "values")?)),
        code => Err(unknown("DimensionMetadata", kind, code)),
    }
}

/// The union member in `slot`, which the union's type says is there.
fn required<'a>(table: &Table<'a>, slot: u16, field: &'static str, name: &'static str) -> Result<Table<'a>> {
    let member = table.table(slot, field, name)?;
    member.ok_or_else(|| table.malformed(field, table.offset(), "the union has a type but no value"))
}

fn operator(table: &Table<'_>, bytes: &Bytes) -> Result<Operator> {
    Ok(Operator {
        opcode_index: table.scalar(0, "opcode_index", 0)?,
        inputs: table.vector(1, "inputs")?,
        outputs: table.vector(2, "outputs")?,
        builtin_options: options(table, 3, "builtin_options", BUILTIN_OPTIONS, bytes)?,
        custom_options: custom_options(table, bytes)?,
        custom_options_format: table.scalar(6, "custom_options_format", 0)?,
        mutating_variable_inputs: table.vector(7, "mutating_variable_inputs")?,
        intermediates: table.vector(8, "intermediates")?,
        builtin_options_2: options(table, 11, "builtin_options_2", BUILTIN_OPTIONS_2, bytes)?,
        debug_metadata_index: table.scalar(13, "debug_metadata_index", -1)?,
    })
}

/// The union whose type is in `slot` and whose value is in the next one. A type without a value, and a value
/// without a type, are no options to any runtime.
fn options(
    table: &Table<'_>,
    slot: u16,
    field: &'static str,
    union: &'static [Layout],
    bytes: &Bytes,
) -> Result<Option<Options>> {
    let id: u8 = table.scalar(slot, field, 0)?;
    if id == 0 {
        return Ok(None);
    }
    let name = super::layout::by_id(union, id).map_or(field, |layout| layout.name);
    let member = table.table(slot + 1, field, name)?;
    member.map(|member| Options::read(union, id, &member, bytes)).transpose()
}

fn custom_options(table: &Table<'_>, bytes: &Bytes) -> Result<Bytes> {
    let outside =
        outside(table, (9, "large_custom_options_offset"), (10, "large_custom_options_size"), bytes)?;
    if let Some(outside) = outside {
        return Ok(outside);
    }
    let inside = table.range(5, "custom_options", 1)?.unwrap_or(0..0);
    Ok(bytes.slice(inside).unwrap_or_default())
}

fn buffer(table: &Table<'_>, bytes: &Bytes) -> Result<Bytes> {
    if let Some(outside) = outside(table, (1, "offset"), (2, "size"), bytes)? {
        return Ok(outside);
    }
    let inside = table.range(0, "data", 1)?.unwrap_or(0..0);
    Ok(bytes.slice(inside).unwrap_or_default())
}

/// The bytes behind the FlatBuffer that two fields point at. Offsets 0 and 1 stand for none.
fn outside(
    table: &Table<'_>,
    (offset_slot, offset_field): (u16, &'static str),
    (size_slot, size_field): (u16, &'static str),
    bytes: &Bytes,
) -> Result<Option<Bytes>> {
    let offset: u64 = table.scalar(offset_slot, offset_field, 0)?;
    let size: u64 = table.scalar(size_slot, size_field, 0)?;
    if offset <= 1 {
        return Ok(None);
    }
    let start = usize::try_from(offset).ok();
    let end = offset.checked_add(size).and_then(|end| usize::try_from(end).ok());
    let slice = start.zip(end).and_then(|(start, end)| bytes.slice(start..end));
    let fail = || table.malformed(offset_field, table.offset(), "the bytes that it points at leave the file");
    slice.map(Some).ok_or_else(fail)
}

fn metadata(table: &Table<'_>) -> Result<Metadata> {
    Ok(Metadata { name: table.text(0, "name")?, buffer: table.scalar(1, "buffer", 0)? })
}

fn signature_def(table: &Table<'_>) -> Result<SignatureDef> {
    Ok(SignatureDef {
        inputs: list(table.tables(0, "inputs", "TensorMap")?, tensor_map)?,
        outputs: list(table.tables(1, "outputs", "TensorMap")?, tensor_map)?,
        signature_key: table.text(2, "signature_key")?,
        subgraph_index: table.scalar(4, "subgraph_index", 0)?,
    })
}

fn tensor_map(table: &Table<'_>) -> Result<TensorMap> {
    Ok(TensorMap { name: table.text(0, "name")?, tensor_index: table.scalar(1, "tensor_index", 0)? })
}

fn external_buffer(table: &Table<'_>) -> Result<ExternalBuffer> {
    Ok(ExternalBuffer {
        id: table.scalar(0, "id", 0)?,
        group: table.scalar(1, "group", 0)?,
        offset: table.scalar(2, "offset", 0)?,
        length: table.scalar(3, "length", 0)?,
        packing: table.text(4, "packing")?,
    })
}

fn unknown(table: &'static str, field: &'static str, code: u8) -> Error {
    Error::UnknownCode { table, field, code: code.into() }
}
