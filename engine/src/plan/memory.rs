//! Offsets in one arena: values that are never alive together may share bytes.

/// A value to place: its size and the steps between which it is alive, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Bytes.
    pub size: usize,
    /// The step that writes it.
    pub first: usize,
    /// The last step that reads it.
    pub last: usize,
}

/// Where each value lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The offset of each value in bytes.
    pub offsets: Vec<usize>,
    /// Bytes of the arena.
    pub size: usize,
    /// Bytes of the largest set of values alive at once: no layout is smaller.
    pub lower_bound: usize,
}

impl Lifetime {
    fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Places values greedily by size (Pisarchyk & Lee 2020, arXiv 2001.03288), in several orders, and keeps the smallest
/// arena. Offsets are multiples of `alignment`.
pub fn layout(values: &[Lifetime], alignment: usize) -> Layout {
    let aligned = |index: usize| values[index].size.next_multiple_of(alignment);
    let span = |index: usize| values[index].last - values[index].first;
    let mut by_size: Vec<usize> = (0..values.len()).collect();
    by_size.sort_by_key(|&i| (std::cmp::Reverse(aligned(i)), values[i].first, i));
    let mut by_area = by_size.clone();
    by_area.sort_by_key(|&i| (std::cmp::Reverse(aligned(i) * (span(i) + 1)), i));
    let mut by_breadth = by_size.clone();
    let live = live_sizes(values, alignment);
    let breadth = |i: usize| (values[i].first..=values[i].last).map(|step| live[step]).max().unwrap_or(0);
    by_breadth.sort_by_key(|&i| (std::cmp::Reverse(breadth(i)), std::cmp::Reverse(aligned(i)), i));
    let candidates = [by_size, by_area, by_breadth].map(|order| placed(values, &order, alignment));
    let (offsets, size) = candidates.into_iter().min_by_key(|(_, size)| *size).unwrap_or_default();
    Layout { offsets, size, lower_bound: live.into_iter().max().unwrap_or(0) }
}

fn live_sizes(values: &[Lifetime], alignment: usize) -> Vec<usize> {
    let steps = values.iter().map(|v| v.last + 1).max().unwrap_or(0);
    let mut live = vec![0; steps];
    for value in values {
        live[value.first..=value.last]
            .iter_mut()
            .for_each(|sum| *sum += value.size.next_multiple_of(alignment));
    }
    live
}

/// Each value in turn at the lowest offset that is free during its life.
fn placed(values: &[Lifetime], order: &[usize], alignment: usize) -> (Vec<usize>, usize) {
    let mut offsets = vec![0; values.len()];
    let mut done: Vec<usize> = Vec::with_capacity(values.len());
    let mut total = 0;
    for &index in order {
        let size = values[index].size.next_multiple_of(alignment);
        let mut taken: Vec<(usize, usize)> = done
            .iter()
            .filter(|&&other| values[other].overlaps(&values[index]))
            .map(|&other| (offsets[other], offsets[other] + values[other].size.next_multiple_of(alignment)))
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (start, end) in taken {
            if start >= offset + size {
                break;
            }
            offset = offset.max(end);
        }
        offsets[index] = offset;
        total = total.max(offset + size);
        done.push(index);
    }
    (offsets, total)
}

#[cfg(test)]
mod tests {
    use super::{Lifetime, layout};
    use proptest::prelude::*;

    #[test]
    fn a_chain_needs_two_buffers() {
        let values: Vec<Lifetime> = (0..8).map(|i| Lifetime { size: 100, first: i, last: i + 1 }).collect();
        let layout = layout(&values, 4);
        assert_eq!((layout.size, layout.lower_bound), (200, 200));
    }

    proptest! {
        #[test]
        fn live_values_never_overlap(list in prop::collection::vec((1usize..4000, 0usize..30, 0usize..9), 1..60)) {
            let values: Vec<Lifetime> =
                list.iter().map(|&(size, first, span)| Lifetime { size, first, last: first + span }).collect();
            let layout = layout(&values, 16);
            prop_assert!(layout.size >= layout.lower_bound);
            for (i, a) in values.iter().enumerate() {
                prop_assert!(layout.offsets[i].is_multiple_of(16) && layout.offsets[i] + a.size <= layout.size);
                for (j, b) in values.iter().enumerate().take(i) {
                    let apart = layout.offsets[i] + a.size <= layout.offsets[j] || layout.offsets[j] + b.size <= layout.offsets[i];
                    prop_assert!(apart || a.first > b.last || b.first > a.last);
                }
            }
        }
    }
}
