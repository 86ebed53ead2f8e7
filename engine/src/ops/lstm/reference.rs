use super::Lstm;
use crate::ops::rnn::{Steps, add_product, reals, round_to_steps};
use crate::ops::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType};

/// One gate's weights.
struct Gate {
    input: Vec<f32>,
    recurrent: Vec<f32>,
    peephole: Option<Vec<f32>>,
    bias: Vec<f32>,
    normalization: Option<Vec<f32>>,
    /// The type of the sums before their normalization.
    sums: Option<TensorType>,
}

impl Gate {
    /// The gate's sums for one step of one sequence.
    fn sums(&self, x: &[f32], h: &[f32], c: &[f32]) -> Vec<f32> {
        let mut sums = match self.normalization {
            Some(_) => vec![0.0; c.len()],
            None => self.bias.clone(),
        };
        add_product(&mut sums, &self.input, x);
        add_product(&mut sums, &self.recurrent, h);
        if let Some(peephole) = &self.peephole {
            sums.iter_mut().zip(peephole).zip(c).for_each(|((sum, p), c)| *sum += p * c);
        }
        if let Some(coefficients) = &self.normalization {
            self.sums.iter().for_each(|ty| round_to_steps(ty, &mut sums));
            normalize(&mut sums);
            sums.iter_mut().zip(coefficients).zip(&self.bias).for_each(|((sum, k), b)| *sum = *sum * k + b);
        }
        sums
    }
}

