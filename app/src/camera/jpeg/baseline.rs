//! Baseline JPEG pictures, as cameras send them, to planes at the size at which they were coded: ITU-T T.81.
//!
//! One frame, one scan of all its components, gray or luma and chroma in 4:4:4, 4:2:2 or 4:2:0. Chroma is not
//! enlarged and nothing is converted: the planes go to the GPU as they are. Planes hold whole blocks, so that rows
//! are longer than the picture is wide.

use anyhow::{Context, Result, ensure};

use super::entropy::{Bits, Codes};
use super::idct;
use crate::pipeline::frame::{Frame, MAX_SIDE, PixelFormat, Plane};

/// The tables and numbers that the segments before the scan define.
#[derive(Default)]
struct Tables {
    quantization: [Option<[i32; 64]>; 4],
    direct: [Option<Codes>; 4],
    alternating: [Option<Codes>; 4],
    /// Units between restart markers; none without them.
    restart: usize,
    header: Option<Header>,
}

struct Header {
    width: u32,
    height: u32,
    components: Vec<Component>,
}

struct Component {
    id: u8,
    /// Blocks of the component in a unit, in x and y.
    blocks: (usize, usize),
    quantization: usize,
}

/// A component as the scan codes it.
struct Coded<'a> {
    tables: (&'a Codes, &'a Codes),
    quantization: &'a [i32; 64],
    blocks: (usize, usize),
    plane: Plane,
    last: i32,
}

/// Decodes a picture; none if it is a JPEG picture of another kind.
pub fn decode(bytes: &[u8]) -> Result<Option<Frame>> {
    let mut tables = Tables::default();
    let mut at = 2;
    loop {
        let (marker, segment, end) = segment(bytes, at)?;
        at = end;
        match marker {
            0xc0 | 0xc1 => {
                let Some(header) = header(segment)? else { return Ok(None) };
                tables.header = Some(header);
            }
            0xc4 => read_codes(segment, &mut tables)?,
            0xdb => read_quantization(segment, &mut tables)?,
            0xdd => {
                let &[high, low] = segment else { anyhow::bail!("the restart interval has no number") };
                tables.restart = usize::from(u16::from_be_bytes([high, low]));
            }
            0xda => return scan(segment, &bytes[at..], &tables),
            0xc2..=0xcf => return Ok(None),
            // Adobe's segment tells of other color spaces.
            0xee => return Ok(None),
            _ => {}
        }
    }
}

/// The next marker, the bytes of its segment, and where the next one begins.
fn segment(bytes: &[u8], mut at: usize) -> Result<(u8, &[u8], usize)> {
    // Any number of bytes of ones may stand before a marker.
    while bytes.get(at..at + 2) == Some(&[0xff, 0xff]) {
        at += 1;
    }
    let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) else {
        anyhow::bail!("the picture ends before its scan")
    };
    let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
    let segment = bytes.get(at + 4..end).context("a segment is cut off")?;
    Ok((marker, segment, end))
}

fn header(segment: &[u8]) -> Result<Option<Header>> {
    let [precision, h1, h0, w1, w0, count, components @ ..] = segment else {
        anyhow::bail!("the frame's header is cut off")
    };
    let height = u32::from(u16::from_be_bytes([*h1, *h0]));
    let width = u32::from(u16::from_be_bytes([*w1, *w0]));
    ensure!((1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height), "{width}×{height} pixels");
    ensure!(components.len() >= 3 * usize::from(*count), "the frame's header is cut off");
    let components: Vec<_> = components
        .chunks_exact(3)
        .take((*count).into())
        .map(|entry| Component {
            id: entry[0],
            blocks: (usize::from(entry[1] >> 4), usize::from(entry[1] & 15)),
            quantization: usize::from(entry[2] & 3),
        })
        .collect();
    let known = *precision == 8 && format_of(&components).is_some();
    Ok(known.then_some(Header { width, height, components }))
}

fn format_of(components: &[Component]) -> Option<PixelFormat> {
    let blocks: Vec<_> = components.iter().map(|component| component.blocks).collect();
    match blocks[..] {
        [(1, 1)] => Some(PixelFormat::Gray),
        [(1, 1), (1, 1), (1, 1)] => Some(PixelFormat::I444),
        [(2, 1), (1, 1), (1, 1)] => Some(PixelFormat::I422),
        [(2, 2), (1, 1), (1, 1)] => Some(PixelFormat::I420),
        _ => None,
    }
}

