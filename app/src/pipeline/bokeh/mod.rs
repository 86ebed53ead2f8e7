//! The background as a lens with a wide aperture draws it, from a depth or from the matte alone.
//!
//! With a depth the circles of confusion grow with the distance from the focus, which follows the person or stays at
//! the tapped place; the person stays sharp (Wadhwa et al. 2018, arXiv 1806.04171, join mask and disparity in this
//! spirit). Without one everything but the person is equally far. The lens's state stays on the GPU.

use bytemuck::{Pod, Zeroable};
use wgpu::{BindingResource, Buffer, ComputePipeline, Device, RenderPipeline, TextureFormat, TextureUsages};

use super::gpu::{self, Before, Image, Recorder};
use super::latency::Stage;
use super::person::Person;
use super::refine::Mask;
use super::settings::{Settings, View};

/// The shaders, as they are compiled.
pub(super) fn wgsl() -> [(&'static str, String); 2] {
    [
        ("focus", include_str!("focus.wgsl").into()),
        ("bokeh", [gpu::FULLSCREEN, include_str!("bokeh.wgsl")].concat()),
    ]
}

const FORMAT: TextureFormat = TextureFormat::Rgba16Float;

/// The radius of the largest circle of the strongest effect, as a part of the picture's height.
const WIDEST: f32 = 0.032;

/// `struct Focus` of `focus.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct FocusUniform {
    crop: [f32; 4],
    frame_size: [f32; 2],
    tap: [f32; 2],
    mirror: u32,
    has_past: u32,
    padding: [u32; 2],
}

/// `struct Bokeh` of `bokeh.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniform {
    crop: [f32; 4],
    frame_size: [f32; 2],
    radius: f32,
    highlights: f32,
    has_depth: u32,
    locked: u32,
    padding: [u32; 2],
}

/// What the lens looks at.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub picture: &'a Image,
    pub matte: &'a Image,
    /// Meters from the camera, if a network tells them.
    pub depth: Option<Mask<'a>>,
    /// The size that the depth's crop refers to.
    pub source_size: (u32, u32),
    /// `struct Person` of `person.wgsl`.
    pub person: &'a Buffer,
}

pub(super) struct Bokeh {
    find_focus: ComputePipeline,
    defocus: RenderPipeline,
    gather_far: RenderPipeline,
    gather_near: RenderPipeline,
    chart_depth: RenderPipeline,
    chart_circles: RenderPipeline,
    focus: Buffer,
    uniform: Buffer,
    lens: Buffer,
    no_depth: Image,
    frame_size: (u32, u32),
    defocused: Image,
    far: Image,
    near: Image,
    has_past: bool,
}

impl Bokeh {
    pub fn new(device: &Device) -> Self {
        let [(focus_label, focus), (label, bokeh)] = wgsl();
        let focus = gpu::shader(device, focus_label, &focus);
        let module = gpu::shader(device, label, &bokeh);
        let render = |entry| gpu::render_pipeline(device, &module, entry, FORMAT, None);
        Self {
            find_focus: gpu::compute_pipeline(device, &focus, "find_focus"),
            defocus: render("defocus"),
            gather_far: render("gather_far"),
            gather_near: render("gather_near"),
            chart_depth: render("chart_depth"),
            chart_circles: render("chart_circles"),
            focus: gpu::uniform::<FocusUniform>(device, "focus"),
            uniform: gpu::uniform::<Uniform>(device, "bokeh"),
            lens: gpu::storage(device, "lens", 16),
            no_depth: Image::new(
                device,
                "no depth",
                (1, 1),
                TextureFormat::R32Float,
                TextureUsages::TEXTURE_BINDING,
            ),
            frame_size: (1, 1),
            defocused: half_size(device, (1, 1)),
            far: half_size(device, (1, 1)),
            near: half_size(device, (1, 1)),
            has_past: false,
        }
    }

    /// What lies behind the focus, or a chart: linear light; the alpha says how little of the picture itself shows.
    pub fn far(&self) -> &Image {
        &self.far
    }

    /// What lies before the focus, linear light, and how much it covers.
    pub fn near(&self) -> &Image {
        &self.near
    }

