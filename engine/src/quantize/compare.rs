//! How far a converted model's outputs are from those of the model it was made from.
//!
//! What an output means is read off its shape, as the models of the field have it: `[n, h, w, 1]` is a mask, `[n, h, w, k]`
//! beside `[n, h, w, 2k]` heatmaps of key points with their offsets, a row of triples points in pixels, `[n, k]` a
//! classifier's scores, `[n, anchors, 4 + 2k]` beside `[n, anchors, 1]` a detector's boxes with points.

use crate::tensor::Tensor;

/// The distance between the outputs of two models over some samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// The greatest absolute difference.
    pub max: f64,
    /// The mean absolute difference.
    pub mean: f64,
    /// The power of the signal over that of the difference, in dB; infinite where nothing differs.
    pub snr: f64,
    /// Intersection over union of masks: the mean over the samples.
    pub iou: Option<f64>,
    /// On which share of the samples classifiers name the same class.
    pub top1: Option<f64>,
    /// How far key points move that the model before finds, in pixels of the input: the mean over the points.
    pub shift: Option<f64>,
    /// The largest move of a key point.
    pub largest_shift: Option<f64>,
}

/// What a model's outputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Output 0 is a mask.
    Mask,
    /// Output 0 holds scores of classes for each pixel.
    Classes,
    /// Output 0 holds scores.
    Scores,
    /// Output 0 holds x, y, z of points in pixels.
    Points,
    /// Heatmaps and offsets of key points, by their places among the outputs.
    Heatmaps(usize, usize),
    /// A detector's boxes and scores, by their places among the outputs.
    Boxes(usize, usize),
    /// Numbers.
    Numbers,
}

impl Task {
    /// The task of a model with outputs of these shapes.
    pub fn of(shapes: &[&[usize]]) -> Self {
        let find = |fits: &dyn Fn(&[usize]) -> bool| shapes.iter().position(|shape| fits(shape));
        for (index, shape) in shapes.iter().enumerate() {
            match *shape {
                [_, h, w, k] if h * w > 1 => {
                    if let Some(offsets) = find(&|shape| shape.len() == 4 && shape[1..] == [*h, *w, 2 * k]) {
                        return Task::Heatmaps(index, offsets);
                    }
                }
                [_, anchors, numbers] if *numbers >= 6 => {
                    if let Some(scores) = find(&|shape| shape.len() == 3 && shape[1..] == [*anchors, 1]) {
                        return Task::Boxes(index, scores);
                    }
                }
                _ => {}
            }
        }
        match shapes.first().copied() {
            Some([_, h, w, 1]) if h * w > 1 => Task::Mask,
            Some([_, h, w, _]) if h * w > 1 => Task::Classes,
            Some([_, 1, 1, n] | [_, n]) if *n >= 60 && n % 3 == 0 => Task::Points,
            Some([_, n] | [_, 1, 1, n]) if *n >= 2 => Task::Scores,
            _ => Task::Numbers,
        }
    }
}

/// Differences gathered sample by sample.
pub struct Comparison {
    task: Task,
    /// Height and width of the input.
    size: [usize; 2],
    max: f64,
    sum: f64,
    signal: f64,
    noise: f64,
    count: usize,
    /// IoU or agreement of each sample; moves of each point.
    figures: Vec<f64>,
}

impl Comparison {
    /// Of models with outputs of these shapes and an input of this shape.
    pub fn new(outputs: &[&[usize]], input: &[usize]) -> Self {
        let size = if let [_, h, w, _] = *input { [h, w] } else { [1, 1] };
        let task = Task::of(outputs);
        Self { task, size, max: 0.0, sum: 0.0, signal: 0.0, noise: 0.0, count: 0, figures: Vec::new() }
    }

