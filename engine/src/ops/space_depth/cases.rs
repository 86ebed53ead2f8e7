use super::SpaceDepth;
use crate::ops::case::{Case, Given, constant, given, integers, random_integers, values};
use crate::tensor::{DType, Quantization, Tensor, TensorType};

fn pairs(list: &[[i32; 2]]) -> Option<Given> {
    constant(Tensor::from_slice([list.len(), 2], list.as_flattened()).expect("two for each axis"))
}

/// Square and oblong blocks, with edges, in whole and broken slices of channels.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, block) in
        [([1, 6, 4, 4], 2), ([1, 4, 6, 3], 2), ([2, 9, 3, 5], 3), ([1, 3, 5, 7], 1), ([3, 2, 2, 1], 2)]
    {
        let op = SpaceDepth::SpaceToDepth(block);
        cases.push(Case::new(format!("to_depth_{shape:?}_{block}"), op, vec![given(&shape)]));
    }
    for (shape, block) in
        [([1, 3, 5, 16], 2), ([1, 5, 3, 12], 2), ([2, 3, 1, 45], 3), ([1, 3, 5, 7], 1), ([3, 5, 7, 4], 2)]
    {
        let op = SpaceDepth::DepthToSpace(block);
        cases.push(Case::new(format!("to_space_{shape:?}_{block}"), op, vec![given(&shape)]));
    }
    type Row = (&'static [usize], &'static [i32], &'static [[i32; 2]]);
    let to_batch: [Row; 7] = [
        (&[1, 4, 6, 8], &[2, 2], &[[0, 0], [0, 0]]),
        (&[2, 5, 3, 3], &[2, 3], &[[1, 2], [2, 1]]),
        (&[1, 7, 5, 6], &[4, 1], &[[0, 1], [0, 0]]),
        (&[3, 1, 1, 5], &[3, 2], &[[1, 1], [0, 1]]),
        (&[2, 4, 3, 5], &[2], &[[0, 0]]),
        (&[2, 5, 3], &[3], &[[1, 0]]),
        (&[1, 2, 3, 4, 5], &[2, 3, 2], &[[0, 0], [1, 2], [0, 0]]),
    ];
    for (shape, blocks, edges) in to_batch {
        let inputs = vec![given(shape), integers(blocks), pairs(edges)];
        cases.push(Case::new(
            format!("to_batch_{shape:?}_{blocks:?}_{edges:?}"),
            SpaceDepth::SpaceToBatch,
            inputs,
        ));
    }
    let to_space: [Row; 7] = [
        (&[4, 3, 2, 8], &[2, 2], &[[0, 0], [0, 0]]),
        (&[12, 3, 4, 3], &[2, 3], &[[1, 2], [0, 4]]),
        (&[4, 5, 3, 6], &[4, 1], &[[3, 0], [0, 0]]),
        (&[6, 1, 1, 5], &[3, 2], &[[1, 1], [0, 1]]),
        (&[6, 4, 3, 5], &[2], &[[1, 0]]),
        (&[6, 5, 3], &[3], &[[1, 0]]),
        (&[24, 2, 3, 4, 5], &[2, 3, 2], &[[0, 0], [1, 2], [0, 3]]),
    ];
    for (shape, blocks, edges) in to_space {
        let inputs = vec![given(shape), integers(blocks), pairs(edges)];
        cases.push(Case::new(
            format!("from_batch_{shape:?}_{blocks:?}_{edges:?}"),
            SpaceDepth::BatchToSpace,
            inputs,
        ));
    }
    let ty = TensorType {
        quantization: Some(Quantization::per_tensor(0.5, 9)),
        ..TensorType::new(DType::I8, [1, 3, 5, 3])
    };
    let inputs =
        vec![values(random_integers(ty.clone(), -128, 127)), integers(&[2, 2]), pairs(&[[1, 0], [0, 1]])];
    cases.push(Case::new("int8", SpaceDepth::SpaceToBatch, inputs).outputs(vec![ty]));
    cases
}
