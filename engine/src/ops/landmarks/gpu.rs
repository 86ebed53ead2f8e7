use super::{Crop, Landmarks};
use crate::ops::chain::{carried, nhwc};
use crate::ops::{Operands, Refusal, Verdict};
use crate::wgsl::{Choice, Constant, Kernel};

pub fn choices(op: &Landmarks, operands: &Operands) -> Verdict<Vec<Choice>> {
    let input = operands.input(0)?.ty;
    if !carried(input) {
        return Err(Refusal::new(format!("its GPU kernel takes f32 of rank 4 and less, not {input}")));
    }
    let last = input.shape.last().copied().unwrap_or(0);
    match op {
        Landmarks::Matrix(_) => match input.shape[..] {
            [1, _, 3] => {
                Ok([[64, 1, 1], [32, 1, 1], [128, 1, 1]].map(|w| Choice::new("crop_matrix", w)).to_vec())
            }
            _ => Err(Refusal::new(format!("its GPU kernel takes one list of landmarks, not {input}"))),
        },
        Landmarks::MatrixVersion1(_) => Err(Refusal::new("its version 1 has no GPU kernel")),
        Landmarks::Bilinear { .. } => {
            rows(operands)?;
            Ok([[8, 8, 1], [8, 4, 2], [16, 4, 1], [4, 4, 4]]
                .map(|w| Choice::new("crop_bilinear", w))
                .to_vec())
        }
        Landmarks::Transform { .. }
            if op.dimensions(last) != last || nhwc(&input.shape).is_none_or(|s| s[0] != 1) =>
        {
            Err(Refusal::new(format!("its GPU kernel takes one landmark in the last dimension, not {input}")))
        }
        Landmarks::Transform { .. } => {
            rows(operands)?;
            Ok([[64, 1, 1], [32, 1, 1]].map(|w| Choice::new("move_points", w)).to_vec())
        }
    }
}

/// Refuses a matrix that has not a row in each texel.
fn rows(operands: &Operands) -> Verdict<()> {
    let matrix = operands.input(1)?.ty;
    match carried(matrix) && matrix.shape.ends_with(&[4, 4]) {
        true => Ok(()),
        false => Err(Refusal::new(format!("its GPU kernel takes a matrix [1, 4, 4], not {matrix}"))),
    }
}

pub fn kernel(op: &Landmarks, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let output = nhwc(&operands.outputs[0].shape).ok_or_else(|| Refusal::new("its rank is over 4"))?;
    let [_, h, w, c] = output;
    let kernel = Kernel {
        choice: choice.clone(),
        source: "",
        defines: vec![],
        params: vec![],
        inputs: vec![("src", 0), ("matrix", 1)],
        outputs: vec!["dst"],
        constants: vec![],
        grid: [1, 1, 1],
        macs: 0,
    };
    match op {
        Landmarks::Matrix(crop) => Ok(crop_matrix(crop, kernel)),
        Landmarks::MatrixVersion1(_) => Err(Refusal::new("its version 1 has no GPU kernel")),
        Landmarks::Bilinear { half_pixel_centers, .. } => Ok(Kernel {
            source: include_str!("bilinear.wgsl"),
            params: vec![("half", if *half_pixel_centers { 0.5f32 } else { 0.0 }.into())],
            grid: choice.grid([w, h, c.div_ceil(4)]),
            ..kernel
        }),
        Landmarks::Transform { scale, .. } => Ok(Kernel {
            source: include_str!("points.wgsl"),
            params: vec![("scale", (*scale).into())],
            grid: choice.grid([h * w, 1, 1]),
            ..kernel
        }),
    }
}

fn crop_matrix(crop: &Crop, kernel: Kernel) -> Kernel {
    let last = crop.subset.last().copied().unwrap_or(crop.left);
    let padded = crop.subset.len().next_multiple_of(4);
    let subset = crop.subset.iter().copied().chain(std::iter::repeat(last)).take(padded);
    let [rows, columns] = crop.size.map(|extent| extent as f32);
    Kernel {
        source: include_str!("matrix.wgsl"),
        defines: vec![("LANES", kernel.choice.workgroup[0].into())],
        params: vec![
            ("left", crop.left.into()),
            ("right", crop.right.into()),
            ("subset_texels", (padded / 4).into()),
            ("target_rotation", crop.target_rotation.into()),
            ("scale_x", (crop.scale[1] / columns).into()),
            ("scale_y", (crop.scale[0] / rows).into()),
            ("half_w", (columns / 2.0).into()),
            ("half_h", (rows / 2.0).into()),
        ],
        inputs: vec![("src", 0)],
        constants: vec![Constant { name: "subset", values: subset.map(|index| index as f32).collect() }],
        ..kernel
    }
}
