//! A captured picture as its source delivers it: raw planes, not converted.
//!
//! A [`Frame`] is the one thing that sources hand to the pipeline. Its bytes stay in the format of the
//! camera or decoder; [`super::Pipeline::upload`] copies them into textures and the GPU converts. Whoever holds a
//! `Frame` may rely on every row of every plane lying inside its data: the constructors check it.

use std::fmt;
use std::time::Instant;

use anyhow::{Result, ensure};

/// The widest and highest picture a frame may hold, in pixels.
pub const MAX_SIDE: u32 = 16384;

/// How the bytes of a frame are arranged. Chroma sizes round up for odd widths and heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// One plane, 4:2:2: `Y0 U Y1 V` for two pixels.
    Yuyv,
    /// One plane, 4:2:2: `U Y0 V Y1` for two pixels.
    Uyvy,
    /// Two planes, 4:2:0: `Y`, then `U V` interleaved.
    Nv12,
    /// Two planes, 4:2:0: `Y`, then `V U` interleaved.
    Nv21,
    /// Three planes, 4:2:0: `Y`, `U`, `V`.
    I420,
    /// Three planes, 4:2:2: `Y`, `U`, `V`.
    I422,
    /// Three planes, 4:4:4: `Y`, `U`, `V`.
    I444,
    /// One plane: `R G B`, one byte each.
    Rgb,
    /// One plane: `B G R`, one byte each.
    Bgr,
    /// One plane: `R G B A`, one byte each; the alpha is not used.
    Rgba,
    /// One plane: luma alone.
    Gray,
}

impl PixelFormat {
    /// Every format, in the order of the declaration.
    pub const ALL: [Self; 11] = [
        Self::Yuyv,
        Self::Uyvy,
        Self::Nv12,
        Self::Nv21,
        Self::I420,
        Self::I422,
        Self::I444,
        Self::Rgb,
        Self::Bgr,
        Self::Rgba,
        Self::Gray,
    ];

    /// The number of planes.
    pub fn plane_count(self) -> usize {
        match self {
            Self::Yuyv | Self::Uyvy | Self::Rgb | Self::Bgr | Self::Rgba | Self::Gray => 1,
            Self::Nv12 | Self::Nv21 => 2,
            Self::I420 | Self::I422 | Self::I444 => 3,
        }
    }

    /// Whether the samples are luma and chroma, so that [`Color`] says how to read them.
    pub fn is_yuv(self) -> bool {
        !matches!(self, Self::Rgb | Self::Bgr | Self::Rgba)
    }

    /// The bytes of a row and the rows of a plane, for a picture of `width` × `height` pixels.
    pub fn plane_size(self, plane: usize, width: u32, height: u32) -> (usize, usize) {
        let (width, height) = (width as usize, height as usize);
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        match (self, plane) {
            (Self::Yuyv | Self::Uyvy, _) => (4 * half_width, height),
            (Self::Rgb | Self::Bgr, _) => (3 * width, height),
            (Self::Rgba, _) => (4 * width, height),
            (Self::Gray, _) | (_, 0) => (width, height),
            (Self::Nv12 | Self::Nv21, _) => (2 * half_width, half_height),
            (Self::I420, _) => (half_width, half_height),
            (Self::I422, _) => (half_width, height),
            (Self::I444, _) => (width, height),
        }
    }

    /// The bytes of a picture whose rows and planes follow each other without gaps.
    pub fn packed_len(self, width: u32, height: u32) -> usize {
        (0..self.plane_count())
            .map(|plane| self.plane_size(plane, width, height))
            .map(|(row, rows)| row * rows)
            .sum()
    }
}

/// The coefficients by which luma and chroma were made from red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Matrix {
    /// ITU-R BT.601: standard definition, JPEG and most webcams.
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
}

/// The part of a byte's values that the samples use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// Luma 16–235, chroma 16–240.
    Limited,
    /// Luma and chroma 0–255.
    Full,
}

/// How luma and chroma are to be read. It means nothing for formats without luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// The coefficients.
    pub matrix: Matrix,
    /// The range of the samples.
    pub range: Range,
}

impl Color {
    /// Every way to read luma and chroma.
    pub const ALL: [Self; 4] = [
        Self { matrix: Matrix::Bt601, range: Range::Limited },
        Self { matrix: Matrix::Bt601, range: Range::Full },
        Self { matrix: Matrix::Bt709, range: Range::Limited },
        Self { matrix: Matrix::Bt709, range: Range::Full },
    ];

    /// What JPEG files and MJPEG cameras use.
    pub const JPEG: Self = Self { matrix: Matrix::Bt601, range: Range::Full };

