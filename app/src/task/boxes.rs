//! Boxes: those that a network's own post-processing chose, and faces on anchors.

use super::Found;
use crate::catalogue::CardAnchors;

/// How sure a box must be to be shown.
const SURE: f32 = 0.5;
/// Faces whose boxes share more than this part of their union are one face.
const SAME: f32 = 0.3;

/// A thing in a box, in units of the network's input: left, top, right, bottom, each 0..1 within it.
#[derive(Clone, Debug, PartialEq)]
pub struct Thing {
    /// Its class.
    pub class: usize,
    /// How sure that is, 0..1.
    pub score: f32,
    /// Its corners.
    pub corners: [f32; 4],
}

/// The things of an SSD's post-processing: `boxes` as top, left, bottom, right, `classes`, `scores`, and how many of
/// them count.
pub fn things(boxes: &[f32], classes: &[f32], scores: &[f32], count: f32) -> Found<Vec<Thing>> {
    let count = (count.max(0.0) as usize).min(classes.len());
    if boxes.len() < 4 * count || scores.len() < count {
        return None;
    }
    let thing = |index: usize| {
        let [top, left, bottom, right] = [0, 1, 2, 3].map(|corner| boxes[4 * index + corner]);
        Thing {
            class: classes[index].max(0.0) as usize,
            score: scores[index],
            corners: [left, top, right, bottom],
        }
    };
    Some((0..count).map(thing).filter(|thing| thing.score >= SURE).collect())
}

/// A face in units of the network's input, 0..1.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// How sure it is one, 0..1.
    pub score: f32,
    /// Left, top, right, bottom.
    pub corners: [f32; 4],
    /// Right eye, left eye, nose, mouth, right ear, left ear.
    pub points: [[f32; 2]; 6],
}

/// The anchors' middles for an input of `side` pixels, in units of the input.
pub fn anchor_middles(grids: &[CardAnchors], side: u32) -> Vec<[f32; 2]> {
    let mut middles = Vec::new();
    for grid in grids {
        let cells = side.div_ceil(grid.stride.max(1));
        let unit = |cell: u32| (cell as f32 + 0.5) / cells as f32;
        for row in 0..cells {
            for column in 0..cells {
                middles.extend(std::iter::repeat_n([unit(column), unit(row)], grid.count as usize));
            }
        }
    }
    middles
}

/// The faces: each anchor has 16 numbers (a box and six points, in pixels of an input of `side`) and a logit. Boxes of
/// one face are averaged by their scores.
pub fn faces(boxes: &[f32], logits: &[f32], middles: &[[f32; 2]], side: u32) -> Found<Vec<Face>> {
    if boxes.len() != 16 * middles.len() || logits.len() != middles.len() {
        return None;
    }
    let mut found: Vec<Face> = logits
        .iter()
        .enumerate()
        .map(|(index, logit)| (index, 1.0 / (1.0 + (-logit).exp())))
        .filter(|(_, score)| *score >= SURE)
        .map(|(index, score)| face(&boxes[16 * index..16 * index + 16], middles[index], side as f32, score))
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    Some(merged(found))
}

fn face(numbers: &[f32], [x, y]: [f32; 2], side: f32, score: f32) -> Face {
    let middle = [x + numbers[0] / side, y + numbers[1] / side];
    let half = [0.5 * numbers[2] / side, 0.5 * numbers[3] / side];
    let points =
        std::array::from_fn(|point| [x + numbers[4 + 2 * point] / side, y + numbers[5 + 2 * point] / side]);
    let corners = [middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]];
    Face { score, corners, points }
}

/// One face of those that overlap, the surest first.
fn merged(mut rest: Vec<Face>) -> Vec<Face> {
    let mut faces = Vec::new();
    while !rest.is_empty() {
        let surest = rest[0].corners;
        let (same, others): (Vec<Face>, Vec<Face>) =
            rest.into_iter().partition(|face| overlap(&face.corners, &surest) > SAME);
        faces.extend(averaged(&same));
        rest = others;
    }
    faces
}

fn averaged(faces: &[Face]) -> Option<Face> {
    let mut mean = faces.first()?.clone();
    let sum: f32 = faces.iter().map(|face| face.score).sum();
    let over =
        |value: &dyn Fn(&Face) -> f32| faces.iter().map(|face| face.score * value(face)).sum::<f32>() / sum;
    mean.corners = std::array::from_fn(|corner| over(&|face| face.corners[corner]));
    mean.points = std::array::from_fn(|point| [0, 1].map(|axis| over(&|face| face.points[point][axis])));
    Some(mean)
}

/// The common part of two boxes over their union.
fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let area = |[left, top, right, bottom]: [f32; 4]| (right - left).max(0.0) * (bottom - top).max(0.0);
    let common = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    common / (area(*a) + area(*b) - common).max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_lie_at_the_cells_middles() {
        let grids = [CardAnchors { stride: 8, count: 2 }, CardAnchors { stride: 16, count: 6 }];
        let middles = anchor_middles(&grids, 128);
        assert_eq!(middles.len(), 896);
        assert_eq!((middles[0], middles[1], middles[2]), ([0.03125; 2], [0.03125; 2], [0.09375, 0.03125]));
        assert_eq!(middles[895], [0.9375; 2]);
    }

    #[test]
    fn overlapping_boxes_are_one_face() {
        let middles = [[0.25, 0.25], [0.26, 0.25], [0.75, 0.75]];
        let mut boxes = vec![0.0; 48];
        for anchor in 0..3 {
            (boxes[16 * anchor + 2], boxes[16 * anchor + 3]) = (20.0, 20.0);
        }
        let found = faces(&boxes, &[2.0, 2.0, 5.0], &middles, 100).expect("whole outputs");
        assert_eq!(found.len(), 2);
        assert!((found[0].corners[0] - 0.65).abs() < 1e-5 && (found[1].points[0][0] - 0.255).abs() < 1e-5);
        assert_eq!(faces(&boxes, &[0.0; 2], &middles, 100), None);
    }

    #[test]
    fn unsure_things_are_not_shown() {
        let boxes = [0.1, 0.2, 0.3, 0.4, 0.0, 0.0, 1.0, 1.0];
        let found = things(&boxes, &[16.0, 1.0], &[0.9, 0.3], 2.0).expect("whole outputs");
        assert_eq!(found, [Thing { class: 16, score: 0.9, corners: [0.2, 0.1, 0.4, 0.3] }]);
        assert_eq!(things(&boxes[..4], &[1.0, 1.0], &[1.0, 1.0], 2.0), None);
    }
}
