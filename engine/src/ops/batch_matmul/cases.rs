use super::BatchMatMul;
use crate::ops::case::{Case, given, weights};

/// Products of all four forms, odd extents, broadcast batches, constant operands.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let extents = [[1, 1, 1], [4, 8, 12], [5, 7, 3], [9, 2, 6], [3, 33, 17], [16, 5, 1]];
    for (adj_x, adj_y) in [(false, false), (false, true), (true, false), (true, true)] {
        let op = BatchMatMul { adj_x, adj_y };
        let x = |m: usize, k: usize| if adj_x { [k, m] } else { [m, k] };
        let y = |k: usize, n: usize| if adj_y { [n, k] } else { [k, n] };
        let form = format!("{}{}", if adj_x { "t" } else { "n" }, if adj_y { "t" } else { "n" });
        for [m, k, n] in extents {
            let (x, y) = (x(m, k), y(k, n));
            let batched = |matrix: [usize; 2]| [&[2, 3][..], &matrix].concat();
            let inputs = vec![given(&batched(x)), given(&batched(y))];
            cases.push(Case::new(format!("{form}_{m}x{k}x{n}"), op, inputs).tolerance(1e-5));
            cases.push(
                Case::new(format!("{form}_matrix_{m}x{k}x{n}"), op, vec![given(&x), weights(&y)])
                    .tolerance(1e-5),
            );
        }
        for (leading_x, leading_y) in [([2, 1], [1, 3]), ([1, 1], [4, 2]), ([2, 3], [2, 1])] {
            let inputs = vec![given(&[leading_x, x(6, 5)].concat()), given(&[leading_y, y(5, 7)].concat())];
            cases.push(Case::new(format!("{form}_{leading_x:?}x{leading_y:?}"), op, inputs).tolerance(1e-5));
        }
    }
    let op = BatchMatMul { adj_x: false, adj_y: false };
    cases.push(Case::new("rank5", op, vec![given(&[2, 1, 2, 3, 4]), given(&[3, 1, 4, 5])]).tolerance(1e-5));
    let alike = vec![given(&[2, 3, 2, 3, 4]), given(&[2, 3, 1, 4, 5])];
    cases.push(Case::new("rank5_alike", op, alike).tolerance(1e-5));
    cases.push(Case::new("ranks_differ", op, vec![given(&[2, 3, 4]), given(&[4, 5])]).tolerance(1e-5));
    cases
}
