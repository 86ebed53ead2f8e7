//! NON_MAX_SUPPRESSION_V4 and _V5: of overlapping boxes the one with the best score.
//!
//! Inputs: boxes `[n, 4]` (two opposite corners y, x, y, x), scores `[n]`, then the scalars: how many at most, the
//! overlap and the score above which a box counts and, in V5, σ. Outputs: indices `[most]`, in V5 their scores `[most]`,
//! and a scalar, how many were found; the rest is zero.
//!
//! The candidates are those with a score above the threshold. The best one is dropped where it overlaps a chosen one by
//! the overlap threshold or more (intersection over union; 0 with an empty box), and otherwise its score is lowered by
//! `exp(−½·overlap²/σ)` for each one chosen since it was last looked at (Soft-NMS, Bodla et al., arXiv 1704.04503; nothing
//! where σ = 0). With its score untouched it is chosen. Chosen or lowered it is a candidate again: a box that does not
//! overlap itself, an empty one, is chosen until the output is full, as TFLite has it. Of equal scores the lesser index is
//! best.

/// The family's cases.
pub mod cases;

use super::top_k::falling;
use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::Choice;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// The suppression of overlapping boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NonMaxSuppression {
    /// Whether scores are lowered by overlap, and given.
    pub soft: bool,
}

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<NonMaxSuppression>> {
    Ok(match source.name {
        "NON_MAX_SUPPRESSION_V4" => Some(NonMaxSuppression { soft: false }),
        "NON_MAX_SUPPRESSION_V5" => Some(NonMaxSuppression { soft: true }),
        _ => None,
    })
}

impl Operator for NonMaxSuppression {
    fn name(&self) -> &'static str {
        if self.soft { "NON_MAX_SUPPRESSION_V5" } else { "NON_MAX_SUPPRESSION_V4" }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        for index in [0, 1, 3, 4].into_iter().chain(self.soft.then_some(5)) {
            operands.expect_dtype(index, &[DType::F32])?;
        }
        if let (Some(boxes), Some(scores)) = (operands.shape(0)?, operands.shape(1)?)
            && (boxes.len() != 2 || boxes[1] != 4 || scores.len() != 1 || scores[0] != boxes[0])
        {
            return Err(Refusal::new(format!("its boxes {boxes:?} do not fit its scores {scores:?}")));
        }
        for index in [2, 3, 4].into_iter().chain(self.soft.then_some(5)) {
            let scalar = operands.input(index)?;
            if !scalar.dynamic && scalar.ty.elements() != 1 {
                return Err(Refusal::new(format!(
                    "its input {index} should be one number, not {}",
                    scalar.ty
                )));
            }
        }
        let most = match operands.integers(2)? {
            None => None,
            Some(most) => {
                let most = usize::try_from(most[0]).ok().filter(|&most| most <= i32::MAX as usize);
                Some(vec![most.ok_or_else(|| Refusal::new("it should find at least no boxes"))?])
            }
        };
        Ok(match self.soft {
            false => vec![most, Some(vec![])],
            true => vec![most.clone(), most, Some(vec![])],
        })
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let missing = || Refusal::new("an input is missing");
        let real = |index: usize| -> Verdict<Vec<f32>> {
            inputs.get(index).copied().flatten().and_then(Tensor::to_reals).ok_or_else(missing)
        };
        let (boxes, scores, overlap, least) = (real(0)?, real(1)?, real(3)?[0], real(4)?[0]);
        let sigma = if self.soft { real(5)?[0] } else { 0.0 };
        let most = outputs[0].elements();
        let chosen = choose(&boxes, &scores, most, Thresholds { overlap, score: least, sigma });
        let count = chosen.len() as i64;
        let mut indices: Vec<i64> = chosen.iter().map(|c| c.index as i64).collect();
        indices.resize(most, 0);
        let mut results = vec![Tensor::from_integers(outputs[0].clone(), &indices)?];
        if self.soft {
            let mut scores: Vec<f32> = chosen.iter().map(|c| c.score).collect();
            scores.resize(most, 0.0);
            results.push(Tensor::from_reals(outputs[1].clone(), &scores)?);
        }
        let last = outputs.last().ok_or_else(missing)?;
        results.push(Tensor::from_integers(last.clone(), &[count])?);
        Ok(results)
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("it picks boxes one after the other"))
    }
}

