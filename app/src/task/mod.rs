//! What models of different kinds find in a picture.
//!
//! A [`Reading`] says how a model is understood. Masks and charts stay where the network ran; boxes, joints, points and
//! scores are few numbers, and the processor makes a [`Sight`] of them, in pixels of the shown picture. [`marks`] turns
//! that into lines and words for the pipeline to draw.

pub mod boxes;
mod contour;
pub mod labels;
mod marks;
pub mod pose;
mod reading;

use boxes::{Face, Thing};
use pose::{Body, Maps};

pub use contour::{Contour, face_crop, next_crop};
pub use marks::marks;
pub use reading::{CONTOUR_POINTS, PictureInput, Reading, Task};

use crate::pipeline::Rect;

/// A result of outputs that have the lengths that their reading needs; none if they have not.
type Found<T> = Option<T>;

/// What was found in a picture, in pixels of the picture as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// The likeliest classes, the likeliest first, with their probabilities.
    Labels(Vec<(String, f32)>),
    /// Bodies, the surest first.
    Bodies(Vec<Body>),
    /// Things with their classes' names.
    Things(Vec<(String, Thing)>),
    /// Faces, the surest first.
    Faces(Vec<Face>),
    /// The points of a face; none where there is no face.
    Contour(Option<Contour>),
}

/// Classes that are named.
const NAMED: usize = 5;

/// An output's numbers, `[1, h, w, c]` row by row, and its shape.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    /// The numbers.
    pub values: &'a [f32],
    /// The shape in the model.
    pub shape: &'a [usize],
}

/// Makes sense of the outputs that [`Task::read`] lists, in its order. `input` is what the network took, of the part
/// `crop` of the picture. Outputs of other lengths than the task's give nothing.
pub fn sight(task: &Task, outputs: &[Output<'_>], input: &PictureInput, crop: Rect) -> Option<Sight> {
    let values = |index: usize| outputs.get(index).map(|output| output.values);
    let placed = |[x, y]: [f32; 2]| [crop.x + x * crop.width, crop.y + y * crop.height];
    let corners = |[left, top, right, bottom]: [f32; 4]| {
        let ([left, top], [right, bottom]) = (placed([left, top]), placed([right, bottom]));
        [left, top, right, bottom]
    };
    let (width, height) = (input.size.0 as f32, input.size.1 as f32);
    Some(match task {
        Task::Matte | Task::Classes { .. } | Task::Depth | Task::Heat => return None,
        Task::Labels { labels, logits } => Sight::Labels(likeliest(values(0)?, labels, *logits)),
        Task::Objects { labels } => {
            let count = *values(3)?.first()?;
            let things = boxes::things(values(0)?, values(1)?, values(2)?, count)?;
            let named = |mut thing: Thing| {
                thing.corners = corners(thing.corners);
                (name_of(labels, thing.class), thing)
            };
            Sight::Things(things.into_iter().map(named).collect())
        }
        Task::Faces { anchors, .. } => {
            let mut faces = boxes::faces(values(0)?, values(1)?, anchors, input.size.0)?;
            for face in &mut faces {
                face.corners = corners(face.corners);
                face.points = face.points.map(placed);
            }
            Sight::Faces(faces)
        }
        Task::Pose { displacements, .. } => {
            let [_, rows, columns, _] = outputs.first()?.shape[..] else { return None };
            let stride = |length: f32, cells: usize| (length - 1.0) / (cells.max(2) - 1) as f32;
            let maps = Maps {
                grid: (rows, columns),
                stride: [stride(width, columns), stride(height, rows)],
                heat: values(0)?,
                offsets: values(1)?,
                displacements: displacements.and_then(|_| Some((values(2)?, values(3)?))),
            };
            let mut bodies = pose::bodies(&maps)?;
            // A joint's place counts from the middle of the input's first pixel.
            let unit = |[x, y]: [f32; 2]| [(x + 0.5) / width, (y + 0.5) / height];
            for body in &mut bodies {
                body.joints.iter_mut().for_each(|joint| joint.0 = placed(unit(joint.0)));
            }
            Sight::Bodies(bodies)
        }
        Task::Contour { presence, .. } => {
            let after = 1 + usize::from(presence.is_some());
            let logit = presence.and_then(|_| values(1)?.first().copied());
            let refined: Vec<&[f32]> = outputs.iter().skip(after).map(|output| output.values).collect();
            let unit = |[x, y]: [f32; 2]| placed([x / width, y / height]);
            Sight::Contour(contour::contour(values(0)?, logit, &refined, unit)?)
        }
    })
}

fn likeliest(values: &[f32], labels: &[String], logits: bool) -> Vec<(String, f32)> {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |value: f32| if logits { (value - largest).exp() } else { value };
    let sum: f32 = if logits { values.iter().map(|&value| weight(value)).sum() } else { 1.0 };
    let mut ranked: Vec<(usize, f32)> = values.iter().map(|&value| weight(value) / sum).enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.truncate(NAMED);
    ranked.into_iter().map(|(index, score)| (name_of(labels, index), score)).collect()
}

fn name_of(labels: &[String], class: usize) -> String {
    let known = labels.get(class).filter(|label| !label.is_empty() && *label != "???");
    known.cloned().unwrap_or_else(|| format!("class {class}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_become_probabilities_and_unknown_classes_numbers() {
        let labels = vec!["one".to_owned(), "???".to_owned()];
        let found = likeliest(&[0.0, 2.0, 1.0], &labels, true);
        assert_eq!(found[0].0, "class 1");
        assert!((found.iter().map(|(_, score)| score).sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(likeliest(&[0.9, 0.1], &labels, false)[0], ("one".to_owned(), 0.9));
    }

    #[test]
    fn outputs_of_other_lengths_are_no_sight() {
        let input = PictureInput {
            index: 0,
            size: (8, 8),
            channels: 3,
            planar: false,
            range: [0.0, 1.0],
            fit: crate::pipeline::Fit::Stretch,
        };
        let crop = Rect::of_size((8, 8));
        let task = Task::Contour { points: 0, presence: None, refined: vec![] };
        let output = Output { values: &[0.0; 7], shape: &[1, 7] };
        assert_eq!(sight(&task, &[output], &input, crop), None);
        assert_eq!(sight(&task, &[], &input, crop), None);
    }
}
