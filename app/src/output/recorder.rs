//! A recording: pictures at their own times become a video of a constant rate.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use image::RgbaImage;

use crate::camera::{NO_FFMPEG, y4m};
use crate::pipeline::frame::{Color, Matrix, PixelFormat, Range};
use crate::pipeline::{Layout, Tapped};

/// Frames a second of a recording.
pub const RATE: u32 = 30;

/// Pictures that may wait for the disk.
const QUEUE: usize = 4;

/// A recording in a window: pictures are repeated or left out so that the video keeps the clock's time.
pub struct Recorder {
    place: PathBuf,
    queue: Option<SyncSender<Tapped>>,
    worker: Option<JoinHandle<Result<u64>>>,
    started: Instant,
    missed: u64,
}

impl Recorder {
    /// Begins a recording of pictures of a size. What it becomes follows from the name, as for [`Sink`].
    pub fn start(place: &Path, size: (u32, u32)) -> Result<Self> {
        let sink = Sink::create(place, size, (RATE, 1))?;
        let (queue, pictures) = sync_channel(QUEUE);
        let worker = thread::Builder::new()
            .name("recorder".into())
            .spawn(move || write_in_time(sink, &pictures))
            .context("the recorder's thread could not be started")?;
        Ok(Self {
            place: place.into(),
            queue: Some(queue),
            worker: Some(worker),
            started: Instant::now(),
            missed: 0,
        })
    }

    /// The file or folder.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// How long it has been going on, in seconds.
    pub fn seconds(&self) -> f32 {
        self.started.elapsed().as_secs_f32()
    }

    /// Pictures that the disk was too slow for.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Hands over a picture without waiting. Tells whether the recording still works.
    pub fn add(&mut self, picture: Tapped) -> bool {
        match self.queue.as_ref().map(|queue| queue.try_send(picture)) {
            Some(Ok(())) => true,
            Some(Err(TrySendError::Full(_))) => {
                self.missed += 1;
                true
            }
            Some(Err(TrySendError::Disconnected(_))) | None => false,
        }
    }

    /// Ends the recording and waits until it is written. Gives the number of its frames.
    pub fn finish(mut self) -> Result<u64> {
        self.queue = None;
        let worker = self.worker.take().context("the recording has ended already")?;
        worker.join().ok().context("the recorder's thread failed")?
    }
}

fn write_in_time(mut sink: Sink, pictures: &Receiver<Tapped>) -> Result<u64> {
    let mut first = None;
    let mut written = 0;
    for picture in pictures {
        let start = *first.get_or_insert(picture.recorded);
        let elapsed = picture.recorded.saturating_duration_since(start).as_secs_f64();
        let due = (elapsed * f64::from(RATE)).round() as u64 + 1;
        for _ in written..due {
            sink.write(&picture)?;
        }
        written = written.max(due);
    }
    sink.finish()?;
    Ok(written)
}

/// What a recording becomes: a `.y4m` file, a folder of PNG pictures (a name ending in `.png` names the folder
/// without it), or anything that an installed `ffmpeg` makes of the name, such as `.mp4` or `.webm`.
pub enum Sink {
    /// Uncompressed.
    Y4m(y4m::Writer<BufWriter<File>>, (u32, u32)),
    /// Compressed by a process of its own.
    Ffmpeg(Box<Child>, y4m::Writer<BufWriter<ChildStdin>>, (u32, u32)),
    /// One file a picture.
    Pictures(PathBuf, u64),
}

impl Sink {
    /// How the pictures must be arranged for a name.
    pub fn layout(place: &Path) -> Layout {
        if extension(place) == "png" { Layout::Rgba } else { Layout::I420 }
    }

    /// How the planes of a video of a size are to be made.
    pub fn color(size: (u32, u32)) -> Color {
        let matrix = if size.1 >= 720 { Matrix::Bt709 } else { Matrix::Bt601 };
        Color { matrix, range: Range::Limited }
    }

