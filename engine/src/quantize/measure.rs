//! The choice by measurement: for each layer, what each form costs in error and time on this machine, and gains in bytes.

use super::layer::Layer;
use super::observe::Observed;
use super::scale::{Bits, Granularity};
use super::store::Form;
use super::{Change, Weights, with_forms};
use crate::cpu::{Executable, Program};
use crate::error::{Error, Result};
use crate::graph::{Graph, NodeId, ValueId};
use crate::pool::Pool;
use crate::schema::File;
use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a layer may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The root mean square of a layer's error over that of its result.
    pub error: f64,
    /// Threads of the measurements.
    pub threads: usize,
    /// Whether integers of four bits may be taken.
    pub four_bits: bool,
}

/// What was measured of a layer, and what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// What became of it.
    pub change: Change,
    /// The relative error in its form.
    pub error: f64,
    /// Bytes of its weights in the converted file.
    pub after: usize,
    /// Milliseconds before and after.
    pub milliseconds: [f64; 2],
}

/// How many times a layer runs in each form; the least time counts.
const ROUNDS: usize = 7;

/// A round takes about as long, however small the layer.
const ROUND: Duration = Duration::from_millis(2);

/// Integers multiplied have to be faster than reals by this factor: what is measured of one layer wavers.
const GAIN: f64 = 0.95;

/// A form of one layer in numbers.
#[derive(Clone, Copy)]
struct Trial {
    form: Form,
    error: f64,
    milliseconds: f64,
    bytes: usize,
}

/// `file`, which has real activations, with each layer in the form that measures best: the smallest one within the
/// budget's error, and integer products only where they are faster than real ones.
pub fn convert(
    file: &File,
    budget: Budget,
    samples: &[Vec<Tensor>],
    keep: &dyn Fn(&str) -> bool,
) -> Result<(File, Vec<Measured>)> {
    if samples.is_empty() {
        return Err(Error::invalid("there are no samples to measure with"));
    }
    let granularity = Granularity::Channel;
    let bits = if budget.four_bits { &[Bits::Eight, Bits::Four][..] } else { &[Bits::Eight][..] };
    let forms: Vec<Form> =
        bits.iter().flat_map(|&bits| [Form::Unpacked(bits), Form::Dynamic(bits)]).collect();
    let layers = super::layers(file);
    let able = |layer: &Layer| layer.refusal.is_none() && !keep(&layer.name);

    let before = Bench::new(file, &layers, samples, budget.threads)?;
    let mut trials: Vec<Vec<Trial>> = vec![Vec::new(); layers.len()];
    let mut plain: Vec<f64> = vec![0.0; layers.len()];
    for form in forms {
        let want = |_: usize, layer: &Layer| if able(layer) { Ok(form) } else { Err(String::new()) };
        let Ok((converted, changes)) = with_forms(file.clone(), weights_of(form), granularity, want) else {
            continue;
        };
        let after = Bench::new(&converted, &layers, &[], budget.threads)?;
        for (index, layer) in layers.iter().enumerate().filter(|(_, layer)| able(layer)) {
            // A form that the operator does not take is tried as the one that it became.
            if changes[index].form != form {
                continue;
            }
            let Some((error, times)) = before.against(&after, &layer.name)? else { continue };
            plain[index] = if plain[index] > 0.0 { plain[index].min(times[0]) } else { times[0] };
            let bytes = stored_bytes(layer, form);
            trials[index].push(Trial { form, error, milliseconds: times[1], bytes });
        }
    }
    let chosen: Vec<Result<Trial, String>> = layers
        .iter()
        .enumerate()
        .map(|(index, layer)| choose(layer, able(layer), &trials[index], plain[index], budget))
        .collect();
    let want =
        |index: usize, _: &Layer| chosen[index].as_ref().map(|trial| trial.form).map_err(String::clone);
    let weights = Weights::Integers(Bits::Eight);
    let (converted, changes) = with_forms(file.clone(), weights, granularity, want)?;
    let measured = changes.into_iter().enumerate().map(|(index, mut change)| {
        let trial = chosen[index].as_ref().ok();
        if let Some(trial) = trial {
            change.why = reason(trial, plain[index], change.before);
        }
        Measured {
            error: trial.map_or(0.0, |trial| trial.error),
            after: trial.map_or(change.before, |trial| trial.bytes),
            milliseconds: [plain[index], trial.map_or(plain[index], |trial| trial.milliseconds)],
            change,
        }
    });
    Ok((converted, measured.collect()))
}

fn weights_of(form: Form) -> Weights {
    match form {
        Form::Unpacked(bits) | Form::Dynamic(bits) => Weights::Integers(bits),
        _ => Weights::Halves,
    }
}

/// The smallest form within the error; of two that are as small the faster one, integer products only if they gain.
fn choose(layer: &Layer, able: bool, trials: &[Trial], plain: f64, budget: Budget) -> Result<Trial, String> {
    if !able {
        return Err(layer.refusal.clone().unwrap_or_else(|| "it is kept".into()));
    }
    let fast = |trial: &&Trial| !matches!(trial.form, Form::Dynamic(_)) || trial.milliseconds <= GAIN * plain;
    let near = |trial: &&Trial| trial.error <= budget.error;
    let smaller = |trial: &&Trial| trial.bytes < layer.bytes;
    let order =
        |a: &&Trial, b: &&Trial| a.bytes.cmp(&b.bytes).then(a.milliseconds.total_cmp(&b.milliseconds));
    let best = trials
        .iter()
        .filter(near)
        .filter(fast)
        .filter(|trial| smaller(trial) || trial.milliseconds <= GAIN * plain);
    best.min_by(order).copied().ok_or_else(|| {
        let least = trials.iter().map(|trial| trial.error).fold(f64::INFINITY, f64::min);
        match () {
            () if trials.is_empty() => "it cannot be measured by itself".into(),
            () if least > budget.error => {
                format!("its error {least:.4} is past {}", budget.error)
            }
            () => "it would gain neither bytes nor time".into(),
        }
    })
}

