//! YUV4MPEG2: raw video with a line of text before it and before every frame.
//!
//! The header gives width, height, rate, chroma layout and, by the `COLORRANGE` comment, the range. A
//! [`Reader`] checks everything before it allocates; a [`Writer`] writes what a reader reads.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::{Info, Metronome, Position, Source};
use crate::pipeline::frame::{Color, Frame, MAX_SIDE, PixelFormat, Range};

const MAGIC: &str = "YUV4MPEG2";
/// The bytes of a frame's line that says nothing more.
const FRAME_LINE: u64 = 6;
const LONGEST_LINE: u64 = 4096;

/// What a stream holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Frames a second, as a fraction.
    pub rate: (u32, u32),
    /// `I420`, `I422`, `I444` or `Gray`.
    pub format: PixelFormat,
    /// The range of the samples and the matrix they were made by.
    pub color: Color,
}

impl Header {
    /// Frames a second.
    pub fn frames_a_second(&self) -> f64 {
        f64::from(self.rate.0) / f64::from(self.rate.1)
    }
}

/// Reads a stream frame by frame.
pub struct Reader<R> {
    input: R,
    header: Header,
    sequence: u64,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    pub fn new(mut input: R) -> Result<Self> {
        let line = line_from(&mut input)?.context("the y4m file is empty")?;
        Ok(Self { header: header_from_line(&line)?, input, sequence: 0 })
    }

    /// What the stream holds.
    pub fn header(&self) -> Header {
        self.header
    }

    /// The next frame; none at the end of the stream.
    pub fn next_frame(&mut self) -> Result<Option<Frame>> {
        let Some(line) = line_from(&mut self.input)? else { return Ok(None) };
        let tag = line.split(' ').next();
        ensure!(tag == Some("FRAME"), "frame {} of the y4m file does not begin with FRAME", self.sequence);
        let Header { width, height, format, color, .. } = self.header;
        let mut data = vec![0; format.packed_len(width, height)];
        self.input
            .read_exact(&mut data)
            .with_context(|| format!("frame {} of the y4m file is cut off", self.sequence))?;
        let mut frame = Frame::new(format, width, height, data)?;
        (frame.color, frame.sequence) = (color, self.sequence);
        self.sequence += 1;
        Ok(Some(frame))
    }
}

/// Writes a stream frame by frame.
pub struct Writer<W> {
    output: W,
    header: Header,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    pub fn new(mut output: W, header: Header) -> Result<Self> {
        writeln!(output, "{}", line_from_header(&header)?)?;
        Ok(Self { output, header })
    }

    /// Writes one frame: the planes after one another, without gaps.
    pub fn write(&mut self, planes: &[u8]) -> Result<()> {
        let Header { width, height, format, .. } = self.header;
        let expected = format.packed_len(width, height);
        ensure!(planes.len() == expected, "a frame has {expected} bytes, but {} were given", planes.len());
        self.output.write_all(b"FRAME\n")?;
        self.output.write_all(planes)?;
        Ok(())
    }

    /// Writes what is buffered and gives the output back.
    pub fn finish(mut self) -> Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}

/// A y4m file played at its own rate, again and again.
pub struct Y4m {
    reader: Reader<BufReader<File>>,
    start: u64,
    name: String,
    metronome: Metronome,
    sequence: u64,
    /// How many frames there are, if all take the same space.
    frames: Option<u64>,
}

impl Y4m {
    /// Opens the file and reads its header.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || -> Result<_> {
            let mut reader = Reader::new(BufReader::new(File::open(path)?))?;
            let start = reader.input.stream_position()?;
            Ok((reader, start))
        };
        let (reader, start) =
            open().with_context(|| format!("the clip {} cannot be read", path.display()))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let metronome = Metronome::new(reader.header.frames_a_second());
        let Header { width, height, format, .. } = reader.header;
        let frame = FRAME_LINE + format.packed_len(width, height) as u64;
        let bytes = reader.input.get_ref().metadata()?.len().saturating_sub(start);
        let frames = (bytes % frame == 0).then_some(bytes / frame);
        Ok(Self { reader, start, name, metronome, sequence: 0, frames })
    }
}