    /// Takes one sample's outputs of the model before and after; those that are not numbers are left out.
    pub fn add(&mut self, before: &[Tensor], after: &[Tensor]) {
        let reals = |tensors: &[Tensor]| -> Vec<Vec<f32>> {
            tensors.iter().map(|tensor| tensor.to_reals().unwrap_or_default()).collect()
        };
        let (a, b) = (reals(before), reals(after));
        for (&x, &y) in a.iter().flatten().zip(b.iter().flatten()) {
            let (x, difference) = (f64::from(x), f64::from(y) - f64::from(x));
            self.max = self.max.max(difference.abs());
            self.sum += difference.abs();
            self.signal += x * x;
            self.noise += difference * difference;
            self.count += 1;
        }
        let shape = |index: usize| before[index].shape();
        match self.task {
            Task::Mask => self.figures.push(iou(&a[0], &b[0])),
            Task::Classes => self.figures.push(class_iou(&a[0], &b[0], shape(0)[3])),
            Task::Scores => self.figures.push(f64::from(greatest(&a[0]) == greatest(&b[0]))),
            Task::Points => self.figures.extend(moves(points(&a[0]), points(&b[0]))),
            Task::Heatmaps(maps, offsets) => {
                let of = |outputs: &[Vec<f32>]| {
                    key_points(&outputs[maps], &outputs[offsets], shape(maps), self.size)
                };
                let there = peaks(&a[maps], shape(maps)[3]);
                let moves = moves(of(&a), of(&b)).zip(there);
                self.figures.extend(moves.filter(|(_, there)| *there).map(|(shift, _)| shift));
            }
            Task::Boxes(boxes, scores) => {
                // The anchors that the model before is surest of, since those of no face hold anything.
                let best = greatest(&a[scores]);
                let of = |outputs: &[Vec<f32>]| box_points(&outputs[boxes], best, shape(boxes)[2]);
                self.figures.extend(moves(of(&a), of(&b)));
            }
            Task::Numbers => {}
        }
    }

    /// The difference over all samples.
    pub fn difference(&self) -> Difference {
        let mean = |figures: &[f64]| figures.iter().sum::<f64>() / figures.len().max(1) as f64;
        let figure = Some(mean(&self.figures)).filter(|_| !self.figures.is_empty());
        let is = |tasks: &[bool]| figure.filter(|_| tasks.contains(&true));
        let moving = matches!(self.task, Task::Points | Task::Heatmaps(..) | Task::Boxes(..));
        Difference {
            max: self.max,
            mean: self.sum / self.count.max(1) as f64,
            snr: if self.noise > 0.0 { 10.0 * (self.signal / self.noise).log10() } else { f64::INFINITY },
            iou: is(&[self.task == Task::Mask, self.task == Task::Classes]),
            top1: is(&[self.task == Task::Scores]),
            shift: is(&[moving]),
            largest_shift: is(&[moving])
                .map(|_| self.figures.iter().fold(0.0, |most, &shift| shift.max(most))),
        }
    }
}

/// Intersection over union of masks: probabilities cut at a half, logits at zero; 1 where both are empty.
fn iou(a: &[f32], b: &[f32]) -> f64 {
    let probabilities = a.iter().all(|value| (0.0..=1.0).contains(value));
    let cut = if probabilities { 0.5 } else { 0.0 };
    let both = a.iter().zip(b).filter(|&(&x, &y)| x > cut && y > cut).count();
    let any = a.iter().zip(b).filter(|&(&x, &y)| x > cut || y > cut).count();
    if any == 0 { 1.0 } else { both as f64 / any as f64 }
}

/// The mean of each class's intersection over union, over the classes that either map names.
fn class_iou(a: &[f32], b: &[f32], classes: usize) -> f64 {
    let (mut both, mut any) = (vec![0usize; classes], vec![0usize; classes]);
    for (x, y) in a.chunks(classes).zip(b.chunks(classes)) {
        let (x, y) = (greatest(x), greatest(y));
        any[x] += 1;
        if x == y { both[x] += 1 } else { any[y] += 1 }
    }
    let named: Vec<f64> = both
        .iter()
        .zip(&any)
        .filter(|(_, any)| **any > 0)
        .map(|(&both, &any)| both as f64 / any as f64)
        .collect();
    named.iter().sum::<f64>() / named.len().max(1) as f64
}

/// The place of the greatest number.
fn greatest(values: &[f32]) -> usize {
    let order = |a: &(usize, &f32), b: &(usize, &f32)| a.1.total_cmp(b.1).then(b.0.cmp(&a.0));
    values.iter().enumerate().max_by(order).map_or(0, |(index, _)| index)
}

fn points(values: &[f32]) -> Vec<[f32; 2]> {
    values.chunks_exact(3).map(|point| [point[0], point[1]]).collect()
}

/// The key points in pixels: the place of each heatmap's peak on the grid, moved by the offsets there.
fn key_points(maps: &[f32], offsets: &[f32], shape: &[usize], [height, width]: [usize; 2]) -> Vec<[f32; 2]> {
    let [h, w, k] = [shape[1], shape[2], shape[3]];
    let stride =
        |size: usize, cells: usize| size.saturating_sub(1) as f32 / cells.saturating_sub(1).max(1) as f32;
    let point = |key: usize| {
        let map: Vec<f32> = maps.iter().skip(key).step_by(k).take(h * w).copied().collect();
        let cell = greatest(&map);
        let offset = |which: usize| offsets[cell * 2 * k + which * k + key];
        [(cell % w) as f32 * stride(width, w) + offset(1), (cell / w) as f32 * stride(height, h) + offset(0)]
    };
    (0..k).map(point).collect()
}

