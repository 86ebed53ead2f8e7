use super::LocalResponseNormalization;
use crate::ops::case::{Case, given};

/// Radii from none to all channels, of several ranks.
pub fn cases() -> Vec<Case> {
    let norm = |radius, bias, alpha, beta| LocalResponseNormalization { radius, bias, alpha, beta };
    let table: [(&[usize], LocalResponseNormalization); 8] = [
        (&[1, 3, 4, 16], norm(5, 1.0, 1.0, 0.5)),
        (&[1, 5, 3, 7], norm(2, 1.0, 0.0001, 0.75)),
        (&[2, 3, 3, 5], norm(0, 2.0, 1.0, 0.5)),
        (&[1, 2, 2, 9], norm(1, 0.5, 3.0, 1.0)),
        (&[1, 1, 1, 33], norm(100, 1.0, 0.2, 0.6)),
        (&[1, 4, 4, 1], norm(3, 9.0, 4.0, 0.5)),
        (&[3, 11], norm(4, 1.0, 1.0, -0.5)),
        (&[2, 3, 10], norm(3, 1.0, 1.0, 2.0)),
    ];
    table
        .into_iter()
        .map(|(shape, op)| {
            Case::new(format!("{shape:?}_radius{}", op.radius), op, vec![given(shape)]).tolerance(1e-5)
        })
        .collect()
}