impl Y4m {
    /// Goes on with a frame; with another than the first only where all take the same space.
    fn go_to(&mut self, frame: u64) -> Result<()> {
        let Header { width, height, format, .. } = self.reader.header;
        let bytes = FRAME_LINE + format.packed_len(width, height) as u64;
        self.reader.input.seek(SeekFrom::Start(self.start + frame * bytes))?;
        self.reader.sequence = frame;
        Ok(())
    }
}

impl Source for Y4m {
    fn info(&self) -> Info {
        let Header { width, height, .. } = self.reader.header;
        let rate = self.reader.header.frames_a_second();
        Info {
            name: self.name.clone(),
            detail: format!("{width}×{height} at {rate:.4} FPS, y4m"),
            live: false,
        }
    }

    fn due(&self) -> Option<Instant> {
        self.metronome.due()
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        self.metronome.beat();
        let mut frame = self.reader.next_frame()?;
        if frame.is_none() && self.sequence > 0 {
            self.go_to(0)?;
            frame = self.reader.next_frame()?;
        }
        if let Some(frame) = &mut frame {
            frame.sequence = self.sequence;
            self.sequence += 1;
        }
        Ok(frame)
    }

    fn position(&self) -> Option<Position> {
        let time =
            |frames: u64| Duration::from_secs_f64(frames as f64 / self.reader.header.frames_a_second());
        self.frames.map(|frames| Position { at: time(self.reader.sequence), length: time(frames) })
    }

    fn seek(&mut self, to: Duration) -> Result<()> {
        let Some(frames) = self.frames else { return Ok(()) };
        let frame = (to.as_secs_f64() * self.reader.header.frames_a_second()) as u64;
        self.go_to(frame.min(frames.saturating_sub(1)))
    }
}

fn line_from(input: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = Vec::new();
    input.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    ensure!(line.pop() == Some(b'\n'), "a line of text in the y4m file does not end");
    Ok(Some(String::from_utf8(line).context("a line of the y4m file is not text")?))
}

fn header_from_line(line: &str) -> Result<Header> {
    let mut words = line.split(' ');
    ensure!(words.next() == Some(MAGIC), "the file does not begin with {MAGIC}, so it is not y4m");
    let (mut width, mut height, mut rate) = (0, 0, (30, 1));
    let (mut format, mut range) = (PixelFormat::I420, None);
    for word in words.filter(|word| !word.is_empty()) {
        let (key, value) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        match key {
            "W" => width = value.parse().with_context(|| format!("{word} is not a width"))?,
            "H" => height = value.parse().with_context(|| format!("{word} is not a height"))?,
            "F" => rate = fraction(value).with_context(|| format!("{word} is not a frame rate"))?,
            "C" => format = chroma(value)?,
            "X" if value == "COLORRANGE=FULL" => range = Some(Range::Full),
            "X" if value == "COLORRANGE=LIMITED" => range = Some(Range::Limited),
            _ => {}
        }
    }
    let sides = 1..=MAX_SIDE;
    ensure!(
        sides.contains(&width) && sides.contains(&height),
        "the y4m file says {width}×{height} pixels; each side may have 1 to {MAX_SIDE}"
    );
    let usual = Color::usual(format, height);
    Ok(Header { width, height, rate, format, color: Color { range: range.unwrap_or(usual.range), ..usual } })
}

fn line_from_header(header: &Header) -> Result<String> {
    let chroma = match header.format {
        PixelFormat::I420 => "420jpeg",
        PixelFormat::I422 => "422",
        PixelFormat::I444 => "444",
        PixelFormat::Gray => "mono",
        other => bail!("y4m cannot hold {other:?}"),
    };
    let range = match header.color.range {
        Range::Full => "FULL",
        Range::Limited => "LIMITED",
    };
    let Header { width, height, rate: (frames, seconds), .. } = header;
    Ok(format!("{MAGIC} W{width} H{height} F{frames}:{seconds} Ip A1:1 C{chroma} XCOLORRANGE={range}"))
}

fn fraction(text: &str) -> Result<(u32, u32)> {
    let (above, below) = text.split_once(':').context("a fraction has a colon")?;
    let fraction: (u32, u32) = (above.parse()?, below.parse()?);
    ensure!(fraction.0 > 0 && fraction.1 > 0, "a frame rate is positive");
    Ok(fraction)
}