/// Brings the numbers to mean 0 and variance 1; 1e-8 is added to the variance.
fn normalize(values: &mut [f32]) {
    let count = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
    let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
    let factor = 1.0 / (variance + 1e-8).sqrt();
    values.iter_mut().for_each(|v| *v = ((f64::from(*v) - mean) * factor) as f32);
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// All weights of the operator.
struct Weights {
    input: Option<Gate>,
    forget: Gate,
    cell: Gate,
    output: Gate,
    projection: Option<(Vec<f32>, Vec<f32>)>,
}

impl Weights {
    fn read(inputs: &[Option<&Tensor>], intermediates: &[TensorType], outputs: usize) -> Verdict<Self> {
        let optional = |index: usize| inputs.get(index).copied().flatten().map(reals).transpose();
        let required = |index: usize| {
            optional(index)?.ok_or_else(|| Refusal::new(format!("its input {index} is missing")))
        };
        let gate = |gate: usize, peephole: Option<usize>| -> Verdict<Gate> {
            Ok(Gate {
                input: required(1 + gate)?,
                recurrent: required(5 + gate)?,
                peephole: peephole.map(optional).transpose()?.flatten(),
                bias: required(12 + gate)?,
                normalization: optional(20 + gate)?,
                sums: intermediates.get(gate).cloned(),
            })
        };
        let projection = match optional(16)? {
            Some(weights) => Some((weights, optional(17)?.unwrap_or_else(|| vec![0.0; outputs]))),
            None => None,
        };
        Ok(Self {
            input: if optional(1)?.is_some() { Some(gate(0, Some(9))?) } else { None },
            forget: gate(1, Some(10))?,
            cell: gate(2, None)?,
            output: gate(3, Some(11))?,
            projection,
        })
    }
}

/// The steps in order; the result, then the states h and c as the last step leaves them.
pub fn run(lstm: &Lstm, inputs: &[Option<&Tensor>], ty: &TensorType) -> Verdict<Vec<Tensor>> {
    let (Some(input), Some(output_state), Some(cell_state)) = (inputs[0], inputs[18], inputs[19]) else {
        return Err(Refusal::new("it needs an input and two states"));
    };
    let steps = Steps::of(input.shape(), lstm.sequence, lstm.time_major)?;
    let (outputs, cells) = (output_state.shape()[1], cell_state.shape()[1]);
    let weights = Weights::read(inputs, &lstm.intermediates, outputs)?;
    let (x, mut h, mut c) = (reals(input)?, reals(output_state)?, reals(cell_state)?);
    let mut y = vec![0.0; steps.count * steps.batches * outputs];
    for (step, batch) in steps.places() {
        let place = steps.place(step, batch);
        let x = &x[place * steps.features..][..steps.features];
        let h = &mut h[batch * outputs..][..outputs];
        let c = &mut c[batch * cells..][..cells];
        update_cells(lstm, &weights, x, h, c);
        round_to_steps(cell_state.ty(), c);
        h.copy_from_slice(&emit(lstm, &weights, x, h, c));
        round_to_steps(output_state.ty(), h);
        y[place * outputs..][..outputs].copy_from_slice(h);
    }
    Ok(vec![
        Tensor::from_reals(ty.clone(), &y)?,
        Tensor::from_reals(output_state.ty().clone(), &h)?,
        Tensor::from_reals(cell_state.ty().clone(), &c)?,
    ])
}

/// `c ← clip(f∘c + i∘g)`
fn update_cells(lstm: &Lstm, weights: &Weights, x: &[f32], h: &[f32], c: &mut [f32]) {
    let forget: Vec<f32> = weights.forget.sums(x, h, c).into_iter().map(logistic).collect();
    let input: Vec<f32> = match &weights.input {
        Some(gate) => gate.sums(x, h, c).into_iter().map(logistic).collect(),
        None => forget.iter().map(|f| 1.0 - f).collect(),
    };
    let cell = weights.cell.sums(x, h, c);
    for (((c, f), i), g) in c.iter_mut().zip(forget).zip(input).zip(cell) {
        *c = clip(f * *c + i * lstm.activation.apply(g), lstm.cell_clip);
    }
}

/// `clip(P·(o∘act(c)) + b_p)`
fn emit(lstm: &Lstm, weights: &Weights, x: &[f32], h: &[f32], c: &[f32]) -> Vec<f32> {
    let gate = weights.output.sums(x, h, c);
    let mut hidden: Vec<f32> =
        gate.into_iter().zip(c).map(|(o, &c)| logistic(o) * lstm.activation.apply(c)).collect();
    let Some((projection, bias)) = &weights.projection else { return hidden };
    lstm.intermediates.get(4).into_iter().for_each(|ty| round_to_steps(ty, &mut hidden));
    let mut sums = bias.clone();
    add_product(&mut sums, projection, &hidden);
    sums.into_iter().map(|sum| clip(sum, lstm.projection_clip)).collect()
}

fn clip(value: f32, limit: f32) -> f32 {
    if limit > 0.0 { value.clamp(-limit, limit) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Activation;

    #[test]
    fn one_cell_follows_the_formula_over_two_steps() {
        let lstm = Lstm {
            sequence: true,
            time_major: false,
            activation: Activation::Tanh,
            cell_clip: 0.0,
            projection_clip: 0.0,
            intermediates: Vec::new(),
        };
        let one = |value: f32| Some(Tensor::from_slice([1, 1], &[value]).expect("one number"));
        let list = |value: f32| Some(Tensor::from_slice([1], &[value]).expect("one number"));
        let mut inputs = vec![Some(Tensor::from_slice([1, 2, 1], &[0.5f32, -1.0]).expect("two numbers"))];
        inputs.extend([0.3, -0.2, 0.7, 0.1, 0.4, 0.6, -0.5, 0.2].map(one));
        inputs.extend([None, None, None]);
        inputs.extend([0.1, 0.2, -0.1, 0.05].map(list));
        inputs.extend([None, None, one(0.0), one(0.0)]);
        let inputs: Vec<Option<&Tensor>> = inputs.iter().map(Option::as_ref).collect();
        let results = run(&lstm, &inputs, &TensorType::f32([1, 2, 1])).expect("the operands fit");
        let (mut h, mut c, mut expected) = (0.0f64, 0.0f64, Vec::new());
        let sigma = |x: f64| 1.0 / (1.0 + (-x).exp());
        for x in [0.5, -1.0] {
            let i = sigma(0.3 * x + 0.4 * h + 0.1);
            let f = sigma(-0.2 * x + 0.6 * h + 0.2);
            let g = (0.7 * x - 0.5 * h - 0.1).tanh();
            let o = sigma(0.1 * x + 0.2 * h + 0.05);
            c = f * c + i * g;
            h = o * c.tanh();
            expected.push(h);
        }
        let y = results[0].to_reals().expect("reals");
        assert!(y.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6), "{y:?} {expected:?}");
        assert_eq!(results[1].to_reals().expect("reals"), y[1..]);
        assert!((f64::from(results[2].to_reals().expect("reals")[0]) - c).abs() < 1e-6);
    }
}
