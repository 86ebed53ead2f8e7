//! The carrier of elementwise work that no other kernel carries: it copies, and chains ride on its load and store.

use super::chain::nhwc;
use crate::wgsl::{Choice, Kernel};

/// The work-groups that are tried, the default first.
pub fn choices() -> Vec<Choice> {
    [[64, 1, 1], [128, 1, 1], [32, 1, 1]].map(|workgroup| Choice::new("copy", workgroup)).to_vec()
}

/// The kernel that writes a tensor of this shape (rank ≤ 4) from one that broadcasts to it.
pub fn kernel(shape: &[usize], choice: &Choice) -> Option<Kernel> {
    let [n, h, w, c] = nhwc(shape)?;
    Some(Kernel {
        choice: choice.clone(),
        source: include_str!("copy.wgsl"),
        defines: vec![],
        params: vec![],
        inputs: vec![("src", 0)],
        outputs: vec!["dst"],
        constants: vec![],
        grid: choice.grid([n * h * w * c.div_ceil(4), 1, 1]),
        macs: 0,
    })
}
