use super::DetectionPostProcess;
use crate::ops::case::{Case, random, values};
use crate::tensor::TensorType;

/// Both forms, with and without a background class, few and many boxes.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (boxes, code, classes, background, per_box) in
        [(1, 4, 1, 0, 1), (7, 4, 3, 1, 1), (33, 6, 5, 1, 2), (64, 4, 2, 0, 3), (19, 4, 1, 1, 1)]
    {
        for regular in [false, true] {
            let op = DetectionPostProcess {
                max_detections: 10,
                max_classes_per_detection: per_box,
                detections_per_class: 4,
                regular,
                score_threshold: 0.3,
                overlap_threshold: 0.4,
                classes,
                scales: [10.0, 10.0, 5.0, 5.0],
            };
            let inputs = vec![
                values(random(&[1, boxes, code], -3.0, 3.0)),
                values(random(&[1, boxes, classes + background], 0.0, 1.0)),
                values(random(&[boxes, 4], 0.1, 1.0)),
            ];
            let name =
                format!("{boxes} boxes of {classes} classes, background {background}, regular {regular}");
            cases.push(Case::new(name, op, inputs).outputs(vec![TensorType::f32([]); 4]));
        }
    }
    cases
}
