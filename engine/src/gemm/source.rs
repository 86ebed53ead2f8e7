//! Where the rows of the left operand lie: one after the other, or as the windows of a convolution.

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

    /// The positions of the first taps of `R` windows from output pixel `first` on: picture, row and column of the input.
    pub(super) fn corners(&self, first: usize, corners: &mut [[isize; 3]]) {
        let [height, width] = self.output;
        let (mut x, mut y, mut b) = (first % width, first / width % height, first / width / height);
        for corner in corners {
            *corner = [
                b as isize,
                (y * self.stride[0]) as isize - self.padding[0] as isize,
                (x * self.stride[1]) as isize - self.padding[1] as isize,
            ];
            x += 1;
            if x == width {
                (x, y) = (0, y + 1);
            }
            if y == height {
                (y, b) = (0, b + 1);
            }
        }
    }

    /// Whether a row of taps is one run of floats in memory for all these windows.
    pub(super) fn rows_are_whole(&self, corners: &[[isize; 3]]) -> bool {
        self.dilation[1] == 1
            && self.pixel_stride == self.channels
            && corners.iter().all(|c| c[2] >= 0 && c[2] as usize + self.kernel[1] <= self.input[1])
    }

    /// Where the tap `(ky, kx)` of a window lies in the slice; `None` in the padding.
    #[inline]
    pub(super) fn offset(&self, [b, y, x]: [isize; 3], ky: usize, kx: usize) -> Option<usize> {
        let y = y + (ky * self.dilation[0]) as isize;
        let x = x + (kx * self.dilation[1]) as isize;
        let inside = (y as usize) < self.input[0] && (x as usize) < self.input[1];
        inside.then(|| {
            ((b as usize * self.input[0] + y as usize) * self.input[1] + x as usize) * self.pixel_stride
        })
    }
}
