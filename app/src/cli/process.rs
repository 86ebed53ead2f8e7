//! `matte process`: an effect on a picture or on every frame of a clip, in order, none left out.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context, Result, anyhow, bail};
use image::{ImageFormat, RgbaImage};

use super::arguments::{EffectName, ProcessArguments};
use super::background::{self, Background};
use super::output::Output;
use super::planes::planes_from_rgba;
use super::{bad_input, engine, progress, window};
use crate::camera::{load_picture, y4m};
use crate::pipeline::frame::{Frame, PixelFormat};
use crate::pipeline::{Effect, Gaze, Mask, Pipeline, Rect, Settings, Target, Temporal, View, readback};
use crate::render::Gpu;
use crate::segment::{Drawn, Segmenter, mask_texture};

/// What a file holds, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Png,
    Jpeg,
    Clip,
}

/// Reads, composes and writes.
pub fn run(arguments: &ProcessArguments) -> Result<()> {
    let (from, to) = (kind(&arguments.input)?, kind(&arguments.output)?);
    if (from == Kind::Clip) != (to == Kind::Clip) {
        return Err(bad_input(anyhow!("a clip becomes a y4m file, a picture a PNG or JPEG file")));
    }
    let background =
        arguments.background.as_deref().map(background::parsed).transpose().map_err(bad_input)?;
    let settings = settings(arguments, background.as_ref(), from, to);
    if from == Kind::Clip {
        clip(arguments, settings, background)
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
        _ => Err(bad_input(anyhow!("the file {} is not called .png, .jpg or .y4m", path.display()))),
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
    if from != Kind::Clip {
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
    let mut output = Output::create(&arguments.output)?;
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

fn clip(arguments: &ProcessArguments, settings: Settings, background: Option<Background>) -> Result<()> {
    let open = || -> Result<_> {
        let file = File::open(&arguments.input)?;
        let bytes = file.metadata()?.len();
        Ok((y4m::Reader::new(BufReader::new(file))?, bytes))
    };
    let (mut reader, bytes) = open()
        .with_context(|| format!("the clip {} cannot be read", arguments.input.display()))
        .map_err(bad_input)?;
    let header = reader.header();
    let size = (header.width, header.height);
    let mut writer = y4m::Writer::new(Output::create(&arguments.output)?, header)?;
    let mut studio = Studio::new(arguments, size, background)?;
    // The word FRAME and the end of its line stand before each frame.
    let frame_bytes = 6 + header.format.packed_len(size.0, size.1) as u64;
    let bar = progress(bytes / frame_bytes, "frames");
    while let Some(frame) = reader.next_frame().map_err(bad_input)? {
        let rgba = studio.composed(frame, &settings)?;
        writer.write(&planes_from_rgba(&rgba, size, header.format, header.color)?)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    writer.finish()?.finish()
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
        let target = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("result"),
            size: wgpu::Extent3d { width: size.0, height: size.1, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
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
            bail!("the graphics device failed: {fault}");
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
        assert!(kind(Path::new("b.mp4")).is_err());
    }
}
