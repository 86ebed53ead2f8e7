use super::{Crop, CropVersion1, Landmarks};
use crate::ops::case::{Case, given, random, values};
use crate::tensor::Tensor;

/// Both versions of each operator, odd sizes, crops that leave the picture. Matrices are exact in halves, so that the
/// picture's edge is the same in every precision.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let points = |count: usize| values(random(&[1, count, 3], 2.0, 60.0));
    for (left, right, size) in [(0, 1, [16, 16]), (2, 4, [7, 5]), (4, 0, [1, 3])] {
        let crop =
            Crop { left, right, subset: vec![0, 1, 2, 3, 4], target_rotation: 0.1, scale: [1.5, 1.25], size };
        let case = Case::new(format!("matrix {size:?}"), Landmarks::Matrix(crop), vec![points(5)]);
        cases.push(case.tolerance(1e-5));
    }
    let crop = CropVersion1 {
        left: 1,
        right: 3,
        subset: vec![0, 2, 4, 6],
        multiplier: 1.5,
        range: 64.0,
        input_size: [48, 40],
        size: [16, 12],
    };
    let input = vec![values(random(&[1, 1, 1, 21], 2.0, 60.0))];
    cases.push(Case::new("matrix version 1", Landmarks::MatrixVersion1(crop), input).tolerance(1e-5));
    let matrix = |a: f32, b: f32, x: f32, y: f32| {
        let rows = [a, -b, 0.0, x, b, a, 0.0, y, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        values(Tensor::from_slice([1, 4, 4], &rows).expect("sixteen numbers"))
    };
    for (shape, size, a, b) in [
        ([1, 9, 7, 3], [5, 5], 0.75, 0.375),
        ([1, 16, 16, 8], [16, 16], 1.0, 0.0),
        ([1, 5, 6, 5], [3, 9], 0.5, -0.25),
        ([1, 1, 1, 4], [2, 2], 0.125, 0.0),
        ([1, 48, 48, 32], [16, 16], 1.25, 0.25),
    ] {
        for half_pixel_centers in [false, true] {
            let op = Landmarks::Bilinear { size, half_pixel_centers };
            let name = format!("crop {shape:?} to {size:?} half pixels {half_pixel_centers}");
            cases.push(Case::new(name, op, vec![given(&shape), matrix(a, b, 1.25, 0.625)]).tolerance(1e-5));
        }
    }
    for (shape, dimensions, scale) in [
        (&[1, 80, 2][..], None, 1.0),
        (&[1, 71, 3], None, 1.0),
        (&[1, 5, 2], None, 1.0),
        (&[1, 1, 1, 30], Some(3), 0.5),
        (&[1, 2, 3, 14], Some(2), 2.0),
    ] {
        let op = Landmarks::Transform { dimensions, scale };
        cases.push(Case::new(
            format!("landmarks {shape:?}"),
            op,
            vec![given(shape), matrix(0.75, 0.375, 3.0, -2.0)],
        ));
    }
    cases
}
