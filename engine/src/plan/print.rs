use super::{Plan, Planned};
use crate::graph::NodeId;
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
