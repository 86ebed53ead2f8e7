use super::{Plan, Planned};
use std::fmt;

impl fmt::Display for Plan {
    /// One line a step: backend, kernel, nodes, values, place; then the sums.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, planned) in self.steps.iter().enumerate() {
            writeln!(f, "{index:4}  {}", self.line(planned))?;
        }
        writeln!(
            f,
            "{} dispatches, {:.1} MMAC, arena {:.2} MB (lower bound {:.2} MB), weights {:.2} MB",
            self.dispatches(),
            self.macs() as f64 / 1e6,
            self.arena as f64 / 1e6,
            self.lower_bound as f64 / 1e6,
            self.weight_bytes as f64 / 1e6
        )
    }
}

impl Plan {
    fn line(&self, planned: &Planned) -> String {
        let step = &planned.step;
        let nodes: Vec<String> =
            step.node.iter().chain(&step.riders).map(|node| node.0.to_string()).collect();
        let inputs: Vec<String> = step.inputs.iter().flatten().map(|value| format!("%{}", value.0)).collect();
        let outputs: Vec<String> = step.outputs.iter().map(|value| format!("%{}", value.0)).collect();
        let offset = self.placement(step.outputs[0]).map_or("-".into(), |place| format!("@{}", place.offset));
        let kernel = match &planned.dispatch {
            Some(dispatch) => format!("gpu {} grid {:?}", dispatch.shader.label, dispatch.grid),
            None => format!("cpu ({})", planned.reason),
        };
        format!("{kernel}  nodes {}  {} → {} {offset}", nodes.join("+"), inputs.join(" "), outputs.join(" "))
    }
}
