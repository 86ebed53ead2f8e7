//! What a network found, drawn over the picture: charts of its outputs, lines, dots and words.

mod glyphs;

use anyhow::Result;
use bytemuck::{Pod, Zeroable};
use wgpu::{
    BindingResource, BlendState, Buffer, BufferUsages, CommandEncoder, Device, Queue, RenderPipeline,
    Sampler, TextureFormat, TextureView,
};

use super::gpu;
use super::plane::Plane;
use super::prepare::Rect;
use glyphs::Glyphs;

/// The shaders, as they are compiled.
pub(super) fn wgsl() -> [(&'static str, String); 2] {
    [
        ("tint", [gpu::FULLSCREEN, include_str!("tint.wgsl")].concat()),
        ("marks", include_str!("marks.wgsl").to_owned()),
    ]
}

/// A color: red, green, blue as sRGB encodes them, and opacity, each 0..1.
pub type Color = [f32; 4];

/// Something to draw. Positions are pixels of the shown picture; thickness and letters keep their size on the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line with round ends.
    Line {
        /// One end.
        from: [f32; 2],
        /// The other.
        to: [f32; 2],
        /// Its width, where 1 is a thin line.
        width: f32,
        /// Its color.
        color: Color,
    },
    /// A round spot.
    Dot {
        /// Its middle.
        at: [f32; 2],
        /// Its width, where 1 is as wide as a thin line.
        width: f32,
        /// Its color.
        color: Color,
    },
    /// A word on a plate, above a point and to its right.
    Label {
        /// The point.
        at: [f32; 2],
        /// The word.
        text: String,
        /// The plate's color.
        color: Color,
    },
    /// A line of a list at the picture's upper left.
    Listed {
        /// Its place in the list, from 0.
        line: usize,
        /// What it says.
        text: String,
        /// How much of the line is filled with color, 0..1.
        part: f32,
        /// That color.
        color: Color,
    },
}

/// A plane to be shown as colors.
#[derive(Clone, Copy)]
pub struct Chart<'a> {
    /// The numbers.
    pub plane: &'a Plane,
    /// Where it is shown.
    pub place: ChartPlace,
    /// Whether small numbers are bright.
    pub inverted: bool,
    /// How much of the picture it covers, 0..1.
    pub opacity: f32,
}

/// Where a chart is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChartPlace {
    /// Over this part of the shown picture, in its pixels.
    Over(Rect),
    /// In one of several equal tiles: its index and their count.
    Tile(usize, usize),
}

/// What there is to draw over a picture.
#[derive(Default)]
pub struct Annotation<'a> {
    /// Charts, below the marks.
    pub charts: Vec<Chart<'a>>,
    /// Marks, later ones above earlier ones.
    pub marks: &'a [Mark],
}

impl Annotation<'_> {
    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.charts.is_empty() && self.marks.is_empty()
    }
}

/// `struct Tint` of `tint.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct TintUniform {
    part: [f32; 4],
    opacity: f32,
    inverted: u32,
    mirror: u32,
    linear_target: u32,
}

/// `struct Marks` of `marks.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct MarksUniform {
    size: [f32; 2],
    linear_target: u32,
    padding: u32,
}

/// `struct Mark` of `marks.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
struct Instance {
    ends: [f32; 4],
    letter: [f32; 4],
    color: [f32; 4],
    kind: u32,
    radius: f32,
}

const LINE: u32 = 0;
const PLATE: u32 = 1;
const LETTER: u32 = 2;

const ATTRIBUTES: [wgpu::VertexAttribute; 5] = wgpu::vertex_attr_array![
    0 => Float32x4, 1 => Float32x4, 2 => Float32x4, 3 => Uint32, 4 => Float32
];

/// Where the picture lies on the target, and how it is shown.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub view: &'a TextureView,
    /// In pixels of the target.
    pub rect: Rect,
    pub picture: (u32, u32),
    pub mirror: bool,
}

pub(super) struct Annotate {
    device: Device,
    queue: Queue,
    tint: RenderPipeline,
    marks: RenderPipeline,
    glyphs: Glyphs,
    sampler: Sampler,
    uniform: Buffer,
    /// A uniform block for each chart of a frame.
    tints: Vec<Buffer>,
    instances: Option<Buffer>,
    linear_target: bool,
}

impl Annotate {
    pub fn new(device: &Device, queue: &Queue, format: TextureFormat) -> Result<Self> {
        let [tint, marks] = wgsl().map(|(label, source)| gpu::shader(device, label, &source));
        let blend = Some(BlendState::ALPHA_BLENDING);
        Ok(Self {
            tint: gpu::render_pipeline(device, &tint, "tint_chart", format, blend),
            marks: marks_pipeline(device, &marks, format),
            glyphs: Glyphs::new(device, queue)?,
            sampler: gpu::linear_sampler(device),
            uniform: gpu::uniform::<MarksUniform>(device, "marks"),
            tints: Vec::new(),
            instances: None,
            linear_target: format.is_srgb(),
            device: device.clone(),
            queue: queue.clone(),
        })
    }

