//! Inputs to calibrate and compare a model with: pictures, the frames of a clip, or arrays.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use matte_engine::Model;
use matte_engine::tensor::{DType, Tensor, TensorType};

use super::arguments::ConvertArguments;
use super::{engine, run};
use crate::camera::{self, Scene, load_picture, y4m};
use crate::catalogue;
use crate::pipeline::Rect;
use crate::pipeline::frame::{Frame, PixelFormat};
use crate::segment::input_values;

/// The most samples that are taken of a folder or clip.
const MOST: usize = 64;

/// The samples taken where none are given.
const FEW: u64 = 4;

/// The samples that the arguments name for a model; frames of the bundled clip, or noise for a model that takes no
/// picture, where they name none. `quantized` is the model as it came, whose input may say what black and white are.
pub fn samples(arguments: &ConvertArguments, model: &Model, quantized: &Model) -> Result<Vec<Vec<Tensor>>> {
    let inputs = model.inputs();
    let shape = picture_shape(&inputs);
    let range = arguments.range.unwrap_or_else(|| known_range(arguments, quantized));
    let picture = |frame: &Frame| picture(frame, inputs[0], shape.unwrap_or_default(), range);
    let Some(path) = &arguments.calibrate else {
        return match shape {
            Some(_) => {
                let scene = Scene::load()?;
                let frames = (0..FEW).map(|index| scene.frame(index * camera::PERIOD / FEW));
                frames.map(|frame| Ok(vec![picture(&frame?)?])).collect()
            }
            None => Ok(vec![inputs.into_iter().map(engine::sample).collect::<Result<_>>()?]),
        };
    };
    let takes_pictures = || {
        let shapes: Vec<_> = inputs.iter().map(ToString::to_string).collect();
        ensure!(
            shape.is_some(),
            "the model takes {}, no picture: calibrate it with .npz files",
            shapes.join(", ")
        );
        Ok(())
    };
    if !path.is_dir() {
        ensure!(extension(path) == "y4m", "the calibration clip {} is not called .y4m", path.display());
        takes_pictures()?;
        return frames(path)?.iter().map(|frame| Ok(vec![picture(frame)?])).collect();
    }
    let files = files_in(path)?;
    ensure!(!files.is_empty(), "the calibration folder {} is empty", path.display());
    let sample = |file: &PathBuf| -> Result<Vec<Tensor>> {
        match extension(file).as_str() {
            "npz" => {
                let arrays = run::inputs_from(model, file)?;
                check(&arrays, &inputs)
                    .with_context(|| format!("the calibration file {}", file.display()))?;
                Ok(arrays)
            }
            "png" | "jpg" | "jpeg" => {
                takes_pictures()?;
                let pixels = load_picture(file)?;
                let (width, height) = pixels.dimensions();
                Ok(vec![picture(&Frame::new(PixelFormat::Rgba, width, height, pixels.into_raw())?)?])
            }
            _ => bail!("the calibration file {} is no .png, .jpg or .npz file", file.display()),
        }
    };
    evenly(&files).map(sample).collect()
}

/// At most [`MOST`] of the things, from first to last.
fn evenly<T>(things: &[T]) -> impl Iterator<Item = &T> {
    let taken = things.len().min(MOST);
    (0..taken).map(move |index| &things[index * things.len() / taken])
}

/// The files of a folder by name, but for hidden ones.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut files = read().with_context(|| format!("the calibration folder {}", folder.display()))?;
    let hidden =
        |file: &PathBuf| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    files.retain(|file| file.is_file() && !hidden(file));
    files.sort();
    Ok(files)
}

fn extension(path: &Path) -> String {
    path.extension().map_or_else(String::new, |extension| extension.to_string_lossy().to_lowercase())
}

fn frames(path: &Path) -> Result<Vec<Frame>> {
    let read = || -> Result<Vec<Frame>> {
        let mut reader = y4m::Reader::new(BufReader::new(File::open(path)?))?;
        let mut frames = Vec::new();
        while let Some(frame) = reader.next_frame()?.filter(|_| frames.len() < MOST) {
            frames.push(frame);
        }
        ensure!(!frames.is_empty(), "it has no frame");
        Ok(frames)
    };
    read().with_context(|| format!("the calibration clip {} cannot be read", path.display()))
}

