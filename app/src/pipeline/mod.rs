//! From a captured frame to the composed picture, on the GPU.
//!
//! ```text
//! frame ─ source ─┬─ prepare ─▶ the network's input       (the network runs outside)
//!                 └─ convert ─┬─ refine ◀─ its mask
//!                             ├─ blur, bokeh ◀─ matte
//!                             ├─ compose ─▶ the caller's target
//!                             └─ annotate ◀─ what else a network found
//! ```
//!
//! The pipeline knows no window, no camera, no UI and no network: it takes a [`Frame`] and a mask, and
//! records into the caller's command encoder. It never submits, and nothing comes back to the CPU but the
//! stages' times, when they are asked for. What a frame needs is recorded in this order:
//!
//! 1. [`Pipeline::upload`] copies the raw planes.
//! 2. [`Pipeline::prepare`] fills the network's input; then the caller records the network.
//! 3. [`Pipeline::encode`] makes the matte and draws the result.
//! 4. [`Pipeline::annotate`] draws charts, lines and words over it.
//!
//! It fails closed: until a mask has come, and after [`Pipeline::forget`], nobody is in the picture and only
//! the replacement is shown.

mod annotate;
mod background;
mod blur;
mod bokeh;
mod compose;
mod convert;
pub mod frame;
pub(crate) mod gpu;
mod latency;
mod matting;
mod pace;
pub mod person;
mod plane;
mod prepare;
mod preview;
pub mod readback;
mod refine;
mod ring;
mod settings;
mod source;
mod tap;

use anyhow::Result;
use wgpu::{CommandEncoder, Device, Queue, TextureFormat, TextureView};

pub use annotate::{Annotation, Chart, ChartPlace, Color, Mark};
pub use compose::{Target, fit_inside};
pub use frame::Frame;
pub use gpu::texture;
pub use latency::StageTimes;
pub use pace::{Pace, brightness};
pub use plane::{MOST_CLASSES, Plane, PlaneMaker, Rule, Scores, plane_size, plane_values};
pub use prepare::{Element, Fit, Gaze, Input, Rect};
pub use preview::PREVIEW_FORMAT;
pub use refine::{Mask, guide_factor};
pub use ring::{Ring, Turn};
pub use settings::{Effect, Refinement, Settings, Temporal, Upsampling, View};
pub(crate) use source::rgb_rows;
pub use tap::{Layout, Tap, Tapped};

use annotate::{Annotate, Place};
use background::Background;
use bokeh::Scene;
use compose::{Compose, Layers, Video, backdrop};
use convert::Convert;
use gpu::{Image, Recorder};
use latency::Clock;
use matting::Matting;
use prepare::Prepare;
use preview::Preview;
use source::Source;

/// The weakest blur that stands in for a person's picture while no mask is valid.
const BLUR_WITHOUT_MASK: f32 = 0.8;

/// Every shader of the pipeline as it is compiled, with its name.
pub fn shaders() -> Vec<(&'static str, String)> {
    let mut all = vec![("prepare", prepare::wgsl()), ("convert", convert::wgsl())];
    all.extend(refine::wgsl());
    all.extend(bokeh::wgsl());
    all.extend([
        ("person", person::wgsl()),
        ("blur", blur::wgsl()),
        ("compose", compose::wgsl()),
        ("preview", preview::wgsl()),
        ("pack", tap::wgsl()),
    ]);
    all.extend(plane::wgsl());
    all.extend(annotate::wgsl());
    all
}

/// A depth that a network told, and the part of the picture that it covers.
struct KnownDepth {
    meters: TextureView,
    crop: Rect,
}

/// The stages and their textures, for one device and one format of target.
pub struct Pipeline {
    device: Device,
    queue: Queue,
    clock: Clock,
    source: Source,
    prepare: Prepare,
    convert: Convert,
    matting: Matting,
    background: Background,
    compose: Compose,
    annotate: Annotate,
    /// Made when the first preview is asked for.
    preview: Option<Preview>,
    backdrop: Image,
    /// The frames of [`Effect::Video`], once there are any.
    video: Option<Video>,
    depth: Option<KnownDepth>,
    gaze: Gaze,
}

