//! The search for people in a mask that the processor holds: `person.wgsl` in plain words.

use super::super::prepare::Rect;
use super::SIDE;

const OCCUPIED: f32 = 0.4;
const LEAST_BODY: f32 = 0.06;
const EMPTY: f32 = 0.004;
const WHOLE_EVERY: u32 = 30;
const SLACK: f32 = 0.5;

/// What one mask says.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What the network is to see next, in pixels of the picture.
    pub next: Rect,
    /// The box around everybody, in pixels of the picture.
    pub body: Option<Rect>,
    /// Whether each cell of the grid counts, row by row.
    pub keep: Vec<bool>,
}

/// Follows the people from mask to mask.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    past: Option<Past>,
}

#[derive(Clone, Debug)]
struct Past {
    next: Rect,
    since_whole: u32,
}

impl Finder {
    /// What the network is to see of a picture of which it may see `whole`.
    pub fn crop(&self, whole: Rect) -> Rect {
        self.past.as_ref().map_or(whole, |past| past.next)
    }

    /// Forgets everybody, as when the source or the network changes.
    pub fn forget(&mut self) {
        self.past = None;
    }

    /// Searches a mask of `size` texels, row by row, that the network made of `seen`, of all of `whole`.
    pub fn find(
        &mut self,
        mask: &[f32],
        (width, height): (u32, u32),
        seen: Rect,
        whole: Rect,
        drop_small: bool,
    ) -> Found {
        let cells = Cells::of(mask, width as usize, height as usize);
        let kept = cells.kept(drop_small);
        let body = cells.span(&kept).map(|[left, top, right, bottom]| {
            let part = |cell: usize| cell as f32 / SIDE as f32;
            Rect {
                x: seen.x + part(left) * seen.width,
                y: seen.y + part(top) * seen.height,
                width: part(right + 1 - left) * seen.width,
                height: part(bottom + 1 - top) * seen.height,
            }
        });
        let before = self.past.take();
        let since_whole = before
            .as_ref()
            .map_or(0, |past| if past.since_whole >= WHOLE_EVERY { 0 } else { past.since_whole + 1 });
        let next = match (body, &before) {
            (Some(body), Some(past)) if since_whole > 0 => {
                let aim = close_crop(body, whole);
                if past.since_whole > 0 && contains(past.next, body) {
                    moved(past.next, aim, 0.25)
                } else {
                    aim
                }
            }
            _ => whole,
        };
        self.past = Some(Past { next, since_whole });
        Found { next, body, keep: cells.keep(&kept) }
    }
}

/// The grid: how much of each cell the mask covers, and the body that each belongs to; 0 for none.
struct Cells {
    cover: Vec<f32>,
    labels: Vec<usize>,
}

impl Cells {
    fn of(mask: &[f32], width: usize, height: usize) -> Self {
        let mut cells = Self { cover: Vec::new(), labels: Vec::new() };
        for cell in 0..SIDE * SIDE {
            let (column, row) = (cell % SIDE, cell / SIDE);
            let columns = column * width / SIDE..(column + 1) * width / SIDE;
            let rows = row * height / SIDE..(row + 1) * height / SIDE;
            let count = (columns.len() * rows.len()).max(1) as f32;
            let (mut most, mut sum) = (0.0f32, 0.0);
            for y in rows {
                for value in &mask[y * width..][columns.clone()] {
                    let value = value.clamp(0.0, 1.0);
                    (most, sum) = (most.max(value), sum + value);
                }
            }
            cells.cover.push(sum / count);
            cells.labels.push(if most > OCCUPIED { cell + 1 } else { 0 });
        }
        cells.join();
        cells
    }

    /// Gives every cell of a body the greatest of the body's labels.
    fn join(&mut self) {
        loop {
            let grown: Vec<_> = (0..self.labels.len())
                .map(|cell| match self.labels[cell] {
                    0 => 0,
                    label => neighbors(cell).map(|cell| self.labels[cell]).max().unwrap_or(label),
                })
                .collect();
            if grown == self.labels {
                return;
            }
            self.labels = grown;
        }
    }

    /// Whether the body of each label counts; empty if there is nobody.
    fn kept(&self, drop_small: bool) -> Vec<bool> {
        let mut areas = vec![0u32; SIDE * SIDE + 1];
        for (label, cover) in self.labels.iter().zip(&self.cover).filter(|(label, _)| **label > 0) {
            areas[*label] += (4096.0 * cover) as u32;
        }
        let largest = areas.iter().copied().max().unwrap_or(0) as f32;
        let anybody = largest >= EMPTY * 4096.0 * (SIDE * SIDE) as f32;
        let mut kept: Vec<_> =
            areas.iter().map(|area| !drop_small || *area as f32 >= LEAST_BODY * largest).collect();
        // The place of the empty cells' label says whether anybody is there.
        kept[0] = anybody;
        kept
    }

