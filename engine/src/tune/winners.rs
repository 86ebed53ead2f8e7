//! The winners of earlier runs, by device and contest.

use super::{Report, contest, same_kernel};
use crate::gpu::Gpu;
use crate::graph::{Graph, NodeId};
use crate::plan::{Choices, Plan, Target};
use crate::store::{Store, fingerprint};
use crate::wgsl::Choice;
use std::collections::BTreeMap;

/// What won each contest on one device.
///
/// The file is text, a line a contest: key, kernel, tile, work-group and the fingerprint of the kernel's text, between
/// tabs; and a line a group of nodes that may run as a block, whose winner is `together` or `apart`. It holds for the adapter, driver and version in its stamp; lines that make no sense are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Winners {
    lines: BTreeMap<String, Winner>,
}

#[derive(Clone, Debug, PartialEq)]
struct Winner {
    kernel: String,
    tile: [u32; 3],
    workgroup: [u32; 3],
    source: u64,
}

impl Winners {
    /// The winners that the store has for this device.
    pub fn read(store: &Store, gpu: &Gpu) -> Self {
        let content = store.read(&name(gpu), &gpu.stamp()).unwrap_or_default();
        let lines = String::from_utf8_lossy(&content).lines().filter_map(parsed).collect();
        Self { lines }
    }

    /// The winners of one report.
    pub fn of(report: &Report) -> Self {
        let mut winners = Self::default();
        winners.learn(report);
        winners
    }

    /// Puts a report's winners to those that the store has.
    pub fn remember(store: &Store, gpu: &Gpu, report: &Report) -> bool {
        let mut winners = Self::read(store, gpu);
        winners.learn(report);
        store.write(&name(gpu), &gpu.stamp(), winners.text().as_bytes())
    }

    /// Takes over what a report decided. A contest whose heuristic's choice won is remembered too.
    pub fn learn(&mut self, report: &Report) {
        for entry in report.entries.iter().filter(|entry| entry.times().is_some()) {
            let Choice { kernel, tile, workgroup } = *entry.choice();
            let source = report.sources.get(kernel).copied().unwrap_or_default();
            let winner = Winner { kernel: kernel.to_string(), tile, workgroup, source };
            self.lines.insert(entry.contest.key.clone(), winner);
        }
        for duel in report.duels.iter().filter(|duel| duel.is_decided()) {
            let kernel = if duel.is_together() { TOGETHER } else { APART }.to_string();
            let winner = Winner { kernel, tile: [1; 3], workgroup: [1; 3], source: duel.source };
            self.lines.insert(group_key(&duel.key), winner);
        }
    }

    /// Whether a group of nodes is faster as a block, by the block's key; none where that is not known of a block with
    /// this text.
    pub fn together(&self, key: &str, source: impl FnOnce() -> Option<u64>) -> Option<bool> {
        let winner = self.lines.get(&group_key(key))?;
        (source() == Some(winner.source)).then_some(winner.kernel == TOGETHER)
    }

    /// Whether every contest of the plan was decided by kernels that still have the same text.
    pub fn know_all(&self, graph: &Graph, target: &Target, plan: &Plan) -> bool {
        let contests = contest::contests(graph, target, plan);
        let sources = plan.sources();
        contests.iter().all(|contest| {
            let winner = self.lines.get(&contest.key);
            winner.is_some_and(|winner| {
                sources.get(&winner.kernel[..]).is_none_or(|&source| source == winner.source)
            })
        })
    }

    /// The remembered choices for a graph's nodes, as far as the operators still list them.
    pub fn choices(&self, graph: &Graph, target: &Target) -> Choices {
        if self.lines.is_empty() {
            return Choices::new();
        }
        let choice = |id| {
            let node = graph.node(id);
            let winner = self.lines.get(&contest::key(graph, target, node))?;
            let listed = node.op.gpu(&graph.operands(node)).ok()?;
            let choice = |known: &Choice| Choice {
                kernel: known.kernel,
                tile: winner.tile,
                workgroup: winner.workgroup,
            };
            let fits = |known: &&Choice| known.kernel == winner.kernel && same_kernel(known, &choice(known));
            Some((id, choice(listed.iter().find(fits)?)))
        };
        graph.node_ids().filter_map(choice).collect()
    }

    /// The nodes of a plan whose kernel has another text than when it won.
    pub fn outdated(&self, graph: &Graph, target: &Target, plan: &Plan) -> Vec<NodeId> {
        let sources = plan.sources();
        let other = |id: &NodeId| {
            let winner = self.lines.get(&contest::key(graph, target, graph.node(*id)));
            winner.is_some_and(|winner| {
                sources.get(&winner.kernel[..]).is_some_and(|&source| source != winner.source)
            })
        };
        plan.steps.iter().filter_map(|planned| planned.step.node).filter(other).collect()
    }

    fn text(&self) -> String {
        let line = |(key, winner): (&String, &Winner)| {
            let three = |[x, y, z]: [u32; 3]| format!("{x}x{y}x{z}");
            let Winner { kernel, tile, workgroup, source } = winner;
            format!("{key}\t{kernel}\t{}\t{}\t{source:016x}\n", three(*tile), three(*workgroup))
        };
        self.lines.iter().map(line).collect()
    }
}

const TOGETHER: &str = "together";
const APART: &str = "apart";

fn group_key(key: &str) -> String {
    format!("group {key}")
}

fn name(gpu: &Gpu) -> String {
    format!("kernels-{:016x}", fingerprint([gpu.stamp().as_bytes()]))
}

fn parsed(line: &str) -> Option<(String, Winner)> {
    let mut parts = line.split('\t');
    let mut next = || parts.next();
    let (key, kernel) = (next()?.to_string(), next()?.to_string());
    let (tile, workgroup) = (three(next()?)?, three(next()?)?);
    let source = u64::from_str_radix(next()?, 16).ok()?;
    // What every device can run; a listed tile is checked against the operator's.
    let invocations = workgroup.iter().try_fold(1u32, |product, &extent| product.checked_mul(extent))?;
    (1..=256).contains(&invocations).then_some((key, Winner { kernel, tile, workgroup, source }))
}

fn three(text: &str) -> Option<[u32; 3]> {
    let numbers: Vec<u32> = text.split('x').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{Winners, parsed};

    #[test]
    fn lines_are_read_as_they_are_written() {
        let text = "CONV_2D a → b f32 01\tconv2d\t4x1x2\t8x4x1\t00000000000000ff\n";
        let winners = Winners { lines: text.lines().filter_map(parsed).collect() };
        assert_eq!(winners.lines.len(), 1);
        assert_eq!(winners.text(), text);
    }

    #[test]
    fn lines_without_sense_are_left_out() {
        for line in [
            "",
            "key\tconv2d\t1x1x1\t8x8x1",
            "key\tconv2d\t1x1\t8x8x1\tff",
            "key\tconv2d\t1x1x1\t0x8x1\tff",
            "key\tconv2d\t1x1x1\t70000x70000x1\tff",
            "key\tconv2d\t1x1x1\t32x32x1\tff",
            "key\tconv2d\t1x1x1\t8x8x1\tno number",
        ] {
            assert_eq!(parsed(line), None, "{line}");
        }
    }
}