fn read_quantization(mut segment: &[u8], tables: &mut Tables) -> Result<()> {
    while let [kind, rest @ ..] = segment {
        let wide = kind >> 4 != 0;
        let length = if wide { 128 } else { 64 };
        ensure!(rest.len() >= length, "a quantization table is cut off");
        let (values, after) = rest.split_at(length);
        let table = std::array::from_fn(|index| {
            if wide {
                i32::from(u16::from_be_bytes([values[2 * index], values[2 * index + 1]]))
            } else {
                values[index].into()
            }
        });
        tables.quantization[usize::from(kind & 3)] = Some(table);
        segment = after;
    }
    Ok(())
}

fn read_codes(mut segment: &[u8], tables: &mut Tables) -> Result<()> {
    while let [kind, rest @ ..] = segment {
        let (counts, rest) = rest.split_first_chunk::<16>().context("a Huffman table is cut off")?;
        let total = counts.iter().map(|&count| usize::from(count)).sum();
        ensure!(rest.len() >= total, "a Huffman table is cut off");
        let (symbols, after) = rest.split_at(total);
        let place = if kind >> 4 == 0 { &mut tables.direct } else { &mut tables.alternating };
        place[usize::from(kind & 3)] = Some(Codes::new(counts, symbols)?);
        segment = after;
    }
    Ok(())
}

fn scan(segment: &[u8], data: &[u8], tables: &Tables) -> Result<Option<Frame>> {
    let header = tables.header.as_ref().context("a scan comes before the frame's header")?;
    let Some((&count, selectors)) = segment.split_first() else { anyhow::bail!("the scan has no header") };
    if usize::from(count) != header.components.len() {
        return Ok(None);
    }
    let Some(format) = format_of(&header.components) else { return Ok(None) };
    let (across, down) = header.components[0].blocks;
    let units = ((header.width as usize).div_ceil(8 * across), (header.height as usize).div_ceil(8 * down));
    let mut coded = Vec::new();
    let mut length = 0;
    for (component, selector) in header.components.iter().zip(selectors.chunks_exact(2)) {
        ensure!(component.id == selector[0], "the scan has another order than the frame");
        let codes = (
            tables.direct[usize::from(selector[1] >> 4 & 3)].as_ref(),
            tables.alternating[usize::from(selector[1] & 3)].as_ref(),
        );
        let (Some(direct), Some(alternating)) = codes else { anyhow::bail!("a Huffman table is missing") };
        let quantization = tables.quantization[component.quantization]
            .as_ref()
            .context("a quantization table is missing")?;
        let plane = Plane { offset: length, stride: 8 * units.0 * component.blocks.0 };
        length += plane.stride * 8 * units.1 * component.blocks.1;
        coded.push(Coded {
            tables: (direct, alternating),
            quantization,
            blocks: component.blocks,
            plane,
            last: 0,
        });
    }
    ensure!(coded.len() == header.components.len(), "the scan's header is cut off");
    let mut samples = vec![0; length];
    fill(&mut samples, &mut coded, units, tables.restart, data)?;
    let planes: Vec<_> = coded.iter().map(|component| component.plane).collect();
    Frame::from_planes(format, header.width, header.height, &planes, samples).map(Some)
}

/// Decodes all units, row by row.
fn fill(
    samples: &mut [u8],
    coded: &mut [Coded<'_>],
    units: (usize, usize),
    restart: usize,
    data: &[u8],
) -> Result<()> {
    let mut bits = Bits::new(data);
    let mut block = [0; 64];
    for unit in 0..units.0 * units.1 {
        if restart > 0 && unit > 0 && unit % restart == 0 {
            bits.restart()?;
            coded.iter_mut().for_each(|component| component.last = 0);
        }
        let (x, y) = (unit % units.0, unit / units.0);
        for component in coded.iter_mut() {
            let (across, down) = component.blocks;
            for (row, column) in (0..down).flat_map(|row| (0..across).map(move |column| (row, column))) {
                block.fill(0);
                bits.block(component.tables, component.quantization, &mut component.last, &mut block)?;
                let Plane { offset, stride } = component.plane;
                let first = offset + 8 * ((y * down + row) * stride + x * across + column);
                idct::samples(&block, &mut samples[first..], stride);
            }
        }
        ensure!(!bits.is_exhausted(), "the picture is cut off");
    }
    Ok(())
}