fn reason(trial: &Trial, plain: f64, before: usize) -> String {
    let saved = before.saturating_sub(trial.bytes);
    match trial.form {
        Form::Dynamic(_) => format!("{saved} bytes less, {:.2} × as fast", plain / trial.milliseconds),
        _ => format!("{saved} bytes less, products of reals are no slower"),
    }
}

/// The bytes of a layer's weights in a form, scales and what stands before the node included.
fn stored_bytes(layer: &Layer, form: Form) -> usize {
    /// A node and a tensor in a file.
    const NODE: usize = 120;
    let elements: usize = layer.elements;
    let (weights, node) = match form {
        Form::Dynamic(Bits::Eight) | Form::Static => (elements, 0),
        Form::Dynamic(Bits::Four) => (elements.div_ceil(2), 0),
        Form::Unpacked(Bits::Eight) => (elements, NODE),
        Form::Unpacked(Bits::Four) => (elements.div_ceil(2), NODE),
        Form::Halves => (2 * elements, NODE),
        Form::Reals => (4 * elements, 0),
        Form::AsTheyWere => (layer.bytes, 0),
    };
    weights + node + 4 * layer.channels
}

/// The nodes of a model, each on its own, with inputs that it has in the model.
struct Bench {
    observed: Observed,
    /// Each layer's nodes by their layer's name.
    nodes: BTreeMap<String, NodeId>,
    /// The inputs of each node for each sample.
    inputs: BTreeMap<String, Vec<Vec<Tensor>>>,
    threads: usize,
}

impl Bench {
    fn new(file: &File, layers: &[Layer], samples: &[Vec<Tensor>], threads: usize) -> Result<Self> {
        let observed = Observed::new(file)?;
        let graph = &observed.graph;
        let named = graph.node_ids().map(|id| (graph.value(graph.node(id).outputs[0]).name.clone(), id));
        let all: BTreeMap<String, NodeId> = named.collect();
        let nodes: BTreeMap<String, NodeId> =
            layers.iter().filter_map(|layer| Some((layer.name.clone(), *all.get(&layer.name)?))).collect();
        let computed = |id: NodeId| computed(graph, id);
        let values: Vec<ValueId> = nodes.values().flat_map(|&id| computed(id)).collect();
        let mut inputs: BTreeMap<String, Vec<Vec<Tensor>>> = BTreeMap::new();
        observed.each(&values, threads, samples, |_, tensors| {
            let mut tensors = tensors.iter();
            for (name, &id) in &nodes {
                let count = computed(id).len();
                inputs.entry(name.clone()).or_default().push(tensors.by_ref().take(count).cloned().collect());
            }
            Ok(())
        })?;
        Ok(Self { observed, nodes, inputs, threads })
    }

    /// The relative error of a layer of `other` on the inputs it has here, and the milliseconds of both.
    fn against(&self, other: &Self, name: &str) -> Result<Option<(f64, [f64; 2])>> {
        let (Some(mut before), Some(mut after)) = (self.alone(name)?, other.alone(name)?) else {
            return Ok(None);
        };
        let Some(samples) = self.inputs.get(name).filter(|samples| !samples.is_empty()) else {
            return Ok(None);
        };
        let (mut signal, mut noise) = (0.0, 0.0);
        for sample in samples {
            before.reset();
            after.reset();
            let (a, b) = (before.run(sample)?, after.run(sample)?);
            let (Some(a), Some(b)) = (a[0].to_reals(), b[0].to_reals()) else { return Ok(None) };
            for (&x, &y) in a.iter().zip(&b) {
                signal += f64::from(x) * f64::from(x);
                noise += f64::from(y - x) * f64::from(y - x);
            }
        }
        let mut least = [f64::INFINITY; 2];
        let start = Instant::now();
        before.run(&samples[0])?;
        let runs = (ROUND.as_secs_f64() / start.elapsed().as_secs_f64().max(1e-9)).clamp(1.0, 100.0) as usize;
        for _ in 0..ROUNDS {
            for (executable, least) in [&mut before, &mut after].into_iter().zip(&mut least) {
                let start = Instant::now();
                for _ in 0..runs {
                    executable.run(&samples[0])?;
                }
                *least = least.min(start.elapsed().as_secs_f64() * 1e3 / runs as f64);
            }
        }
        Ok(Some(((noise / f64::max(signal, f64::MIN_POSITIVE)).sqrt(), least)))
    }

    /// A layer's node as a model of its own.
    fn alone(&self, name: &str) -> Result<Option<Executable>> {
        let Some(&id) = self.nodes.get(name) else { return Ok(None) };
        let whole = &self.observed.graph;
        let graph = Graph {
            name: name.into(),
            values: whole.values.clone(),
            nodes: vec![whole.node(id).clone()],
            inputs: computed(whole, id),
            outputs: whole.node(id).outputs.clone(),
        };
        let pool = Arc::new(Pool::new(self.threads));
        Executable::new(Arc::new(graph), Program::new(&self.observed.model.graphs), pool).map(Some)
    }
}

/// The inputs of a node that are neither constants nor variables.
fn computed(graph: &Graph, id: NodeId) -> Vec<ValueId> {
    let given = |value: &ValueId| graph.value(*value).constant.is_none() && !graph.value(*value).variable;
    graph.node(id).inputs.iter().flatten().copied().filter(given).collect()
}
