//! [`File`] → bytes.

use super::{
    Bytes, DimensionMetadata, Error, ExternalBuffer, File, IDENTIFIER, Metadata, Operator, OperatorCode,
    Options, Quantization, QuantizationDetails, Result, SignatureDef, SparseIndex, Sparsity, SubGraph,
    Tensor, TensorMap, Value, VariantSubType,
    builder::{Item, Table},
    flatbuffer::Scalar,
    layout::Kind,
};
use std::borrow::Cow;

/// Constants begin at multiples of this, as runtimes that use them in place ask for.
const BUFFER_ALIGN: usize = 16;

/// With more constants than this, in bytes, they go behind the FlatBuffer, whose offsets end at 2 GiB.
const INSIDE_LIMIT: usize = 1_800_000_000;

/// Writes a file that reads back equal.
///
/// An error where an operator has options that the schema does not name, since their meaning would be lost.
pub fn write(file: &File) -> Result<Vec<u8>> {
    let buffers = file.buffers.iter().map(|buffer| buffer.len());
    let options =
        file.subgraphs.iter().flat_map(|graph| &graph.operators).map(|node| node.custom_options.len());
    if buffers.chain(options).sum::<usize>() <= INSIDE_LIMIT {
        return model(file, None)?.into_bytes(IDENTIFIER);
    }
    write_outside(file)
}

/// Writes a file whose constants and custom options lie behind the FlatBuffer.
fn write_outside(file: &File) -> Result<Vec<u8>> {
    // The tables take the same bytes whatever the offsets in them are.
    let tables = model(file, Some(&mut Behind::new(0)))?.into_bytes(IDENTIFIER)?.len();
    let mut behind = Behind::new(tables);
    let mut bytes = model(file, Some(&mut behind))?.into_bytes(IDENTIFIER)?;
    bytes.reserve_exact(behind.end - bytes.len());
    for (at, part) in behind.parts {
        bytes.resize(at, 0);
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// Bytes that go behind the FlatBuffer, and where.
struct Behind {
    parts: Vec<(usize, Bytes)>,
    end: usize,
}

impl Behind {
    fn new(end: usize) -> Self {
        Self { parts: Vec::new(), end }
    }

    /// Where `bytes` will lie.
    fn push(&mut self, bytes: &Bytes) -> u64 {
        // Offsets 0 and 1 stand for none, so the first pass begins past them.
        let at = self.end.max(BUFFER_ALIGN).next_multiple_of(BUFFER_ALIGN);
        self.end = at + bytes.len();
        self.parts.push((at, bytes.clone()));
        at as u64
    }
}

fn model<'a>(file: &'a File, mut behind: Option<&mut Behind>) -> Result<Table<'a>> {
    let mut subgraphs = Vec::with_capacity(file.subgraphs.len());
    for graph in &file.subgraphs {
        subgraphs.push(subgraph(graph, behind.as_deref_mut())?);
    }
    let buffers = file.buffers.iter().map(|bytes| buffer(bytes, behind.as_deref_mut())).collect();
    let group = |name: &'a String| Table::default().with(0, Item::Text(name));
    Ok(Table::default()
        .with(0, scalar(file.version))
        .with(1, tables(&file.operator_codes, operator_code))
        .with(2, Item::Tables(subgraphs))
        .with(3, Item::Text(&file.description))
        .with(4, Item::Tables(buffers))
        .with_some(5, some_vector(&file.metadata_buffer))
        .with_some(6, some_tables(&file.metadata, metadata))
        .with_some(7, some_tables(&file.signature_defs, signature_def))
        .with_some(8, some_tables(&file.external_buffer_groups, group))
        .with_some(9, some_tables(&file.external_buffers, external_buffer)))
}

fn operator_code(code: &OperatorCode) -> Table<'_> {
    // Codes past 126 do not fit the 8-bit field, which then says 127.
    let deprecated = code.builtin_code.0.clamp(0, 127) as i8;
    Table::default()
        .with(0, scalar(deprecated))
        .with_some(1, text(&code.custom_code))
        .with(2, scalar(code.version))
        .with(3, scalar(code.builtin_code.0))
}

