//! The network recorded into the frame's encoder.

use anyhow::{Context, Result, ensure};
use half::f16;
use matte_engine::wgsl::{Elem, nhwc_from_texels};
use matte_engine::{Session, session};
use wgpu::{CommandEncoder, Device, Queue, TextureView};

use super::network::{ChartOf, pixels_of};
use super::{Network, Precision, gpu_session};
use crate::pipeline::{
    Annotation, Chart, ChartPlace, Element, Input, Mark, Mask, Pipeline, Plane, PlaneMaker, Rect, Ring, Rule,
    Scores, Turn, plane_size,
};
use crate::task::{self, Output, PictureInput, Sight, Task};

/// A network on the GPU.
pub struct OnGpu {
    queue: Queue,
    device: Device,
    main: Recorded,
    finder: Option<Recorded>,
    mask: Option<TextureView>,
    maker: PlaneMaker,
    /// The plane that the kept classes become, and how.
    classes: Option<(Plane, ChartOf)>,
    charts: Vec<(Plane, ChartOf)>,
    /// The part of the picture that the charts cover.
    seen: Rect,
    ring: Ring<Turned>,
    sight: Option<Sight>,
    marks: Vec<Mark>,
    /// The part that the network looks at next, where another one has found it.
    target: Option<Rect>,
    /// Whether the picture that is shown has more to tell.
    unfinished: bool,
}

/// Which network a turn of the ring belongs to, and what it saw.
struct Turned {
    finder: bool,
    crop: Rect,
}

/// A session with what recording needs.
struct Recorded {
    session: Session,
    element: Element,
    input: PictureInput,
    task: Task,
    /// The shapes of the outputs that the processor sees.
    shapes: Vec<Vec<usize>>,
}

impl OnGpu {
    /// Compiles the network for the device and runs it once, so that the first frame does not wait for drivers. A
    /// network that needs the processor between its steps is an error.
    pub fn new(network: &Network, precision: Precision, device: &Device, queue: &Queue) -> Result<Self> {
        let session = gpu_session(network, precision, device, queue)?;
        let finder = network.finder.as_deref().map(|finder| gpu_session(finder, precision, device, queue));
        Self::with(network, session, finder.transpose()?, device, queue)
    }

    /// The same with sessions that were built before.
    pub(super) fn with(
        network: &Network,
        session: Session,
        finder: Option<Session>,
        device: &Device,
        queue: &Queue,
    ) -> Result<Self> {
        let mut main = Recorded::new(session, network, device, queue)?;
        let finder = match (finder, network.finder.as_deref()) {
            (Some(session), Some(network)) => Some(Recorded::new(session, network, device, queue)?),
            _ => None,
        };
        let mask = match main.task {
            Task::Matte => Some(main.session.output_texture(0)?.create_view(&Default::default())),
            _ => None,
        };
        let plane = |chart: ChartOf| (Plane::new(device, plane_size(&chart.rule, chart.shape)), chart);
        Ok(Self {
            queue: queue.clone(),
            device: device.clone(),
            mask,
            finder,
            maker: PlaneMaker::new(device, queue),
            classes: network.classes().map(plane),
            charts: network.charts().into_iter().map(plane).collect(),
            seen: Rect::of_size((1, 1)),
            ring: Ring::new(device),
            sight: None,
            marks: Vec::new(),
            target: None,
            unfinished: false,
            main,
        })
    }

    /// Whether the network can be recorded as a whole.
    pub(super) fn can_record(network: &Network, session: &mut Session) -> bool {
        let PictureInput { index, channels, planar, .. } = network.reading.input;
        let first = network.model.inputs().first().is_some_and(|ty| ty.rank() == 4);
        let Some(plan) = session.plan() else { return false };
        let whole = plan.steps.iter().all(|step| step.dispatch.is_some());
        let placed = session.graph().outputs.iter().all(|&value| plan.placement(value).is_some());
        index == 0 && first && channels >= 3 && !planar && whole && placed && session.input_binding(0).is_ok()
    }