    /// The lens's state is that of another source.
    pub fn forget(&mut self) {
        self.has_past = false;
    }

    /// Records the blurred layers, or the chart that the settings' view asks for.
    pub fn record(&mut self, recorder: &mut Recorder<'_>, scene: &Scene<'_>, settings: &Settings) {
        if self.frame_size != scene.picture.size() {
            self.frame_size = scene.picture.size();
            let (width, height) = (self.frame_size.0.div_ceil(2), self.frame_size.1.div_ceil(2));
            for image in [&mut self.defocused, &mut self.far, &mut self.near] {
                *image = half_size(recorder.device, (width, height));
            }
        }
        if let Some(depth) = scene.depth {
            self.follow_focus(recorder, scene, depth, settings);
        }
        recorder.write(&self.uniform, &self.uniform_of(scene, settings));
        let depth = scene.depth.map_or(&self.no_depth.view, |depth| depth.view);
        let clear = Before::Clear(wgpu::Color::TRANSPARENT);
        let all = [
            (0, self.uniform.as_entire_binding()),
            (1, BindingResource::TextureView(&scene.picture.view)),
            (2, BindingResource::TextureView(&scene.matte.view)),
            (3, BindingResource::TextureView(depth)),
            (4, self.lens.as_entire_binding()),
            (5, BindingResource::TextureView(&self.defocused.view)),
        ];
        let gathered = [all[0].clone(), all[5].clone()];
        let mut draw = |pipeline, resources: &[_], target: &Image| {
            recorder.draw(Stage::Blur, pipeline, resources, &target.view, clear);
        };
        if settings.view == View::Depth {
            return draw(&self.chart_depth, &all[..5], &self.far);
        }
        draw(&self.defocus, &all[..5], &self.defocused);
        if settings.view == View::Circles {
            return draw(&self.chart_circles, &gathered, &self.far);
        }
        draw(&self.gather_far, &gathered, &self.far);
        match scene.depth {
            Some(_) => draw(&self.gather_near, &gathered, &self.near),
            None => _ = recorder.render("no near field", Stage::Blur, &self.near.view, clear),
        }
    }

    fn follow_focus(
        &mut self,
        recorder: &mut Recorder<'_>,
        scene: &Scene<'_>,
        depth: Mask<'_>,
        settings: &Settings,
    ) {
        let uniform = FocusUniform {
            crop: depth.crop.to_array(),
            frame_size: as_floats(scene.source_size),
            tap: settings.focus.unwrap_or([-1.0; 2]),
            mirror: settings.mirror.into(),
            has_past: self.has_past.into(),
            padding: [0; 2],
        };
        recorder.write(&self.focus, &uniform);
        let resources = [
            (0, self.focus.as_entire_binding()),
            (1, BindingResource::TextureView(depth.view)),
            (2, BindingResource::TextureView(&scene.matte.view)),
            (3, self.lens.as_entire_binding()),
            (4, Person::head(scene.person)),
        ];
        let device = recorder.device;
        let mut pass = recorder.compute("focus", Stage::Blur);
        gpu::dispatch(device, &mut pass, &self.find_focus, &resources, (1, 1));
        self.has_past = true;
    }

    fn uniform_of(&self, scene: &Scene<'_>, settings: &Settings) -> Uniform {
        let height = self.frame_size.1 as f32;
        Uniform {
            crop: scene.depth.map_or([0.0; 4], |depth| depth.crop.to_array()),
            frame_size: as_floats(scene.source_size),
            radius: (0.5 * WIDEST * height * settings.strength.clamp(0.0, 1.0)).max(0.5),
            highlights: settings.highlights.clamp(0.0, 1.0),
            has_depth: scene.depth.is_some().into(),
            locked: settings.focus.is_none().into(),
            padding: [0; 2],
        }
    }
}

fn as_floats((width, height): (u32, u32)) -> [f32; 2] {
    [width as f32, height as f32]
}

fn half_size(device: &Device, size: (u32, u32)) -> Image {
    let usage = TextureUsages::TEXTURE_BINDING | TextureUsages::RENDER_ATTACHMENT;
    Image::new(device, "bokeh layer", size, FORMAT, usage)
}
