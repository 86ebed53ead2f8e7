//! `matte process`: an effect on a picture or on every frame of a video, in order, none left out.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use image::{ImageFormat, RgbaImage};

use super::arguments::{EffectName, ProcessArguments};
use super::background::{self, Background};
use super::planes::planes_from_rgba;
use super::{bad_input, engine, progress, window};
use crate::camera::y4m::{self, Header};
use crate::camera::{Decoder, VIDEOS, length_of, load_picture};
use crate::output::Sink;
use crate::pipeline::frame::{Frame, PixelFormat};
use crate::pipeline::{
    self, Effect, Gaze, Layout, Mask, Pipeline, Rect, Settings, Tapped, Target, Temporal, View, readback,
};
use crate::platform::whole::WholeFile;
use crate::render::Gpu;
use crate::segment::{Drawn, Segmenter, mask_texture};

/// What a file holds, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Png,
    Jpeg,
    Clip,
    /// What an installed ffmpeg reads and writes.
    Video,
}

impl Kind {
    fn moves(self) -> bool {
        matches!(self, Self::Clip | Self::Video)
    }
}

/// Reads, composes and writes.
pub fn run(arguments: &ProcessArguments) -> Result<()> {
    let (from, to) = (kind(&arguments.input)?, kind(&arguments.output)?);
    if (from.moves() && to == Kind::Jpeg) || (!from.moves() && to.moves()) {
        let error = anyhow!(
            "a video becomes a y4m file, one of ffmpeg's or numbered PNG files, a picture a PNG or JPEG file"
        );
        return Err(bad_input(error));
    }
    let background =
        arguments.background.as_deref().map(background::parsed).transpose().map_err(bad_input)?;
    let settings = settings(arguments, background.as_ref(), from, to);
    if from.moves() {
        clip(arguments, (from, to), settings, background)
    } else {
        picture(arguments, settings, background, to)
    }
}

fn kind(path: &Path) -> Result<Kind> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("png") => Ok(Kind::Png),
        Some("jpg" | "jpeg") => Ok(Kind::Jpeg),
        Some("y4m") => Ok(Kind::Clip),
        Some(extension) if VIDEOS.contains(&extension) => Ok(Kind::Video),
        _ => {
            let known = VIDEOS.join(", .");
            let error = anyhow!("the file {} is not called .png, .jpg, .y4m or .{known}", path.display());
            Err(bad_input(error))
        }
    }
}

fn settings(arguments: &ProcessArguments, background: Option<&Background>, from: Kind, to: Kind) -> Settings {
    let implied = match background {
        None => EffectName::Blur,
        Some(Background::Color(_)) => EffectName::Color,
        Some(Background::Picture(_)) => EffectName::Picture,
    };
    let color = match background {
        Some(Background::Color(color)) => *color,
        _ => [0.18, 0.36, 0.33],
    };
    let (effect, view) = match arguments.effect.unwrap_or(implied) {
        EffectName::Blur => (Effect::Blur, View::Result),
        EffectName::Portrait => (Effect::Portrait, View::Result),
        EffectName::Color => (Effect::Color(color), View::Result),
        EffectName::Gradient => (Effect::Gradient(color, color.map(|channel| 0.35 * channel)), View::Result),
        EffectName::Green => (Effect::Color([0.0, 177.0 / 255.0, 64.0 / 255.0]), View::Result),
        EffectName::Monochrome => (Effect::Monochrome, View::Result),
        EffectName::Outline => (Effect::Outline([1.0; 3]), View::Result),
        EffectName::Picture => (Effect::Picture, View::Result),
        EffectName::Cutout if to == Kind::Png => (Effect::Transparent, View::Result),
        EffectName::Cutout => (Effect::CutOut, View::Result),
        EffectName::Mask => (Effect::Off, View::Matte),
        EffectName::Off => (Effect::Off, View::Source),
    };
    let mut settings =
        Settings { effect, view, strength: f32::from(arguments.blur) / 100.0, ..Settings::DEFAULT };
    if !from.moves() {
        settings.refinement.temporal = Temporal::Off;
    }
    settings
}

fn picture(
    arguments: &ProcessArguments,
    settings: Settings,
    background: Option<Background>,
    to: Kind,
) -> Result<()> {
    let source = load_picture(&arguments.input).map_err(bad_input)?;
    let size = source.dimensions();
    let frame = Frame::new(PixelFormat::Rgba, size.0, size.1, source.into_raw()).map_err(bad_input)?;
    let mut output = WholeFile::create(&arguments.output)?;
    let mut studio = Studio::new(arguments, size, background)?;
    let result = RgbaImage::from_raw(size.0, size.1, studio.composed(frame, &settings)?)
        .context("the picture has another size than its pixels")?;
    match to {
        Kind::Jpeg => {
            image::DynamicImage::from(result).into_rgb8().write_to(&mut output, ImageFormat::Jpeg)?
        }
        _ if settings.effect == Effect::Transparent => result.write_to(&mut output, ImageFormat::Png)?,
        _ => image::DynamicImage::from(result).into_rgb8().write_to(&mut output, ImageFormat::Png)?,
    }
    output.finish()
}

