//! Bodies from PoseNet's maps, several at once: from each sure joint along the limbs to all others.
//!
//! The decoding is that of Papandreou and others, “PersonLab” (2018): local maxima of the joints' heat maps are
//! starting points, the surest first, unless they lie near the same joint of a body that is known. From a joint the
//! displacement map points to the next one along a limb, and the offset map there corrects the place.

use super::Found;

/// The joints, in the order of the maps.
pub const JOINTS: [&str; 17] = [
    "nose",
    "left eye",
    "right eye",
    "left ear",
    "right ear",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
];

/// The limbs along which the displacement maps lead, from the nose outward.
const LIMBS: [(usize, usize); 16] = [
    (0, 1),
    (1, 3),
    (0, 2),
    (2, 4),
    (0, 5),
    (5, 7),
    (7, 9),
    (5, 11),
    (11, 13),
    (13, 15),
    (0, 6),
    (6, 8),
    (8, 10),
    (6, 12),
    (12, 14),
    (14, 16),
];

/// The lines that are drawn of a skeleton.
pub const BONES: [(usize, usize); 16] = [
    (0, 1),
    (0, 2),
    (1, 3),
    (2, 4),
    (5, 6),
    (5, 7),
    (7, 9),
    (6, 8),
    (8, 10),
    (5, 11),
    (6, 12),
    (11, 12),
    (11, 13),
    (13, 15),
    (12, 14),
    (14, 16),
];

/// Bodies at most.
const MOST: usize = 8;
/// How sure a joint must be to begin a body.
const START: f32 = 0.5;
/// How sure the joints of a body must be on average.
const BODY: f32 = 0.2;
/// Joints of one kind nearer than so many pixels of the input are of one body.
const NEAR: f32 = 20.0;

/// A body: for each joint its place in pixels of the network's input, and how sure it is, 0..1.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The joints in the order of [`JOINTS`].
    pub joints: [([f32; 2], f32); 17],
    /// The mean of the joints that no surer body has.
    pub score: f32,
}

/// The maps, each `[rows, columns, channels]`. Offsets and displacements hold all y before all x.
#[derive(Clone, Copy)]
pub struct Maps<'a> {
    /// Rows and columns.
    pub grid: (usize, usize),
    /// Pixels of the input from one cell to the next, downward and to the right.
    pub stride: [f32; 2],
    /// Logits, 17 channels.
    pub heat: &'a [f32],
    /// From the cell to the joint, 34 channels.
    pub offsets: &'a [f32],
    /// From a joint outward to the next, and inward, 32 channels each; without them there is one body.
    pub displacements: Option<(&'a [f32], &'a [f32])>,
}

impl Maps<'_> {
    fn score(&self, cell: (usize, usize), joint: usize) -> f32 {
        let logit = self.heat[(cell.0 * self.grid.1 + cell.1) * 17 + joint];
        1.0 / (1.0 + (-logit).exp())
    }

    fn pair(&self, map: &[f32], cell: (usize, usize), half: usize, index: usize) -> [f32; 2] {
        let at = (cell.0 * self.grid.1 + cell.1) * 2 * half + index;
        [map[at + half], map[at]]
    }

    /// Where the joint is that a cell is sure of.
    fn place(&self, cell: (usize, usize), joint: usize) -> [f32; 2] {
        let [x, y] = self.pair(self.offsets, cell, 17, joint);
        [cell.1 as f32 * self.stride[0] + x, cell.0 as f32 * self.stride[1] + y]
    }

    fn cell(&self, [x, y]: [f32; 2]) -> (usize, usize) {
        let index =
            |at: f32, stride: f32, count: usize| ((at / stride).round().max(0.0) as usize).min(count - 1);
        (index(y, self.stride[1], self.grid.0), index(x, self.stride[0], self.grid.1))
    }

    fn is_summit(&self, (row, column): (usize, usize), joint: usize) -> bool {
        let score = self.score((row, column), joint);
        let rows = row.saturating_sub(1)..(row + 2).min(self.grid.0);
        let mut around =
            rows.flat_map(|y| (column.saturating_sub(1)..(column + 2).min(self.grid.1)).map(move |x| (y, x)));
        around.all(|cell| self.score(cell, joint) <= score)
    }

    /// Along a limb from a joint to the next.
    fn follow(&self, from: [f32; 2], map: &[f32], limb: usize, to: usize) -> ([f32; 2], f32) {
        let [x, y] = self.pair(map, self.cell(from), 16, limb);
        let cell = self.cell([from[0] + x, from[1] + y]);
        (self.place(cell, to), self.score(cell, to))
    }
}

