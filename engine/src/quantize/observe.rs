//! Calibration: the ranges of a model's values over samples of its inputs, seen on the CPU.

use crate::cpu::{Executable, Program};
use crate::error::{Error, Result};
use crate::graph::{Graph, Model, ValueId};
use crate::passes;
use crate::pool::Pool;
use crate::schema::{self, File};
use crate::tensor::{DType, Tensor};
use crate::tflite;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a value's range follows from what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ranging {
    /// The least and the greatest number.
    MinMax,
    /// The mean of the samples' least and greatest numbers, in which the last samples count most.
    MovingAverage,
    /// So many percent of the numbers, as many left out at both ends.
    Percentile(f32),
    /// The range whose steps have the least squared error.
    Mse,
}

/// A value's least and greatest number; zero lies between.
pub type Range = (f32, f32);

/// How much of the sum of a moving average each new sample is.
const SHARE: f32 = 0.1;

/// Bins of a histogram.
const BINS: usize = 2048;

/// Steps of eight bits.
const STEPS: f64 = 255.0;

/// A model of a file whose weights are folded, ready for observing.
pub struct Observed {
    /// The model.
    pub model: Model,
    /// Its main graph, with real weights; a value has the index of its tensor.
    pub graph: Graph,
}

impl Observed {
    /// The model of `file`.
    pub fn new(file: &File) -> Result<Self> {
        let model = tflite::read(schema::write(file)?)?;
        let mut graph = model.graphs[0].clone();
        // The first pass folds constants and leaves the values' indices.
        passes::optimize(&mut graph, 1)?;
        Ok(Self { model, graph })
    }

    /// Calls `see` with each sample's numbers of `values`.
    pub fn each(
        &self,
        values: &[ValueId],
        threads: usize,
        samples: &[Vec<Tensor>],
        mut see: impl FnMut(usize, &[Tensor]) -> Result<()>,
    ) -> Result<()> {
        let mut graph = self.graph.clone();
        graph.outputs = values.to_vec();
        let pool = Arc::new(Pool::new(threads));
        let mut executable = Executable::new(Arc::new(graph), Program::new(&self.model.graphs), pool)?;
        for (index, sample) in samples.iter().enumerate() {
            executable.reset();
            see(index, &executable.run(sample)?)?;
        }
        Ok(())
    }

    /// The f32 values that are computed or given, in order.
    pub fn reals(&self) -> Vec<ValueId> {
        let written = self.graph.nodes.iter().flat_map(|node| &node.outputs).chain(&self.graph.inputs);
        let fixed = |id: &ValueId| {
            let value = self.graph.value(*id);
            value.ty.dtype == DType::F32
                && !value.dynamic
                && value.ty.elements() > 0
                && value.constant.is_none()
        };
        let mut values: Vec<ValueId> = written.copied().filter(fixed).collect();
        values.sort_unstable();
        values.dedup();
        values
    }
}

/// What was seen of a value.
struct Seen {
    low: f32,
    high: f32,
    /// Sums of the samples' extremes and of their shares.
    sums: (f32, f32, f32),
    bins: Vec<u64>,
}

/// The range of each f32 value of the main graph of `file`, by its tensor's index.
pub fn observe(
    file: &File,
    ranging: Ranging,
    threads: usize,
    samples: &[Vec<Tensor>],
) -> Result<BTreeMap<usize, Range>> {
    if samples.is_empty() {
        return Err(Error::invalid("there are no samples to calibrate with"));
    }
    let observed = Observed::new(file)?;
    let values = observed.reals();
    let mut seen: Vec<Seen> = values.iter().map(|_| Seen::nothing()).collect();
    observed.each(&values, threads, samples, |_, tensors| {
        seen.iter_mut().zip(tensors).try_for_each(|(seen, tensor)| seen.extremes(tensor))
    })?;
    if matches!(ranging, Ranging::Percentile(_) | Ranging::Mse) {
        observed.each(&values, threads, samples, |_, tensors| {
            seen.iter_mut().zip(tensors).try_for_each(|(seen, tensor)| seen.count(tensor))
        })?;
    }
    let ranges = values.iter().zip(&seen).map(|(value, seen)| (value.0, seen.range(ranging)));
    Ok(ranges.collect())
}

impl Seen {
    fn nothing() -> Self {
        Self { low: 0.0, high: 0.0, sums: (0.0, 0.0, 0.0), bins: Vec::new() }
    }

    fn extremes(&mut self, tensor: &Tensor) -> Result<()> {
        let finite = tensor.as_slice::<f32>()?.iter().filter(|number| number.is_finite());
        let (low, high) = finite.fold((0.0f32, 0.0f32), |(low, high), &n| (low.min(n), high.max(n)));
        self.low = self.low.min(low);
        self.high = self.high.max(high);
        let faded = |sum: f32, new: f32| (1.0 - SHARE) * sum + SHARE * new;
        self.sums = (faded(self.sums.0, low), faded(self.sums.1, high), faded(self.sums.2, 1.0));
        Ok(())
    }

