//! A model, what it means, and its inputs and outputs as plain tensors and planes.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use matte_engine::Model;
use matte_engine::tensor::Tensor;

use crate::catalogue::{Card, Entry, FACES_NEAR, Item, Place};
use crate::pipeline::{Fit, Frame, Rect, Rule};
use crate::segment::input_values;
use crate::task::{PictureInput, Reading, Task};

/// A model and the picture that it takes.
pub struct Network {
    /// The model.
    pub model: Model,
    /// What it does and why.
    pub reading: Reading,
    /// Width and height of its input in pixels.
    pub size: (u32, u32),
    /// Width and height of its mask; of one pixel where its outcome is none.
    pub mask_size: (u32, u32),
    /// The values of black and white.
    pub range: [f32; 2],
    /// How pictures of another aspect are brought to its own.
    pub fit: Fit,
    /// The network that finds what this one looks at: for a face's contour, the face.
    pub finder: Option<Box<Network>>,
}

impl Network {
    /// Reads a model that the program carries, and its card.
    pub fn bundled(entry: &Entry) -> Result<Self> {
        Self::read(entry.name, entry.bytes()?.into_owned(), None, Some(&entry.card()?))
    }

    /// Reads a model of the shelf.
    pub fn of_item(item: &Item) -> Result<Self> {
        let path = match &item.place {
            Place::File(path) => Some(path.as_path()),
            Place::Carried | Place::Away => None,
        };
        Self::read(&item.title, item.bytes()?, path, item.card.as_ref())
    }

    fn read(name: &str, bytes: Vec<u8>, path: Option<&Path>, card: Option<&Card>) -> Result<Self> {
        let model = Model::from_bytes(bytes.clone());
        let model = model.with_context(|| format!("the model {name} cannot be used"))?;
        let reading = Reading::of(&model, &bytes, path, card);
        Self::new(model, reading)
    }

    /// A model that takes one picture and gives one mask, `[1, h, w, 3]` to `[1, h, w, 1]`.
    pub fn of(model: Model, range: [f32; 2], fit: Fit) -> Result<Self> {
        let mut reading = Reading::of(&model, &[], None, None);
        let (inputs, outputs) = (model.inputs(), model.outputs());
        ensure!(
            inputs.len() == 1,
            "a model for masks takes one picture, this one takes {} inputs",
            inputs.len()
        );
        ensure!(
            matches!(inputs[0].shape[..], [1, _, _, 3]),
            "the model does not take a picture of three channels"
        );
        let mask = outputs.first().is_some_and(|ty| matches!(ty.shape[..], [1, _, _, 1]));
        ensure!(mask, "the model does not give a mask of one channel");
        (reading.task, reading.input.range, reading.input.fit) = (Task::Matte, range, fit);
        Self::new(model, reading)
    }

    fn new(model: Model, reading: Reading) -> Result<Self> {
        let PictureInput { size, range, fit, .. } = reading.input;
        let mask_size = match (&reading.task, model.outputs().first()) {
            (Task::Matte | Task::Classes { .. }, Some(ty)) => {
                let [height, width, _] = pixels_of(&ty.shape);
                (u32::try_from(width)?, u32::try_from(height)?)
            }
            _ => (1, 1),
        };
        let finder = match reading.task {
            Task::Contour { .. } => Some(Box::new(Self::bundled(&FACES_NEAR)?)),
            _ => None,
        };
        Ok(Self { model, size, mask_size, range, fit, finder, reading })
    }

    /// The model's inputs for the part `crop` of a frame, brightened by the power `gamma`: the picture in its place,
    /// zeros in the others.
    pub fn inputs(&self, frame: &Frame, crop: Rect, gamma: f32) -> Result<Vec<Tensor>> {
        let PictureInput { index, size, channels, planar, range, .. } = self.reading.input;
        let picture = || {
            let mut rgb = input_values(frame, crop, size, range);
            brighten(&mut rgb, range, gamma);
            arranged(&rgb, channels as usize, planar)
        };
        let types = self.model.inputs();
        let tensor = |(at, ty): (usize, &&matte_engine::tensor::TensorType)| {
            let ty = (*ty).clone();
            if at != index {
                return Ok(Tensor::zeros(ty));
            }
            let mut reals = picture();
            reals.resize(ty.elements(), range[0]);
            Tensor::from_reals(ty, &reals).context("the model's input cannot hold a picture")
        };
        types.iter().enumerate().map(tensor).collect()
    }