    /// Records the network for the picture that the pipeline holds, for a mask. No submission, nothing read back.
    pub fn record(&mut self, pipeline: &Pipeline, encoder: &mut CommandEncoder) -> Result<Mask<'_>> {
        self.look(pipeline, encoder)?.context("the network makes no mask")
    }

    /// Records the network for the picture that the pipeline holds, whatever its task; small outputs start on their
    /// way to the processor when [`OnGpu::submitted`] is called.
    pub fn look(&mut self, pipeline: &Pipeline, encoder: &mut CommandEncoder) -> Result<Option<Mask<'_>>> {
        let picture = pipeline.picture_size();
        let (network, finder, crop) = match (&mut self.finder, self.target) {
            (Some(finder), None) => {
                let crop = finder.input.fit.crop(picture, finder.input.size);
                (finder, true, crop)
            }
            (Some(_), Some(target)) => (&mut self.main, false, target),
            (None, _) => {
                let crop = self.main.input.fit.crop(picture, self.main.input.size);
                (&mut self.main, false, crop)
            }
        };
        network.record(pipeline, encoder, crop)?;
        network.read(&mut self.ring, encoder, Turned { finder, crop })?;
        self.unfinished = false;
        if finder {
            return Ok(None);
        }
        self.seen = crop;
        for (plane, chart) in self.charts.iter().chain(&self.classes) {
            let scores = self.main.scores(chart)?;
            self.maker.record(encoder, &scores, &chart.rule, plane);
        }
        let view = self.mask.as_ref().or_else(|| self.classes.as_ref().map(|(plane, _)| plane.view()));
        Ok(view.map(|view| Mask { view, crop }))
    }

    /// Which classes count as the person from the next frame on.
    pub fn keep(&mut self, kept: &[bool]) {
        if let Some((_, ChartOf { rule: Rule::Softmax(known) | Rule::Share(known), .. })) = &mut self.classes
        {
            *known = kept.to_vec();
        }
    }

    /// To be called after the submission of what was recorded.
    pub fn submitted(&mut self) {
        self.ring.submitted();
    }

    /// Takes what has come back. Does not wait. An error means that the device gave no answer.
    pub fn update(&mut self) -> Result<()> {
        while let Some(turn) = self.ring.poll() {
            self.turned(turn?);
        }
        Ok(())
    }

    /// Whether outputs are on their way to the processor.
    pub fn is_waiting(&self) -> bool {
        self.ring.is_waiting()
    }

    /// Whether the same picture has more to tell when it is looked at again.
    pub fn is_unfinished(&self) -> bool {
        self.unfinished
    }

    /// Looks at the picture that the pipeline holds until there is no more to tell, and waits for it.
    pub fn settle(&mut self, pipeline: &Pipeline) -> Result<()> {
        // A finder, its finding, and a second look at where that was.
        for _ in 0..3 {
            let mut encoder = self.device.create_command_encoder(&Default::default());
            self.look(pipeline, &mut encoder)?;
            self.queue.submit([encoder.finish()]);
            self.submitted();
            while let Some(turn) = self.ring.wait() {
                self.turned(turn?);
            }
            if !self.unfinished {
                break;
            }
        }
        Ok(())
    }

    /// What was found last.
    pub fn sight(&self) -> Option<&Sight> {
        self.sight.as_ref()
    }

    /// What there is to draw over the picture.
    pub fn annotation(&self) -> Annotation<'_> {
        let charts = self
            .charts
            .iter()
            .map(|(plane, chart)| shown(plane, chart, &self.main.task, self.seen, self.charts.len()));
        Annotation { charts: charts.collect(), marks: &self.marks }
    }

    /// The distances that were told last, if that is what the network tells, and the part that they cover.
    pub fn depth(&self) -> Option<Mask<'_>> {
        let (plane, _) = self.charts.first().filter(|_| self.main.task == Task::Depth)?;
        Some(Mask { view: plane.view(), crop: self.seen })
    }

    /// Where each node runs, as text.
    pub fn explain(&self) -> String {
        self.main.session.explain()
    }

    fn turned(&mut self, turn: Turn<Turned>) {
        let Turned { finder, crop } = turn.tag;
        let network = match &self.finder {
            Some(network) if finder => network,
            _ => &self.main,
        };
        let Some(sight) = network.sight(&turn.outputs, crop) else { return };
        match &sight {
            Sight::Faces(faces) if finder => {
                self.target = faces.first().map(task::face_crop);
                self.unfinished = self.target.is_some();
                if self.unfinished {
                    return;
                }
            }
            Sight::Contour(contour) => self.target = contour.as_ref().map(task::next_crop),
            _ => {}
        }
        let sight = if finder { Sight::Contour(None) } else { sight };
        self.marks = task::marks(&sight);
        self.sight = Some(sight);
    }
}

