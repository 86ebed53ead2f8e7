use super::DetectionPostProcess;
use crate::ops::non_max_suppression::intersection_over_union;
use crate::ops::top_k::falling;
use crate::ops::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType};

/// A box of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Detection {
    at: usize,
    class: usize,
    score: f32,
}

pub fn run(
    op: &DetectionPostProcess,
    inputs: &[Option<&Tensor>],
    outputs: &[TensorType],
) -> Verdict<Vec<Tensor>> {
    let [Some(encodings), Some(scores), Some(anchors)] = inputs[..] else {
        return Err(Refusal::new("it needs three inputs"));
    };
    let classes = scores.shape()[2];
    let reals = |tensor: &Tensor| tensor.to_reals().ok_or_else(|| Refusal::new("its inputs are no numbers"));
    let boxes = decode_boxes(op, &reals(encodings)?, encodings.shape()[2], &reals(anchors)?);
    if boxes.iter().any(|b| b[0] > b[2] || b[1] > b[3]) {
        return Err(Refusal::new("a box ends before it begins"));
    }
    let scores = Scores { values: reals(scores)?, stride: classes, first: classes - op.classes };
    let (found, count) = if op.regular { regular(op, &boxes, &scores) } else { fast(op, &boxes, &scores) };
    let most = outputs[1].elements();
    let (mut found_boxes, mut found_classes, mut found_scores) =
        (vec![0.0; 4 * most], vec![0.0; most], vec![0.0; most]);
    for (slot, detection) in found {
        found_boxes[4 * slot..][..4].copy_from_slice(&boxes[detection.at]);
        found_classes[slot] = detection.class as f32;
        found_scores[slot] = detection.score;
    }
    let results = [found_boxes, found_classes, found_scores, vec![count as f32]];
    outputs.iter().zip(results).map(|(ty, reals)| Ok(Tensor::from_reals(ty.clone(), &reals)?)).collect()
}

/// The scores of all boxes, `stride` a box, the first class at `first`.
struct Scores {
    values: Vec<f32>,
    stride: usize,
    first: usize,
}

impl Scores {
    fn of(&self, at: usize) -> &[f32] {
        &self.values[at * self.stride + self.first..(at + 1) * self.stride]
    }
}

/// Each box as least y, x, greatest y, x.
fn decode_boxes(op: &DetectionPostProcess, encodings: &[f32], code: usize, anchors: &[f32]) -> Vec<[f32; 4]> {
    let decode = |(encoding, anchor): (&[f32], &[f32])| {
        let scaled = |i: usize| f64::from(encoding[i]) / f64::from(op.scales[i]);
        let center = |i: usize| (scaled(i) * f64::from(anchor[i + 2]) + f64::from(anchor[i])) as f32;
        let half = |i: usize| (0.5 * scaled(i).exp() * f64::from(anchor[i])) as f32;
        let (y, x, half_h, half_w) = (center(0), center(1), half(2), half(3));
        [y - half_h, x - half_w, y + half_h, x + half_w]
    };
    encodings.chunks_exact(code).zip(anchors.chunks_exact(4)).map(decode).collect()
}

/// The indices of at most `most` boxes, best first, none of which overlaps a better one too much.
fn suppress(op: &DetectionPostProcess, boxes: &[[f32; 4]], scores: &[f32], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).filter(|&at| scores[at] >= op.score_threshold).collect();
    order.sort_by(|&a, &b| falling(scores[a], scores[b]));
    let mut kept: Vec<usize> = Vec::new();
    for at in order {
        if kept.len() == most {
            break;
        }
        let overlaps =
            |&other: &usize| intersection_over_union(boxes[other], boxes[at]) > op.overlap_threshold;
        if !kept.iter().any(overlaps) {
            kept.push(at);
        }
    }
    kept
}

/// Every box counts with its best class; the result's slots are grouped by box.
fn fast(op: &DetectionPostProcess, boxes: &[[f32; 4]], scores: &Scores) -> (Vec<(usize, Detection)>, usize) {
    let per_box = op.max_classes_per_detection.min(op.classes);
    let best_classes = |at: usize| {
        let scores = scores.of(at);
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| falling(scores[a], scores[b]));
        order.truncate(per_box);
        order
    };
    let best: Vec<f32> = (0..boxes.len())
        .map(|at| scores.of(at).iter().copied().min_by(|a, b| falling(*a, *b)).unwrap_or(f32::NEG_INFINITY))
        .collect();
    let kept = suppress(op, boxes, &best, op.max_detections);
    let mut found = Vec::new();
    for (group, &at) in kept.iter().enumerate() {
        for (place, class) in best_classes(at).into_iter().enumerate() {
            let detection = Detection { at, class, score: scores.of(at)[class] };
            found.push((group * op.max_classes_per_detection + place, detection));
        }
    }
    (found, kept.len())
}