    fn keep(&self, kept: &[bool]) -> Vec<bool> {
        (0..self.labels.len())
            .map(|cell| match self.labels[cell] {
                0 => {
                    let mut bodies =
                        neighbors(cell).map(|cell| self.labels[cell]).filter(|label| *label > 0).peekable();
                    bodies.peek().is_none() || bodies.any(|label| kept[label])
                }
                label => kept[label],
            })
            .collect()
    }

    /// The first and last columns and rows of the cells that count: left, top, right, bottom.
    fn span(&self, kept: &[bool]) -> Option<[usize; 4]> {
        let cells = (0..self.labels.len()).filter(|cell| {
            let label = self.labels[*cell];
            kept[0] && label > 0 && kept[label]
        });
        cells.fold(None, |span, cell| {
            let (column, row) = (cell % SIDE, cell / SIDE);
            let [left, top, right, bottom] = span.unwrap_or([column, row, column, row]);
            Some([left.min(column), top.min(row), right.max(column), bottom.max(row)])
        })
    }
}

fn neighbors(cell: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (cell % SIDE, cell / SIDE);
    let near = |at: usize| at.saturating_sub(1)..(at + 2).min(SIDE);
    near(row).flat_map(move |row| near(column).map(move |column| row * SIDE + column))
}

/// The part of `whole` with its aspect that holds the body and a margin; `whole` if that is hardly smaller.
fn close_crop(body: Rect, whole: Rect) -> Rect {
    let scale = (1.4 * body.width / whole.width).max(1.4 * body.height / whole.height).max(0.5);
    if scale > 0.85 {
        return whole;
    }
    let (width, height) = (scale * whole.width, scale * whole.height);
    let x = body.x + 0.5 * body.width - 0.5 * width;
    let y = body.y + 0.5 * body.height - 0.5 * height;
    Rect {
        x: x.clamp(whole.x, whole.x + whole.width - width),
        y: y.clamp(whole.y, whole.y + whole.height - height),
        width,
        height,
    }
}

fn contains(outer: Rect, inner: Rect) -> bool {
    inner.x >= outer.x - SLACK
        && inner.y >= outer.y - SLACK
        && inner.x + inner.width <= outer.x + outer.width + SLACK
        && inner.y + inner.height <= outer.y + outer.height + SLACK
}

fn moved(from: Rect, to: Rect, part: f32) -> Rect {
    let mix = |from: f32, to: f32| from + (to - from) * part;
    Rect {
        x: mix(from.x, to.x),
        y: mix(from.y, to.y),
        width: mix(from.width, to.width),
        height: mix(from.height, to.height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (64, 64);
    const WHOLE: Rect = Rect { x: 0.0, y: 0.0, width: 640.0, height: 640.0 };

    /// A mask with a filled rectangle for each `[left, top, right, bottom]`.
    fn mask(bodies: &[[usize; 4]]) -> Vec<f32> {
        let inside = |index: usize| {
            let (x, y) = (index % 64, index / 64);
            bodies.iter().any(|[left, top, right, bottom]| {
                (*left..*right).contains(&x) && (*top..*bottom).contains(&y)
            })
        };
        (0..64 * 64).map(|index| f32::from(u8::from(inside(index)))).collect()
    }

    fn found(bodies: &[[usize; 4]]) -> Found {
        Finder::default().find(&mask(bodies), SIZE, WHOLE, WHOLE, true)
    }

    #[test]
    fn a_small_body_is_dropped_and_two_large_ones_stay() {
        let found = found(&[[4, 20, 24, 64], [40, 24, 60, 64], [30, 2, 33, 5]]);
        assert_eq!(found.body, Some(Rect { x: 40.0, y: 200.0, width: 560.0, height: 440.0 }));
        assert!(!found.keep[SIDE + 15], "the speck");
        assert!(found.keep[20 * SIDE + 5] && found.keep[20 * SIDE + 25], "both people");
    }

    #[test]
    fn nobody_leaves_the_whole_picture() {
        let found = found(&[]);
        assert_eq!((found.body, found.next), (None, WHOLE));
        assert!(found.keep.iter().all(|keep| *keep));
    }

    #[test]
    fn the_crop_closes_in_on_a_small_person_and_opens_now_and_then() {
        let mut finder = Finder::default();
        let mut whole_seen = 0;
        for _ in 0..62 {
            let seen = finder.crop(WHOLE);
            whole_seen += u32::from(seen == WHOLE);
            // A person who stands still, as the network sees them in the part that it sees.
            let texel =
                |at: f32, from: f32, length: f32| ((at - from) / length * 64.0).clamp(0.0, 64.0) as usize;
            let body = [
                texel(400.0, seen.x, seen.width),
                texel(300.0, seen.y, seen.height),
                texel(500.0, seen.x, seen.width),
                texel(500.0, seen.y, seen.height),
            ];
            finder.find(&mask(&[body]), SIZE, seen, WHOLE, true);
        }
        let last = finder.crop(WHOLE);
        assert!(
            last.width < 400.0 && contains(last, Rect { x: 400.0, y: 300.0, width: 100.0, height: 200.0 })
        );
        assert!((2..8).contains(&whole_seen), "{whole_seen}");
    }
}