    /// Records the annotation over what the target holds.
    pub fn record(&mut self, encoder: &mut CommandEncoder, annotation: &Annotation<'_>, place: Place<'_>) {
        let instances = self.instances(annotation.marks, place);
        self.upload(&instances, place.rect);
        while self.tints.len() < annotation.charts.len() {
            self.tints.push(gpu::uniform::<TintUniform>(&self.device, "tint"));
        }
        let attachment = wgpu::RenderPassColorAttachment {
            view: place.view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
        };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("annotation"),
            color_attachments: &[Some(attachment)],
            ..Default::default()
        });
        for (chart, uniform) in annotation.charts.iter().zip(&self.tints) {
            self.chart(&mut pass, chart, uniform, place);
        }
        let Some(buffer) = self.instances.as_ref().filter(|_| !instances.is_empty()) else { return };
        let resources = [
            (0, self.uniform.as_entire_binding()),
            (1, BindingResource::TextureView(&self.glyphs.image.view)),
            (2, BindingResource::Sampler(&self.sampler)),
        ];
        let group = gpu::bind(&self.device, &self.marks.get_bind_group_layout(0), &resources);
        let rect = place.rect;
        pass.set_viewport(rect.x, rect.y, rect.width, rect.height, 0.0, 1.0);
        pass.set_pipeline(&self.marks);
        pass.set_bind_group(0, &group, &[]);
        pass.set_vertex_buffer(0, buffer.slice(..));
        pass.draw(0..6, 0..instances.len() as u32);
    }

    fn chart(&self, pass: &mut wgpu::RenderPass<'_>, chart: &Chart<'_>, uniform: &Buffer, place: Place<'_>) {
        let (rect, part, mirror) = match chart.place {
            ChartPlace::Over(over) => (place.rect, part_of(over, place.picture), place.mirror),
            ChartPlace::Tile(index, count) => (tile(place.rect, index, count), [0.0, 0.0, 1.0, 1.0], false),
        };
        let values = TintUniform {
            part,
            opacity: chart.opacity,
            inverted: chart.inverted.into(),
            mirror: mirror.into(),
            linear_target: self.linear_target.into(),
        };
        self.queue.write_buffer(uniform, 0, bytemuck::bytes_of(&values));
        let resources = [
            (0, uniform.as_entire_binding()),
            (1, BindingResource::TextureView(chart.plane.view())),
            (2, BindingResource::TextureView(chart.plane.extent())),
        ];
        let group = gpu::bind(&self.device, &self.tint.get_bind_group_layout(0), &resources);
        pass.set_viewport(rect.x, rect.y, rect.width, rect.height, 0.0, 1.0);
        pass.set_pipeline(&self.tint);
        pass.set_bind_group(0, &group, &[]);
        pass.draw(0..3, 0..1);
    }

    fn upload(&mut self, instances: &[Instance], rect: Rect) {
        let size = [rect.width, rect.height];
        let uniform = MarksUniform { size, linear_target: self.linear_target.into(), padding: 0 };
        self.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&uniform));
        let bytes: &[u8] = bytemuck::cast_slice(instances);
        if self.instances.as_ref().is_none_or(|buffer| buffer.size() < bytes.len() as u64) {
            self.instances = Some(self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("marks"),
                size: (bytes.len() as u64).next_power_of_two().max(4096),
                usage: BufferUsages::VERTEX | BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }));
        }
        if let Some(buffer) = &self.instances {
            self.queue.write_buffer(buffer, 0, bytes);
        }
    }

    fn instances(&self, marks: &[Mark], place: Place<'_>) -> Vec<Instance> {
        // A thin line is a pixel and a half on a picture of 480 rows.
        let unit = (place.rect.height.min(place.rect.width) / 320.0).clamp(1.0, 6.0);
        let scale = [place.rect.width / place.picture.0 as f32, place.rect.height / place.picture.1 as f32];
        let shown = |[x, y]: [f32; 2]| {
            let x = if place.mirror { place.picture.0 as f32 - x } else { x };
            [x * scale[0], y * scale[1]]
        };
        let mut all = Vec::new();
        for mark in marks {
            match mark {
                Mark::Line { from, to, width, color } => {
                    all.push(line(shown(*from), shown(*to), 0.5 * width * unit, *color));
                }
                Mark::Dot { at, width, color } => {
                    all.push(line(shown(*at), shown(*at), 0.5 * width * unit, *color));
                }
                Mark::Label { at, text, color } => {
                    let height = 11.0 * unit;
                    let width = height * self.glyphs.width(text);
                    let [x, y] = shown(*at);
                    let x = x.min(place.rect.width - width - 8.0 * unit).max(2.0 * unit);
                    let y = (y - height - 5.0 * unit).max(3.0 * unit);
                    let plate = [x, y, x + width + 4.0 * unit, y + height];
                    all.push(self.plate(plate, 2.0 * unit, *color));
                    self.write(&mut all, text, [x + 2.0 * unit, y], height, ink_on(*color));
                }
                Mark::Listed { line, text, part, color } => {
                    let (height, step) = (12.0 * unit, 18.0 * unit);
                    let (x, y) = (8.0 * unit, 8.0 * unit + *line as f32 * step);
                    let width = (150.0 * unit).min(place.rect.width - 2.0 * x);
                    let dark = [0.06, 0.07, 0.09, 0.72];
                    all.push(self.plate([x, y, x + width, y + height], 2.0 * unit, dark));
                    let filled = [x, y, x + width * part.clamp(0.0, 1.0), y + height];
                    all.push(self.plate(filled, 2.0 * unit, *color));
                    self.write(&mut all, text, [x + 3.0 * unit, y], height, [1.0; 4]);
                }
            }
        }
        all
    }

    fn plate(&self, ends: [f32; 4], radius: f32, color: Color) -> Instance {
        Instance { ends, letter: [0.0; 4], color, kind: PLATE, radius }
    }

    fn write(&self, all: &mut Vec<Instance>, text: &str, [x, y]: [f32; 2], height: f32, color: Color) {
        let (mut pen, baseline) = (x, y + height * self.glyphs.ascent);
        for character in text.chars() {
            let glyph = self.glyphs.of(character);
            let [left, top, right, bottom] = glyph.corners.map(|length| length * height);
            let ends = [pen + left, baseline + top, pen + right, baseline + bottom];
            all.push(Instance { ends, letter: glyph.part, color, kind: LETTER, radius: 0.0 });
            pen += glyph.advance * height;
        }
    }
}