/// Which key points are there at all: those whose heatmap passes a half of probability, or zero of logits, somewhere.
fn peaks(maps: &[f32], count: usize) -> Vec<bool> {
    let probabilities = maps.iter().all(|value| (0.0..=1.0).contains(value));
    let cut = if probabilities { 0.5 } else { 0.0 };
    (0..count).map(|key| maps.iter().skip(key).step_by(count).any(|&value| value > cut)).collect()
}

/// The points of one anchor's box: its center, then its key points.
fn box_points(boxes: &[f32], anchor: usize, numbers: usize) -> Vec<[f32; 2]> {
    let of = &boxes[anchor * numbers..(anchor + 1) * numbers];
    std::iter::once([of[0], of[1]]).chain(of[4..].chunks_exact(2).map(|point| [point[0], point[1]])).collect()
}

fn moves(a: Vec<[f32; 2]>, b: Vec<[f32; 2]>) -> impl Iterator<Item = f64> {
    a.into_iter().zip(b).map(|(a, b)| f64::from((a[0] - b[0]).hypot(a[1] - b[1])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(shapes: &[&[usize]], input: &[usize], a: &[&[f32]], b: &[&[f32]]) -> Difference {
        let tensors = |values: &[&[f32]]| -> Vec<Tensor> {
            let tensor = |(shape, values): (&&[usize], &&[f32])| {
                Tensor::from_slice(shape.to_vec(), values).expect("as many values as the shape holds")
            };
            shapes.iter().zip(values).map(tensor).collect()
        };
        let mut comparison = Comparison::new(shapes, input);
        comparison.add(&tensors(a), &tensors(b));
        comparison.difference()
    }

    #[test]
    fn masks_are_compared_where_they_are_cut() {
        let off =
            difference(&[&[1, 2, 2, 1]], &[1, 4, 4, 3], &[&[0.9, 0.8, 0.1, 0.0]], &[&[0.9, 0.4, 0.1, 0.0]]);
        assert_eq!((off.iou, off.top1, off.shift), (Some(0.5), None, None));
        assert!((off.max - 0.4).abs() < 1e-6 && (off.mean - 0.1).abs() < 1e-6);
        assert!((off.snr - 10.0 * (1.46f64 / 0.16).log10()).abs() < 1e-4);
    }

    #[test]
    fn classifiers_agree_or_not() {
        let same = difference(&[&[1, 3]], &[1, 4, 4, 3], &[&[0.1, 0.7, 0.2]], &[&[0.2, 0.5, 0.3]]);
        assert_eq!((same.top1, same.iou), (Some(1.0), None));
        let other = difference(&[&[1, 3]], &[1, 4, 4, 3], &[&[0.1, 0.7, 0.2]], &[&[0.6, 0.3, 0.1]]);
        assert_eq!(other.top1, Some(0.0));
    }

    #[test]
    fn peaks_and_their_offsets_make_points() {
        let shapes: [&[usize]; 2] = [&[1, 2, 2, 1], &[1, 2, 2, 2]];
        let maps = [0.0, 1.0, 0.0, 0.0];
        let off = difference(
            &shapes,
            &[1, 17, 17, 3],
            &[&maps, &[0.0, 0.0, 3.0, 1.0, 0.0, 0.0, 0.0, 0.0]],
            &[&maps, &[0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0]],
        );
        assert_eq!((off.shift, off.largest_shift), (Some(5.0), Some(5.0)));
        let moved =
            difference(&shapes, &[1, 17, 17, 3], &[&maps, &[0.0; 8]], &[&[2.0, 1.0, 0.0, 0.0], &[0.0; 8]]);
        assert_eq!(moved.shift, Some(16.0));
        let absent =
            difference(&shapes, &[1, 17, 17, 3], &[&[0.4, 0.3, 0.0, 0.0], &[0.0; 8]], &[&maps, &[0.0; 8]]);
        assert_eq!(absent.shift, None, "a point that was not there cannot move");
    }

    #[test]
    fn the_surest_anchor_has_the_points() {
        let shapes: [&[usize]; 2] = [&[1, 2, 6], &[1, 2, 1]];
        let scores = [-1.0, 2.0];
        let mut boxes = [0.0; 12];
        boxes[6..].copy_from_slice(&[1.0, 1.0, 9.0, 9.0, 4.0, 4.0]);
        let mut after = boxes;
        after[10] = 7.0;
        after[11] = 8.0;
        let off = difference(&shapes, &[1, 128, 128, 3], &[&boxes, &scores], &[&after, &scores]);
        assert_eq!((off.shift, off.largest_shift), (Some(2.5), Some(5.0)));
    }
}