impl Pipeline {
    /// Compiles the stages for a target of `target_format`.
    pub fn new(device: &Device, queue: &Queue, target_format: TextureFormat) -> Result<Self> {
        Ok(Self {
            clock: Clock::new(device, queue),
            source: Source::new(device),
            prepare: Prepare::new(device),
            convert: Convert::new(device),
            matting: Matting::new(device, queue),
            background: Background::new(device),
            preview: None,
            compose: Compose::new(device, target_format),
            annotate: Annotate::new(device, queue, target_format)?,
            backdrop: backdrop::plain(device, queue)?,
            video: None,
            depth: None,
            gaze: Gaze::default(),
            device: device.clone(),
            queue: queue.clone(),
        })
    }

    /// The size of the picture as it is shown, in pixels.
    pub fn picture_size(&self) -> (u32, u32) {
        self.source.shown_size()
    }

    /// Copies a frame's raw planes to the GPU. A frame of another size makes the last mask invalid. A frame
    /// larger than the device's textures is an error, and the last frame stays.
    pub fn upload(&mut self, frame: &Frame) -> Result<()> {
        let before = self.picture_size();
        self.source.upload(&self.device, &self.queue, frame)?;
        if self.picture_size() != before {
            self.forget();
        }
        Ok(())
    }

    /// Makes the last mask invalid, as when the source or the network changes or fails.
    pub fn forget(&mut self) {
        self.depth = None;
        self.matting.forget(&self.queue);
        self.background.bokeh.forget();
    }

    /// How the network is to look at the pictures from the next one on.
    pub fn set_gaze(&mut self, gaze: Gaze) {
        self.gaze = gaze;
    }

    /// Takes the answer of a network that tells meters from the camera, for this picture and those that follow.
    pub fn set_depth(&mut self, depth: Option<Mask<'_>>) {
        self.depth = depth.map(|depth| KnownDepth { meters: depth.view.clone(), crop: depth.crop });
    }

    /// Where people are, as `struct Person` of `person.wgsl` holds it; it can be copied from.
    pub fn person_buffer(&self) -> &wgpu::Buffer {
        self.matting.person()
    }

    /// Whether a mask is valid. Without one the network must see the next frame, even if it is still.
    pub fn has_mask(&self) -> bool {
        self.matting.has_mask()
    }

    /// Takes the picture that [`Effect::Picture`] shows: `size` pixels of RGBA, sRGB.
    pub fn set_backdrop(&mut self, size: (u32, u32), rgba: &[u8]) -> Result<()> {
        self.backdrop = backdrop::of_pixels(&self.device, &self.queue, size, rgba)?;
        Ok(())
    }

    /// Takes the next frame that [`Effect::Video`] shows. It is converted with the next recorded picture.
    pub fn upload_backdrop(&mut self, frame: &Frame) -> Result<()> {
        match &mut self.video {
            Some(video) => video.upload(&self.device, &self.queue, frame),
            None => {
                self.video = Some(Video::new(&self.device, &self.queue, frame)?);
                Ok(())
            }
        }
    }

    /// Measures the stages of the next frame, if the device can and no times are outstanding. They come out
    /// of [`Pipeline::stage_times`]; call this before [`Pipeline::prepare`].
    pub fn measure_next_frame(&self) {
        self.clock.start();
    }

    /// The times of the last measured frame, once, when they have come. Call it after that frame's submission.
    pub fn stage_times(&self) -> Option<StageTimes> {
        self.clock.read(&self.device)
    }

    /// Records the network's input from the uploaded frame: one dispatch.
    pub fn prepare(&self, encoder: &mut CommandEncoder, input: &Input<'_>) {
        let mut recorder = Recorder { device: &self.device, queue: &self.queue, encoder, clock: &self.clock };
        let gaze = Gaze { closely: self.matting.look(self.gaze.closely), ..self.gaze };
        self.prepare.record(&mut recorder, &self.source, input, gaze, self.matting.person());
    }

