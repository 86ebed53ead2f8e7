//! PAD, PADV2, MIRROR_PAD: places added before and behind along each axis.
//!
//! Operand 1 holds `[rank, 2]` counts, before and behind. PAD fills with zero (the zero point of quantized integers),
//! PADV2 with operand 2, MIRROR_PAD with what lies as far inside the edge: REFLECT leaves the edge itself out,
//! SYMMETRIC repeats it.

/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;

use super::rearrange::{self, Rearrangement, rearranging};
use super::strided::{pick, pooled};
use super::{Chain, CpuKernel, Merged, Operands, Operator, Refusal, Source, Verdict, extent, merged};
use crate::tensor::{DType, Tensor, TensorType, strides};
use crate::wgsl::{Choice, Kernel};

/// What the added places hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pad {
    /// Zero.
    Zero,
    /// Operand 2.
    Value,
    /// What lies as far inside the edge, the edge left out.
    Reflect,
    /// What lies as far inside the edge, the edge included.
    Symmetric,
}

/// What `source` pads with.
pub fn decode(source: &Source) -> Verdict<Option<Pad>> {
    Ok(Some(match source.name {
        "PAD" => Pad::Zero,
        "PADV2" => Pad::Value,
        "MIRROR_PAD" => match source.int("mode", 0)? {
            0 => Pad::Reflect,
            1 => Pad::Symmetric,
            other => return Err(Refusal::new(format!("its mode {other} is unknown"))),
        },
        _ => return Ok(None),
    }))
}

impl Pad {
    /// For each axis how many places are added before and behind; `None` where only the run tells.
    pub fn counts(&self, operands: &Operands) -> Verdict<Option<Vec<[usize; 2]>>> {
        let Some(list) = operands.integers(1)? else { return Ok(None) };
        let counts = list
            .chunks(2)
            .map(|pair| match *pair {
                [before, behind] => Ok([extent(before)?, extent(behind)?]),
                _ => Err(Refusal::new("its paddings are not pairs")),
            })
            .collect::<Verdict<Vec<_>>>()?;
        Ok(Some(counts))
    }

    fn mirrors(&self) -> bool {
        matches!(self, Pad::Reflect | Pad::Symmetric)
    }

    /// How often the edge stands in the mirror.
    fn edge(&self) -> usize {
        (*self == Pad::Symmetric) as usize
    }

    /// The coordinate in an operand of this extent for `at`, counted from its first place; none outside.
    fn source(&self, at: isize, extent: usize) -> Option<usize> {
        let (edge, last) = (self.edge() as isize, extent as isize);
        let mirrored = match at {
            at if at < 0 && self.mirrors() => -at - edge,
            at if at >= last && self.mirrors() => 2 * last - 2 + edge - at,
            at => at,
        };
        usize::try_from(mirrored).ok().filter(|&at| at < extent)
    }
}

