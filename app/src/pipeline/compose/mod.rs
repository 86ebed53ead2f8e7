//! The result: person over replacement, or another view of the pipeline, drawn into the caller's target.
//!
//! Invariant: where no mask is valid, or the user hides the picture, no pixel of the frame is drawn.

pub(super) mod backdrop;
mod video;

use bytemuck::{Pod, Zeroable};
use wgpu::{BindingResource, Buffer, Device, RenderPipeline, Sampler, TextureFormat, TextureView};

pub(super) use video::Video;

use super::blur::Blur;
use super::bokeh::Bokeh;
use super::gpu::{self, Before, Image, Recorder};
use super::latency::Stage;
use super::person::Person;
use super::prepare::Rect;
use super::refine::MASK_WGSL;
use super::settings::{Effect, Settings, View};

/// The shader, as it is compiled.
pub(super) fn wgsl() -> String {
    [gpu::FULLSCREEN, MASK_WGSL, include_str!("compose.wgsl")].concat()
}

/// What replaces the picture when it is hidden.
pub(super) const HIDDEN: [f32; 3] = [0.094, 0.102, 0.122];

/// `struct Compose` of `compose.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniform {
    top: [f32; 4],
    bottom: [f32; 4],
    source_size: [f32; 2],
    shown_size: [f32; 2],
    backdrop_part: [f32; 2],
    backdrop_level: f32,
    backdrop_wrap_level: f32,
    backdrop_soft_level: f32,
    view: u32,
    replacement: u32,
    wipe: f32,
    light_wrap: f32,
    recovery: u32,
    mirror: u32,
    linear_target: u32,
    samples: u32,
    strength: f32,
    outline: f32,
    padding: u32,
}

/// Where the result goes.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// A view of the format that the pipeline was made for. It is cleared.
    pub view: &'a TextureView,
    /// The part of the target that may be drawn on, in its pixels. It lies within the target.
    pub viewport: Rect,
}

/// The largest rectangle with a picture's aspect in the middle of a viewport, on whole pixels.
pub fn fit_inside(viewport: Rect, (width, height): (u32, u32)) -> Rect {
    let scale = (viewport.width / width as f32).min(viewport.height / height as f32);
    let (fit_width, fit_height) =
        ((scale * width as f32).round().max(1.0), (scale * height as f32).round().max(1.0));
    Rect {
        x: (viewport.x + (viewport.width - fit_width) / 2.0).floor().max(0.0),
        y: (viewport.y + (viewport.height - fit_height) / 2.0).floor().max(0.0),
        width: fit_width,
        height: fit_height,
    }
}

/// The textures that the result is made of.
pub(super) struct Layers<'a> {
    pub picture: &'a Image,
    pub matte: &'a Image,
    pub blur: &'a Blur,
    pub backdrop: &'a Image,
    pub bokeh: &'a Bokeh,
    /// The network's mask.
    pub mask: &'a TextureView,
    /// `struct Person` of `person.wgsl`, and the size that it refers to.
    pub person: &'a Buffer,
    pub source_size: (u32, u32),
}

pub(super) struct Compose {
    pipeline: RenderPipeline,
    sampler: Sampler,
    uniform: Buffer,
    linear_target: bool,
}

impl Compose {
    pub fn new(device: &Device, format: TextureFormat) -> Self {
        let module = gpu::shader(device, "compose", &wgsl());
        Self {
            pipeline: gpu::render_pipeline(device, &module, "compose_picture", format, None),
            sampler: gpu::linear_sampler(device),
            uniform: gpu::uniform::<Uniform>(device, "compose"),
            linear_target: format.is_srgb(),
        }
    }

    pub fn record(
        &self,
        recorder: &mut Recorder<'_>,
        layers: &Layers<'_>,
        settings: &Settings,
        target: Target<'_>,
    ) {
        let place = fit_inside(target.viewport, layers.picture.size());
        recorder.write(&self.uniform, &self.uniform_of(layers, settings, place));
        let resources = [
            (0, self.uniform.as_entire_binding()),
            (1, BindingResource::Sampler(&self.sampler)),
            (2, BindingResource::TextureView(&layers.picture.view)),
            (3, BindingResource::TextureView(&layers.matte.view)),
            (4, BindingResource::TextureView(&layers.blur.blurred().view)),
            (5, BindingResource::TextureView(&layers.blur.nearby().view)),
            (6, BindingResource::TextureView(&layers.backdrop.view)),
            (7, BindingResource::TextureView(layers.mask)),
            (8, BindingResource::TextureView(&layers.bokeh.far().view)),
            (9, BindingResource::TextureView(&layers.bokeh.near().view)),
            (10, Person::head(layers.person)),
        ];
        let group = gpu::bind(recorder.device, &self.pipeline.get_bind_group_layout(0), &resources);
        let surround = Before::Clear(self.surround(settings));
        let mut pass = recorder.render("compose", Stage::Compose, target.view, surround);
        pass.set_viewport(place.x, place.y, place.width, place.height, 0.0, 1.0);
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.draw(0..3, 0..1);
    }