    fn count(&mut self, tensor: &Tensor) -> Result<()> {
        self.bins.resize(BINS, 0);
        let width = (self.high - self.low) / BINS as f32;
        for number in tensor.as_slice::<f32>()?.iter().filter(|number| number.is_finite()) {
            let bin = if width > 0.0 { ((number - self.low) / width) as usize } else { 0 };
            self.bins[bin.min(BINS - 1)] += 1;
        }
        Ok(())
    }

    fn range(&self, ranging: Ranging) -> Range {
        match ranging {
            Ranging::MinMax => (self.low, self.high),
            Ranging::MovingAverage => (self.sums.0 / self.sums.2, self.sums.1 / self.sums.2),
            Ranging::Percentile(percent) => self.percentile(percent),
            Ranging::Mse => self.least_error(),
        }
    }

    /// The middle of each bin and how many numbers it holds.
    fn middles(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let width = f64::from(self.high - self.low) / BINS as f64;
        let middle = move |bin: usize| f64::from(self.low) + (bin as f64 + 0.5) * width;
        self.bins.iter().enumerate().map(move |(bin, &count)| (middle(bin), count))
    }

    fn percentile(&self, percent: f32) -> Range {
        let total: u64 = self.bins.iter().sum();
        let left_out = (total as f64 * (1.0 - f64::from(percent) / 100.0) / 2.0) as u64;
        let width = (self.high - self.low) / BINS as f32;
        let bins_past = |bins: &mut dyn Iterator<Item = &u64>| {
            let mut sum = 0;
            bins.take_while(|&&count| {
                sum += count;
                sum <= left_out
            })
            .count() as f32
        };
        let low = self.low + width * bins_past(&mut self.bins.iter());
        let high = self.high - width * bins_past(&mut self.bins.iter().rev());
        (low.min(0.0), high.max(0.0))
    }

    /// Of the ranges shrunk at either end, the one with the least error: that of rounding inside, of clamping outside.
    fn least_error(&self) -> Range {
        let error = |(low, high): (f64, f64)| -> f64 {
            let step = (high - low) / STEPS;
            let rounding = step * step / 12.0;
            let of = |(middle, count): (f64, u64)| {
                let outside = (low - middle).max(middle - high).max(0.0);
                count as f64 * if outside > 0.0 { outside * outside } else { rounding }
            };
            self.middles().map(of).sum()
        };
        let (mut best, mut least) = ((self.low, self.high), f64::INFINITY);
        for low in (4..=20).rev().map(|part| self.low * part as f32 / 20.0) {
            for high in (4..=20).rev().map(|part| self.high * part as f32 / 20.0) {
                let error = error((low.into(), high.into()));
                if error < least {
                    (best, least) = ((low, high), error);
                }
                if self.high == 0.0 {
                    break;
                }
            }
            if self.low == 0.0 {
                break;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand numbers up to one on either side, and one at ten.
    fn with_an_outlier() -> Seen {
        let numbers: Vec<f32> = (0..1000).map(|n| n as f32 / 500.0 - 1.0).chain([10.0]).collect();
        let tensor = Tensor::from_slice([1001], &numbers).expect("numbers");
        let mut seen = Seen::nothing();
        seen.extremes(&tensor).expect("f32");
        seen.count(&tensor).expect("f32");
        seen
    }

    #[test]
    fn each_way_treats_an_outlier_as_it_says() {
        let seen = with_an_outlier();
        assert_eq!(seen.range(Ranging::MinMax), (-1.0, 10.0));
        let (low, high) = seen.range(Ranging::Percentile(99.0));
        assert!((-1.0..-0.97).contains(&low) && (0.97..1.1).contains(&high), "{low} {high}");
        let (low, high) = seen.range(Ranging::Mse);
        assert!(
            low == -1.0 && high == 10.0,
            "one number of a thousand at ten weighs more than steps: {low} {high}"
        );
    }

    #[test]
    fn many_numbers_outweigh_one_far_away() {
        let mut seen = with_an_outlier();
        seen.bins.iter_mut().rev().skip(1).for_each(|count| *count *= 100_000);
        let (_, high) = seen.range(Ranging::Mse);
        assert!((1.0..10.0).contains(&high), "{high}");
    }

    #[test]
    fn a_moving_average_follows_the_samples() {
        let mut seen = Seen::nothing();
        for high in [1.0f32, 2.0] {
            seen.extremes(&Tensor::from_slice([1], &[high]).expect("a number")).expect("f32");
        }
        let (low, high) = seen.range(Ranging::MovingAverage);
        assert!(low == 0.0 && (high - 0.29 / 0.19).abs() < 1e-6, "{high}");
    }
}