    /// The plane that its classes become.
    pub(super) fn classes(&self) -> Option<ChartOf> {
        let Task::Classes { keep, logits, .. } = &self.reading.task else { return None };
        let rule = if *logits { Rule::Softmax(keep.clone()) } else { Rule::Share(keep.clone()) };
        Some(ChartOf { output: 0, rule, shape: pixels_of(&self.model.outputs().first()?.shape) })
    }

    /// The planes that are shown of its outputs.
    pub(super) fn charts(&self) -> Vec<ChartOf> {
        let outputs = self.model.outputs();
        match self.reading.task {
            Task::Depth => outputs.first().map(|ty| chart(0, &ty.shape)).into_iter().collect(),
            Task::Heat => {
                outputs.iter().enumerate().take(MOST_CHARTS).map(|(at, ty)| chart(at, &ty.shape)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Outputs that are shown as colors.
const MOST_CHARTS: usize = 16;

/// An output that is shown as a plane of colors.
#[derive(Clone, Debug)]
pub(super) struct ChartOf {
    pub output: usize,
    pub rule: Rule,
    /// `[h, w, c]`.
    pub shape: [usize; 3],
}

impl ChartOf {
    /// Whether it is a map of the picture, rather than a list of numbers.
    pub fn is_map(&self) -> bool {
        self.rule == Rule::Mean
    }
}

fn chart(output: usize, shape: &[usize]) -> ChartOf {
    let shape = pixels_of(shape);
    let rule = if shape[0] > 1 && shape[1] > 1 { Rule::Mean } else { Rule::Numbers };
    ChartOf { output, rule, shape }
}

/// A shape as rows, columns and channels of one picture.
pub(super) fn pixels_of(shape: &[usize]) -> [usize; 3] {
    match *shape {
        [1, 1, h, w] if h > 1 && h == w => [h, w, 1],
        [h, w] if h > 1 && w > 1 => [h, w, 1],
        [.., h, w, c] => [h, w, c],
        [w, c] => [1, w, c],
        [c] => [1, 1, c],
        [] => [1, 1, 1],
    }
}

/// Raises values from black to white to a power, as `prepare.wgsl` does.
fn brighten(values: &mut [f32], [low, high]: [f32; 2], gamma: f32) {
    if gamma == 1.0 {
        return;
    }
    for value in values {
        let part = (*value - low) / (high - low);
        *value = low + part.max(0.0).powf(gamma) * (high - low);
    }
}

/// Red, green and blue pixel by pixel, as a network takes them: one gray channel or a fourth of zeros, and channel by
/// channel if `planar`.
fn arranged(rgb: &[f32], channels: usize, planar: bool) -> Vec<f32> {
    let pixels = rgb.chunks_exact(3);
    let count = pixels.len();
    let values: Vec<f32> = match channels {
        1 => pixels.map(|rgb| 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]).collect(),
        4 => pixels.flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 0.0]).collect(),
        _ => rgb.to_vec(),
    };
    if !planar {
        return values;
    }
    (0..channels)
        .flat_map(|channel| (0..count).map(move |pixel| (pixel, channel)))
        .map(|(pixel, channel)| values[pixel * channels + channel])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_arranged_as_the_network_takes_it() {
        let rgb = [0.0, 0.25, 0.5, 1.0, 0.75, 0.5];
        assert_eq!(arranged(&rgb, 3, true), [0.0, 1.0, 0.25, 0.75, 0.5, 0.5]);
        assert_eq!(arranged(&rgb, 4, false), [0.0, 0.25, 0.5, 0.0, 1.0, 0.75, 0.5, 0.0]);
        assert_eq!(arranged(&[1.0; 3], 1, false), [1.0]);
    }

    #[test]
    fn every_shape_has_rows_columns_and_channels() {
        assert_eq!(pixels_of(&[1, 1, 224, 224]), [224, 224, 1]);
        assert_eq!(pixels_of(&[1, 17, 17, 34]), [17, 17, 34]);
        assert_eq!(pixels_of(&[1, 1001]), [1, 1, 1001]);
        assert_eq!(pixels_of(&[]), [1, 1, 1]);
    }
}
