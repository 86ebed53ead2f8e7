//! Any video that an installed `ffmpeg` reads, played at its own rate, again and again.
//!
//! A process of its own decodes the file and writes raw frames into a pipe, upright, with square pixels, at a constant
//! rate; the [`Metronome`] of due times keeps them to it, and the full pipe keeps the process to them. To go to another
//! place the process is ended and another one starts there.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Info, Metronome, Position, Source, y4m};
use crate::pipeline::frame::Frame;

/// What helps where there is no `ffmpeg`.
pub const NO_FFMPEG: &str = "it needs the program ffmpeg (on Debian and Ubuntu: sudo apt-get install ffmpeg); \
                             .y4m and .png work without it";

/// The usual extensions of videos that ffmpeg reads and writes.
pub const VIDEOS: [&str; 11] = ["mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ogv", "ts", "wmv"];

/// The first line that an installed `ffmpeg` says of itself.
pub fn ffmpeg_version() -> Option<String> {
    let output = Command::new("ffmpeg").arg("-version").stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.lines().next().map(Into::into).filter(|_| output.status.success())
}

/// A video file being decoded.
pub struct Decoder {
    process: Child,
    reader: y4m::Reader<BufReader<ChildStdout>>,
}

impl Decoder {
    /// Starts decoding at a place of the file.
    pub fn start(path: &Path, at: Duration) -> Result<Self> {
        let named = || format!("the video {} cannot be read", path.display());
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-hide_banner", "-loglevel", "quiet"]);
        if !at.is_zero() {
            command.args(["-ss", &format!("{:.3}", at.as_secs_f64())]);
        }
        command.arg("-i").arg(path).args(["-map", "0:v:0", "-vf", "scale=iw*sar:ih,setsar=1"]);
        command.args(["-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "-"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().with_context(|| format!("{}; {NO_FFMPEG}", named()))?;
        let output = process.stdout.take().context("ffmpeg gives no output")?;
        match y4m::Reader::new(BufReader::new(output)) {
            Ok(reader) => Ok(Self { process, reader }),
            Err(_) => {
                end(&mut process);
                bail!("{}: {}", named(), complaint(path))
            }
        }
    }

    /// What the frames are like.
    pub fn header(&self) -> y4m::Header {
        self.reader.header()
    }

    /// The next frame; none after the last.
    pub fn next_frame(&mut self) -> Result<Option<Frame>> {
        self.reader.next_frame()
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

fn end(process: &mut Child) {
    // It may have ended already, which is what is wanted.
    let _ = process.kill();
    let _ = process.wait();
}

/// What ffmpeg says of a file that it cannot decode.
fn complaint(path: &Path) -> String {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-i"]).arg(path);
    let output = command.args(["-map", "0:v:0", "-frames:v", "1", "-f", "null", "-"]).output();
    let said =
        output.map(|output| String::from_utf8_lossy(&output.stderr).trim().to_owned()).unwrap_or_default();
    let last = said.lines().last().unwrap_or_default().to_owned();
    if last.is_empty() { "ffmpeg finds no picture in it".into() } else { format!("ffmpeg says: {last}") }
}

/// How long a video is, if `ffprobe` tells.
pub fn length_of(path: &Path) -> Option<Duration> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-show_entries", "format=duration", "-of", "default=nw=1:nk=1"]).arg(path);
    let output = command.stdin(Stdio::null()).output().ok()?;
    let seconds: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().filter(|length| !length.is_zero())
}

/// A video file that plays again and again.
pub struct Video {
    path: PathBuf,
    decoder: Decoder,
    length: Option<Duration>,
    metronome: Metronome,
    /// Where the process began, and how many frames it has given since.
    begun: (Duration, u64),
    sequence: u64,
}

impl Video {
    /// Starts the video.
    pub fn open(path: &Path) -> Result<Self> {
        let decoder = Decoder::start(path, Duration::ZERO)?;
        let metronome = Metronome::new(decoder.header().frames_a_second());
        let length = length_of(path);
        Ok(Self { path: path.into(), decoder, length, metronome, begun: (Duration::ZERO, 0), sequence: 0 })
    }

    fn start_at(&mut self, at: Duration) -> Result<()> {
        self.decoder = Decoder::start(&self.path, at)?;
        self.begun = (at, 0);
        Ok(())
    }
}

impl Source for Video {
    fn info(&self) -> Info {
        let header = self.decoder.header();
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned();
        let rate = header.frames_a_second();
        let detail = format!("{}×{} at {rate:.4} FPS, by ffmpeg", header.width, header.height);
        Info { name, detail, live: false }
    }

    fn due(&self) -> Option<Instant> {
        self.metronome.due()
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        self.metronome.beat();
        let mut frame = self.decoder.next_frame()?;
        if frame.is_none() && self.sequence > 0 {
            self.start_at(Duration::ZERO)?;
            frame = self.decoder.next_frame()?;
        }
        if let Some(frame) = &mut frame {
            frame.sequence = self.sequence;
            self.sequence += 1;
            self.begun.1 += 1;
        }
        Ok(frame)
    }

    fn position(&self) -> Option<Position> {
        let (start, frames) = self.begun;
        let at = start + Duration::from_secs_f64(frames as f64 / self.decoder.header().frames_a_second());
        self.length.map(|length| Position { at: at.min(length), length })
    }

    fn seek(&mut self, to: Duration) -> Result<()> {
        self.start_at(self.length.map_or(to, |length| to.min(length.mul_f64(0.999))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// A video of three seconds whose gray rises with the time: 10 frames a second, 10 levels each.
    fn ramp() -> Option<PathBuf> {
        ffmpeg_version()?;
        let place = std::env::temp_dir().join(format!("matte-ramp-{}.mkv", std::process::id()));
        let made = Command::new("ffmpeg")
            .args(["-y", "-v", "error", "-f", "lavfi", "-i"])
            .arg("color=black:s=64x48:r=10:d=3,geq=lum='20+6*N':cb=128:cr=128")
            .args(["-c:v", "ffv1"])
            .arg(&place)
            .status();
        assert!(made.is_ok_and(|status| status.success()), "ffmpeg makes a video");
        Some(place)
    }

    #[test]
    fn a_video_plays_goes_to_places_and_begins_anew() {
        let Some(place) = ramp() else { return println!("SKIPPED: ffmpeg is not installed") };
        let mut video = Video::open(&place).expect("a readable video");
        assert_eq!(video.info().detail, "64×48 at 10.0000 FPS, by ffmpeg");
        let gray = |video: &mut Video| video.next().expect("a frame").expect("a frame").data()[0];
        assert_eq!([gray(&mut video), gray(&mut video)], [20, 26]);
        let position = video.position().expect("ffprobe comes with ffmpeg");
        assert_eq!((position.at, position.length), (Duration::from_millis(200), Duration::from_secs(3)));
        video.seek(Duration::from_secs(2)).expect("the video goes on there");
        assert_eq!(gray(&mut video), 140);
        (0..9).for_each(|_| assert!(gray(&mut video) > 140));
        assert_eq!(gray(&mut video), 20, "after the last frame comes the first");
        drop(video);
        std::fs::remove_file(&place).expect("cleared away");
    }

    #[test]
    fn what_is_no_video_is_said_to_be_none() {
        if ffmpeg_version().is_none() {
            return println!("SKIPPED: ffmpeg is not installed");
        }
        let place = std::env::temp_dir().join(format!("matte-no-video-{}.mp4", std::process::id()));
        std::fs::write(&place, "words").expect("a writable folder");
        let error = Video::open(&place).err().map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(error.contains("cannot be read") && error.contains("ffmpeg says"), "{error}");
        std::fs::remove_file(&place).expect("cleared away");
    }
}