fn line([x, y]: [f32; 2], [to_x, to_y]: [f32; 2], radius: f32, color: Color) -> Instance {
    Instance { ends: [x, y, to_x, to_y], letter: [0.0; 4], color, kind: LINE, radius }
}

/// Black on bright plates, white on dark ones.
fn ink_on([r, g, b, _]: Color) -> Color {
    let bright = 0.3 * r + 0.6 * g + 0.1 * b > 0.5;
    if bright { [0.05, 0.06, 0.08, 1.0] } else { [1.0; 4] }
}

fn part_of(rect: Rect, (width, height): (u32, u32)) -> [f32; 4] {
    let (width, height) = (width as f32, height as f32);
    [rect.x / width, rect.y / height, rect.width / width, rect.height / height]
}

/// One of `count` equal tiles that fill a place in rows.
fn tile(place: Rect, index: usize, count: usize) -> Rect {
    let columns = (count as f32).sqrt().ceil();
    let rows = (count as f32 / columns).ceil();
    let (width, height) = (place.width / columns, place.height / rows);
    let (column, row) = (index % columns as usize, index / columns as usize);
    Rect { x: place.x + column as f32 * width, y: place.y + row as f32 * height, width, height }
}

fn marks_pipeline(device: &Device, module: &wgpu::ShaderModule, format: TextureFormat) -> RenderPipeline {
    let target = wgpu::ColorTargetState {
        format,
        blend: Some(BlendState::ALPHA_BLENDING),
        write_mask: wgpu::ColorWrites::ALL,
    };
    let instances = wgpu::VertexBufferLayout {
        array_stride: size_of::<Instance>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &ATTRIBUTES,
    };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("marks"),
        layout: None,
        vertex: wgpu::VertexState {
            module,
            entry_point: Some("place_mark"),
            compilation_options: Default::default(),
            buffers: &[Some(instances)],
        },
        primitive: Default::default(),
        depth_stencil: None,
        multisample: Default::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some("paint_mark"),
            compilation_options: Default::default(),
            targets: &[Some(target)],
        }),
        multiview_mask: None,
        cache: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_fill_the_place() {
        let place = Rect { x: 10.0, y: 20.0, width: 90.0, height: 60.0 };
        assert_eq!(tile(place, 0, 1), place);
        assert_eq!(tile(place, 4, 5), Rect { x: 40.0, y: 50.0, width: 30.0, height: 30.0 });
    }

    #[test]
    fn words_stand_out_from_their_plate() {
        assert_eq!(ink_on([1.0; 4]), [0.05, 0.06, 0.08, 1.0]);
        assert_eq!(ink_on([0.1, 0.1, 0.4, 1.0]), [1.0; 4]);
    }
}