/// How a picture lies in the model's only input: height, width, channels, and whether channels come first.
#[derive(Clone, Copy, Default)]
struct PictureShape {
    height: usize,
    width: usize,
    channels: usize,
    planes: bool,
}

fn picture_shape(inputs: &[&TensorType]) -> Option<PictureShape> {
    let [input] = inputs else { return None };
    match input.shape[..] {
        [1, height, width, channels @ (1 | 3 | 4)] if height > 1 && width > 1 => {
            Some(PictureShape { height, width, channels, planes: false })
        }
        [1, channels @ (1 | 3), height, width] if height > 1 && width > 1 => {
            Some(PictureShape { height, width, channels, planes: true })
        }
        _ => None,
    }
}

/// The values of black and white: by the card of a bundled model, by the steps of a quantized input, or 0 and 1.
fn known_range(arguments: &ConvertArguments, quantized: &Model) -> (f32, f32) {
    let stem = arguments.input.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    if let Some(Ok(card)) = stem.and_then(|stem| catalogue::entry_of(&stem).ok()).map(catalogue::Entry::card)
    {
        return (card.input.low, card.input.high);
    }
    let input = quantized.inputs().first().copied().cloned();
    let steps = input.as_ref().and_then(|ty| Some((ty.quantization.as_ref()?, ty.dtype.integer_range()?)));
    steps.map_or((0.0, 1.0), |(quantization, (least, most))| {
        let real = |integer: i64| quantization.scale[0] * (integer - quantization.zero_point[0]) as f32;
        (real(least), real(most))
    })
}

/// The picture, squeezed to the model's size, as its input.
fn picture(frame: &Frame, ty: &TensorType, shape: PictureShape, (low, high): (f32, f32)) -> Result<Tensor> {
    let size = frame.orientation.shown_size(frame.width(), frame.height());
    let rgb =
        input_values(frame, Rect::of_size(size), (shape.width as u32, shape.height as u32), [low, high]);
    let channel = |pixel: &[f32], channel: usize| match (shape.channels, channel) {
        (1, _) => 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2],
        (_, 0..3) => pixel[channel],
        // A fourth channel is the last frame's mask, of which there is none.
        _ => low,
    };
    let values: Vec<f32> = match shape.planes {
        false => {
            rgb.chunks(3).flat_map(|pixel| (0..shape.channels).map(move |c| channel(pixel, c))).collect()
        }
        true => (0..shape.channels).flat_map(|c| rgb.chunks(3).map(move |pixel| channel(pixel, c))).collect(),
    };
    ensure!(ty.dtype != DType::String, "the model takes strings");
    Ok(Tensor::from_reals(ty.clone(), &values)?)
}

fn check(arrays: &[Tensor], inputs: &[&TensorType]) -> Result<()> {
    for (index, (array, input)) in arrays.iter().zip(inputs).enumerate() {
        let fits = array.dtype() == input.dtype && array.shape() == input.shape;
        ensure!(fits, "its array {index} is {}, the model takes {input}", array.ty());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_spread_over_all_there_are() {
        let many: Vec<usize> = (0..1000).collect();
        let taken: Vec<usize> = evenly(&many).copied().collect();
        assert_eq!((taken.len(), taken[0], taken[63]), (MOST, 0, 984));
        assert_eq!(evenly(&many[..3]).count(), 3);
    }

    #[test]
    fn planes_and_pixels_hold_the_same_picture() {
        let frame = Frame::new(PixelFormat::Rgb, 2, 2, (0..12).map(|v| v * 20).collect()).expect("it fits");
        let values = |shape: [usize; 4]| {
            let ty = TensorType::f32(shape);
            let shape = picture_shape(&[&ty]).expect("a picture");
            picture(&frame, &ty, shape, (0.0, 255.0)).expect("it fits").to_reals().expect("numbers")
        };
        let (pixels, planes) = (values([1, 2, 2, 3]), values([1, 3, 2, 2]));
        for channel in 0..3 {
            for pixel in 0..4 {
                assert_eq!(pixels[pixel * 3 + channel], planes[channel * 4 + pixel]);
            }
        }
        assert!((values([1, 2, 2, 4])[3]).abs() < 1e-6);
    }
}
