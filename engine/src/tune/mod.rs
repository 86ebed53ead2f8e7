//! Which kernel is fastest on this device, by measuring.
//!
//! A plan's heuristic picks a kernel, a register tile and a work-group for every node. [`tune`] runs the alternatives on
//! the device, on the node's own shapes and with everything linked to it, and keeps those that win:
//!
//! 1. Nodes of one operator on operands of one shape are one [`Contest`]; the contests in which most time is spent come
//!    first, so that a budget that runs out is well spent.
//! 2. The first round is between kernels and tiles, the second between work-group sizes of the winner, where the kernel
//!    is free to take any.
//! 3. Every entrant runs once to warm up and [`TASTES`] times for its time. Those slower than [`LOSING`] times the best are
//!    dropped, the heuristic's choice apart; the others run [`RUNS`] times in turn, and their shortest times count.
//! 4. A group of nodes that may run as a block has a [`Duel`]: the block's time against the sum of its members'.
//! 5. A challenger takes the heuristic's place only if it is faster by more than [`NOISE`].
//!
//! Times are those of time stamps where the device has them; otherwise of the wall clock around enough dispatches.
//! [`Winners`] are remembered by device, driver, operator, shape and storage; one whose kernel has another text since is
//! measured again. [`Background`] does all this beside a session that already runs.

mod background;
mod contest;
mod report;
mod sample;
mod subject;
mod winners;

pub use background::{Background, Found};
pub use contest::{Contest, contests, key};
pub use report::{Duel, Entry, Fate, Report, Trial};
pub use subject::{Fusion, Prepared, Subject};
pub use winners::Winners;

use crate::error::Result;
use crate::gpu::Gpu;
use crate::graph::{Graph, NodeId};
use crate::passes::Group;
use crate::plan::{Choices, Plan, Target};
use crate::wgsl::Choice;
use sample::{Entrant, Sample};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// An entrant slower than the best by this factor after its first runs is dropped.
pub const LOSING: f64 = 1.5;
/// The first runs: one alone may have been interrupted.
pub const TASTES: u32 = 2;
/// The runs of an entrant that is not dropped.
pub const RUNS: u32 = 5;
/// The part by which a challenger must be faster than the heuristic's choice.
pub const NOISE: f64 = 0.03;
/// Entrants compiled and measured together.
const GROUP: usize = 16;
/// Bytes of weights measured together.
const GROUP_BYTES: usize = 32 << 20;

/// When measuring ends, whatever is left to measure.
pub struct Limit<'a> {
    end: Instant,
    stop: &'a AtomicBool,
}

impl<'a> Limit<'a> {
    /// Ends after `budget`, or as soon as `stop` is set.
    pub fn new(budget: Duration, stop: &'a AtomicBool) -> Self {
        Self { end: Instant::now() + budget, stop }
    }

    fn is_reached(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || Instant::now() >= self.end
    }
}

/// Measures the kernels that the nodes of a graph may use, then those of the blocks that groups of them may run as.
pub fn tune(gpu: &Gpu, subject: &Subject, limit: &Limit<'_>) -> Result<Report> {
    let mut report = Report { finished: true, ..Report::default() };
    entered(gpu, &subject.graph, &subject.target, &mut report, limit)?;
    if let Some((graph, groups)) = subject.fused()? {
        let apart: Vec<Option<Duration>> = groups.iter().map(|group| apart(&report, group)).collect();
        entered(gpu, &graph, &subject.target, &mut report, limit)?;
        for (group, apart) in groups.iter().zip(apart) {
            duel(&mut report, subject, group, apart);
        }
    }
    Ok(report)
}

/// Adds the contests of a graph that the report does not have yet.
fn entered(gpu: &Gpu, graph: &Graph, target: &Target, report: &mut Report, limit: &Limit<'_>) -> Result<()> {
    let plan = Plan::gpu(graph, target, &Choices::new())?;
    let new = |contest: &Contest| report.entries.iter().all(|entry| entry.contest.key != contest.key);
    let fresh = contests(graph, target, &plan).into_iter().filter(new);
    let mut entries: Vec<Entry> = fresh.map(Entry::new).collect();
    report.sources.extend(plan.sources());
    if limit.is_reached() {
        report.finished = false;
    } else if !entries.is_empty() {
        let costs = costs(gpu, &plan, &entries)?;
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|&entry| std::cmp::Reverse(costs[entry]));
        for round in [Entry::kernels, Entry::workgroups] {
            for entry in &mut entries {
                entry.enter(round(entry, &plan));
            }
            report.finished &= measure(gpu, graph, target, &plan, &mut entries, &order, limit)?;
        }
    }
    report.entries.extend(entries);
    Ok(())
}

/// What a group's nodes take apart: those that ride on others have no time of their own.
fn apart(report: &Report, group: &Group) -> Option<Duration> {
    let of = |id: &NodeId| report.entries.iter().find(|entry| entry.contest.nodes.contains(id));
    let timed = group.nodes.iter().filter_map(of);
    timed.map(|entry| entry.trials.get(entry.winner())?.time).sum()
}