/// The bodies, the surest first.
pub fn bodies(maps: &Maps<'_>) -> Found<Vec<Body>> {
    let cells = maps.grid.0 * maps.grid.1;
    let whole = cells > 0 && maps.heat.len() == cells * 17 && maps.offsets.len() == cells * 34;
    let led =
        maps.displacements.is_none_or(|(out, back)| out.len() == cells * 32 && back.len() == cells * 32);
    if !(whole && led) {
        return None;
    }
    let Some((outward, inward)) = maps.displacements else {
        return Some(vec![single(maps)].into_iter().filter(|body| body.score >= BODY).collect());
    };
    let mut starts = Vec::new();
    for row in 0..maps.grid.0 {
        for column in 0..maps.grid.1 {
            for joint in 0..17 {
                let score = maps.score((row, column), joint);
                if score >= START && maps.is_summit((row, column), joint) {
                    starts.push((score, (row, column), joint));
                }
            }
        }
    }
    starts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut found: Vec<Body> = Vec::new();
    for (score, cell, joint) in starts {
        let place = maps.place(cell, joint);
        if found.len() == MOST || found.iter().any(|body| is_near(body.joints[joint].0, place)) {
            continue;
        }
        let joints = grown(maps, (outward, inward), joint, (place, score));
        let new = |(index, joint): (usize, &([f32; 2], f32))| {
            let known = found.iter().any(|body| is_near(body.joints[index].0, joint.0));
            if known { 0.0 } else { joint.1 }
        };
        let score = joints.iter().enumerate().map(new).sum::<f32>() / 17.0;
        if score >= BODY {
            found.push(Body { joints, score });
        }
    }
    Some(found)
}

/// The body of one joint: inward along the limbs to the nose, then outward.
fn grown(
    maps: &Maps<'_>,
    (outward, inward): (&[f32], &[f32]),
    joint: usize,
    known: ([f32; 2], f32),
) -> [([f32; 2], f32); 17] {
    let mut joints = [None; 17];
    joints[joint] = Some(known);
    for (limb, &(inner, outer)) in LIMBS.iter().enumerate().rev() {
        if let (None, Some((from, _))) = (joints[inner], joints[outer]) {
            joints[inner] = Some(maps.follow(from, inward, limb, inner));
        }
    }
    for (limb, &(inner, outer)) in LIMBS.iter().enumerate() {
        if let (Some((from, _)), None) = (joints[inner], joints[outer]) {
            joints[outer] = Some(maps.follow(from, outward, limb, outer));
        }
    }
    joints.map(|joint| joint.unwrap_or(([0.0; 2], 0.0)))
}

/// The surest place of every joint, whoever's it is.
fn single(maps: &Maps<'_>) -> Body {
    let joints = std::array::from_fn(|joint| {
        let cells = (0..maps.grid.0 * maps.grid.1).map(|index| (index / maps.grid.1, index % maps.grid.1));
        let best =
            cells.max_by(|a, b| maps.score(*a, joint).total_cmp(&maps.score(*b, joint))).unwrap_or((0, 0));
        (maps.place(best, joint), maps.score(best, joint))
    });
    let score = joints.iter().map(|joint: &([f32; 2], f32)| joint.1).sum::<f32>() / 17.0;
    Body { joints, score }
}

fn is_near([ax, ay]: [f32; 2], [bx, by]: [f32; 2]) -> bool {
    (ax - bx).hypot(ay - by) < NEAR
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Maps of 9×9 cells where joint j of each body lies at its nose's cell, j / 4 cells down.
    fn drawn(noses: &[usize]) -> (Vec<f32>, Vec<f32>, Vec<f32>, Vec<f32>) {
        let mut heat = vec![-9.0; 81 * 17];
        let (mut outward, mut inward) = (vec![0.0; 81 * 32], vec![0.0; 81 * 32]);
        for &column in noses {
            for joint in 0..17 {
                heat[(joint / 4 * 9 + column) * 17 + joint] = 4.0;
            }
            for (limb, (inner, outer)) in LIMBS.iter().enumerate() {
                let rows = 16.0 * ((outer / 4) as f32 - (inner / 4) as f32);
                outward[(inner / 4 * 9 + column) * 32 + limb] = rows;
                inward[(outer / 4 * 9 + column) * 32 + limb] = -rows;
            }
        }
        (heat, vec![0.0; 81 * 34], outward, inward)
    }

    fn maps<'a>((heat, offsets, outward, inward): &'a (Vec<f32>, Vec<f32>, Vec<f32>, Vec<f32>)) -> Maps<'a> {
        Maps { grid: (9, 9), stride: [16.0; 2], heat, offsets, displacements: Some((outward, inward)) }
    }

    #[test]
    fn two_bodies_are_told_apart() {
        let drawn = drawn(&[1, 6]);
        let mut found = bodies(&maps(&drawn)).expect("whole maps");
        found.sort_by(|a, b| a.joints[0].0[0].total_cmp(&b.joints[0].0[0]));
        assert_eq!(found.len(), 2);
        for (body, column) in found.iter().zip([1.0, 6.0]) {
            for (joint, (place, score)) in body.joints.iter().enumerate() {
                assert_eq!(*place, [16.0 * column, 16.0 * (joint / 4) as f32], "{}", JOINTS[joint]);
                assert!(*score > 0.9);
            }
        }
    }

    #[test]
    fn nobody_is_nobody_and_torn_maps_are_nothing() {
        let empty = drawn(&[]);
        assert_eq!(bodies(&maps(&empty)), Some(vec![]));
        let torn = Maps { heat: &empty.0[1..], ..maps(&empty) };
        assert_eq!(bodies(&torn), None);
    }
}
