//! When the network may rest: as long as the picture has not changed since the network last saw it.
//!
//! The frame's bytes pass through the CPU on their way up, so the decision is made there, on a small picture of
//! the luma, and nothing is read back. The threshold lies above a usual camera's noise, which the means of the
//! small picture's cells keep down, and below what a moving hand makes.

use super::frame::{Frame, Orientation, PixelFormat};

/// Mean squared difference of luma in 0..1 below which a picture has not changed: −40 dB.
const STILL: f64 = 1e-4;

/// Cells of the small picture in x and y, and samples of a cell in each direction.
const COLUMNS: usize = 64;
const ROWS: usize = 36;
const SAMPLES: usize = 4;

/// Remembers what the network last saw.
#[derive(Debug, Default)]
pub struct Pace {
    seen: Option<Sketch>,
}

/// A frame's luma in a few cells.
#[derive(Debug)]
struct Sketch {
    size: (u32, u32),
    orientation: Orientation,
    cells: Vec<f32>,
}

impl Pace {
    /// Whether the network is to see this frame. A frame that it is to see is remembered.
    pub fn wants(&mut self, frame: &Frame) -> bool {
        let sketch = Sketch::of(frame);
        let changed = self.seen.as_ref().is_none_or(|seen| seen.differs(&sketch));
        if changed {
            self.seen = Some(sketch);
        }
        changed
    }

    /// Wants the next frame whatever it shows, as after a change of network.
    pub fn forget(&mut self) {
        self.seen = None;
    }
}

/// The mean luma of a frame's stored samples, 0..1.
pub fn brightness(frame: &Frame) -> f32 {
    let cells = Sketch::of(frame).cells;
    cells.iter().sum::<f32>() / cells.len() as f32
}

impl Sketch {
    fn of(frame: &Frame) -> Self {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let (first, step) = luma_bytes(frame.format());
        let place = |cell: usize, sample: usize, cells: usize, length: usize| {
            ((cell * SAMPLES + sample) * length + length / 2) / (cells * SAMPLES)
        };
        let mut cells = vec![0.0; COLUMNS * ROWS];
        for (row, line) in cells.chunks_exact_mut(COLUMNS).enumerate() {
            for down in 0..SAMPLES {
                let bytes = frame.row(0, place(row, down, ROWS, height));
                for (column, cell) in line.iter_mut().enumerate() {
                    let luma = |across| bytes[first + step * place(column, across, COLUMNS, width)];
                    *cell += (0..SAMPLES).map(|across| f32::from(luma(across))).sum::<f32>();
                }
            }
        }
        let scale = 1.0 / (255 * SAMPLES * SAMPLES) as f32;
        cells.iter_mut().for_each(|cell| *cell *= scale);
        Self { size: (frame.width(), frame.height()), orientation: frame.orientation, cells }
    }

    fn differs(&self, other: &Self) -> bool {
        let squares = self.cells.iter().zip(&other.cells).map(|(a, b)| f64::from(a - b).powi(2));
        let same_shape = self.size == other.size && self.orientation == other.orientation;
        !same_shape || squares.sum::<f64>() >= STILL * self.cells.len() as f64
    }
}

/// The first luma byte of a row of plane 0 and the bytes to the next; green stands for the luma of RGB.
fn luma_bytes(format: PixelFormat) -> (usize, usize) {
    match format {
        PixelFormat::Yuyv => (0, 2),
        PixelFormat::Uyvy => (1, 2),
        PixelFormat::Rgb | PixelFormat::Bgr => (1, 3),
        PixelFormat::Rgba => (1, 4),
        PixelFormat::Nv12
        | PixelFormat::Nv21
        | PixelFormat::I420
        | PixelFormat::I422
        | PixelFormat::I444
        | PixelFormat::Gray => (0, 1),
    }
}