struct Thresholds {
    overlap: f32,
    score: f32,
    sigma: f32,
}

/// A box that may be chosen, and how many of the chosen it has been compared with.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    index: usize,
    score: f32,
    compared: usize,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        falling(other.score, self.score).then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

fn choose(boxes: &[f32], scores: &[f32], most: usize, thresholds: Thresholds) -> Vec<Candidate> {
    let candidate = |(index, &score): (usize, &f32)| Candidate { index, score, compared: 0 };
    let mut queue: BinaryHeap<Candidate> =
        scores.iter().enumerate().filter(|(_, score)| **score > thresholds.score).map(candidate).collect();
    let most = most.min(queue.len());
    let mut chosen: Vec<Candidate> = Vec::with_capacity(most);
    while chosen.len() < most {
        let Some(mut next) = queue.pop() else { break };
        let score = next.score;
        let mut dropped = false;
        for other in chosen[next.compared.min(chosen.len())..].iter().rev() {
            let overlap = intersection_over_union(corners(boxes, next.index), corners(boxes, other.index));
            dropped = overlap >= thresholds.overlap;
            if dropped {
                break;
            }
            if thresholds.sigma > 0.0 {
                next.score *= (-0.5 / thresholds.sigma * overlap * overlap).exp();
            }
            if next.score <= thresholds.score {
                break;
            }
        }
        next.compared = chosen.len();
        if dropped {
            continue;
        }
        if next.score == score {
            chosen.push(next);
        }
        if next.score > thresholds.score {
            queue.push(next);
        }
    }
    chosen
}

/// A box's lesser and greater y and x.
fn corners(boxes: &[f32], index: usize) -> [f32; 4] {
    let [y, x, y2, x2] = [0, 1, 2, 3].map(|i| boxes[4 * index + i]);
    [y.min(y2), x.min(x2), y.max(y2), x.max(x2)]
}

/// The part of the area of two boxes (least y, x, greatest y, x) that they share; 0 where either is empty.
pub(super) fn intersection_over_union(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area = |[top, left, bottom, right]: [f32; 4]| (bottom - top) * (right - left);
    let (area_a, area_b) = (area(a), area(b));
    if area_a <= 0.0 || area_b <= 0.0 {
        return 0.0;
    }
    let height = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let width = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    height * width / (area_a + area_b - height * width)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three clusters of boxes along x with falling scores out of order.
    const BOXES: [[f32; 4]; 6] = [
        [0.0, 0.0, 1.0, 1.0],
        [0.0, 0.1, 1.0, 1.1],
        [1.0, 0.9, 0.0, -0.1],
        [0.0, 10.0, 1.0, 11.0],
        [1.0, 11.1, 0.0, 10.1],
        [0.0, 100.0, 1.0, 101.0],
    ];
    const SCORES: [f32; 6] = [0.9, 0.75, 0.6, 0.95, 0.5, 0.3];

    fn chosen(most: usize, thresholds: Thresholds) -> Vec<(usize, f32)> {
        let boxes = BOXES.as_flattened();
        choose(boxes, &SCORES, most, thresholds).into_iter().map(|c| (c.index, c.score)).collect()
    }

    #[test]
    fn the_best_of_each_cluster_is_chosen() {
        let thresholds = |score| Thresholds { overlap: 0.5, score, sigma: 0.0 };
        assert_eq!(chosen(6, thresholds(0.0)), [(3, 0.95), (0, 0.9), (5, 0.3)]);
        assert_eq!(chosen(2, thresholds(0.0)), [(3, 0.95), (0, 0.9)]);
        assert_eq!(chosen(6, thresholds(0.4)), [(3, 0.95), (0, 0.9)]);
        assert_eq!(chosen(6, thresholds(0.95)), []);
    }

    #[test]
    fn overlap_lowers_scores() {
        let found = chosen(6, Thresholds { overlap: 1.0, score: 0.0, sigma: 0.5 });
        let order: Vec<usize> = found.iter().map(|(index, _)| *index).collect();
        assert_eq!(order, [3, 0, 1, 5, 4, 2]);
        // Box 1 shares 0.9 of 1.1 with box 0.
        let lowered = 0.75 * (-(0.9f32 / 1.1).powi(2)).exp();
        assert!((found[2].1 - lowered).abs() < 1e-6, "{found:?}");
    }
}
