//! TFLite_Detection_PostProcess: a detector's raw boxes and scores → the boxes found.
//!
//! Inputs: box encodings `[1, n, ≥ 4]` (y, x, h, w), scores `[1, n, classes]` or with a background class in front, anchors
//! `[n, 4]` (y, x, h, w), each f32 or quantized. Outputs, f32: boxes `[1, most, 4]` (least y, x, greatest y, x), classes
//! and scores `[1, most]`, the count `[1]`; the rest is zero.
//!
//! A box is decoded by its anchor a (Ren et al., "Faster R-CNN", 2015, arXiv 1506.01497): center `y/s_y·a_h + a_y`, half
//! height `½·exp(h/s_h)·a_h`, and the same for x and w. Of boxes that overlap by more than the threshold the best is
//! kept. *Fast*: each box counts with its best class and is given with its best ones. *Regular*: each class for itself.
//! Of equal scores the lesser box is best.

/// The family's cases.
pub mod cases;
mod reference;

use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::schema::flexbuffer::{self, Value};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::Choice;

/// The options of the post-processing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectionPostProcess {
    /// Boxes given at most.
    pub max_detections: usize,
    /// Classes given for a box at most, in the fast form.
    pub max_classes_per_detection: usize,
    /// Boxes of a class at most, in the regular form.
    pub detections_per_class: usize,
    /// Whether each class is treated for itself.
    pub regular: bool,
    /// The least score of a box.
    pub score_threshold: f32,
    /// The overlap (intersection over union) up to which two boxes are both kept.
    pub overlap_threshold: f32,
    /// The number of classes, the background not counted.
    pub classes: usize,
    /// The scales of y, x, h and w.
    pub scales: [f32; 4],
}

/// The options in the FlexBuffer of a custom operator.
pub fn decode(source: &Source) -> Verdict<Option<DetectionPostProcess>> {
    if source.name != "TFLite_Detection_PostProcess" {
        return Ok(None);
    }
    let options = flexbuffer::read(source.custom_options)?;
    let missing = |field: &str| Refusal::new(format!("its option {field} is missing or no number"));
    let count = |field: &str, default: Option<usize>| match (options.get(field), default) {
        (None | Some(Value::Null), Some(default)) => Ok(default),
        (value, _) => {
            let value = value.and_then(Value::as_int).ok_or_else(|| missing(field))?;
            let fits = usize::try_from(value).ok().filter(|count| (1..=1 << 20).contains(count));
            fits.ok_or_else(|| Refusal::new(format!("its option {field} is {value}")))
        }
    };
    let real = |field: &str| {
        let value = options.get(field).and_then(Value::as_float).map(|value| value as f32);
        value.filter(|value| value.is_finite()).ok_or_else(|| missing(field))
    };
    let scales = [real("y_scale")?, real("x_scale")?, real("h_scale")?, real("w_scale")?];
    let overlap_threshold = real("nms_iou_threshold")?;
    if !(overlap_threshold > 0.0 && overlap_threshold <= 1.0) || scales.contains(&0.0) {
        return Err(Refusal::new(format!("its overlap is {overlap_threshold}, its scales are {scales:?}")));
    }
    Ok(Some(DetectionPostProcess {
        max_detections: count("max_detections", None)?,
        max_classes_per_detection: count("max_classes_per_detection", None)?,
        detections_per_class: count("detections_per_class", Some(100))?,
        regular: options.get("use_regular_nms").and_then(Value::as_bool).unwrap_or(false),
        score_threshold: real("nms_score_threshold")?,
        overlap_threshold,
        classes: count("num_classes", None)?,
        scales,
    }))
}

impl Operator for DetectionPostProcess {
    fn name(&self) -> &'static str {
        "TFLite_Detection_PostProcess"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        for index in 0..3 {
            let ty = operands.input(index)?.ty;
            if ty.dtype != DType::F32 && ty.quantization.is_none() {
                return Err(Refusal::new(format!("its input {index} is {ty}, it takes f32 and quantized")));
            }
        }
        let shapes = (operands.shape(0)?, operands.shape(1)?, operands.shape(2)?);
        if let (Some(boxes), Some(scores), Some(anchors)) = shapes {
            let fits = match (boxes, scores, anchors) {
                (&[1, n, code], &[1, scored, classes], &[anchored, 4]) => {
                    code >= 4
                        && n == scored
                        && n == anchored
                        && (classes == self.classes || classes == self.classes + 1)
                }
                _ => false,
            };
            if !fits {
                let classes = self.classes;
                return Err(Refusal::new(format!(
                    "its boxes {boxes:?}, scores {scores:?} of {classes} classes and anchors {anchors:?} do not fit"
                )));
            }
        }
        if operands.outputs.len() != 4 || operands.outputs.iter().any(|ty| ty.dtype != DType::F32) {
            return Err(Refusal::new("it should have four outputs of f32"));
        }
        let most = self.max_detections * self.max_classes_per_detection;
        Ok(vec![Some(vec![1, most, 4]), Some(vec![1, most]), Some(vec![1, most]), Some(vec![1])])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        reference::run(self, inputs, outputs)
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("it picks boxes one after the other"))
    }
}
