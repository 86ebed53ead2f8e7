//! Tensors in NumPy's `.npz` archives, in every element type that both sides know.

use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use half::f16;
use matte_engine::tensor::{DType, Element, Tensor, TensorType};
use npyz::npz::{NpzArchive, NpzWriter, array_name_from_file_name};
use npyz::{AutoSerialize, DType as NumpyType, NpyFile, Order, TypeChar, WriterBuilder};

/// The largest array that is read, in bytes.
const LARGEST: u64 = 8 << 30;

/// The arrays of a file whose names `wanted` accepts, with their names, in the archive's order.
pub fn read(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Tensor)>> {
    let open = || arrays(BufReader::new(File::open(path)?), wanted);
    open().with_context(|| format!("the file {} cannot be read", path.display()))
}

/// The arrays of an archive whose names `wanted` accepts, with their names, in the archive's order.
pub fn arrays(archive: impl Read + Seek, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Tensor)>> {
    let mut archive = NpzArchive::new(archive)?;
    let files = archive.zip_archive();
    let mut arrays = Vec::new();
    for index in 0..files.len() {
        let file = files.by_index(index)?;
        let Some(name) = array_name_from_file_name(file.name()).filter(|name| wanted(name)) else {
            continue;
        };
        let name = name.to_owned();
        let tensor = tensor_from_npy(file).with_context(|| format!("the array {name}"))?;
        arrays.push((name, tensor));
    }
    Ok(arrays)
}

/// Writes the arrays under their names.
pub fn write(output: impl Write + Seek, arrays: &[(String, Tensor)]) -> Result<()> {
    let mut archive = NpzWriter::new(output);
    for (name, tensor) in arrays {
        put(&mut archive, name, tensor).with_context(|| format!("the array {name} cannot be written"))?;
    }
    archive.zip_writer().finish()?;
    Ok(())
}

fn tensor_from_npy(mut file: impl Read) -> Result<Tensor> {
    let header = NpyFile::new(&mut file)?.header().clone();
    let NumpyType::Plain(kind) = header.dtype() else { bail!("it has fields, which no model takes") };
    let shape: Vec<usize> =
        header.shape().iter().map(|&extent| usize::try_from(extent)).collect::<Result<_, _>>()?;
    let size = usize::try_from(kind.size_field()).unwrap_or(usize::MAX);
    let expected = shape.iter().try_fold(size, |bytes, &extent| bytes.checked_mul(extent));
    let most = expected.and_then(|bytes| u64::try_from(bytes).ok()).filter(|&bytes| bytes <= LARGEST);
    let mut rest = Vec::new();
    // One byte more, if it is there, is one too many.
    file.take(most.map_or(0, |bytes| bytes + 1)).read_to_end(&mut rest)?;
    ensure!(
        expected == Some(rest.len()),
        "its header speaks of {shape:?} elements of {size} bytes, but other bytes follow"
    );
    ensure!(kind.endianness() != npyz::Endianness::Big || size == 1, "it is in big-endian order");
    let dtype = match (kind.type_char(), size) {
        (TypeChar::Float, 4) => DType::F32,
        (TypeChar::Float, 2) => DType::F16,
        (TypeChar::Float, 8) => DType::F64,
        (TypeChar::Int, 1) => DType::I8,
        (TypeChar::Int, 2) => DType::I16,
        (TypeChar::Int, 4) => DType::I32,
        (TypeChar::Int, 8) => DType::I64,
        (TypeChar::Uint, 1) => DType::U8,
        (TypeChar::Uint, 2) => DType::U16,
        (TypeChar::Uint, 4) => DType::U32,
        (TypeChar::Uint, 8) => DType::U64,
        (TypeChar::Bool, 1) => DType::Bool,
        (TypeChar::ByteStr, _) => return packed_strings(shape, size, &rest),
        _ => bail!("its element type {kind} is not known"),
    };
    let rows = if header.order() == Order::Fortran { row_major(&shape, size, &rest) } else { rest };
    Ok(Tensor::from_bytes(TensorType::new(dtype, shape), &rows)?)
}