fn chroma(value: &str) -> Result<PixelFormat> {
    match value {
        "420" | "420jpeg" | "420mpeg2" | "420paldv" => Ok(PixelFormat::I420),
        "422" => Ok(PixelFormat::I422),
        "444" => Ok(PixelFormat::I444),
        "mono" => Ok(PixelFormat::Gray),
        other => bail!("the y4m file's chroma layout “{other}” is not one of 420, 422, 444 and mono"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn header(format: PixelFormat, width: u32, height: u32) -> Header {
        let color = Color { range: Range::Full, ..Color::usual(format, height) };
        Header { width, height, rate: (30000, 1001), format, color }
    }

    #[test]
    fn what_is_written_is_read_in_every_layout_and_odd_sizes() {
        for format in [PixelFormat::I420, PixelFormat::I422, PixelFormat::I444, PixelFormat::Gray] {
            for (width, height) in [(4, 2), (5, 3), (1, 1)] {
                let header = header(format, width, height);
                let length = format.packed_len(width, height);
                let frames: Vec<Vec<u8>> =
                    (0..3).map(|n| (0..length).map(|i| (i * 7 + n) as u8).collect()).collect();
                let mut writer = Writer::new(Vec::new(), header).expect("a header");
                frames.iter().for_each(|frame| writer.write(frame).expect("a frame"));
                let bytes = writer.finish().expect("memory takes it");
                let mut reader = Reader::new(Cursor::new(bytes)).expect("the same header");
                assert_eq!(reader.header(), header);
                for want in &frames {
                    let got = reader.next_frame().expect("a frame").expect("not yet the end");
                    assert_eq!(got.data(), want);
                    assert_eq!(got.color, header.color);
                }
                assert!(reader.next_frame().expect("the end").is_none());
            }
        }
    }

    #[test]
    fn a_frame_line_may_carry_parameters() {
        let mut stream = b"YUV4MPEG2 W2 H2 F25:1 Cmono\nFRAME Ip\n".to_vec();
        stream.extend([1, 2, 3, 4]);
        let mut reader = Reader::new(Cursor::new(stream)).expect("a header");
        assert_eq!(reader.next_frame().expect("a frame").expect("a frame").data(), [1, 2, 3, 4]);
    }

    #[test]
    fn a_clip_goes_to_places() {
        let place = std::env::temp_dir().join(format!("matte-places-{}.y4m", std::process::id()));
        let header = Header { rate: (10, 1), ..header(PixelFormat::Gray, 2, 2) };
        let mut writer =
            Writer::new(File::create(&place).expect("a writable folder"), header).expect("a header");
        (0..30).for_each(|value| writer.write(&[value; 4]).expect("space"));
        writer.finish().expect("space");
        let mut clip = Y4m::open(&place).expect("a clip");
        let value = |clip: &mut Y4m| clip.next().expect("a frame").expect("a frame").data()[0];
        assert_eq!(value(&mut clip), 0);
        let length = Duration::from_secs(3);
        assert_eq!(clip.position(), Some(Position { at: Duration::from_millis(100), length }));
        clip.seek(Duration::from_secs(2)).expect("a place");
        assert_eq!(value(&mut clip), 20);
        clip.seek(2 * length).expect("the last place");
        assert_eq!([value(&mut clip), value(&mut clip)], [29, 0], "after the last frame comes the first");
        std::fs::remove_file(&place).expect("cleared away");
    }

    #[test]
    fn bad_files_are_refused_with_a_sentence() {
        let refuse = |bytes: &[u8]| {
            let mut reader = Reader::new(Cursor::new(bytes.to_vec()))?;
            reader.next_frame().map(|_| ())
        };
        for (bytes, word) in [
            (&b""[..], "empty"),
            (b"RIFF", "does not end"),
            (b"RIFF\n", "not y4m"),
            (b"YUV4MPEG2 W0 H2\n", "0×2"),
            (b"YUV4MPEG2 W99999 H2\n", "99999×2"),
            (b"YUV4MPEG2 Wx H2\n", "not a width"),
            (b"YUV4MPEG2 W2 H2 F0:1\n", "not a frame rate"),
            (b"YUV4MPEG2 W2 H2 C420p10\n", "420p10"),
            (b"YUV4MPEG2 W2 H2\nFRANE\n", "FRAME"),
            (b"YUV4MPEG2 W2 H2\nFRAME\nab", "cut off"),
        ] {
            let error = format!("{:#}", refuse(bytes).expect_err("a bad file"));
            assert!(error.contains(word), "{error:?} should contain {word:?}");
        }
    }
}