fn subgraph<'a>(graph: &'a SubGraph, mut behind: Option<&mut Behind>) -> Result<Table<'a>> {
    let mut operators = Vec::with_capacity(graph.operators.len());
    for node in &graph.operators {
        operators.push(operator(node, behind.as_deref_mut())?);
    }
    Ok(Table::default()
        .with(0, tables(&graph.tensors, tensor))
        .with(1, vector(&graph.inputs))
        .with(2, vector(&graph.outputs))
        .with(3, Item::Tables(operators))
        .with_some(4, text(&graph.name))
        .with_some(5, unless(graph.debug_metadata_index, -1)))
}

fn tensor(tensor: &Tensor) -> Table<'_> {
    Table::default()
        .with(0, vector(&tensor.shape))
        .with(1, scalar(tensor.kind.0))
        .with(2, scalar(tensor.buffer))
        .with(3, Item::Text(&tensor.name))
        .with_some(
            4,
            tensor.quantization.as_ref().map(|quantization| Item::Table(self::quantization(quantization))),
        )
        .with_some(5, flag(tensor.is_variable))
        .with_some(6, tensor.sparsity.as_ref().map(|sparsity| Item::Table(self::sparsity(sparsity))))
        .with_some(7, some_vector(&tensor.shape_signature))
        .with_some(8, flag(tensor.has_rank))
        .with_some(9, some_tables(&tensor.variant_tensors, variant_sub_type))
        .with_some(10, unless(tensor.external_buffer, 0))
}

fn variant_sub_type(kind: &VariantSubType) -> Table<'_> {
    Table::default()
        .with(0, vector(&kind.shape))
        .with(1, scalar(kind.kind.0))
        .with_some(2, flag(kind.has_rank))
}

fn quantization(quantization: &Quantization) -> Table<'_> {
    let table = Table::default()
        .with_some(0, some_vector(&quantization.min))
        .with_some(1, some_vector(&quantization.max))
        .with_some(2, some_vector(&quantization.scale))
        .with_some(3, some_vector(&quantization.zero_point))
        .with_some(6, unless(quantization.quantized_dimension, 0));
    let (kind, details) = match &quantization.details {
        QuantizationDetails::None => return table,
        QuantizationDetails::Custom(custom) => (1_u8, Table::default().with(0, bytes(custom, 1))),
        QuantizationDetails::Blockwise(details) => {
            let fields = [details.scales, details.zero_points, details.block_size];
            (2, blocks(fields, &details.block_shape))
        }
        QuantizationDetails::MultiAxis(details) => {
            let fields = [details.scales, details.zero_points, details.block_size];
            (3, blocks(fields, &details.quantized_dimensions))
        }
    };
    table.with(4, scalar(kind)).with(5, Item::Table(details))
}

fn blocks<'a>(fields: [i32; 3], dimensions: &[i32]) -> Table<'a> {
    let table =
        (0..).zip(fields).fold(Table::default(), |table, (slot, field)| table.with(slot, scalar(field)));
    table.with_some(3, some_vector(dimensions))
}

fn sparsity(sparsity: &Sparsity) -> Table<'_> {
    Table::default()
        .with_some(0, some_vector(&sparsity.traversal_order))
        .with_some(1, some_vector(&sparsity.block_map))
        .with_some(2, some_tables(&sparsity.dim_metadata, dimension_metadata))
}

fn dimension_metadata(dimension: &DimensionMetadata) -> Table<'_> {
    match dimension {
        DimensionMetadata::Dense { size } => Table::default().with(0, scalar(0_u8)).with(1, scalar(*size)),
        DimensionMetadata::Compressed { segments, indices } => {
            let table = Table::default().with(0, scalar(1_u8));
            sparse_index(sparse_index(table, 2, segments), 4, indices)
        }
    }
}

fn sparse_index<'a>(table: Table<'a>, slot: u16, index: &SparseIndex) -> Table<'a> {
    let (kind, values) = match index {
        SparseIndex::None => return table,
        SparseIndex::I32(values) => (1_u8, vector(values)),
        SparseIndex::U16(values) => (2, vector(values)),
        SparseIndex::U8(values) => (3, vector(values)),
    };
    table.with(slot, scalar(kind)).with(slot + 1, Item::Table(Table::default().with(0, values)))
}

