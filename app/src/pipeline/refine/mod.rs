//! From the network's mask to the full-size matte.
//!
//! The mask is first brought onto the *guide*, the shown picture shrunk by a whole factor, and smoothed in
//! time there. The color guided filter then finds, around each guide texel, the linear function of color that
//! fits the mask best; its coefficients are smooth, so they are cheap to enlarge, and applied to the full-size
//! picture they give a matte whose edge lies where the picture's edge lies. Far from any doubt of the network its
//! word stands. Two guides alternate: the other
//! one is the past.

use bytemuck::{Pod, Zeroable};
use wgpu::{
    BindingResource, Buffer, ComputePass, ComputePipeline, Device, RenderPipeline, Sampler, TextureFormat,
    TextureUsages, TextureView,
};

use super::gpu::{self, Before, Image, Recorder};
use super::latency::Stage;
use super::prepare::Rect;
use super::settings::{Refinement, Temporal, Upsampling};

/// The function `mask_at`; the shader that it is part of binds `mask`.
pub(super) const MASK_WGSL: &str = include_str!("mask.wgsl");

const REFINE_WGSL: &str = include_str!("refine.wgsl");

/// The shaders, as they are compiled.
pub(super) fn wgsl() -> [(&'static str, String); 5] {
    [
        ("guide", [REFINE_WGSL, MASK_WGSL, include_str!("guide.wgsl")].concat()),
        ("moments", [REFINE_WGSL, include_str!("moments.wgsl")].concat()),
        ("smooth", [REFINE_WGSL, include_str!("smooth.wgsl")].concat()),
        ("matte", [gpu::FULLSCREEN, REFINE_WGSL, include_str!("matte.wgsl")].concat()),
        ("edge", [gpu::FULLSCREEN, include_str!("edge.wgsl")].concat()),
    ]
}

/// The filter's window reaches this many guide texels to each side.
const RADIUS: u32 = 8;

/// Texels that an invocation slides over, `STRIP` in the shaders.
const STRIP: u32 = 8;

/// The guide's longer side is near this many texels.
const GUIDE_SIDE: f32 = 360.0;

/// By how much a picture is shrunk to its guide.
pub fn guide_factor((width, height): (u32, u32)) -> u32 {
    (width.max(height) as f32 / GUIDE_SIDE).round().clamp(1.0, 8.0) as u32
}

/// The network's answer.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a> {
    /// A texture of a float or normalized format; red is the probability of a person.
    pub view: &'a TextureView,
    /// The part of the shown picture that the network saw.
    pub crop: Rect,
}

/// `struct Refine` of `refine.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniform {
    source_size: [f32; 2],
    frame_size: [i32; 2],
    guide_size: [i32; 2],
    factor: i32,
    radius: i32,
    epsilon: f32,
    temporal: u32,
    temporal_strength: f32,
    upsampling: u32,
    has_past: u32,
    padding: u32,
}

/// `struct Edge` of `edge.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct EdgeUniform {
    radius: f32,
    rule: u32,
}

struct Pipelines {
    guide: ComputePipeline,
    sum_rows: ComputePipeline,
    solve: ComputePipeline,
    smooth_rows: ComputePipeline,
    smooth_columns: ComputePipeline,
    matte: RenderPipeline,
    edge: RenderPipeline,
}

/// What depends on the picture's size.
struct Sized {
    frame_size: (u32, u32),
    factor: u32,
    guides: [Image; 2],
    row_sums: Buffer,
    row_tails: Buffer,
    models: Buffer,
    means: Buffer,
    bounds: Buffer,
    mattes: [Image; 2],
}

pub(super) struct Refine {
    pipelines: Pipelines,
    uniform: Buffer,
    edges: [Buffer; 2],
    sampler: Sampler,
    sized: Sized,
    /// The guide that was written last.
    current: usize,
    /// The matte that was written last.
    finished: usize,
    has_past: bool,
}

impl Refine {
    pub fn new(device: &Device) -> Self {
        Self {
            pipelines: Pipelines::new(device),
            uniform: gpu::uniform::<Uniform>(device, "refine"),
            edges: ["shrink", "feather"].map(|label| gpu::uniform::<EdgeUniform>(device, label)),
            sampler: gpu::linear_sampler(device),
            sized: Sized::new(device, (1, 1)),
            current: 0,
            finished: 0,
            has_past: false,
        }
    }

    /// The full-size matte that was recorded last, in red.
    pub fn matte(&self) -> &Image {
        &self.sized.mattes[self.finished]
    }

