//! `matte record`: frames of a camera into a y4m file, without a window; with an effect, if one is named.
//!
//! Frames come through the same [`Feed`] as in the window: the newest one counts. Without an effect the camera's
//! samples are kept: interleaved planes are taken apart, JPEG pictures stay luma and chroma. A camera that is
//! unplugged is waited for.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::arguments::{ProcessArguments, RecordArguments};
use super::camera::{Named, find, named};
use super::planes::{planar_format, planes_from_frame, planes_from_rgba};
use super::process::{Studio, clip_studio};
use super::progress;
use crate::camera::{self, Clip, Device, Feed, Info, Lost, Mode, Open, Source, Status, y4m};
use crate::pipeline::Settings;
use crate::pipeline::frame::{Color, Frame};
use crate::platform::whole::WholeFile;

/// How long a frame, or a camera that was unplugged, is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often an unplugged camera is looked for.
const LOOK: Duration = Duration::from_millis(300);

/// Captures, writes, and prints how it went.
pub fn run(arguments: &RecordArguments) -> Result<()> {
    let start = Instant::now();
    let mut origin = Origin::open(arguments)?;
    let bar = progress(arguments.frames, "frames");
    let mut tally = Tally::default();
    let mut recorder = None;
    while tally.frames < arguments.frames {
        let Some(frame) = origin.next()? else { break };
        tally.first.get_or_insert_with(|| start.elapsed());
        let recorder = match &mut recorder {
            Some(recorder) => recorder,
            None => {
                let recorder = recorder.insert(Recorder::new(arguments, &frame, origin.rate())?);
                // Pipelines take their time to be made: a camera's picture is old by then.
                if origin.info.live && recorder.warm_up(&frame)? {
                    continue;
                }
                recorder
            }
        };
        tally.count(&frame, origin.opened);
        recorder.write(&frame)?;
        tally.note_written(&frame);
        bar.inc(1);
    }
    bar.finish_and_clear();
    recorder.context("the source gave no frame")?.finish()?;
    println!("{}", tally.sentence(&origin.info, origin.left_out()));
    Ok(())
}

/// Where the frames come from.
struct Origin {
    /// None while a camera is waited for: the last feed would hold its last frame's buffer.
    feed: Option<Feed>,
    info: Info,
    color: Option<Color>,
    camera: Option<(Device, Mode)>,
    /// How often the source was opened.
    opened: u32,
    dropped_before: u64,
}

impl Origin {
    fn open(arguments: &RecordArguments) -> Result<Self> {
        let camera = match named(&arguments.source)? {
            Named::AnyCamera => Some(find(None, &arguments.mode)?),
            Named::Camera(name) => Some(find(Some(&name), &arguments.mode)?),
            Named::Clip | Named::File(_) => None,
        };
        let open: Open = match (&camera, named(&arguments.source)?) {
            (Some((device, mode)), _) => camera::opening(device.index, Some(*mode)),
            (None, Named::File(path)) => Box::new(move || camera::open_file(&path)),
            _ => Box::new(|| Ok(Box::new(Clip::open()?) as Box<dyn Source>)),
        };
        let color = arguments.mode.color;
        let feed = started(open, color)?;
        let info = Info { name: String::new(), detail: String::new(), live: false };
        Ok(Self { feed: Some(feed), info, color, camera, opened: 1, dropped_before: 0 })
    }

    /// The newest frame; none after the last.
    fn next(&mut self) -> Result<Option<Arc<Frame>>> {
        while let Some(feed) = &self.feed {
            if let Some(frame) = feed.wait(PATIENCE) {
                self.info = feed.info().unwrap_or_else(|| self.info.clone());
                return Ok(Some(frame));
            }
            match (feed.status(), self.camera.clone()) {
                (Status::Failed(sentence), Some((device, mode))) if self.info.live => {
                    eprintln!("matte: {sentence}; waiting for it");
                    self.reopen(device, mode).with_context(|| sentence)?;
                }
                (Status::Failed(sentence), _) => bail!(sentence),
                (Status::Still, _) => return Ok(None),
                _ => bail!("the source “{}” has sent no picture for a while", self.info.name),
            }
        }
        Ok(None)
    }

    /// Waits until a camera that was unplugged is back.
    fn reopen(&mut self, device: Device, mode: Mode) -> Result<()> {
        self.dropped_before = self.left_out();
        self.feed = None;
        let mut lost = Lost::of(device, Some(mode));
        let since = Instant::now();
        loop {
            thread::sleep(LOOK);
            if let Some((index, _)) = lost.returned(&camera::cameras(None)?, false) {
                self.feed = Some(started(camera::opening(index, Some(mode)), self.color)?);
                self.opened += 1;
                return Ok(());
            }
            ensure!(since.elapsed() < PATIENCE, "it did not come back");
        }
    }

    /// Frames a second, as a fraction.
    fn rate(&self) -> (u32, u32) {
        self.camera.as_ref().map_or((30, 1), |(_, mode)| mode.rate.fraction())
    }

