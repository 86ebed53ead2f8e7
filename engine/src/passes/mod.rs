//! Graph to graph: what is removed, replaced and fused before a plan is made.
//!
//! The order matters and is given, with its reasons, in [`PASSES`]. The numbers a model computes are the same with no
//! pass, with all, and with every prefix of the list; a test holds that.
//!
//! # Add a pass
//! Write one file named by the verb, with a function `&Graph -> Result<Found>` that finds all its places at once and
//! returns one patch for them, says why it declines the others, and has tests on small graphs. Then add its line below.

mod drop_unread;
mod fold_constants;
mod fuse_activations;
mod fuse_blocks;
mod remove_noops;
mod split_convolution;
mod swap_resize;
#[cfg(test)]
mod tests;

pub use fuse_blocks::{Group, groups};

use crate::error::Result;
use crate::graph::{Graph, Patch};
use std::fmt;

/// What a pass found in a graph.
#[derive(Debug)]
pub struct Found {
    /// The edit, where there is one to make.
    pub patch: Option<Patch>,
    /// How many places the edit changes.
    pub applied: usize,
    /// Places that looked alike and why they were left.
    pub declined: Vec<String>,
}

impl Found {
    /// Nothing to do.
    pub fn nothing() -> Self {
        Self { patch: None, applied: 0, declined: Vec::new() }
    }

    /// An edit of so many places.
    pub fn edit(patch: Patch, applied: usize, declined: Vec<String>) -> Self {
        Self { patch: (applied > 0).then_some(patch), applied, declined }
    }
}

/// A pass.
pub struct Pass {
    /// The verb.
    pub name: &'static str,
    /// Finds the places.
    pub run: fn(&Graph) -> Result<Found>,
}

/// All passes in order.
pub const PASSES: &[Pass] = &[
    // First, since the others want to see weights: halves behind DEQUANTIZE, sparse ones behind DENSIFY, shapes.
    Pass { name: "fold_constants", run: fold_constants::run },
    // Before those that look for a node's only reader, which a node that does nothing would be.
    Pass { name: "remove_noops", run: remove_noops::run },
    // Before activations are fused into the convolutions it moves, which would keep it from moving them.
    Pass { name: "swap_resize", run: swap_resize::run },
    Pass { name: "fuse_activations", run: fuse_activations::run },
    // After activations are fused into the convolutions that it splits: they go to the sum.
    Pass { name: "split_convolution", run: split_convolution::run },
    // Last: what the others left unread.
    Pass { name: "drop_unread", run: drop_unread::run },
];

/// The passes of GPU sessions that follow, in order: they make operators that only a GPU has kernels for.
pub const GPU_PASSES: &[Pass] = &[Pass { name: "fuse_blocks", run: fuse_blocks::run }];

/// What one pass did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The pass.
    pub name: &'static str,
    /// How many places it changed.
    pub places: usize,
    /// Why it left others.
    pub declined: Vec<String>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} places", self.name, self.places)?;
        self.declined.iter().try_for_each(|reason| write!(f, "\n  declined: {reason}"))
    }
}

/// Runs the first `count` passes, each until it finds no more.
pub fn optimize(graph: &mut Graph, count: usize) -> Result<Vec<Applied>> {
    PASSES.iter().take(count).map(|pass| exhaust(graph, pass)).collect()
}

/// Runs the first `count` of all passes and those of GPU sessions.
pub fn optimize_for_gpu(graph: &mut Graph, count: usize) -> Result<Vec<Applied>> {
    PASSES.iter().chain(GPU_PASSES).take(count).map(|pass| exhaust(graph, pass)).collect()
}

/// Makes blocks of the groups that `judge` has no reason against.
pub fn fuse(graph: &mut Graph, judge: &dyn Fn(&Group) -> std::result::Result<(), String>) -> Result<Applied> {
    let Found { patch, applied, declined } = fuse_blocks::fuse(graph, judge)?;
    if let Some(patch) = patch {
        patch.apply(graph)?;
    }
    Ok(Applied { name: "fuse_blocks", places: applied, declined })
}

fn exhaust(graph: &mut Graph, pass: &Pass) -> Result<Applied> {
    let mut applied = Applied { name: pass.name, places: 0, declined: Vec::new() };
    // A pass that keeps finding places would never end; none needs more rounds than there are nodes.
    for _ in 0..=graph.nodes.len() {
        let found = (pass.run)(graph)?;
        applied.places += found.applied;
        applied.declined = found.declined;
        let Some(patch) = found.patch else { break };
        patch.apply(graph)?;
    }
    Ok(applied)
}
