//! The contour of a face: 468 points, in a part of the picture that another network or the last contour names.

use super::Found;
use super::boxes::Face;
use super::reading::CONTOUR_POINTS;
use crate::pipeline::Rect;

/// The side of the part that the network sees, over that of the face in it.
const MARGIN: f32 = 1.5;

/// A face's points in pixels of the shown picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// How sure this is a face, 0..1.
    pub score: f32,
    /// The points, always as many and in the same order.
    pub points: Vec<[f32; 2]>,
    /// Points of lips, eyes and irises that a second part of the network has placed with more care.
    pub refined: Vec<[f32; 2]>,
}

/// The contour of a network's numbers: points in three dimensions, whose third is not shown; a logit that says whether
/// it is a face; more points in two. `placed` brings pixels of the input into the picture. The inner result is none
/// where there is no face.
pub fn contour(
    numbers: &[f32],
    logit: Option<f32>,
    refined: &[&[f32]],
    placed: impl Fn([f32; 2]) -> [f32; 2],
) -> Found<Option<Contour>> {
    if numbers.len() != 3 * CONTOUR_POINTS {
        return None;
    }
    let score = logit.map_or(1.0, |logit| 1.0 / (1.0 + (-logit).exp()));
    if score < 0.5 {
        return Some(None);
    }
    let points = numbers.chunks_exact(3).map(|point| placed([point[0], point[1]])).collect();
    let pairs = refined.iter().flat_map(|numbers| numbers.chunks_exact(2));
    let refined = pairs.map(|point| placed([point[0], point[1]])).collect();
    Some(Some(Contour { score, points, refined }))
}

/// The part of the picture that the network should see of a face.
pub fn face_crop(face: &Face) -> Rect {
    let [left, top, right, bottom] = face.corners;
    square(left, top, right, bottom)
}

/// The part that it should see next, when the face moves little.
pub fn next_crop(contour: &Contour) -> Rect {
    let fold = |axis: usize, start: f32, choose: fn(f32, f32) -> f32| {
        contour.points.iter().map(|point| point[axis]).fold(start, choose)
    };
    square(
        fold(0, f32::INFINITY, f32::min),
        fold(1, f32::INFINITY, f32::min),
        fold(0, f32::NEG_INFINITY, f32::max),
        fold(1, f32::NEG_INFINITY, f32::max),
    )
}

fn square(left: f32, top: f32, right: f32, bottom: f32) -> Rect {
    let side = MARGIN * (right - left).max(bottom - top).max(1.0);
    Rect { x: (left + right - side) / 2.0, y: (top + bottom - side) / 2.0, width: side, height: side }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_seen_with_room_around_it() {
        let face = Face { score: 1.0, corners: [10.0, 20.0, 30.0, 60.0], points: [[0.0; 2]; 6] };
        assert_eq!(face_crop(&face), Rect { x: -10.0, y: 10.0, width: 60.0, height: 60.0 });
    }

    #[test]
    fn no_face_has_no_contour() {
        let numbers = vec![1.0; 3 * CONTOUR_POINTS];
        let same = |point| point;
        assert_eq!(contour(&numbers, Some(-3.0), &[], same), Some(None));
        let found = contour(&numbers, Some(3.0), &[&[2.0, 3.0]], same).flatten().expect("a face");
        assert_eq!((found.points.len(), found.refined), (CONTOUR_POINTS, vec![[2.0, 3.0]]));
        assert_eq!(contour(&numbers[3..], None, &[], same), None);
    }
}
