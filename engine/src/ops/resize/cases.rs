use super::{Interpolation, Resize};
use crate::ops::case::{Case, given, integers, random_integers, values};
use crate::tensor::{DType, Quantization, TensorType};

/// Both interpolations under every attribute: larger, smaller, by whole and by odd factors, one pixel.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let table: [([usize; 4], [i32; 2]); 9] = [
        ([1, 4, 5, 8], [8, 10]),
        ([1, 7, 9, 3], [14, 27]),
        ([1, 5, 7, 6], [9, 11]),
        ([2, 9, 7, 5], [4, 3]),
        ([1, 8, 8, 4], [4, 4]),
        ([1, 1, 1, 7], [5, 3]),
        ([1, 6, 5, 1], [1, 1]),
        ([3, 5, 5, 2], [5, 5]),
        ([1, 3, 33, 4], [2, 65]),
    ];
    let attributes = [(false, false), (true, false), (false, true)];
    for interpolation in [Interpolation::Bilinear, Interpolation::Nearest] {
        for (align_corners, half_pixel_centers) in attributes {
            let op = Resize { interpolation, align_corners, half_pixel_centers };
            let kind = match (align_corners, half_pixel_centers) {
                (true, _) => "_aligned",
                (_, true) => "_half",
                _ => "",
            };
            for (input, size) in table {
                let name = format!("{interpolation:?}{kind}_{input:?}_{size:?}");
                cases.push(Case::new(name, op, vec![given(&input), integers(&size)]).tolerance(4e-6));
            }
            for dtype in [DType::I8, DType::U8, DType::I16, DType::I32] {
                if interpolation == Interpolation::Bilinear && dtype == DType::I32 {
                    continue;
                }
                let ty = TensorType {
                    quantization: (dtype != DType::I32).then(|| Quantization::per_tensor(0.05, 1)),
                    ..TensorType::new(dtype, [1, 5, 4, 3])
                };
                let inputs = vec![values(random_integers(ty.clone(), 0, 120)), integers(&[7, 9])];
                let case = Case::new(format!("{interpolation:?}{kind}_{dtype}"), op, inputs);
                cases.push(case.outputs(vec![ty.with_shape([])]));
            }
        }
    }
    cases
}