impl Operator for Pad {
    fn name(&self) -> &'static str {
        match self {
            Pad::Zero => "PAD",
            Pad::Value => "PADV2",
            Pad::Reflect | Pad::Symmetric => "MIRROR_PAD",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_same_dtype(0)?;
        if operands.input(0)?.ty.dtype == DType::String {
            return Err(Refusal::new("it does not take strings"));
        }
        if *self == Pad::Value {
            let value = operands.input(2)?.ty;
            if value.elements() != 1 || value.dtype != operands.input(0)?.ty.dtype {
                return Err(Refusal::new(format!("it pads {} with {value}", operands.input(0)?.ty)));
            }
        }
        let (Some(shape), Some(counts)) = (operands.shape(0)?, self.counts(operands)?) else {
            return Ok(vec![None]);
        };
        let refuse = || Refusal::new(format!("its paddings {counts:?} do not fit its input {shape:?}"));
        if counts.len() != shape.len() {
            return Err(refuse());
        }
        let padded = shape.iter().zip(&counts).map(|(&extent, &[before, behind])| {
            let most = (extent + self.edge()).checked_sub(1);
            let reachable = !self.mirrors() || most.is_some_and(|most| before.max(behind) <= most);
            extent.checked_add(before + behind).filter(|_| reachable).ok_or_else(refuse)
        });
        Ok(vec![Some(padded.collect::<Verdict<Vec<usize>>>()?)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let ty = &outputs[0];
        let operands = Operands::of_tensors(inputs, outputs);
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let counts = self.counts(&operands)?.ok_or_else(|| Refusal::new("its paddings are missing"))?;
        // For each axis the part of an element's number that each coordinate gives.
        let along = |axis: usize, stride: usize| -> Vec<Option<usize>> {
            let (extent, before) = (input.shape()[axis], counts[axis][0] as isize);
            let places = (0..ty.shape[axis] as isize).map(|at| self.source(at - before, extent));
            places.map(|at| at.map(|at| at * stride)).collect()
        };
        let numbers =
            strides(input.shape()).iter().enumerate().fold(vec![Some(0)], |numbers, (axis, &stride)| {
                let along = along(axis, stride);
                let all =
                    numbers.iter().flat_map(|&outer| along.iter().map(move |&inner| Some(outer? + inner?)));
                all.collect::<Vec<Option<usize>>>()
            });
        // The fill stands behind the operand's own elements.
        let fill = self.fill(inputs.get(2).copied().flatten(), ty)?;
        let pool = pooled(input, &fill)?;
        let indices: Vec<usize> = numbers.into_iter().map(|number| number.unwrap_or(input.len())).collect();
        Ok(vec![pick(&pool, &indices, ty)?])
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::kernel(self, operands, chain)
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let (shape, result) = (&operands.input(0)?.ty.shape, &operands.outputs[0].shape);
        let counts = self.counts(operands)?;
        let counts = counts.ok_or_else(|| Refusal::new("its GPU kernel takes a padding that is constant"))?;
        let first = merged::count(shape);
        let mut pairs = vec![[0; 2]];
        for (axis, pair) in counts.iter().enumerate() {
            if axis >= first {
                pairs.push(pair.map(|count| count as i64));
            } else if *pair != [0; 2] {
                let (_, inner) = merged::place(result, axis)?;
                if inner > 1 && self.mirrors() {
                    return Err(merged::apart(shape));
                }
                pairs[0] = pair.map(|count| (count * inner) as i64);
            }
        }
        Merged::new(*self).with(1, &[pairs.len(), 2], &pairs.concat())
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        self.rearrangement(operands)?;
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        Ok(rearrange::choices(if self.mirrors() { "mirror_pad" } else { "pad" }, rearrange::texels(to)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        Ok(self.rearrangement(operands)?.kernel(choice, to))
    }

    fn carries_prologue(&self, operands: &Operands, input: usize) -> bool {
        input == 0 && rearrange::moves_whole_texels(self, operands)
    }
}

impl Pad {
    /// One element of what the added places hold.
    fn fill(&self, value: Option<&Tensor>, ty: &TensorType) -> Verdict<Tensor> {
        match (self, value) {
            (Pad::Value, Some(value)) => Ok(Tensor::from_bytes(ty.with_shape([1]), value.as_bytes())?),
            (Pad::Value, None) => Err(Refusal::new("its input 2 is missing")),
            _ if ty.quantization.as_ref().is_some_and(|q| q.is_per_channel()) => {
                Err(Refusal::new("it does not pad integers quantized per channel"))
            }
            _ => Ok(Tensor::from_reals(ty.with_shape([1]), &[0.0])?),
        }
    }

    fn rearrangement(&self, operands: &Operands) -> Verdict<Rearrangement> {
        let (from, to) = rearrange::shapes(operands, 0, 0)?;
        let constant = |what: &str| Refusal::new(format!("its GPU kernel takes {what} that is constant"));
        let counts = self.counts(operands)?.ok_or_else(|| constant("a padding"))?;
        let mut before = [0; 4];
        for (axis, pair) in counts.iter().enumerate() {
            before[axis + 4 - counts.len().min(4)] = pair[0];
        }
        let fill = match self {
            Pad::Zero => Some(0.0),
            Pad::Value => {
                let value = operands.input(2)?.constant.and_then(Tensor::to_reals);
                Some(value.and_then(|value| value.first().copied()).ok_or_else(|| constant("a value"))?)
            }
            Pad::Reflect | Pad::Symmetric => None,
        };
        let aligned = before[3] % 4 == 0 && (fill == Some(0.0) || from[3] % 4 == 0);
        let names = ["before_n", "before_y", "before_x", "before_c"];
        Ok(Rearrangement {
            source: rearranging!("pad.wgsl"),
            whole: from[3] == to[3] || (aligned && !self.mirrors()),
            fill,
            defines: vec![("MIRRORS", self.mirrors() as i64)],
            params: names
                .into_iter()
                .zip(before.map(Into::into))
                .chain([("src_channels", from[3].into()), ("edge", self.edge().into())])
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_leave_the_edge_out_or_repeat_it() {
        let row = |pad: Pad| (-2..5).map(|at| pad.source(at, 3)).collect::<Vec<_>>();
        assert_eq!(row(Pad::Reflect), [2, 1, 0, 1, 2, 1, 0].map(Some));
        assert_eq!(row(Pad::Symmetric), [1, 0, 0, 1, 2, 2, 1].map(Some));
        assert_eq!(row(Pad::Zero), [None, None, Some(0), Some(1), Some(2), None, None]);
    }

    #[test]
    fn added_places_hold_the_zero_point() {
        let ty = TensorType {
            quantization: Some(crate::tensor::Quantization::per_tensor(0.5, 7)),
            ..TensorType::new(DType::U8, [2])
        };
        let input = Tensor::from_integers(ty.clone(), &[1, 2]).expect("two");
        let counts = Tensor::from_slice([1, 2], &[1i32, 2]).expect("two");
        let padded =
            Pad::Zero.reference(&[Some(&input), Some(&counts)], &[ty.with_shape([5])]).expect("it fits");
        assert_eq!(padded[0].as_bytes(), [7, 1, 2, 7, 7]);
    }

    #[test]
    fn mirrors_reach_no_further_than_the_operand() {
        let infer = |pad: Pad, counts: [i32; 2]| {
            let (input, counts) =
                (Tensor::zeros(TensorType::f32([3])), Tensor::from_slice([1, 2], &counts).expect("two"));
            pad.infer(&Operands::of_tensors(&[Some(&input), Some(&counts)], &[TensorType::f32([])]))
        };
        assert_eq!(infer(Pad::Reflect, [2, 0]), Ok(vec![Some(vec![5])]));
        assert_eq!(infer(Pad::Symmetric, [3, 3]), Ok(vec![Some(vec![9])]));
        assert!(infer(Pad::Reflect, [3, 0]).is_err());
        assert!(infer(Pad::Symmetric, [0, 4]).is_err());
        assert!(infer(Pad::Zero, [-1, 4]).is_err());
    }
}