fn clip(
    arguments: &ProcessArguments,
    (from, to): (Kind, Kind),
    settings: Settings,
    background: Option<Background>,
) -> Result<()> {
    let mut input = Moving::open(&arguments.input, from).map_err(bad_input)?;
    let header = input.header();
    let size = (header.width, header.height);
    let mut studio = Studio::new(arguments, size, background)?;
    let mut output = Written::create(&arguments.output, to, header)?;
    let bar = progress(input.frames(&arguments.input).unwrap_or(0), "frames");
    while let Some(frame) = input.next_frame().map_err(bad_input)? {
        output.write(studio.composed(frame, &settings)?)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    output.finish()
}

/// A video's frames, one after the other.
enum Moving {
    Clip(y4m::Reader<BufReader<File>>),
    Video(Decoder),
}

impl Moving {
    fn open(path: &Path, kind: Kind) -> Result<Self> {
        if kind == Kind::Video {
            ensure!(path.is_file(), "the video {} is not there", path.display());
            return Ok(Self::Video(Decoder::start(path, Duration::ZERO)?));
        }
        let open = || y4m::Reader::new(BufReader::new(File::open(path)?));
        Ok(Self::Clip(open().with_context(|| format!("the clip {} cannot be read", path.display()))?))
    }

    fn header(&self) -> Header {
        match self {
            Self::Clip(reader) => reader.header(),
            Self::Video(decoder) => decoder.header(),
        }
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        match self {
            Self::Clip(reader) => reader.next_frame(),
            Self::Video(decoder) => decoder.next_frame(),
        }
    }

    /// How many frames there are to come, as far as that can be told beforehand.
    fn frames(&self, path: &Path) -> Option<u64> {
        let header = self.header();
        match self {
            Self::Clip(_) => {
                // The word FRAME and the end of its line stand before each frame.
                let bytes = 6 + header.format.packed_len(header.width, header.height) as u64;
                Some(path.metadata().ok()?.len() / bytes)
            }
            Self::Video(_) => {
                Some((length_of(path)?.as_secs_f64() * header.frames_a_second()).round() as u64)
            }
        }
    }
}

/// Where composed frames go. A file appears whole or not at all.
enum Written {
    /// In the format of the frames before.
    Clip(y4m::Writer<WholeFile>, Header),
    /// As `place` says, written beside it.
    Sink { sink: Sink, unfinished: PathBuf, place: PathBuf, header: Header },
}

impl Written {
    fn create(place: &Path, kind: Kind, header: Header) -> Result<Self> {
        if kind == Kind::Clip {
            return Ok(Self::Clip(y4m::Writer::new(WholeFile::create(place)?, header)?, header));
        }
        let name = place.file_name().context("the result has no name")?.to_string_lossy();
        let unfinished = match kind {
            Kind::Video => place.with_file_name(format!(".part-{}-{name}", std::process::id())),
            _ => place.into(),
        };
        let sink = Sink::create(&unfinished, (header.width, header.height), header.rate)?;
        Ok(Self::Sink { sink, unfinished, place: place.into(), header })
    }

    /// Adds a frame of red, green, blue and alpha.
    fn write(&mut self, rgba: Vec<u8>) -> Result<()> {
        match self {
            Self::Clip(writer, Header { width, height, format, color, .. }) => {
                writer.write(&planes_from_rgba(&rgba, (*width, *height), *format, *color)?)
            }
            Self::Sink { sink, place, header, .. } => {
                let size = (header.width, header.height);
                let bytes = match Sink::layout(place) {
                    Layout::Rgba => rgba,
                    _ => planes_from_rgba(&rgba, size, PixelFormat::I420, Sink::color(size))?,
                };
                sink.write(&Tapped { bytes, size, recorded: Instant::now() })
            }
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Clip(writer, _) => writer.finish()?.finish(),
            Self::Sink { sink, unfinished, place, .. } => {
                let written = sink.finish();
                if unfinished == place {
                    return written;
                }
                let moved = written.and_then(|()| Ok(fs::rename(&unfinished, &place)?));
                if moved.is_err() {
                    // What is left of a failed result is not worth another error.
                    let _ = fs::remove_file(&unfinished);
                }
                moved.with_context(|| format!("the file {} cannot be written", place.display()))
            }
        }
    }
}

/// What composes the frames of a clip of this size, and how.
pub(super) fn clip_studio(arguments: &ProcessArguments, size: (u32, u32)) -> Result<(Studio, Settings)> {
    let background =
        arguments.background.as_deref().map(background::parsed).transpose().map_err(bad_input)?;
    let settings = settings(arguments, background.as_ref(), Kind::Clip, Kind::Clip);
    Ok((Studio::new(arguments, size, background)?, settings))
}

/// A device, the pipeline and a network, for pictures of one size.
pub(super) struct Studio {
    gpu: Gpu,
    pipeline: Pipeline,
    segmenter: Segmenter,
    /// Wakes when a network beside the display has an answer.
    answers: Receiver<()>,
    /// Whether the network makes masks, to which effects apply.
    masks: bool,
    target: wgpu::Texture,
}

impl Studio {
    fn new(arguments: &ProcessArguments, size: (u32, u32), background: Option<Background>) -> Result<Self> {
        let network = engine::network(Path::new(&arguments.model))?;
        let gpu = engine::open_gpu(&arguments.engine)?;
        let format = wgpu::TextureFormat::Rgba8Unorm;
        let mut pipeline = Pipeline::new(&gpu.device, &gpu.queue, format)?;
        if let Some(Background::Picture(picture)) = background {
            pipeline.set_backdrop(picture.dimensions(), &picture)?;
        }
        let masks = network.reading.task.is_mask();
        let (sender, answers) = channel();
        // The receiver lives as long as the network that this wakes it for.
        let wake = Box::new(move || _ = sender.send(()));
        let engine = window::engine(&arguments.engine, 0);
        let segmenter = Segmenter::new(network, engine, &gpu.device, &gpu.queue, wake)?;
        let largest = gpu.device.limits().max_texture_dimension_2d;
        if size.0 > largest || size.1 > largest {
            let (width, height) = size;
            let adapter = gpu.title();
            bail!("{width}×{height} pixels are more than the {largest} a side that {adapter} can draw");
        }
        let target = pipeline::texture(
            &gpu.device,
            "result",
            size,
            format,
            wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        );
        Ok(Self { gpu, pipeline, segmenter, answers, masks, target })
    }

    /// The frame with the effect, or with what the network found; red, green, blue and alpha.
    pub(super) fn composed(&mut self, frame: impl Into<Arc<Frame>>, settings: &Settings) -> Result<Vec<u8>> {
        let frame = frame.into();
        let Gpu { device, queue, .. } = &self.gpu;
        self.pipeline.upload(&frame)?;
        let settings = if self.masks { *settings } else { settings.without_mask() };
        let view = self.target.create_view(&Default::default());
        let viewport = Rect::of_size((self.target.width(), self.target.height()));
        let target = Target { view: &view, viewport };
        let mut encoder = device.create_command_encoder(&Default::default());
        match &mut self.segmenter {
            Segmenter::Gpu(network) if self.masks => {
                let mask = network.record(&self.pipeline, &mut encoder)?;
                self.pipeline.encode(&mut encoder, &settings, Some(mask), target);
            }
            Segmenter::Gpu(network) => {
                network.settle(&self.pipeline)?;
                self.pipeline.encode(&mut encoder, &settings, None, target);
                self.pipeline.annotate(&mut encoder, &settings, &network.annotation(), target);
            }
            Segmenter::Cpu(network) => {
                network.offer(frame, Gaze::default());
                self.answers.recv().context("the network's thread ended")?;
                let answer = network.take().context("the network gave no answer")??;
                let texture = mask_texture(device, network.mask_size());
                let view = texture.create_view(&Default::default());
                let mask = self.masks.then_some(Mask { view: &view, crop: answer.crop });
                if self.masks {
                    answer.write(queue, &texture);
                }
                let drawn = Drawn::new(&answer, None, device, queue);
                self.pipeline.encode(&mut encoder, &settings, mask, target);
                self.pipeline.annotate(&mut encoder, &settings, &drawn.annotation(), target);
            }
        }
        queue.submit([encoder.finish()]);
        if let Some(fault) = self.gpu.take_fault() {
            bail!(fault);
        }
        readback::read_texture(device, queue, &self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_from_extensions() {
        assert_eq!(kind(Path::new("a/b.PNG")).ok(), Some(Kind::Png));
        assert_eq!(kind(Path::new("b.jpeg")).ok(), Some(Kind::Jpeg));
        assert_eq!(kind(Path::new("b.y4m")).ok(), Some(Kind::Clip));
        assert_eq!(kind(Path::new("b.mp4")).ok(), Some(Kind::Video));
        assert!(kind(Path::new("b.txt")).is_err());
    }
}