    /// Forgets the past: the next mask stands by itself.
    pub fn forget(&mut self) {
        self.has_past = false;
    }

    /// Records a matte of zeros: nobody is in the picture. The past is forgotten.
    pub fn record_nobody(&mut self, recorder: &mut Recorder<'_>, picture: &Image) {
        self.fit(recorder.device, picture);
        self.has_past = false;
        self.finished = 0;
        let clear = Before::Clear(wgpu::Color::TRANSPARENT);
        recorder.render("nobody", Stage::Refine, &self.sized.mattes[0].view, clear);
    }

    /// Records the matte of a picture from its mask and what `struct Person` says of it. What the network saw is
    /// given in pixels of a picture of `source_size`.
    pub fn record(
        &mut self,
        recorder: &mut Recorder<'_>,
        picture: &Image,
        (mask, person): (&TextureView, &Buffer),
        source_size: (u32, u32),
        choices: &Refinement,
    ) {
        self.fit(recorder.device, picture);
        recorder.write(&self.uniform, &self.uniform_of(source_size, choices));
        self.current = 1 - self.current;
        let device = recorder.device;
        {
            let mut pass = recorder.compute("guide", Stage::Refine);
            self.make_guide(device, &mut pass, picture, mask, person);
            if choices.upsampling == Upsampling::Guided {
                self.fit_models(device, &mut pass);
            }
        }
        self.make_matte(recorder, picture);
        self.move_edges(recorder, choices);
        self.has_past = true;
    }

    /// Whether the last matte is of a picture of this size.
    pub fn fits(&self, picture: &Image) -> bool {
        self.sized.frame_size == picture.size()
    }

    fn fit(&mut self, device: &Device, picture: &Image) {
        if self.sized.frame_size != picture.size() {
            self.sized = Sized::new(device, picture.size());
            self.has_past = false;
            self.finished = 0;
        }
    }

    fn uniform_of(&self, source_size: (u32, u32), choices: &Refinement) -> Uniform {
        let signed = |(width, height): (u32, u32)| [width as i32, height as i32];
        Uniform {
            source_size: [source_size.0 as f32, source_size.1 as f32],
            frame_size: signed(self.sized.frame_size),
            guide_size: signed(self.sized.guides[0].size()),
            factor: self.sized.factor as i32,
            radius: RADIUS as i32,
            epsilon: choices.epsilon.max(1e-6),
            temporal: match choices.temporal {
                Temporal::Off => 0,
                Temporal::Entropy => 1,
                Temporal::Motion => 2,
            },
            temporal_strength: choices.temporal_strength.clamp(0.0, 0.98),
            upsampling: match choices.upsampling {
                Upsampling::Bilinear => 0,
                Upsampling::Guided => 1,
                Upsampling::Bilateral => 2,
            },
            has_past: self.has_past.into(),
            padding: 0,
        }
    }

    fn make_guide(
        &self,
        device: &Device,
        pass: &mut ComputePass<'_>,
        picture: &Image,
        mask: &TextureView,
        person: &Buffer,
    ) {
        let resources = [
            (0, self.uniform.as_entire_binding()),
            (1, BindingResource::TextureView(&picture.view)),
            (2, BindingResource::TextureView(mask)),
            (3, BindingResource::TextureView(&self.sized.guides[1 - self.current].view)),
            (4, BindingResource::TextureView(&self.sized.guides[self.current].view)),
            (5, person.as_entire_binding()),
        ];
        let (width, height) = self.sized.guides[0].size();
        gpu::dispatch(device, pass, &self.pipelines.guide, &resources, (width, height));
    }