    /// Begins a video of `rate` frames in so many seconds.
    pub fn create(place: &Path, size: (u32, u32), rate: (u32, u32)) -> Result<Self> {
        let named = || format!("the recording {} cannot be written", place.display());
        let header = header(size, rate);
        match extension(place).as_str() {
            "png" => {
                let folder = place.with_extension("");
                fs::create_dir_all(&folder).with_context(named)?;
                Ok(Self::Pictures(folder, 0))
            }
            "y4m" => {
                let file = File::create(place).with_context(named)?;
                Ok(Self::Y4m(y4m::Writer::new(BufWriter::new(file), header)?, size))
            }
            "" => bail!("the recording {} has no extension that says what it is", place.display()),
            _ => {
                let mut child = Command::new("ffmpeg")
                    .args(["-hide_banner", "-loglevel", "error", "-y", "-f", "yuv4mpegpipe", "-i", "-"])
                    .args(["-pix_fmt", "yuv420p", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"])
                    .arg(place)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::null())
                    .stderr(Stdio::piped())
                    .spawn()
                    .with_context(|| format!("{}; {NO_FFMPEG}", named()))?;
                let input = child.stdin.take().context("ffmpeg takes no input")?;
                let writer = y4m::Writer::new(BufWriter::new(input), header)?;
                Ok(Self::Ffmpeg(Box::new(child), writer, size))
            }
        }
    }

    /// Adds a picture, in the layout that [`Sink::layout`] says.
    pub fn write(&mut self, picture: &Tapped) -> Result<()> {
        match self {
            Self::Y4m(writer, size) => {
                ensure!(picture.size == *size, "the picture's size changed, which ends the recording");
                writer.write(&picture.bytes)
            }
            Self::Ffmpeg(_, writer, size) => {
                ensure!(picture.size == *size, "the picture's size changed, which ends the recording");
                writer.write(&picture.bytes).context("ffmpeg ended early")
            }
            Self::Pictures(folder, count) => {
                let (width, height) = picture.size;
                let image = RgbaImage::from_raw(width, height, picture.bytes.clone())
                    .context("the picture has another size than its pixels")?;
                let place = folder.join(format!("{count:06}.png"));
                *count += 1;
                image.save(&place).with_context(|| format!("{} cannot be written", place.display()))
            }
        }
    }

    /// Writes what is outstanding.
    pub fn finish(self) -> Result<()> {
        match self {
            Self::Y4m(writer, _) => writer.finish()?.flush().context("the recording cannot be written"),
            Self::Ffmpeg(child, writer, _) => {
                // A broken pipe says less than what ffmpeg says itself.
                let _ = writer.finish();
                let output = child.wait_with_output().context("ffmpeg cannot be waited for")?;
                let said = String::from_utf8_lossy(&output.stderr);
                ensure!(output.status.success(), "ffmpeg could not write the recording: {}", said.trim());
                Ok(())
            }
            Self::Pictures(..) => Ok(()),
        }
    }
}

fn header(size: (u32, u32), rate: (u32, u32)) -> y4m::Header {
    let color = Sink::color(size);
    y4m::Header { width: size.0, height: size.1, rate, format: PixelFormat::I420, color }
}

fn extension(place: &Path) -> String {
    place.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn picture(value: u8, at: Duration, start: Instant) -> Tapped {
        Tapped { bytes: vec![value; 6], size: (2, 2), recorded: start + at }
    }

    #[test]
    fn late_pictures_are_repeated_and_early_ones_left_out() {
        let place = std::env::temp_dir().join(format!("matte-recorder-{}.y4m", std::process::id()));
        let mut recorder = Recorder::start(&place, (2, 2)).expect("a writable folder");
        let start = Instant::now();
        for (value, milliseconds) in [(1, 0), (2, 5), (3, 100), (4, 133)] {
            assert!(recorder.add(picture(value, Duration::from_millis(milliseconds), start)));
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(recorder.finish().expect("written"), 5);
        let mut reader =
            y4m::Reader::new(std::io::BufReader::new(File::open(&place).expect("there"))).expect("a header");
        let mut values = Vec::new();
        while let Some(frame) = reader.next_frame().expect("whole frames") {
            values.push(frame.data()[0]);
        }
        assert_eq!(values, [1, 3, 3, 3, 4]);
        fs::remove_file(&place).expect("cleared away");
    }

    #[test]
    fn a_name_without_a_meaning_is_refused() {
        let error = Sink::create(Path::new("recording"), (2, 2), (30, 1)).err().expect("no extension");
        assert!(format!("{error:#}").contains("extension"));
    }
}