    /// What a source most likely uses that does not say: limited range, BT.709 from 720 rows on, and the
    /// full range for gray pictures.
    pub fn usual(format: PixelFormat, height: u32) -> Self {
        let matrix = if height >= 720 { Matrix::Bt709 } else { Matrix::Bt601 };
        let range = if format == PixelFormat::Gray { Range::Full } else { Range::Limited };
        Self { matrix, range }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let matrix = match self.matrix {
            Matrix::Bt601 => "BT.601",
            Matrix::Bt709 => "BT.709",
        };
        let range = match self.range {
            Range::Limited => "limited",
            Range::Full => "full",
        };
        write!(f, "{matrix}, {range} range")
    }
}

/// A turn in quarters, clockwise, that makes the picture upright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// The picture is upright.
    #[default]
    None,
    /// 90° clockwise.
    Quarter,
    /// 180°.
    Half,
    /// 270° clockwise.
    ThreeQuarters,
}

/// How the stored picture is to be shown: turned first, then mirrored left to right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Orientation {
    /// The turn.
    pub rotation: Rotation,
    /// Whether the turned picture is mirrored left to right.
    pub mirrored: bool,
}

impl Orientation {
    /// The size of the shown picture for a stored one of `width` × `height`.
    pub fn shown_size(self, width: u32, height: u32) -> (u32, u32) {
        match self.rotation {
            Rotation::None | Rotation::Half => (width, height),
            Rotation::Quarter | Rotation::ThreeQuarters => (height, width),
        }
    }
}

/// Where a plane lies in the frame's data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plane {
    /// The first byte of the first row.
    pub offset: usize,
    /// The bytes from one row to the next.
    pub stride: usize,
}

/// Where a plane with spaced samples lies, as Android's `YUV_420_888` describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpacedPlane {
    /// The first byte of the first row.
    pub offset: usize,
    /// The bytes from one row to the next.
    pub stride: usize,
    /// The bytes from one sample to the next.
    pub pixel_stride: usize,
}

/// Memory that somebody else owns and that is read in place: it goes back when this is dropped.
pub trait Lent: fmt::Debug + Send + Sync {
    /// The bytes; always the same ones.
    fn bytes(&self) -> &[u8];
}

/// The bytes of a frame.
#[derive(Debug)]
pub enum Bytes {
    /// The frame's own.
    Owned(Vec<u8>),
    /// A driver's buffer, so that nothing is copied before the upload.
    Lent(Box<dyn Lent>),
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Lent(lent) => lent.bytes(),
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Owned(bytes)
    }
}

/// One captured picture.
#[derive(Debug)]
pub struct Frame {
    /// How luma and chroma are to be read.
    pub color: Color,
    /// How the picture is to be shown.
    pub orientation: Orientation,
    /// When the picture was taken by the driver's word, else when it arrived at the program.
    pub captured: Instant,
    /// The source's count of pictures: gaps are pictures that were dropped.
    pub sequence: u64,
    /// How often the CPU copied the picture's bytes on their way here. The upload copies them once more.
    pub copies: u32,
    format: PixelFormat,
    width: u32,
    height: u32,
    planes: [Plane; 3],
    data: Bytes,
}

impl Frame {
    /// A frame whose rows and planes follow each other without gaps. `data` has exactly the bytes of the
    /// picture. It is taken as captured now, upright, in [`Color::usual`].
    pub fn new(format: PixelFormat, width: u32, height: u32, data: Vec<u8>) -> Result<Self> {
        check_size(width, height)?;
        let expected = format.packed_len(width, height);
        ensure!(
            data.len() == expected,
            "a {width}×{height} picture in {format:?} has {expected} bytes, but {} came",
            data.len()
        );
        let mut planes = [Plane::default(); 3];
        let mut offset = 0;
        for (index, plane) in planes.iter_mut().take(format.plane_count()).enumerate() {
            let (row, rows) = format.plane_size(index, width, height);
            *plane = Plane { offset, stride: row };
            offset += row * rows;
        }
        Ok(Self::unchecked(format, (width, height), planes, data.into()))
    }

    /// A frame whose planes lie anywhere in `data`, with gaps between rows if need be.
    pub fn from_planes(
        format: PixelFormat,
        width: u32,
        height: u32,
        planes: &[Plane],
        data: impl Into<Bytes>,
    ) -> Result<Self> {
        let data = data.into();
        check_size(width, height)?;
        ensure!(
            planes.len() == format.plane_count(),
            "{format:?} has {} planes, but {} were given",
            format.plane_count(),
            planes.len()
        );
        for (index, plane) in planes.iter().enumerate() {
            let (row, rows) = format.plane_size(index, width, height);
            ensure!(
                plane.stride >= row,
                "plane {index} of a {width}×{height} picture in {format:?} has rows of {row} bytes, but a \
                 stride of {}",
                plane.stride
            );
            check_extent(index, *plane, row, rows, data.len())?;
        }
        let mut all = [Plane::default(); 3];
        all[..planes.len()].copy_from_slice(planes);
        Ok(Self::unchecked(format, (width, height), all, data))
    }

