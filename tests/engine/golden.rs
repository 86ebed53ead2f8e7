//! What a model answers, from `.npz` files: `in0`, `in1`, … (or `input`) and `out0`, `out1`, ….

use matte_engine::tensor::{DType, Element, Tensor, TensorType};
use npyz::NpyFile;
use npyz::npz::NpzArchive;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Inputs and outputs in the model's order, in the element types of the file.
pub struct Golden {
    pub inputs: Vec<Tensor>,
    /// None where the file holds them as Python objects.
    pub outputs: Option<Vec<Tensor>>,
}

impl Golden {
    /// Reads the file, or says why it cannot be.
    pub fn open(path: &Path) -> Result<Self, String> {
        let mut archive =
            NpzArchive::new(BufReader::new(File::open(path).map_err(|error| error.to_string())?))
                .map_err(|error| error.to_string())?;
        let names: Vec<String> = archive.array_names().map(str::to_owned).collect();
        let mut list = |prefix: &str| -> Result<Vec<Tensor>, String> {
            let numbered =
                (0..).map(|index| format!("{prefix}{index}")).take_while(|name| names.contains(name));
            let named =
                (prefix == "in" && names.iter().any(|name| name == "input")).then(|| "input".to_string());
            let read = |name: String| {
                let array = archive.by_name(&name).map_err(|error| format!("{name}: {error}"))?;
                tensor(array.ok_or_else(|| format!("{name} is missing"))?)
                    .map_err(|error| format!("{name}: {error}"))
            };
            numbered.chain(named).map(read).collect()
        };
        Ok(Self { inputs: list("in")?, outputs: list("out").ok() })
    }
}

/// An array as a tensor of its element type.
pub fn tensor<R: Read>(array: NpyFile<R>) -> Result<Tensor, String> {
    let shape: Vec<usize> = array.shape().iter().map(|&extent| extent as usize).collect();
    let kind = array.dtype().descr();
    if kind.contains("|S") {
        return strings(array.into_vec::<Vec<u8>>().map_err(|error| error.to_string())?, shape);
    }
    match kind.trim_matches('\'').trim_start_matches(['<', '|']) {
        "f4" => elements::<f32, R>(array, shape),
        "i1" => elements::<i8, R>(array, shape),
        "u1" => elements::<u8, R>(array, shape),
        "i2" => elements::<i16, R>(array, shape),
        "i4" => elements::<i32, R>(array, shape),
        "i8" => elements::<i64, R>(array, shape),
        "b1" => {
            let truths = array.into_vec::<bool>().map_err(|error| error.to_string())?;
            let bytes: Vec<u8> = truths.into_iter().map(u8::from).collect();
            Tensor::from_elements(TensorType::new(DType::Bool, shape), &bytes)
                .map_err(|error| error.to_string())
        }
        other => Err(format!("its elements are {other}")),
    }
}

/// Strings as TFLite packs them: their number, where each begins and the last ends, their bytes.
fn strings(texts: Vec<Vec<u8>>, shape: Vec<usize>) -> Result<Tensor, String> {
    let texts: Vec<&[u8]> = texts
        .iter()
        .map(|text| &text[..text.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1)])
        .collect();
    let mut offset = 4 * (texts.len() + 2);
    let mut numbers = vec![texts.len()];
    for text in &texts {
        numbers.push(offset);
        offset += text.len();
    }
    numbers.push(offset);
    let mut bytes: Vec<u8> = numbers.iter().flat_map(|&number| (number as i32).to_le_bytes()).collect();
    texts.iter().for_each(|text| bytes.extend_from_slice(text));
    Tensor::from_bytes(TensorType::new(DType::String, shape), &bytes).map_err(|error| error.to_string())
}

fn elements<T: Element + npyz::Deserialize, R: Read>(
    array: NpyFile<R>,
    shape: Vec<usize>,
) -> Result<Tensor, String> {
    let elements = array.into_vec::<T>().map_err(|error| error.to_string())?;
    Tensor::from_slice(shape, &elements).map_err(|error| error.to_string())
}