    fn uniform_of(&self, layers: &Layers<'_>, settings: &Settings, place: Rect) -> Uniform {
        let frame_size = as_floats(layers.picture.size());
        let shown_size = [place.width, place.height];
        let (replacement, top, bottom) = replacement_of(settings);
        let (backdrop_part, backdrop_level) = cover(as_floats(layers.backdrop.size()), shown_size);
        let backdrop_levels = layers.backdrop.texture.mip_level_count() as f32;
        let coarsest = backdrop_levels - 1.0;
        let soft =
            backdrop_level + settings.softness.clamp(0.0, 1.0) * (coarsest - 2.0 - backdrop_level).max(0.0);
        Uniform {
            top: opaque(top),
            bottom: opaque(bottom),
            source_size: as_floats(layers.source_size),
            shown_size,
            backdrop_part,
            backdrop_level,
            backdrop_wrap_level: (backdrop_levels - 4.0).max(backdrop_level),
            backdrop_soft_level: soft,
            view: view_of(settings),
            replacement,
            wipe: settings.wipe.filter(|_| !settings.hidden).map_or(-1.0, |at| at.clamp(0.0, 1.0)),
            light_wrap: settings.light_wrap.clamp(0.0, 1.0),
            recovery: (settings.recovery && !shows_frame(settings.effect)).into(),
            mirror: settings.mirror.into(),
            linear_target: self.linear_target.into(),
            samples: if frame_size[0] > 1.25 * shown_size[0] { 2 } else { 1 },
            strength: settings.strength.clamp(0.0, 1.0),
            outline: 0.002 + 0.018 * settings.strength.clamp(0.0, 1.0),
            padding: 0,
        }
    }

    fn surround(&self, settings: &Settings) -> wgpu::Color {
        let decoded = |value: f32| {
            let value = f64::from(value);
            match self.linear_target {
                true if value <= 0.04045 => value / 12.92,
                true => ((value + 0.055) / 1.055).powf(2.4),
                false => value,
            }
        };
        let [r, g, b] = settings.surround.map(decoded);
        wgpu::Color { r, g, b, a: 1.0 }
    }
}

/// The number of a view in the shader. Hidden pictures show the composite, whose matte is zero.
fn view_of(settings: &Settings) -> u32 {
    match settings.view {
        _ if settings.hidden => 0,
        View::Result if settings.effect == Effect::Off => 3,
        View::Result => 0,
        View::Matte => 1,
        View::Mask => 2,
        View::Source => 3,
        View::Depth | View::Circles => 4,
        View::Edges => 5,
    }
}

/// The number of a replacement in the shader, and its colors.
fn replacement_of(settings: &Settings) -> (u32, [f32; 3], [f32; 3]) {
    match settings.effect {
        _ if settings.hidden => (1, HIDDEN, HIDDEN),
        Effect::Off | Effect::Blur => (0, HIDDEN, HIDDEN),
        Effect::Color(color) => (1, color, color),
        Effect::Gradient(top, bottom) => (1, top, bottom),
        Effect::Picture | Effect::Video => (2, HIDDEN, HIDDEN),
        Effect::CutOut => (3, HIDDEN, HIDDEN),
        Effect::Transparent => (4, HIDDEN, HIDDEN),
        Effect::Portrait => (5, HIDDEN, HIDDEN),
        Effect::Monochrome => (6, HIDDEN, HIDDEN),
        Effect::Outline(color) => (7, color, color),
    }
}

/// Whether the frame itself, changed from pixel to pixel, stays behind the person; then nothing has to be recovered.
fn shows_frame(effect: Effect) -> bool {
    matches!(effect, Effect::Monochrome | Effect::Outline(_))
}

/// The part of a picture that covers `shown` without gaps, and the level of detail at which it is shown.
fn cover(picture: [f32; 2], shown: [f32; 2]) -> ([f32; 2], f32) {
    let scale = (picture[0] / shown[0]).min(picture[1] / shown[1]);
    let part = [scale * shown[0] / picture[0], scale * shown[1] / picture[1]];
    (part, scale.log2().max(0.0))
}

fn as_floats((width, height): (u32, u32)) -> [f32; 2] {
    [width as f32, height as f32]
}

fn opaque([red, green, blue]: [f32; 3]) -> [f32; 4] {
    [red, green, blue, 1.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_fits_with_its_aspect() {
        let viewport = Rect { x: 10.0, y: 20.0, width: 200.0, height: 300.0 };
        let place = fit_inside(viewport, (640, 480));
        assert_eq!(place, Rect { x: 10.0, y: 95.0, width: 200.0, height: 150.0 });
    }

    #[test]
    fn a_cover_has_no_gaps() {
        let (part, level) = cover([1000.0, 500.0], [100.0, 100.0]);
        assert_eq!(part, [0.5, 1.0]);
        assert!((level - 5f32.log2()).abs() < 1e-6);
    }
}