/// A plane as it is shown: a map over what the network saw, others as tiles.
pub(super) fn shown<'a>(
    plane: &'a Plane,
    chart: &ChartOf,
    task: &Task,
    seen: Rect,
    count: usize,
) -> Chart<'a> {
    let place = match chart.is_map() && count == 1 {
        true => ChartPlace::Over(seen),
        false => ChartPlace::Tile(chart.output, count),
    };
    let depth = *task == Task::Depth;
    Chart { plane, place, inverted: depth, opacity: if depth { 1.0 } else { 0.8 } }
}

impl Recorded {
    fn new(mut session: Session, network: &Network, device: &Device, queue: &Queue) -> Result<Self> {
        ensure!(
            OnGpu::can_record(network, &mut session),
            "the network needs the processor between its steps"
        );
        let element = element(session.element()?);
        let outputs = network.model.outputs();
        let read = network.reading.task.read();
        let shapes = read.iter().filter_map(|&index| outputs.get(index)).map(|ty| ty.shape.clone()).collect();
        if network.reading.task == Task::Matte {
            session.output_texture(0)?;
        }
        let mut encoder = device.create_command_encoder(&Default::default());
        session.encode(&mut encoder, session::Input::Ready)?;
        queue.submit([encoder.finish()]);
        Ok(Self {
            session,
            element,
            input: network.reading.input,
            task: network.reading.task.clone(),
            shapes,
        })
    }

    fn record(&mut self, pipeline: &Pipeline, encoder: &mut CommandEncoder, crop: Rect) -> Result<()> {
        self.session.adopt();
        let input = Input {
            binding: self.session.input_binding(0)?,
            element: self.element,
            size: self.input.size,
            range: self.input.range,
            crop,
        };
        pipeline.prepare(encoder, &input);
        self.session.encode(encoder, session::Input::Ready)?;
        Ok(())
    }

    /// Starts the outputs that the processor sees on their way.
    fn read(&mut self, ring: &mut Ring<Turned>, encoder: &mut CommandEncoder, tag: Turned) -> Result<()> {
        let outputs = self.task.read();
        if outputs.is_empty() {
            return Ok(());
        }
        let bindings: Vec<(wgpu::Buffer, u64, Option<wgpu::BufferSize>)> = outputs
            .iter()
            .map(|&index| {
                let binding = self.session.output_binding(index)?;
                Ok((binding.buffer.clone(), binding.offset, binding.size))
            })
            .collect::<Result<_>>()?;
        let bindings: Vec<wgpu::BufferBinding<'_>> = bindings
            .iter()
            .map(|(buffer, offset, size)| wgpu::BufferBinding { buffer, offset: *offset, size: *size })
            .collect();
        ring.record(encoder, &bindings, tag);
        Ok(())
    }

    fn output_element(&self, index: usize) -> Element {
        let graph = self.session.graph();
        let place = graph.outputs.get(index).and_then(|&value| self.session.plan()?.placement(value));
        element(place.map_or(Elem::F32, |place| place.elem))
    }

    fn scores(&mut self, chart: &ChartOf) -> Result<Scores<'_>> {
        let element = self.output_element(chart.output);
        Ok(Scores { binding: self.session.output_binding(chart.output)?, element, shape: chart.shape })
    }

    fn sight(&self, bytes: &[Vec<u8>], crop: Rect) -> Option<Sight> {
        let values: Vec<Vec<f32>> = self
            .task
            .read()
            .into_iter()
            .zip(&self.shapes)
            .zip(bytes)
            .map(|((index, shape), bytes)| numbers(bytes, self.output_element(index), shape))
            .collect();
        let outputs: Vec<Output<'_>> =
            values.iter().zip(&self.shapes).map(|(values, shape)| Output { values, shape }).collect();
        task::sight(&self.task, &outputs, &self.input, crop)
    }
}

/// The numbers of an output, `[1, h, w, c]` row by row, of its texels' bytes.
fn numbers(bytes: &[u8], element: Element, shape: &[usize]) -> Vec<f32> {
    let texels: Vec<f32> = match element {
        Element::F32 => bytes
            .chunks_exact(4)
            .map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect(),
        Element::F16 => {
            bytes.chunks_exact(2).map(|half| f16::from_le_bytes([half[0], half[1]]).to_f32()).collect()
        }
    };
    let [height, width, channels] = pixels_of(shape);
    let needed = height * width * channels.div_ceil(4) * 4;
    if texels.len() < needed {
        return Vec::new();
    }
    nhwc_from_texels(&texels, [1, height, width, channels])
}

fn element(elem: Elem) -> Element {
    match elem {
        Elem::F32 => Element::F32,
        Elem::F16 => Element::F16,
    }
}