    /// Frames that were replaced by newer ones before they could be written.
    fn left_out(&self) -> u64 {
        self.dropped_before + self.feed.as_ref().map_or(0, Feed::dropped)
    }
}

fn started(open: Open, color: Option<Color>) -> Result<Feed> {
    let feed = Feed::start(open, Box::new(|| ()))?;
    feed.read_as(color);
    Ok(feed)
}

/// Writes frames as they are, or composed.
struct Recorder {
    header: y4m::Header,
    writer: y4m::Writer<WholeFile>,
    studio: Option<(Studio, Settings)>,
}

impl Recorder {
    /// A file for frames like this one.
    fn new(arguments: &RecordArguments, frame: &Frame, rate: (u32, u32)) -> Result<Self> {
        let (width, height) = (frame.width(), frame.height());
        let color = if frame.format().is_yuv() { frame.color } else { Color::JPEG };
        let header = y4m::Header { width, height, rate, format: planar_format(frame.format()), color };
        let studio = match arguments.effect {
            None => None,
            Some(effect) => {
                let process = ProcessArguments {
                    input: arguments.source.clone().into(),
                    output: arguments.output.clone(),
                    model: arguments.model.clone(),
                    effect: Some(effect),
                    background: None,
                    blur: 60,
                    engine: arguments.engine.clone(),
                };
                Some(clip_studio(&process, (width, height))?)
            }
        };
        let writer = y4m::Writer::new(WholeFile::create(&arguments.output)?, header)?;
        Ok(Self { header, writer, studio })
    }

    /// Composes a frame that is not written, so that everything is there for the next ones. Tells whether that was
    /// of use.
    fn warm_up(&mut self, frame: &Arc<Frame>) -> Result<bool> {
        if let Some((studio, settings)) = &mut self.studio {
            studio.composed(Arc::clone(frame), settings)?;
        }
        Ok(self.studio.is_some())
    }

    fn write(&mut self, frame: &Arc<Frame>) -> Result<()> {
        let y4m::Header { width, height, format, color, .. } = self.header;
        ensure!(
            (frame.width(), frame.height(), planar_format(frame.format())) == (width, height, format),
            "the source changed its pictures to {}×{} in {:?}",
            frame.width(),
            frame.height(),
            frame.format()
        );
        let planes = match &mut self.studio {
            None => planes_from_frame(frame)?,
            Some((studio, settings)) => {
                let rgba = studio.composed(Arc::clone(frame), settings)?;
                planes_from_rgba(&rgba, (width, height), format, color)?
            }
        };
        self.writer.write(&planes)
    }

    fn finish(self) -> Result<()> {
        self.writer.finish()?.finish()
    }
}

/// How the recording went.
#[derive(Default)]
struct Tally {
    /// The time until there was a picture.
    first: Option<Duration>,
    frames: u64,
    /// Seconds that the camera ran, from its first frame to its last, and the frames after a first one.
    seconds: f64,
    intervals: u64,
    /// Frames that the driver lost: gaps in its count.
    lost: u64,
    copies: u64,
    /// Milliseconds from a frame's capture until it was taken, and until it was written.
    taken: Vec<f64>,
    written: Vec<f64>,
    last: Option<(u32, Instant, u64)>,
}

impl Tally {
    fn count(&mut self, frame: &Frame, opened: u32) {
        if let Some((before, captured, sequence)) = self.last
            && before == opened
        {
            self.seconds += frame.captured.saturating_duration_since(captured).as_secs_f64();
            self.intervals += 1;
            self.lost += (frame.sequence - sequence).saturating_sub(1);
        }
        self.last = Some((opened, frame.captured, frame.sequence));
        self.frames += 1;
        self.copies += u64::from(frame.copies);
        self.taken.push(age(frame));
    }

    fn note_written(&mut self, frame: &Frame) {
        self.written.push(age(frame));
    }

    /// `left_out` frames are no loss of the driver.
    fn sentence(&mut self, info: &Info, left_out: u64) -> String {
        let [(taken, oldest), (written, _)] = [&mut self.taken, &mut self.written].map(|ages| {
            ages.sort_by(f64::total_cmp);
            let median = ages.get(ages.len() / 2).copied().unwrap_or_default();
            (median, ages.last().copied().unwrap_or_default())
        });
        let rate = if self.seconds > 0.0 { self.intervals as f64 / self.seconds } else { 0.0 };
        let copies = self.copies as f64 / self.frames.max(1) as f64;
        format!(
            "{} frames of {} ({}), the first after {} ms: {rate:.2} FPS, {} lost by the camera, {left_out} left out, \
             {taken:.1} ms old and at most {oldest:.1} ms, written after {written:.1} ms, {copies:.2} copies a frame",
            self.frames,
            info.name,
            info.detail,
            self.first.unwrap_or_default().as_millis(),
            self.lost.saturating_sub(left_out)
        )
    }
}

/// Milliseconds since a frame was captured.
fn age(frame: &Frame) -> f64 {
    frame.captured.elapsed().as_secs_f64() * 1e3
}