/// Elements in the order in which the last index runs fastest, from those in which the first does.
fn row_major(shape: &[usize], size: usize, columns: &[u8]) -> Vec<u8> {
    let count: usize = shape.iter().product();
    let mut rows = Vec::with_capacity(columns.len());
    for index in 0..count {
        let (mut rest, mut offset) = (index, 0);
        for axis in (0..shape.len()).rev() {
            let stride: usize = shape[..axis].iter().product();
            offset += rest % shape[axis] * stride;
            rest /= shape[axis];
        }
        rows.extend_from_slice(&columns[offset * size..(offset + 1) * size]);
    }
    rows
}

/// TensorFlow Lite's form of strings: their number, the offset of each and of the end, the bytes.
fn packed_strings(shape: Vec<usize>, size: usize, bytes: &[u8]) -> Result<Tensor> {
    let count = shape.iter().product::<usize>();
    let strings: Vec<&[u8]> = (0..count)
        .map(|index| {
            let string = &bytes[index * size..(index + 1) * size];
            let used = string.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            &string[..used]
        })
        .collect();
    let mut packed = i32::try_from(count)?.to_le_bytes().to_vec();
    let mut offset = 4 * (count + 2);
    for length in strings.iter().map(|string| string.len()).chain([0]) {
        packed.extend(i32::try_from(offset)?.to_le_bytes());
        offset += length;
    }
    strings.iter().for_each(|string| packed.extend_from_slice(string));
    Ok(Tensor::from_bytes(TensorType::new(DType::String, shape), &packed)?)
}

fn put<W: Write + Seek>(archive: &mut NpzWriter<W>, name: &str, tensor: &Tensor) -> Result<()> {
    match tensor.dtype() {
        DType::F32 => plain::<f32, W>(archive, name, tensor),
        DType::F64 => plain::<f64, W>(archive, name, tensor),
        DType::I4 | DType::I8 => plain::<i8, W>(archive, name, tensor),
        DType::I16 => plain::<i16, W>(archive, name, tensor),
        DType::I32 => plain::<i32, W>(archive, name, tensor),
        DType::I64 => plain::<i64, W>(archive, name, tensor),
        DType::U8 => plain::<u8, W>(archive, name, tensor),
        DType::U16 => plain::<u16, W>(archive, name, tensor),
        DType::U32 | DType::Resource => plain::<u32, W>(archive, name, tensor),
        DType::U64 => plain::<u64, W>(archive, name, tensor),
        DType::Bool => {
            let values: Vec<bool> = tensor.as_slice::<u8>()?.iter().map(|&value| value != 0).collect();
            values_of(archive, name, tensor.shape(), &values)
        }
        DType::F16 => {
            let values: Vec<f32> = tensor.as_slice::<f16>()?.iter().map(|value| value.to_f32()).collect();
            values_of(archive, name, tensor.shape(), &values)
        }
        DType::BF16 => {
            let values = tensor.to_reals().context("its elements are no numbers")?;
            values_of(archive, name, tensor.shape(), &values)
        }
        DType::String => strings(archive, name, tensor),
    }
}

fn plain<T: Element + AutoSerialize, W: Write + Seek>(
    archive: &mut NpzWriter<W>,
    name: &str,
    tensor: &Tensor,
) -> Result<()> {
    values_of(archive, name, tensor.shape(), tensor.as_slice::<T>()?)
}

fn values_of<T: AutoSerialize + Copy, W: Write + Seek>(
    archive: &mut NpzWriter<W>,
    name: &str,
    shape: &[usize],
    values: &[T],
) -> Result<()> {
    let shape: Vec<u64> = shape.iter().map(|&extent| extent as u64).collect();
    let mut array = archive.array::<T>(name, Default::default())?.default_dtype().shape(&shape).begin_nd()?;
    array.extend(values.iter().copied())?;
    array.finish()?;
    Ok(())
}

