//! What is tuned: a graph, and the blocks that groups of its nodes may run as.

use super::{Winners, contest};
use crate::error::Result;
use crate::graph::{Graph, Node};
use crate::passes::{self, Applied, Group};
use crate::plan::{Choices, Plan, Target};
use crate::store::fingerprint;
use std::sync::Arc;

/// Whether groups of nodes run as blocks, one dispatch in place of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fusion {
    /// Where that was measured to be faster on the device. Before it was measured: on every GPU but those of software,
    /// which have no dispatches to save and no work-group memory.
    #[default]
    Measured,
    /// All that have a kernel.
    Always,
    /// None.
    Never,
}

/// A graph with all that its plans depend on but the winners.
#[derive(Clone)]
pub struct Subject {
    /// The nodes apart.
    pub graph: Arc<Graph>,
    /// What plans are made for.
    pub target: Target,
    /// Whether groups run as blocks.
    pub fusion: Fusion,
    /// Kernels that the caller fixed for nodes of the graph, whose groups then stay apart.
    pub fixed: Choices,
}

/// A graph as it runs.
pub struct Prepared {
    /// The graph with its blocks.
    pub graph: Arc<Graph>,
    /// What was fused.
    pub applied: Applied,
    /// Its plan.
    pub plan: Plan,
}

impl Subject {
    /// The graph and the plan by these winners, and elsewhere by the heuristics.
    pub fn prepared(&self, winners: &Winners) -> Result<Prepared> {
        let mut graph = (*self.graph).clone();
        let applied = passes::fuse(&mut graph, &|group| self.judged(winners, group))?;
        let target = &self.target;
        let mut choices = winners.choices(&graph, target);
        choices.extend(self.fixed.clone());
        let mut plan = Plan::gpu(&graph, target, &choices)?;
        let outdated = winners.outdated(&graph, target, &plan);
        if !outdated.is_empty() {
            choices.retain(|node, _| !outdated.contains(node));
            choices.extend(self.fixed.clone());
            plan = Plan::gpu(&graph, target, &choices)?;
        }
        if applied.places > 0 && plan.dispatches() < plan.steps.len() {
            // A block would be slow on the CPU.
            return Self { fusion: Fusion::Never, ..self.clone() }.prepared(winners);
        }
        Ok(Prepared { graph: graph.into(), applied, plan })
    }

    /// The graph with every group that may be a block, and the groups; none where fusion is not a matter of measuring.
    pub(super) fn fused(&self) -> Result<Option<(Graph, Vec<Group>)>> {
        if self.fusion != Fusion::Measured || self.stays_apart() {
            return Ok(None);
        }
        let (groups, _) = passes::groups(&self.graph);
        let mut graph = (*self.graph).clone();
        passes::fuse(&mut graph, &|_| Ok(()))?;
        Ok((!groups.is_empty()).then_some((graph, groups)))
    }

    /// Whether the device is believed to run blocks faster than their members.
    pub(super) fn believes(&self) -> bool {
        !self.target.software
    }

    /// Whether all contests of a plan and all groups were decided by kernels that still have the same text.
    pub fn is_known(&self, winners: &Winners, prepared: &Prepared) -> Result<bool> {
        let groups = self.fused()?.map_or(Vec::new(), |(_, groups)| groups);
        let decided = |group: &Group| self.verdict(winners, &group.block).is_some();
        Ok(groups.iter().all(decided) && winners.know_all(&prepared.graph, &self.target, &prepared.plan))
    }

    /// A group's block is remembered by this.
    pub(super) fn key(&self, block: &Node) -> String {
        contest::key(&self.graph, &self.target, block)
    }

    /// The fingerprint of the text of the heuristic's kernel for a block.
    pub(super) fn source(&self, block: &Node) -> Option<u64> {
        let operands = self.graph.operands(block);
        let choice = block.op.gpu(&operands).ok()?.into_iter().next()?;
        Some(fingerprint([block.op.gpu_kernel(&operands, &choice).ok()?.source.as_bytes()]))
    }

    fn verdict(&self, winners: &Winners, block: &Node) -> Option<bool> {
        winners.together(&self.key(block), || self.source(block))
    }

    /// Blocks have no kernel on the CPU, and what the caller fixed holds for the nodes apart.
    fn stays_apart(&self) -> bool {
        !self.fixed.is_empty() || !self.target.on_cpu.is_empty()
    }

    /// Whether some members' weights need f32 and others do not.
    fn differs(&self, group: &Group) -> bool {
        let outputs = || group.nodes.iter().flat_map(|&id| &self.graph.node(id).outputs);
        let full = outputs().filter(|output| self.target.full.contains(output)).count();
        full > 0 && full < outputs().count()
    }

    fn judged(&self, winners: &Winners, group: &Group) -> Result<(), String> {
        match self.fusion {
            Fusion::Never => Err("the caller keeps its nodes apart".into()),
            _ if self.stays_apart() => Err("the caller fixed how nodes run".into()),
            _ if self.differs(group) => Err("some of its layers stay f32, others do not".into()),
            Fusion::Always => Ok(()),
            Fusion::Measured => match self.verdict(winners, &group.block) {
                Some(true) => Ok(()),
                Some(false) => Err("its nodes apart were measured to be faster on this GPU".into()),
                None if self.believes() => Ok(()),
                None => Err("a software GPU runs its nodes apart".into()),
            },
        }
    }
}
