//! Where the rows of the left operand lie: one after the other, or as the windows of a convolution.

use std::ops::Range;

/// The left operand of a product, over a slice of floats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// Row `m` is the floats from `m · stride` on.
    Rows {
        /// Rows.
        count: usize,
        /// Distance of two rows.
        stride: usize,
    },
    /// Row `m` is the window of output pixel `m`.
    Windows(Window),
}

/// The windows of a convolution over `[batch, height, width, channels]`; row `m` is the pixel `(b, y, x)` of the output in that order,
/// and its `k` are the window's `(y, x, channel)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Pictures.
    pub batch: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Channels of the input.
    pub channels: usize,
    /// Distance of two pixels of the input, at least `channels`.
    pub pixel_stride: usize,
    /// Height and width of the output.
    pub output: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Distance of two windows.
    pub stride: [usize; 2],
    /// Distance of two taps.
    pub dilation: [usize; 2],
    /// Rows and columns of zeros above and left of the input. What a window needs below and right is zero as well.
    pub padding: [usize; 2],
}

impl Source {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Rows { count, .. } => *count,
            Self::Windows(w) => w.batch * w.output[0] * w.output[1],
        }
    }

    /// Floats of the slice that the rows of depth `k` reach into.
    pub(super) fn extent(&self, k: usize) -> usize {
        match self {
            Self::Rows { count: 0, .. } => 0,
            Self::Rows { count, stride } => (count - 1) * stride + k,
            Self::Windows(w) => w.extent(),
        }
    }

    /// The depth, where the source fixes it.
    pub(super) fn depth(&self) -> Option<usize> {
        match self {
            Self::Rows { .. } => None,
            Self::Windows(w) => Some(w.kernel[0] * w.kernel[1] * w.channels),
        }
    }
}

impl Window {
    /// Floats of the slice that the picture takes.
    fn extent(&self) -> usize {
        match self.batch * self.input[0] * self.input[1] {
            0 => 0,
            pixels => (pixels - 1) * self.pixel_stride + self.channels,
        }
    }

    /// The picture, row and column of output pixel `m`.
    pub(super) fn pixel(&self, m: usize) -> [usize; 3] {
        let [height, width] = self.output;
        [m / width / height, m / width % height, m % width]
    }

    /// Where the first tap of an output pixel lies: picture, row and column of the input, negative in the padding.
    #[inline(always)]
    pub fn corner(&self, [b, y, x]: [usize; 3]) -> [isize; 3] {
        let corner = |at: usize, axis: usize| (at * self.stride[axis]) as isize - self.padding[axis] as isize;
        [b as isize, corner(y, 0), corner(x, 1)]
    }

    /// The corners of the windows from output pixel `first` on.
    pub(super) fn corners(&self, first: usize, corners: &mut [[isize; 3]]) {
        let [mut b, mut y, mut x] = self.pixel(first);
        for corner in corners {
            *corner = self.corner([b, y, x]);
            x += 1;
            if x == self.output[1] {
                (x, y) = (0, y + 1);
            }
            if y == self.output[0] {
                (y, b) = (0, b + 1);
            }
        }
    }

    /// Whether a row of taps is one run of floats in memory wherever it does not touch the border.
    pub(super) fn rows_are_runs(&self) -> bool {
        self.kernel[1] == 1 || self.dilation[1] == 1 && self.pixel_stride == self.channels
    }

    /// The columns of the output whose windows do not touch the left or right border.
    pub fn inner_columns(&self) -> Range<usize> {
        let span = (self.kernel[1] - 1) * self.dilation[1];
        let start = self.padding[1].div_ceil(self.stride[1]);
        let room = (self.input[1] + self.padding[1]).checked_sub(span + 1);
        let end = room.map_or(0, |room| room / self.stride[1] + 1).min(self.output[1]);
        start.min(end)..end
    }

    /// The same as columns of the input, where their windows begin.
    pub(super) fn inner_corners(&self) -> Range<isize> {
        let inner = self.inner_columns();
        let corner = |x: usize| (x * self.stride[1]) as isize - self.padding[1] as isize;
        corner(inner.start)..corner(inner.end)
    }

    /// The rows of taps that lie in the picture for windows from row `y` of the input on.
    pub fn tap_rows(&self, y: isize) -> Range<usize> {
        let step = self.dilation[0] as isize;
        let start = (-y).max(0).div_euclid(step) + isize::from((-y).max(0) % step != 0);
        let end = (self.input[0] as isize - y + step - 1).div_euclid(step).clamp(0, self.kernel[0] as isize);
        (start.min(end) as usize)..end as usize
    }

    /// Where the tap `(ky, kx)` of a window lies in the slice; `None` in the padding.
    #[inline(always)]
    pub fn offset(&self, [b, y, x]: [isize; 3], ky: usize, kx: usize) -> Option<usize> {
        let y = y + (ky * self.dilation[0]) as isize;
        let x = x + (kx * self.dilation[1]) as isize;
        let inside = (y as usize) < self.input[0] && (x as usize) < self.input[1];
        inside.then(|| {
            ((b as usize * self.input[0] + y as usize) * self.input[1] + x as usize) * self.pixel_stride
        })
    }
}
