//! From what was found to what is drawn.

use super::boxes::{Face, Thing};
use super::pose::{BONES, Body};
use super::{Contour, Sight};
use crate::pipeline::{Color, Mark};

/// Joints that are less sure are not drawn.
const SURE_JOINT: f32 = 0.3;

const LEFT: Color = [0.31, 0.78, 0.98, 1.0];
const RIGHT: Color = [0.98, 0.66, 0.30, 1.0];
const MIDDLE: Color = [0.96, 0.96, 0.98, 1.0];
const FACE: Color = [0.38, 0.90, 0.72, 1.0];
const POINT: Color = [0.62, 0.95, 0.86, 0.85];
const FILL: Color = [0.24, 0.62, 0.52, 0.92];

/// Colors of things, by their class.
const CLASSES: [Color; 6] = [
    [0.38, 0.90, 0.72, 1.0],
    [0.98, 0.66, 0.30, 1.0],
    [0.31, 0.78, 0.98, 1.0],
    [0.94, 0.45, 0.55, 1.0],
    [0.74, 0.60, 0.98, 1.0],
    [0.95, 0.88, 0.40, 1.0],
];

/// The loops and lines of a face's points that are drawn: outline, eyes, brows, lips, nose.
const LINES: [&[usize]; 8] = [
    &[
        10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148,
        176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10,
    ],
    &[33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33],
    &[263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263],
    &[70, 63, 105, 66, 107],
    &[300, 293, 334, 296, 336],
    &[61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61],
    &[78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78],
    &[168, 6, 197, 195, 5, 4, 1],
];

/// The marks of a sight.
pub fn marks(sight: &Sight) -> Vec<Mark> {
    match sight {
        Sight::Labels(labels) => {
            labels.iter().enumerate().map(|(line, (name, score))| listed(line, name, *score)).collect()
        }
        Sight::Bodies(bodies) => bodies.iter().flat_map(skeleton).collect(),
        Sight::Things(things) => things.iter().flat_map(|(name, thing)| boxed(name, thing)).collect(),
        Sight::Faces(faces) => faces.iter().flat_map(face).collect(),
        Sight::Contour(contour) => contour.iter().flat_map(outline).collect(),
    }
}

fn listed(line: usize, name: &str, score: f32) -> Mark {
    let text = format!("{name}  {:.0} %", 100.0 * score);
    Mark::Listed { line, text, part: score, color: FILL }
}

fn skeleton(body: &Body) -> Vec<Mark> {
    let sure = |joint: usize| body.joints[joint].1 >= SURE_JOINT;
    let bones = BONES.iter().filter(|&&(a, b)| sure(a) && sure(b)).map(|&(a, b)| {
        // Odd joints are the body's left ones, even ones its right.
        let color = match (a % 2, b % 2) {
            (1, 1) => LEFT,
            (0, 0) if a > 0 => RIGHT,
            _ => MIDDLE,
        };
        Mark::Line { from: body.joints[a].0, to: body.joints[b].0, width: 3.0, color }
    });
    let dots = (0..17).filter(|&joint| sure(joint)).map(|joint| {
        let color = if joint == 0 {
            MIDDLE
        } else if joint % 2 == 1 {
            LEFT
        } else {
            RIGHT
        };
        Mark::Dot { at: body.joints[joint].0, width: 6.0, color }
    });
    bones.chain(dots).collect()
}

fn boxed(name: &str, thing: &Thing) -> Vec<Mark> {
    let color = CLASSES[thing.class % CLASSES.len()];
    let mut all = frame(thing.corners, color);
    let text = format!("{name} {:.0} %", 100.0 * thing.score);
    all.push(Mark::Label { at: [thing.corners[0], thing.corners[1]], text, color });
    all
}

fn face(face: &Face) -> Vec<Mark> {
    let mut all = frame(face.corners, FACE);
    all.extend(face.points.map(|at| Mark::Dot { at, width: 5.0, color: POINT }));
    let text = format!("{:.0} %", 100.0 * face.score);
    all.push(Mark::Label { at: [face.corners[0], face.corners[1]], text, color: FACE });
    all
}

fn frame([left, top, right, bottom]: [f32; 4], color: Color) -> Vec<Mark> {
    let corners = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]];
    let side = |ends: &[[f32; 2]]| Mark::Line { from: ends[0], to: ends[1], width: 2.5, color };
    corners.windows(2).map(side).collect()
}

fn outline(contour: &Contour) -> Vec<Mark> {
    let point = |at: &[f32; 2]| Mark::Dot { at: *at, width: 1.6, color: POINT };
    let lines = LINES.iter().flat_map(|path| path.windows(2)).filter_map(|ends| {
        let (from, to) = (*contour.points.get(ends[0])?, *contour.points.get(ends[1])?);
        Some(Mark::Line { from, to, width: 1.5, color: FACE })
    });
    let refined = contour.refined.iter().map(|at| Mark::Dot { at: *at, width: 2.0, color: RIGHT });
    contour.points.iter().map(point).chain(lines).chain(refined).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsure_joints_are_not_drawn() {
        let mut joints = [([5.0; 2], 0.1); 17];
        assert_eq!(skeleton(&Body { joints, score: 0.1 }), []);
        (joints[5].1, joints[7].1) = (0.9, 0.9);
        assert_eq!(skeleton(&Body { joints, score: 0.1 }).len(), 3, "a bone and its two ends");
    }

    #[test]
    fn every_line_of_a_face_has_its_points() {
        let contour = Contour { score: 1.0, points: vec![[0.0; 2]; 468], refined: vec![] };
        let lines: usize = LINES.iter().map(|path| path.len() - 1).sum();
        assert_eq!(outline(&contour).len(), 468 + lines);
    }
}