/// Every class for itself; the best of all classes are kept.
fn regular(
    op: &DetectionPostProcess,
    boxes: &[[f32; 4]],
    scores: &Scores,
) -> (Vec<(usize, Detection)>, usize) {
    let mut found: Vec<Detection> = Vec::new();
    for class in 0..op.classes {
        let of_class: Vec<f32> = (0..boxes.len()).map(|at| scores.of(at)[class]).collect();
        let kept = suppress(op, boxes, &of_class, op.detections_per_class);
        found.extend(kept.into_iter().map(|at| Detection { at, class, score: of_class[at] }));
        found.sort_by(|a, b| falling(a.score, b.score));
        found.truncate(op.max_detections);
    }
    let count = found.len();
    (found.into_iter().enumerate().collect(), count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: DetectionPostProcess = DetectionPostProcess {
        max_detections: 3,
        max_classes_per_detection: 1,
        detections_per_class: 100,
        regular: false,
        score_threshold: 0.0,
        overlap_threshold: 0.5,
        classes: 2,
        scales: [10.0, 10.0, 5.0, 5.0],
    };

    /// Six unit boxes at x = .5 (three of them shifted a little), 10.5 (two) and 100.5, with scores of two classes and
    /// a background.
    fn run_with(op: &DetectionPostProcess) -> Vec<Vec<f32>> {
        let shifts = [0.0, 1.0, -1.0, 0.0, 1.0, 0.0];
        let encodings: Vec<f32> = shifts.iter().flat_map(|&shift| [0.0, shift, 0.0, 0.0]).collect();
        let anchors: Vec<f32> =
            [0.5, 0.5, 0.5, 10.5, 10.5, 100.5].iter().flat_map(|&x| [0.5, x, 1.0, 1.0]).collect();
        let scores =
            [0.0, 0.9, 0.8, 0.0, 0.75, 0.72, 0.0, 0.6, 0.5, 0.0, 0.93, 0.95, 0.0, 0.5, 0.4, 0.0, 0.3, 0.2f32];
        let tensors = [
            Tensor::from_slice([1, 6, 4], &encodings).expect("six codes"),
            Tensor::from_slice([1, 6, 3], &scores).expect("six scores"),
            Tensor::from_slice([6, 4], &anchors).expect("six anchors"),
        ];
        let most = op.max_detections * op.max_classes_per_detection;
        let types = [vec![1, most, 4], vec![1, most], vec![1, most], vec![1]].map(TensorType::f32);
        let inputs: Vec<Option<&Tensor>> = tensors.iter().map(Some).collect();
        let results = run(op, &inputs, &types).expect("the operands fit");
        results.iter().map(|tensor| tensor.to_reals().expect("reals")).collect()
    }

    #[test]
    fn each_box_counts_with_its_best_class() {
        let found = run_with(&OPTIONS);
        assert_eq!(found[0], [0.0, 10.0, 1.0, 11.0, 0.0, 0.0, 1.0, 1.0, 0.0, 100.0, 1.0, 101.0]);
        assert_eq!(found[1], [1.0, 0.0, 0.0]);
        assert_eq!(found[2], [0.95, 0.9, 0.3]);
        assert_eq!(found[3], [3.0]);
    }

    #[test]
    fn a_box_is_given_with_its_best_classes() {
        let found =
            run_with(&DetectionPostProcess { max_detections: 2, max_classes_per_detection: 3, ..OPTIONS });
        assert_eq!(found[1], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(found[2], [0.95, 0.93, 0.0, 0.9, 0.8, 0.0]);
        assert_eq!(found[3], [2.0]);
    }

    #[test]
    fn each_class_counts_for_itself() {
        let found = run_with(&DetectionPostProcess { regular: true, ..OPTIONS });
        assert_eq!(found[0][..8], [0.0, 10.0, 1.0, 11.0, 0.0, 10.0, 1.0, 11.0]);
        assert_eq!(found[1], [1.0, 0.0, 0.0]);
        assert_eq!(found[2], [0.95, 0.93, 0.9]);
        let found = run_with(&DetectionPostProcess { regular: true, detections_per_class: 1, ..OPTIONS });
        assert_eq!(found[3], [2.0]);
        assert_eq!(found[2], [0.95, 0.93, 0.0]);
    }
}
