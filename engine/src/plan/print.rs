use super::{Plan, Planned};
use crate::graph::{Graph, NodeId};
use std::fmt::{self, Write};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(|_| None))
    }
}

impl Plan {
    /// One line a step: backend, kernel, reason, nodes, values, place, and what crosses between the backends; then the
    /// sums. `cpu_kernel` names the kernel that runs a node on the CPU where it is not the reference.
    pub fn describe(&self, mut cpu_kernel: impl FnMut(NodeId) -> Option<String>) -> String {
        let mut text = String::new();
        for (index, planned) in self.steps.iter().enumerate() {
            let _ = writeln!(text, "{index:4}  {}", self.line(planned, &mut cpu_kernel));
        }
        let _ = writeln!(
            text,
            "{} dispatches, {:.1} MMAC, arena {:.2} MB (lower bound {:.2} MB), weights {:.2} MB",
            self.dispatches(),
            self.macs() as f64 / 1e6,
            self.arena as f64 / 1e6,
            self.lower_bound as f64 / 1e6,
            self.weight_bytes as f64 / 1e6
        );
        let on_cpu = self.steps.iter().filter(|planned| planned.dispatch.is_none());
        let [read, written] =
            on_cpu.fold([0, 0], |sums, planned| [0, 1].map(|i| sums[i] + planned.crossing[i]));
        if self.dispatches() < self.steps.len() {
            let waits = self.steps.iter().filter(|planned| planned.crossing[0] > 0).count();
            let _ = writeln!(
                text,
                "{} steps on the CPU, {waits} wait for the GPU: {read} bytes cross from it, {written} to it",
                self.steps.len() - self.dispatches()
            );
        }
        text
    }

    /// One line a node of the graph that the plan is of: where it runs, with which kernel, why, and the bytes that cross
    /// between the backends for it. `cpu_kernel` is that of [`Plan::describe`].
    pub fn by_node(&self, graph: &Graph, mut cpu_kernel: impl FnMut(NodeId) -> Option<String>) -> String {
        let mut lines = vec![None; graph.nodes.len()];
        for planned in &self.steps {
            let Some(node) = planned.step.node else { continue };
            lines[node.0] = Some(match &planned.dispatch {
                Some(dispatch) => NodeLine::new("gpu", dispatch.shader.label.clone(), &planned.reason),
                None => {
                    let kernel = cpu_kernel(node).unwrap_or_else(|| "reference".into());
                    NodeLine { crossing: planned.crossing, ..NodeLine::new("cpu", kernel, &planned.reason) }
                }
            });
            let backend = if planned.dispatch.is_some() { "gpu" } else { "cpu" };
            for rider in &planned.step.riders {
                lines[rider.0] = Some(NodeLine::new(backend, "-", &format!("it rides on node {}", node.0)));
            }
        }
        let lines = lines.into_iter().map(|line| {
            line.unwrap_or_else(|| NodeLine::new("gpu", "-", "its result is where its input is"))
        });
        node_table(graph, lines)
    }

    fn line(&self, planned: &Planned, cpu_kernel: &mut dyn FnMut(NodeId) -> Option<String>) -> String {
        let step = &planned.step;
        let nodes: Vec<String> =
            step.node.iter().chain(&step.riders).map(|node| node.0.to_string()).collect();
        let inputs: Vec<String> = step.inputs.iter().flatten().map(|value| format!("%{}", value.0)).collect();
        let outputs: Vec<String> = step.outputs.iter().map(|value| format!("%{}", value.0)).collect();
        let offset = step.outputs.first().and_then(|&output| self.placement(output));
        let offset = offset.map_or("-".into(), |place| format!("@{}", place.offset));
        let kernel = match &planned.dispatch {
            Some(dispatch) => format!("gpu {} grid {:?}", dispatch.shader.label, dispatch.grid),
            None => {
                let kernel = step.node.and_then(cpu_kernel).unwrap_or_else(|| "reference".into());
                let [read, written] = planned.crossing;
                let crossing = if read + written > 0 {
                    format!(", {read} bytes from the GPU, {written} to it")
                } else {
                    String::new()
                };
                format!("cpu {} {kernel} ({}{crossing})", planned.name, planned.reason)
            }
        };
        format!("{kernel}  nodes {}  {} → {} {offset}", nodes.join("+"), inputs.join(" "), outputs.join(" "))
    }
}

/// Where a node runs.
#[derive(Clone)]
pub struct NodeLine {
    backend: &'static str,
    kernel: String,
    reason: String,
    /// Bytes from the GPU and to it.
    crossing: [usize; 2],
}

impl NodeLine {
    /// A node for which nothing crosses.
    pub fn new(backend: &'static str, kernel: impl Into<String>, reason: &str) -> Self {
        Self { backend, kernel: kernel.into(), reason: reason.into(), crossing: [0; 2] }
    }
}

/// A head and a line for each node of the graph, in columns.
pub fn node_table(graph: &Graph, lines: impl Iterator<Item = NodeLine>) -> String {
    let mut rows = vec![
        ["node", "operator", "backend", "kernel", "bytes from the GPU", "to it", "because"]
            .map(str::to_owned),
    ];
    for ((index, node), line) in graph.nodes.iter().enumerate().zip(lines) {
        let [read, written] = line.crossing.map(|bytes| bytes.to_string());
        let operator = node.op.name().to_owned();
        let (backend, kernel, reason) = (line.backend.to_owned(), line.kernel, line.reason);
        rows.push([index.to_string(), operator, backend, kernel, read, written, reason]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}
