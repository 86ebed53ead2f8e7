//! From a captured frame to the composed picture, on the GPU.
//!
//! ```text
//! frame ─ source ─┬─ prepare ─▶ the network's input       (the network runs outside)
//!                 └─ convert ─┬─ refine ◀─ its mask
//!                             ├─ blur   ◀─ matte
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
mod blur;
mod compose;
mod convert;
pub mod frame;
mod gpu;
mod latency;
mod pace;
mod plane;
mod prepare;
pub mod readback;
mod refine;
mod ring;
mod settings;
mod source;

use anyhow::Result;
use wgpu::{CommandEncoder, Device, Queue, TextureFormat, TextureView};

pub use annotate::{Annotation, Chart, ChartPlace, Color, Mark};
pub use compose::{Target, fit_inside};
pub use frame::Frame;
pub use latency::StageTimes;
pub use pace::Pace;
pub use plane::{MOST_CLASSES, Plane, PlaneMaker, Rule, Scores, plane_size, plane_values};
pub use prepare::{Element, Fit, Input, Rect};
pub use refine::{Mask, guide_factor};
pub use ring::{Ring, Turn};
pub use settings::{Effect, Refinement, Settings, Temporal, Upsampling, View};
pub(crate) use source::rgb_rows;

use annotate::{Annotate, Place};
use blur::Blur;
use compose::{Backdrop, Compose, Layers};
use convert::Convert;
use gpu::{Image, Recorder};
use latency::Clock;
use prepare::Prepare;
use refine::Refine;
use source::Source;

/// The weakest blur that stands in for a person's picture while no mask is valid.
const BLUR_WITHOUT_MASK: f32 = 0.8;

/// Every shader of the pipeline as it is compiled, with its name.
pub fn shaders() -> Vec<(&'static str, String)> {
    let mut all = vec![("prepare", prepare::wgsl()), ("convert", convert::wgsl())];
    all.extend(refine::wgsl());
    all.extend([("blur", blur::wgsl()), ("compose", compose::wgsl())]);
    all.extend(plane::wgsl());
    all.extend(annotate::wgsl());
    all
}

/// What the matte was made of.
struct Known {
    mask: TextureView,
    crop: Rect,
    refinement: Refinement,
}

/// The stages and their textures, for one device and one format of target.
pub struct Pipeline {
    device: Device,
    queue: Queue,
    clock: Clock,
    source: Source,
    prepare: Prepare,
    convert: Convert,
    refine: Refine,
    blur: Blur,
    compose: Compose,
    annotate: Annotate,
    backdrop: Backdrop,
    nobody: Image,
    /// The last valid mask and the choices by which it became the matte.
    known: Option<Known>,
}

impl Pipeline {
    /// Compiles the stages for a target of `target_format`.
    pub fn new(device: &Device, queue: &Queue, target_format: TextureFormat) -> Result<Self> {
        let usage = wgpu::TextureUsages::TEXTURE_BINDING;
        Ok(Self {
            clock: Clock::new(device, queue),
            source: Source::new(device),
            prepare: Prepare::new(device),
            convert: Convert::new(device),
            refine: Refine::new(device),
            blur: Blur::new(device),
            compose: Compose::new(device, target_format),
            annotate: Annotate::new(device, queue, target_format)?,
            backdrop: Backdrop::plain(device, queue)?,
            nobody: Image::new(device, "nobody", (1, 1), TextureFormat::R8Unorm, usage),
            known: None,
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
        self.known = None;
        self.refine.forget();
    }

    /// Whether a mask is valid. Without one the network must see the next frame, even if it is still.
    pub fn has_mask(&self) -> bool {
        self.known.is_some()
    }

    /// Takes the picture that [`Effect::Picture`] shows: `size` pixels of RGBA, sRGB.
    pub fn set_backdrop(&mut self, size: (u32, u32), rgba: &[u8]) -> Result<()> {
        self.backdrop = Backdrop::new(&self.device, &self.queue, size, rgba)?;
        Ok(())
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
        self.prepare.record(&mut recorder, &self.source, input);
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
        self.convert.record(&mut recorder, &self.source);
        let picture = self.convert.picture();
        if settings.hidden {
            self.known = None;
        } else if let Some(mask) = mask {
            let refinement = settings.refinement;
            self.refine.record(&mut recorder, picture, mask, &refinement);
            self.known = Some(Known { mask: mask.view.clone(), crop: mask.crop, refinement });
        } else if let Some(known) =
            self.known.as_mut().filter(|known| known.refinement != settings.refinement)
        {
            known.refinement = settings.refinement;
            let mask = Mask { view: &known.mask, crop: known.crop };
            self.refine.record(&mut recorder, picture, mask, &settings.refinement);
        }
        if self.known.is_none() {
            self.refine.record_nobody(&mut recorder, picture);
        }
        let needs_blur = settings.effect == Effect::Blur || settings.recovery;
        if needs_blur && !settings.hidden {
            let least = if self.known.is_some() { 0.0 } else { BLUR_WITHOUT_MASK };
            self.blur.record(&mut recorder, picture, self.refine.matte(), settings.blur.max(least));
        }
        let whole = Rect::of_size(picture.size());
        let (mask, crop) =
            self.known.as_ref().map_or((&self.nobody.view, whole), |known| (&known.mask, known.crop));
        let layers = Layers {
            picture,
            matte: self.refine.matte(),
            blur: &self.blur,
            backdrop: &self.backdrop,
            mask,
            crop,
        };
        self.compose.record(&mut recorder, &layers, settings, target);
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
}