fn duel(report: &mut Report, subject: &Subject, group: &Group, apart: Option<Duration>) {
    let key = subject.key(&group.block);
    if let Some(known) = report.duels.iter_mut().find(|duel| duel.key == key) {
        known.groups += 1;
        return;
    }
    let entry = report.entries.iter().find(|entry| entry.contest.key == key);
    let together = entry.and_then(|entry| entry.trials.get(entry.winner())?.time);
    let source = subject.source(&group.block).unwrap_or_default();
    report.duels.push(Duel { key, groups: 1, together, apart, believed: subject.believes(), source });
}

/// What the heuristic's kernels of each entry take together.
fn costs(gpu: &Gpu, plan: &Plan, entries: &[Entry]) -> Result<Vec<Duration>> {
    let first = |entry: &Entry| Entrant { plan, step: entry.contest.step };
    let entrants: Vec<Entrant<'_>> = entries.iter().map(first).collect();
    let sample = Sample::new(gpu, &entrants)?;
    let all: Vec<usize> = (0..entries.len()).collect();
    sample.times(&all)?;
    let times = sample.times(&all)?;
    Ok(times.iter().zip(entries).map(|(&time, entry)| time * entry.contest.nodes.len() as u32).collect())
}

/// Measures the trials that have no time yet, entries in `order`; returns whether all were.
fn measure(
    gpu: &Gpu,
    graph: &Graph,
    target: &Target,
    base: &Plan,
    entries: &mut [Entry],
    order: &[usize],
    limit: &Limit<'_>,
) -> Result<bool> {
    let most = entries.iter().map(|entry| entry.trials.len()).max().unwrap_or(0);
    let plan_of = |trial: usize| {
        let chosen = |entry: &Entry| Some((entry.contest.nodes[0], entry.open(trial)?.clone()));
        let choices: Choices = entries.iter().filter_map(chosen).collect();
        if choices.is_empty() { Ok(None) } else { Plan::gpu(graph, target, &choices).map(Some) }
    };
    let plans: Vec<Option<Plan>> = (0..most).map(plan_of).collect::<Result<_>>()?;
    let mut left = order;
    while !left.is_empty() {
        if limit.is_reached() {
            return Ok(false);
        }
        let (group, rest) = left.split_at(group(&plans, entries, left));
        left = rest;
        let mut places = Vec::new();
        let mut entrants = Vec::new();
        for &entry in group {
            let step = entries[entry].contest.step;
            for (trial, plan) in plans.iter().enumerate() {
                let Some(plan) = plan else { continue };
                if entries[entry].open(trial).is_some() && comparable(base, plan, step) {
                    places.push((entry, trial));
                    entrants.push(Entrant { plan, step });
                }
            }
        }
        if !entrants.is_empty() {
            contend(&Sample::new(gpu, &entrants)?, &places, entries, limit)?;
        }
    }
    Ok(true)
}

/// How many of the entries `left` are measured together.
fn group(plans: &[Option<Plan>], entries: &[Entry], left: &[usize]) -> usize {
    let (mut entrants, mut bytes, mut count) = (0, 0, 0);
    for &entry in left {
        let entry = &entries[entry];
        let open = (0..plans.len()).filter(|&trial| entry.open(trial).is_some());
        let open: Vec<&Plan> = open.filter_map(|trial| plans[trial].as_ref()).collect();
        entrants += open.len();
        bytes += open.iter().map(|plan| plan.weight_bytes_of(entry.contest.step)).sum::<usize>();
        if count > 0 && (entrants > GROUP || bytes > GROUP_BYTES) {
            break;
        }
        count += 1;
    }
    count
}

/// Whether a plan with another choice does the same in its step, and lays out memory the same way.
fn comparable(base: &Plan, plan: &Plan, step: usize) -> bool {
    let step_of = |plan: &Plan| plan.steps.get(step).map(|planned| planned.step.clone());
    base.placements == plan.placements && step_of(base) == step_of(plan)
}

/// Runs the entrants in turn; losers run no more.
fn contend(
    sample: &Sample,
    places: &[(usize, usize)],
    entries: &mut [Entry],
    limit: &Limit<'_>,
) -> Result<()> {
    let mut running: Vec<usize> = (0..places.len()).collect();
    sample.times(&running)?;
    for run in 0..RUNS {
        if limit.is_reached() || running.is_empty() {
            break;
        }
        for (&index, time) in running.iter().zip(sample.times(&running)?) {
            let (entry, trial) = places[index];
            entries[entry].trials[trial].timed(time);
        }
        if run + 1 == TASTES {
            running.retain(|&index| !entries[places[index].0].drops(places[index].1));
        }
    }
    Ok(())
}

/// The choice's tunables are its own or another work-group: whether they may stand for the listed choice.
fn same_kernel(listed: &Choice, choice: &Choice) -> bool {
    (listed.kernel, listed.tile) == (choice.kernel, choice.tile)
}