fn operator<'a>(node: &'a Operator, behind: Option<&mut Behind>) -> Result<Table<'a>> {
    let mut table = Table::default()
        .with(0, scalar(node.opcode_index))
        .with(1, vector(&node.inputs))
        .with(2, vector(&node.outputs))
        .with_some(6, unless(node.custom_options_format, 0))
        .with_some(7, some_vector(&node.mutating_variable_inputs))
        .with_some(8, some_vector(&node.intermediates))
        .with_some(13, unless(node.debug_metadata_index, -1));
    for (slot, options) in [(3, &node.builtin_options), (11, &node.builtin_options_2)] {
        if let Some(options) = options {
            table =
                table.with(slot, scalar(options.id())).with(slot + 1, Item::Table(self::options(options)?));
        }
    }
    let custom = &node.custom_options;
    Ok(match behind {
        _ if custom.is_empty() => table,
        None => table.with(5, bytes(custom, 1)),
        Some(behind) => {
            let (offset, size) = (behind.push(custom), custom.len() as u64);
            table.with(9, scalar(offset)).with(10, scalar(size))
        }
    })
}

fn options(options: &Options) -> Result<Table<'_>> {
    if let Some(slot) = options.unknown().first() {
        return Err(Error::Options {
            table: options.name(),
            wanted: format!("slot {slot} in schema version 3"),
        });
    }
    if options.layout().is_none() {
        let code = options.id().into();
        return Err(Error::UnknownCode { table: "Operator", field: "builtin_options_type", code });
    }
    let fields = (0..).zip(options.fields());
    Ok(fields.fold(Table::default(), |table, (slot, (field, value))| {
        table.with_some(slot, value.map(|value| option(field.kind, value)))
    }))
}

/// A field of an options table. Its value fits its kind by [`Options`]' construction.
fn option(kind: Kind, value: &Value) -> Item<'_> {
    let size = match kind {
        Kind::Bool | Kind::I8 | Kind::Bools => 1,
        Kind::I64 | Kind::I64s => 8,
        _ => 4,
    };
    // Two's complement: the low bytes of the 64-bit number are the number in fewer bytes.
    match value {
        Value::Int(value) => Item::Scalar(value.to_le_bytes()[..size].to_vec()),
        Value::Ints(values) => {
            let bytes: Vec<u8> =
                values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(size)).collect();
            Item::Vector { size, align: size, bytes: Cow::Owned(bytes) }
        }
        Value::Float(value) => scalar(*value),
        Value::Floats(values) => vector(values),
        Value::Text(value) => Item::Text(value),
        Value::Bytes(value) => bytes(value, 1),
    }
}

fn buffer<'a>(buffer: &'a Bytes, behind: Option<&mut Behind>) -> Table<'a> {
    match behind {
        _ if buffer.is_empty() => Table::default(),
        None => Table::default().with(0, bytes(buffer, BUFFER_ALIGN)),
        Some(behind) => {
            let (offset, size) = (behind.push(buffer), buffer.len() as u64);
            Table::default().with(1, scalar(offset)).with(2, scalar(size))
        }
    }
}

fn metadata(metadata: &Metadata) -> Table<'_> {
    Table::default().with(0, Item::Text(&metadata.name)).with(1, scalar(metadata.buffer))
}

fn signature_def(signature: &SignatureDef) -> Table<'_> {
    Table::default()
        .with(0, tables(&signature.inputs, tensor_map))
        .with(1, tables(&signature.outputs, tensor_map))
        .with(2, Item::Text(&signature.signature_key))
        .with(4, scalar(signature.subgraph_index))
}

fn tensor_map(map: &TensorMap) -> Table<'_> {
    Table::default().with(0, Item::Text(&map.name)).with(1, scalar(map.tensor_index))
}

fn external_buffer(buffer: &ExternalBuffer) -> Table<'_> {
    Table::default()
        .with(0, scalar(buffer.id))
        .with(1, scalar(buffer.group))
        .with(2, scalar(buffer.offset))
        .with(3, scalar(buffer.length))
        .with_some(4, text(&buffer.packing))
}

fn scalar<'a>(value: impl Scalar) -> Item<'a> {
    let mut bytes = Vec::with_capacity(8);
    value.append_to(&mut bytes);
    Item::Scalar(bytes)
}

fn flag<'a>(value: bool) -> Option<Item<'a>> {
    unless(value, false)
}

fn unless<'a, T: Scalar + PartialEq>(value: T, default: T) -> Option<Item<'a>> {
    (value != default).then(|| scalar(value))
}

fn text(text: &str) -> Option<Item<'_>> {
    (!text.is_empty()).then_some(Item::Text(text))
}

fn bytes(bytes: &Bytes, align: usize) -> Item<'_> {
    Item::Vector { size: 1, align, bytes: Cow::Borrowed(bytes) }
}