    fn fit_models(&self, device: &Device, pass: &mut ComputePass<'_>) {
        let sized = &self.sized;
        let (width, height) = sized.guides[0].size();
        let (rows, columns) = ((width.div_ceil(STRIP), height), (width, height.div_ceil(STRIP)));
        let uniform = || (0, self.uniform.as_entire_binding());
        let guide = || (1, BindingResource::TextureView(&sized.guides[self.current].view));
        let sums = || (2, sized.row_sums.as_entire_binding());
        let tails = || (3, sized.row_tails.as_entire_binding());
        let models = (4, sized.models.as_entire_binding());
        let bounds = (5, sized.bounds.as_entire_binding());
        let summed = [uniform(), guide(), sums(), tails()];
        gpu::dispatch(device, pass, &self.pipelines.sum_rows, &summed, rows);
        let solved = [uniform(), guide(), sums(), tails(), models, bounds];
        gpu::dispatch(device, pass, &self.pipelines.solve, &solved, columns);
        let smooth = |pass: &mut ComputePass<'_>, pipeline, from: &Buffer, to: &Buffer, grid| {
            let buffers = [uniform(), (1, from.as_entire_binding()), (2, to.as_entire_binding())];
            gpu::dispatch(device, pass, pipeline, &buffers, grid);
        };
        smooth(pass, &self.pipelines.smooth_rows, &sized.models, &sized.means, rows);
        smooth(pass, &self.pipelines.smooth_columns, &sized.means, &sized.models, columns);
    }

    fn make_matte(&mut self, recorder: &mut Recorder<'_>, picture: &Image) {
        self.finished = 0;
        let resources = [
            (0, self.uniform.as_entire_binding()),
            (1, BindingResource::TextureView(&picture.view)),
            (2, BindingResource::TextureView(&self.sized.guides[self.current].view)),
            (3, self.sized.models.as_entire_binding()),
            (4, self.sized.bounds.as_entire_binding()),
        ];
        let before = Before::Clear(wgpu::Color::TRANSPARENT);
        let target = &self.sized.mattes[0].view;
        recorder.draw(Stage::Refine, &self.pipelines.matte, &resources, target, before);
    }

    /// Shrinks or grows, then softens the matte, each if it is asked for.
    fn move_edges(&mut self, recorder: &mut Recorder<'_>, choices: &Refinement) {
        let pixels = self.sized.frame_size.1 as f32 / 720.0;
        let steps =
            [(choices.shrink.abs(), if choices.shrink > 0.0 { 1 } else { 2 }), (choices.feather.max(0.0), 0)];
        for ((radius, rule), uniform) in steps.into_iter().zip(&self.edges) {
            if radius == 0.0 {
                continue;
            }
            recorder.write(uniform, &EdgeUniform { radius: radius * pixels, rule });
            let resources = [
                (0, uniform.as_entire_binding()),
                (1, BindingResource::Sampler(&self.sampler)),
                (2, BindingResource::TextureView(&self.sized.mattes[self.finished].view)),
            ];
            self.finished = 1 - self.finished;
            let before = Before::Clear(wgpu::Color::TRANSPARENT);
            let target = &self.sized.mattes[self.finished].view;
            recorder.draw(Stage::Refine, &self.pipelines.edge, &resources, target, before);
        }
    }
}

impl Pipelines {
    fn new(device: &Device) -> Self {
        let [guide, moments, smooth, matte, edge] =
            wgsl().map(|(label, source)| gpu::shader(device, label, &source));
        let compute = |module, entry| gpu::compute_pipeline(device, module, entry);
        let render =
            |module, entry| gpu::render_pipeline(device, module, entry, TextureFormat::R8Unorm, None);
        Self {
            guide: compute(&guide, "make_guide"),
            sum_rows: compute(&moments, "sum_rows"),
            solve: compute(&moments, "solve"),
            smooth_rows: compute(&smooth, "smooth_rows"),
            smooth_columns: compute(&smooth, "smooth_columns"),
            matte: render(&matte, "make_matte"),
            edge: render(&edge, "move_edge"),
        }
    }
}

impl Sized {
    fn new(device: &Device, frame_size: (u32, u32)) -> Self {
        let factor = guide_factor(frame_size);
        let guide_size = (frame_size.0.div_ceil(factor), frame_size.1.div_ceil(factor));
        let texels = u64::from(guide_size.0) * u64::from(guide_size.1);
        let guide_usage = TextureUsages::TEXTURE_BINDING | TextureUsages::STORAGE_BINDING;
        let matte_usage =
            TextureUsages::TEXTURE_BINDING | TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC;
        Self {
            frame_size,
            factor,
            guides: [(); 2]
                .map(|()| Image::new(device, "guide", guide_size, TextureFormat::Rgba16Float, guide_usage)),
            row_sums: gpu::storage(device, "row sums", 48 * texels),
            row_tails: gpu::storage(device, "row tails", 4 * texels),
            models: gpu::storage(device, "models", 16 * texels),
            means: gpu::storage(device, "means", 16 * texels),
            bounds: gpu::storage(device, "bounds", 4 * texels),
            mattes: [(); 2]
                .map(|()| Image::new(device, "matte", frame_size, TextureFormat::R8Unorm, matte_usage)),
        }
    }
}