    /// Records the result into the target. `mask` is the network's answer for this picture. Without a new one
    /// the last one stands, as on a still picture, and other choices of refinement are applied to it; without
    /// any, nobody is in the picture.
    pub fn encode(
        &mut self,
        encoder: &mut CommandEncoder,
        settings: &Settings,
        mask: Option<Mask<'_>>,
        target: Target<'_>,
    ) {
        let mut recorder = Recorder { device: &self.device, queue: &self.queue, encoder, clock: &self.clock };
        let source_size = self.source.shown_size();
        self.convert.record(&mut recorder, &self.source, settings.shrink.clamp(1, 4));
        let picture = self.convert.picture();
        self.matting.record(&mut recorder, (picture, source_size), mask, settings, self.gaze.closely);
        let settings = closed(settings, self.matting.has_mask());
        let scene = Scene {
            picture,
            matte: self.matting.matte(),
            depth: self.depth.as_ref().map(KnownDepth::as_mask),
            source_size,
            person: self.matting.person(),
        };
        self.background.record(&mut recorder, &scene, &settings);
        if let Some(video) = self.video.as_mut().filter(|_| settings.effect == Effect::Video) {
            video.record(&mut recorder);
        }
        let layers = Layers {
            picture,
            matte: scene.matte,
            blur: &self.background.blur,
            bokeh: &self.background.bokeh,
            backdrop: backdrop_of(&settings, &self.video, &self.backdrop),
            mask: self.matting.mask(),
            person: scene.person,
            source_size,
        };
        self.compose.record(&mut recorder, &layers, &settings, target);
        self.clock.finish(encoder);
    }

    /// Records what a network found in the shown picture, over the result that [`Pipeline::encode`] drew into
    /// the same target.
    pub fn annotate(
        &mut self,
        encoder: &mut CommandEncoder,
        settings: &Settings,
        annotation: &Annotation<'_>,
        target: Target<'_>,
    ) {
        let picture = self.picture_size();
        if annotation.is_empty() || settings.hidden {
            return;
        }
        let rect = fit_inside(target.viewport, picture);
        let place = Place { view: target.view, rect, picture, mirror: settings.mirror };
        self.annotate.record(encoder, annotation, place);
    }
    /// Records the last recorded picture with other settings at the size of a thumbnail, into a target of
    /// [`PREVIEW_FORMAT`]. At most one preview goes into a submission.
    pub fn encode_preview(&mut self, encoder: &mut CommandEncoder, settings: &Settings, target: Target<'_>) {
        let mut recorder = Recorder { device: &self.device, queue: &self.queue, encoder, clock: &self.clock };
        let settings = closed(settings, self.matting.has_mask());
        let scene = Scene {
            picture: self.convert.picture(),
            matte: self.matting.matte(),
            depth: self.depth.as_ref().map(KnownDepth::as_mask),
            source_size: self.source.shown_size(),
            person: self.matting.person(),
        };
        let preview = self.preview.get_or_insert_with(|| Preview::new(&self.device));
        let pictures = (backdrop_of(&settings, &self.video, &self.backdrop), self.matting.mask());
        preview.record(&mut recorder, &scene, pictures, &settings, target);
    }

    /// Records the last recorded picture for a tap, with the settings of that record; a cut-out becomes
    /// transparent where the tap has alpha.
    pub fn encode_tap(&self, encoder: &mut CommandEncoder, settings: &Settings, tap: &mut Tap) {
        let mut recorder = Recorder { device: &self.device, queue: &self.queue, encoder, clock: &self.clock };
        let mut settings = closed(settings, self.matting.has_mask());
        if settings.effect == Effect::CutOut && tap.layout() == Layout::Rgba {
            settings.effect = Effect::Transparent;
        }
        let layers = Layers {
            picture: self.convert.picture(),
            matte: self.matting.matte(),
            blur: &self.background.blur,
            bokeh: &self.background.bokeh,
            backdrop: backdrop_of(&settings, &self.video, &self.backdrop),
            mask: self.matting.mask(),
            person: self.matting.person(),
            source_size: self.source.shown_size(),
        };
        tap.record(&mut recorder, &layers, &settings);
    }
}

fn backdrop_of<'a>(settings: &Settings, video: &'a Option<Video>, picture: &'a Image) -> &'a Image {
    video.as_ref().filter(|_| settings.effect == Effect::Video).map_or(picture, Video::picture)
}

impl KnownDepth {
    fn as_mask(&self) -> Mask<'_> {
        Mask { view: &self.meters, crop: self.crop }
    }
}

/// The settings that show no more of the room than is safe: without a mask, effects that leave it recognizable give
/// way to a strong blur or a plain color.
fn closed(settings: &Settings, has_mask: bool) -> Settings {
    if has_mask {
        return *settings;
    }
    let effect = match settings.effect {
        Effect::Portrait => Effect::Blur,
        Effect::Monochrome | Effect::Outline(_) => Effect::Color(compose::HIDDEN),
        effect => effect,
    };
    let least = if effect == Effect::Blur { BLUR_WITHOUT_MASK } else { 0.0 };
    Settings { effect, strength: settings.strength.max(least), ..*settings }
}
