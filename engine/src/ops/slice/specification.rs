//! What a strided slice's begin, end, step and masks mean.

use crate::ops::{Refusal, Verdict};

/// The attributes of a `STRIDED_SLICE`: bit i speaks of entry i of its specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// Begin is open.
    pub begin: i64,
    /// End is open.
    pub end: i64,
    /// The entry stands for all axes that no other one names.
    pub ellipsis: i64,
    /// The entry adds an axis of extent 1.
    pub new_axis: i64,
    /// One place is taken and the axis dropped.
    pub shrink: i64,
    /// Ends count from begin.
    pub offset: bool,
}

/// What a slice takes along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// `extent` places from `begin`, each `step` after the last; dropped axes have one.
    Range {
        /// The first place.
        begin: i64,
        /// From one place to the next.
        step: i64,
        /// How many places.
        extent: usize,
        /// Whether the result lacks the axis.
        dropped: bool,
    },
    /// An axis of extent 1 that the operand lacks.
    NewAxis,
}

impl Taken {
    /// The result's extent, where it has the axis.
    pub fn extent(&self) -> Option<usize> {
        match *self {
            Taken::Range { dropped: true, .. } => None,
            Taken::Range { extent, .. } => Some(extent),
            Taken::NewAxis => Some(1),
        }
    }
}

/// An entry that leaves an axis as it is.
const ALL: Entry = Entry { begin: None, end: None, step: 1, shrink: false };

#[derive(Clone, Copy)]
struct Entry {
    begin: Option<i64>,
    end: Option<i64>,
    step: i64,
    shrink: bool,
}

fn bit(mask: i64, index: usize) -> bool {
    index < 32 && mask >> index & 1 != 0
}

impl Masks {
    /// What is taken along each axis of an operand of this shape, new axes among them.
    pub fn taken(&self, shape: &[usize], begin: &[i64], end: &[i64], step: &[i64]) -> Verdict<Vec<Taken>> {
        if begin.len() != end.len() || begin.len() != step.len() {
            return Err(Refusal::new("its begin, end and strides differ in length"));
        }
        let ellipsis = (0..begin.len()).find(|&entry| bit(self.ellipsis, entry));
        if (0..begin.len()).filter(|&entry| bit(self.ellipsis, entry)).count() > 1 {
            return Err(Refusal::new("it has more than one ellipsis"));
        }
        let is_new = |entry: usize| bit(self.new_axis, entry) && ellipsis != Some(entry);
        let named = (0..begin.len()).filter(|&entry| !is_new(entry) && ellipsis != Some(entry)).count();
        let unnamed = shape
            .len()
            .checked_sub(named)
            .ok_or_else(|| Refusal::new(format!("it names {named} axes of its input {shape:?}")))?;
        let mut taken = Vec::with_capacity(shape.len() + begin.len());
        let mut extents = shape.iter().copied();
        for entry in 0..begin.len() {
            if ellipsis == Some(entry) {
                let skipped = extents.by_ref().take(unnamed);
                taken.extend(skipped.map(|extent| self.range(ALL, extent)).collect::<Verdict<Vec<_>>>()?);
            } else if is_new(entry) {
                taken.push(Taken::NewAxis);
            } else if let Some(extent) = extents.next() {
                let range = Entry {
                    begin: (!bit(self.begin, entry)).then_some(begin[entry]),
                    end: (!bit(self.end, entry)).then_some(end[entry]),
                    step: step[entry],
                    shrink: bit(self.shrink, entry),
                };
                taken.push(self.range(range, extent)?);
            }
        }
        taken.extend(extents.map(|extent| self.range(ALL, extent)).collect::<Verdict<Vec<_>>>()?);
        Ok(taken)
    }

    fn range(&self, entry: Entry, extent: usize) -> Verdict<Taken> {
        let Entry { begin, end, step, shrink } = entry;
        let extent = extent as i64;
        if step == 0 || step.unsigned_abs() > i32::MAX as u64 {
            return Err(Refusal::new(format!("its stride is {step}")));
        }
        // A walk upward lies in 0..extent, one downward in extent-1..=-1 with its end left out.
        let (low, high) = if step > 0 { (0, extent) } else { (-1, extent - 1) };
        let from_start = |at: i64| if at < 0 { at.saturating_add(extent) } else { at };
        let open = if step > 0 { 0 } else { extent - 1 };
        let begin = begin.map_or(open, |begin| from_start(begin).clamp(low, high));
        if shrink {
            return match (0..extent).contains(&begin) {
                true => Ok(Taken::Range { begin, step: 1, extent: 1, dropped: true }),
                false => Err(Refusal::new(format!("it takes place {begin} of {extent}"))),
            };
        }
        let open = if step > 0 { extent } else { -1 };
        let end = end.map_or(open, |end| {
            let end = if self.offset { end.saturating_add(begin) } else { end };
            from_start(end).clamp(low, high)
        });
        let extent = if step > 0 { end - begin } else { begin - end };
        let extent = extent.max(0).unsigned_abs().div_ceil(step.unsigned_abs());
        Ok(Taken::Range { begin, step, extent: extent as usize, dropped: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extents(masks: Masks, shape: &[usize], begin: &[i64], end: &[i64], step: &[i64]) -> Vec<usize> {
        let taken = masks.taken(shape, begin, end, step).expect("it fits");
        taken.iter().filter_map(Taken::extent).collect()
    }

    #[test]
    fn an_ellipsis_stands_for_the_axes_between() {
        let masks = Masks { ellipsis: 0b10, ..Masks::default() };
        assert_eq!(extents(masks, &[2, 3, 4, 5], &[0, 9, 1], &[1, 9, 3], &[1, 1, 1]), [1, 3, 4, 2]);
        let masks = Masks { ellipsis: 0b1, new_axis: 0b11, ..Masks::default() };
        assert_eq!(extents(masks, &[2, 3], &[0, 0, 1], &[0, 0, 3], &[1, 1, 1]), [2, 1, 2]);
        assert!(Masks { ellipsis: 0b11, ..Masks::default() }.taken(&[2], &[0; 2], &[0; 2], &[1; 2]).is_err());
    }

    #[test]
    fn ends_are_cut_and_count_from_the_end() {
        let range = |begin, end, step| extents(Masks::default(), &[7], &[begin], &[end], &[step])[0];
        assert_eq!(range(-3, 100, 1), 3);
        assert_eq!(range(-100, -100, 1), 0);
        assert_eq!(range(6, -8, -2), 4);
        assert_eq!(range(6, 0, -4), 2);
        assert_eq!(range(5, 2, 1), 0);
        assert_eq!(extents(Masks { offset: true, ..Masks::default() }, &[7], &[2], &[3], &[1]), [3]);
        let open = Masks { begin: 1, end: 1, ..Masks::default() };
        assert_eq!(
            open.taken(&[5], &[3], &[3], &[-2]),
            Ok(vec![Taken::Range { begin: 4, step: -2, extent: 3, dropped: false }])
        );
    }

    #[test]
    fn dropped_axes_take_a_place_that_is_there() {
        let masks = Masks { shrink: 1, ..Masks::default() };
        assert_eq!(extents(masks, &[4, 3], &[-1], &[0], &[1]), [3]);
        assert!(masks.taken(&[4, 3], &[4], &[5], &[1]).is_err());
        assert!(Masks::default().taken(&[4], &[0], &[4], &[0]).is_err());
        assert!(Masks::default().taken(&[4], &[0; 2], &[4; 2], &[1; 2]).is_err());
    }
}