    /// A frame from three 4:2:0 planes with spaced samples. Interleaved chroma becomes `Nv12` or `Nv21` and
    /// dense planes `I420`, both without a copy; any other spacing is packed into `I420`.
    pub fn from_spaced_420(width: u32, height: u32, planes: [SpacedPlane; 3], data: Vec<u8>) -> Result<Self> {
        check_size(width, height)?;
        for (index, plane) in planes.iter().enumerate() {
            ensure!(plane.pixel_stride > 0, "plane {index} has a pixel stride of zero");
            let (samples, rows) = PixelFormat::I420.plane_size(index, width, height);
            let row = (samples - 1).saturating_mul(plane.pixel_stride).saturating_add(1);
            check_extent(index, Plane { offset: plane.offset, stride: plane.stride }, row, rows, data.len())?;
        }
        let [y, u, v] = planes;
        let dense = |plane: SpacedPlane| Plane { offset: plane.offset, stride: plane.stride };
        let interleaved =
            y.pixel_stride == 1 && (u.pixel_stride, v.pixel_stride) == (2, 2) && u.stride == v.stride;
        if interleaved && v.offset == u.offset + 1 {
            return Self::from_planes(PixelFormat::Nv12, width, height, &[dense(y), dense(u)], data);
        }
        if interleaved && u.offset == v.offset + 1 {
            return Self::from_planes(PixelFormat::Nv21, width, height, &[dense(y), dense(v)], data);
        }
        if planes.iter().all(|plane| plane.pixel_stride == 1) {
            return Self::from_planes(PixelFormat::I420, width, height, &planes.map(dense), data);
        }
        Self::new(PixelFormat::I420, width, height, packed_420(width, height, &planes, &data))
    }

    fn unchecked(format: PixelFormat, size: (u32, u32), planes: [Plane; 3], data: Bytes) -> Self {
        Self {
            color: Color::usual(format, size.1),
            orientation: Orientation::default(),
            captured: Instant::now(),
            sequence: 0,
            copies: 0,
            format,
            width: size.0,
            height: size.1,
            planes,
            data,
        }
    }

    /// How the bytes are arranged.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// The stored width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The stored height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The planes, as many as the format has.
    pub fn planes(&self) -> &[Plane] {
        &self.planes[..self.format.plane_count()]
    }

    /// The bytes that the planes lie in.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Gives the bytes, which are copied if they were lent.
    pub fn into_data(self) -> Vec<u8> {
        match self.data {
            Bytes::Owned(bytes) => bytes,
            Bytes::Lent(lent) => lent.bytes().to_vec(),
        }
    }

    /// A row of a plane, without the bytes that pad it.
    pub fn row(&self, plane: usize, row: usize) -> &[u8] {
        let (bytes, _) = self.format.plane_size(plane, self.width, self.height);
        let start = self.planes[plane].offset + row * self.planes[plane].stride;
        &self.data[start..start + bytes]
    }
}

fn check_size(width: u32, height: u32) -> Result<()> {
    let sides = 1..=MAX_SIDE;
    ensure!(
        sides.contains(&width) && sides.contains(&height),
        "a picture of {width}×{height} pixels cannot be shown: each side may have 1 to {MAX_SIDE}"
    );
    Ok(())
}

fn check_extent(index: usize, plane: Plane, row: usize, rows: usize, len: usize) -> Result<()> {
    let end = (rows - 1)
        .checked_mul(plane.stride)
        .and_then(|bytes| bytes.checked_add(plane.offset))
        .and_then(|bytes| bytes.checked_add(row));
    ensure!(
        end.is_some_and(|end| end <= len),
        "plane {index} ({rows} rows of {row} bytes, {} apart, from byte {}) goes past the {len} bytes that came",
        plane.stride,
        plane.offset
    );
    Ok(())
}

fn packed_420(width: u32, height: u32, planes: &[SpacedPlane; 3], data: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(PixelFormat::I420.packed_len(width, height));
    for (index, plane) in planes.iter().enumerate() {
        let (samples, rows) = PixelFormat::I420.plane_size(index, width, height);
        for row in 0..rows {
            let start = plane.offset + row * plane.stride;
            packed.extend(data[start..].iter().step_by(plane.pixel_stride).take(samples));
        }
    }
    packed
}