fn vector<'a, T: Scalar>(values: &[T]) -> Item<'a> {
    let mut bytes = Vec::with_capacity(values.len() * T::SIZE);
    values.iter().for_each(|value| value.append_to(&mut bytes));
    Item::Vector { size: T::SIZE, align: T::SIZE, bytes: Cow::Owned(bytes) }
}

fn some_vector<'a, T: Scalar>(values: &[T]) -> Option<Item<'a>> {
    (!values.is_empty()).then(|| vector(values))
}

fn tables<'a, T>(rows: &'a [T], table: impl Fn(&'a T) -> Table<'a>) -> Item<'a> {
    Item::Tables(rows.iter().map(table).collect())
}

fn some_tables<'a, T>(rows: &'a [T], table: impl Fn(&'a T) -> Table<'a>) -> Option<Item<'a>> {
    (!rows.is_empty()).then(|| tables(rows, table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::read;

    #[test]
    fn constants_behind_the_flatbuffer_read_back_equal() {
        let node = Operator { custom_options: Bytes::from(vec![7; 5]), ..Operator::default() };
        let graph = SubGraph { operators: vec![node], ..SubGraph::default() };
        let file = File {
            operator_codes: vec![OperatorCode::default()],
            subgraphs: vec![graph],
            buffers: vec![Bytes::default(), Bytes::from(vec![1; 33]), Bytes::from(vec![2; 4])],
            ..File::default()
        };
        let inside = write(&file).expect("it can be written");
        let outside = write_outside(&file).expect("it can be written");
        assert_ne!(inside, outside);
        assert_eq!(outside[outside.len() - 4..], [2; 4]);
        assert_eq!(read(outside.clone()).expect("it reads"), file);
        assert!(read(&outside[..outside.len() - 1]).is_err());
    }

    #[test]
    fn what_is_stored_once_can_be_read_each_time() {
        let name = "x".repeat(4000);
        let tensors = vec![Tensor { name, ..Tensor::default() }; 1000];
        let subgraphs = vec![SubGraph { tensors, ..SubGraph::default() }];
        let file = File { subgraphs, buffers: vec![Bytes::default()], ..File::default() };
        let bytes = write(&file).expect("it can be written");
        assert!(bytes.len() < 1000 * 4000 / 4, "{} bytes", bytes.len());
        assert_eq!(read(bytes).expect("it reads"), file);
    }

    #[test]
    fn options_that_the_schema_does_not_name_are_refused() {
        let table = Table::default().with(0, scalar(3_u32)).with(4, Item::Tables(vec![]));
        let unknown = Table::default().with(2, scalar(1_u8));
        let node = Table::default().with(3, scalar(200_u8)).with(4, Item::Table(unknown));
        let code = Item::Tables(vec![Table::default()]);
        let graph = Table::default().with(3, Item::Tables(vec![node]));
        let table = table.with(1, code).with(2, Item::Tables(vec![graph]));
        let file = read(table.into_bytes(IDENTIFIER).expect("it fits")).expect("it reads");
        let options = file.subgraphs[0].operators[0].builtin_options.as_ref().expect("it has options");
        assert_eq!((options.id(), options.unknown()), (200, &[2][..]));
        assert!(write(&file).is_err());
    }

    #[test]
    fn offsets_that_share_one_target_end_in_an_error() {
        let name = "x".repeat(1000);
        let codes = (0..1000).map(|_| Table::default()).chain([Table::default().with(1, Item::Text(&name))]);
        let root = Table::default().with(1, Item::Tables(codes.collect()));
        let mut bytes = root.into_bytes(IDENTIFIER).expect("it fits");
        assert!(read(bytes.clone()).is_ok());
        // The vector of offsets begins with its length; the last one leads to the table with the long name.
        let start =
            bytes.windows(4).position(|window| window == 1001_u32.to_le_bytes()).expect("it is there") + 4;
        let last = start + 4 * 1000;
        let target = last as u32 + u32::from_le_bytes(bytes[last..last + 4].try_into().expect("four bytes"));
        for at in (start..last).step_by(4) {
            bytes[at..at + 4].copy_from_slice(&(target - at as u32).to_le_bytes());
        }
        let error = read(bytes).expect_err("a megabyte of names from a few kilobytes").to_string();
        assert!(error.ends_with("the file's offsets share their targets too often"), "{error}");
    }
}