/// Strings of one length, the shorter ones filled with zeros, as NumPy keeps them.
fn strings<W: Write + Seek>(archive: &mut NpzWriter<W>, name: &str, tensor: &Tensor) -> Result<()> {
    let strings = unpacked_strings(tensor.as_bytes()).context("its strings are damaged")?;
    let longest = strings.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let shape: Vec<u64> = tensor.shape().iter().map(|&extent| extent as u64).collect();
    let kind = NumpyType::Plain(format!("|S{longest}").parse()?);
    let builder = archive.array::<[u8]>(name, Default::default())?.dtype(kind).shape(&shape);
    let mut array = builder.begin_nd()?;
    for string in &strings {
        array.push(string.as_slice())?;
    }
    array.finish()?;
    Ok(())
}

fn unpacked_strings(packed: &[u8]) -> Option<Vec<Vec<u8>>> {
    let word = |index: usize| -> Option<usize> {
        let bytes = packed.get(4 * index..4 * index + 4)?;
        usize::try_from(i32::from_le_bytes(bytes.try_into().ok()?)).ok()
    };
    let count = word(0)?;
    (0..count).map(|index| Some(packed.get(word(1 + index)?..word(2 + index)?)?.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn there_and_back(arrays: &[(String, Tensor)]) -> Vec<(String, Tensor)> {
        let mut bytes = Cursor::new(Vec::new());
        write(&mut bytes, arrays).expect("memory takes it");
        let path =
            std::env::temp_dir().join(format!("matte-npz-{}-{}.npz", std::process::id(), arrays.len()));
        std::fs::write(&path, bytes.into_inner()).expect("a temporary file");
        let read = read(&path, |_| true).expect("what was written is read");
        std::fs::remove_file(&path).expect("cleared away");
        read
    }

    #[test]
    fn every_element_type_comes_back_as_it_went() {
        let ty = |dtype| TensorType::new(dtype, [2, 3]);
        let values = [0, 1, 2, 100, 5, 6];
        let mut arrays: Vec<(String, Tensor)> = [
            DType::F32,
            DType::F64,
            DType::I8,
            DType::I16,
            DType::I32,
            DType::I64,
            DType::U8,
            DType::U16,
            DType::U32,
            DType::U64,
            DType::Bool,
        ]
        .into_iter()
        .map(|dtype| (dtype.to_string(), Tensor::from_integers(ty(dtype), &values).expect("fits")))
        .collect();
        let scalar = Tensor::from_slice([], &[1.5f32]).expect("a scalar");
        arrays.push(("scalar".into(), scalar));
        let strings = packed_strings(vec![2], 4, b"ab\0\0wxyz").expect("two strings");
        arrays.push(("strings".into(), strings));
        assert_eq!(there_and_back(&arrays), arrays);
    }

    #[test]
    fn columns_become_rows() {
        // [[1, 2, 3], [4, 5, 6]] stored by columns.
        assert_eq!(row_major(&[2, 3], 1, &[1, 4, 2, 5, 3, 6]), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn damaged_arrays_are_refused() {
        let mut bytes = Cursor::new(Vec::new());
        let array = Tensor::from_slice([4], &[1.0f32, 2.0, 3.0, 4.0]).expect("a list");
        write(&mut bytes, &[("in0".into(), array)]).expect("memory takes it");
        let whole = bytes.into_inner();
        let path = std::env::temp_dir().join(format!("matte-npz-damaged-{}.npz", std::process::id()));
        for end in (0..whole.len()).step_by(7) {
            std::fs::write(&path, &whole[..end]).expect("a temporary file");
            assert!(read(&path, |_| true).is_err(), "cut at {end}");
        }
        std::fs::remove_file(&path).expect("cleared away");
        assert!(tensor_from_npy(&b"\x93NUMPY"[..]).is_err());
    }
}
