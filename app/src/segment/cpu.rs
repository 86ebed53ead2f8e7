//! The network on the processor, beside the display.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use half::f16;
use matte_engine::Session;
use matte_engine::tensor::Tensor;
use wgpu::{Device, Queue, Texture};

use super::Network;
use super::network::ChartOf;
use crate::camera::Wake;
use crate::pipeline::person::Finder;
use crate::pipeline::{
    self, Annotation, Frame, Gaze, Mark, Pace, Plane, Rect, Rule, plane_size, plane_values,
};
use crate::task::{self, Output, Sight, Task};

/// A network on threads of its own. It works on one frame at a time; of the frames offered meanwhile the
/// newest wins. Dropping it ends the thread after the frame in work.
pub struct OnCpu {
    shared: Arc<Shared>,
    mask_size: (u32, u32),
}

/// A mask, and the frame that it belongs to.
pub struct Answer {
    /// The frame.
    pub frame: Arc<Frame>,
    /// The probability of a person, row by row; empty if the network makes no mask.
    pub mask: Vec<f16>,
    /// What the network found, if that is not a mask.
    pub sight: Option<Sight>,
    /// The planes that are shown of the network's outputs.
    charts: Vec<(ChartOf, Vec<f32>)>,
    task: Task,
    /// The part of the shown picture that the network saw.
    pub crop: Rect,
    /// The milliseconds from the frame's arrival to the beginning of the work on it.
    pub waited: f32,
    /// The milliseconds that the network's input took.
    pub prepare: f32,
    /// The milliseconds that the network took.
    pub network: f32,
}

impl Answer {
    /// Copies the mask into a texture that [`mask_texture`] made for it.
    pub fn write(&self, queue: &Queue, texture: &Texture) {
        let bytes_per_row = Some(2 * texture.width());
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row, rows_per_image: None };
        queue.write_texture(
            texture.as_image_copy(),
            bytemuck::cast_slice(&self.mask),
            layout,
            texture.size(),
        );
    }
}

/// An answer's charts and marks, ready to be drawn.
pub struct Drawn {
    planes: Vec<(Plane, ChartOf)>,
    marks: Vec<Mark>,
    task: Task,
    seen: Rect,
}

impl Drawn {
    /// Copies an answer's planes to the GPU, into those of the answer before where they fit.
    pub fn new(answer: &Answer, before: Option<Self>, device: &Device, queue: &Queue) -> Self {
        let mut old = before.map(|drawn| drawn.planes).unwrap_or_default().into_iter();
        let plane = |(chart, values): &(ChartOf, Vec<f32>)| {
            let size = plane_size(&chart.rule, chart.shape);
            let same = old.next().map(|(plane, _)| plane).filter(|plane| plane.size() == size);
            let plane = same.unwrap_or_else(|| Plane::new(device, size));
            plane.write(queue, values);
            (plane, chart.clone())
        };
        Self {
            planes: answer.charts.iter().map(plane).collect(),
            marks: answer.sight.as_ref().map(task::marks).unwrap_or_default(),
            task: answer.task.clone(),
            seen: answer.crop,
        }
    }

    /// What there is to draw over the picture.
    pub fn annotation(&self) -> Annotation<'_> {
        let count = self.planes.len();
        let charts = self.planes.iter();
        let charts =
            charts.map(|(plane, chart)| super::gpu::shown(plane, chart, &self.task, self.seen, count));
        Annotation { charts: charts.collect(), marks: &self.marks }
    }
}

/// A texture for masks of a size.
pub fn mask_texture(device: &Device, size: (u32, u32)) -> Texture {
    pipeline::texture(
        device,
        "mask",
        size,
        wgpu::TextureFormat::R16Float,
        wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
    )
}

struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

#[derive(Default)]
struct Slot {
    offered: Option<(Arc<Frame>, Gaze)>,
    answer: Option<Result<Answer>>,
    /// Which classes count as the person, once someone has chosen.
    kept: Option<Vec<bool>>,
    stop: bool,
}

impl OnCpu {
    /// Prepares the network for `threads` threads and starts waiting for frames. `wake` is called after each
    /// answer.
    pub fn new(network: Network, threads: usize, wake: Wake) -> Result<Self> {
        let session = |network: &Network| {
            let session = Session::builder(&network.model).threads(threads).build();
            session.context("the network cannot run on this processor")
        };
        let finder = network.finder.as_deref().map(session).transpose()?;
        let main = session(&network)?;
        Self::with(network, main, finder, wake)
    }

    /// The same with sessions that were built before; they may need the GPU for some of their steps.
    pub(super) fn with(
        network: Network,
        session: Session,
        finder: Option<Session>,
        wake: Wake,
    ) -> Result<Self> {
        let shared = Arc::new(Shared { slot: Mutex::default(), changed: Condvar::new() });
        let mask_size = network.mask_size;
        let classes = network.classes();
        let charts = network.charts();
        let worker = Worker {
            session,
            finder,
            classes,
            charts,
            target: None,
            network,
            shared: Arc::clone(&shared),
            wake,
            pace: Pace::default(),
            people: Finder::default(),
            whole: None,
            last: None,
        };
        thread::Builder::new()
            .name("network".into())
            .spawn(move || worker.work())
            .context("the network's thread could not be started")?;
        Ok(Self { shared, mask_size })
    }

    /// Width and height of the masks.
    pub fn mask_size(&self) -> (u32, u32) {
        self.mask_size
    }

    /// Which classes count as the person from the next frame on.
    pub fn keep(&self, kept: &[bool]) {
        self.shared.lock().kept = Some(kept.to_vec());
    }

    /// Offers a frame, and how the network is to look at it. Tells whether it took the place of one that nobody has
    /// looked at.
    pub fn offer(&self, frame: Arc<Frame>, gaze: Gaze) -> bool {
        let replaced = self.shared.lock().offered.replace((frame, gaze)).is_some();
        self.shared.changed.notify_all();
        replaced
    }

    /// The newest answer that has not been taken yet.
    pub fn take(&self) -> Option<Result<Answer>> {
        self.shared.lock().answer.take()
    }
}

impl Drop for OnCpu {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next frame to work on; none when it is time to end.
    fn next(&self) -> Option<(Arc<Frame>, Gaze)> {
        let slot = self.lock();
        let mut slot = self
            .changed
            .wait_while(slot, |slot| slot.offered.is_none() && !slot.stop)
            .unwrap_or_else(PoisonError::into_inner);
        if slot.stop { None } else { slot.offered.take() }
    }
}

struct Worker {
    session: Session,
    finder: Option<Session>,
    network: Network,
    classes: Option<ChartOf>,
    charts: Vec<ChartOf>,
    /// The part that the network looks at next, where another one has found it.
    target: Option<Rect>,
    shared: Arc<Shared>,
    wake: Wake,
    pace: Pace,
    /// Where the people were in the last masks.
    people: Finder,
    /// All that the network may see of the last picture, while it looks closely.
    whole: Option<Rect>,
    /// What the last picture became, and how the network looked at it.
    last: Option<(Numbers, Gaze)>,
}

impl Worker {
    fn work(mut self) {
        while let Some((frame, gaze)) = self.shared.next() {
            let answer = self.answer(frame, gaze);
            self.shared.lock().answer = Some(answer);
            (self.wake)();
        }
    }

    /// What a frame's picture became; the same again for a picture that stands still.
    fn answer(&mut self, frame: Arc<Frame>, gaze: Gaze) -> Result<Answer> {
        let start = Instant::now();
        let moved = self.pace.wants(&frame);
        let chosen = self.choose_classes();
        let last = self.last.take().filter(|(_, before)| !moved && !chosen && alike(before, &gaze));
        let mut prepare = 0.0;
        let (numbers, gaze) = match last {
            Some(last) => last,
            None => (self.look(&frame, gaze, &mut prepare)?, gaze),
        };
        self.last = Some((numbers.clone(), gaze));
        Ok(self.answered(frame, start, prepare, numbers))
    }

    /// Takes over which classes count as the person. Tells whether someone has chosen.
    fn choose_classes(&mut self) -> bool {
        let kept = self.shared.lock().kept.take();
        match (kept, &mut self.classes) {
            (Some(kept), Some(ChartOf { rule: Rule::Softmax(known) | Rule::Share(known), .. })) => {
                *known = kept;
                true
            }
            _ => false,
        }
    }

    fn look(&mut self, frame: &Frame, gaze: Gaze, prepare: &mut f32) -> Result<Numbers> {
        let Some(crop) = self.crop(frame, gaze, prepare)? else {
            let crop = Rect::of_size(frame.orientation.shown_size(frame.width(), frame.height()));
            return Ok(Numbers::nothing(crop));
        };
        let numbers = self.run(frame, crop, gaze, prepare)?;
        if let Some(Sight::Contour(contour)) = &numbers.sight {
            self.target = contour.as_ref().map(task::next_crop);
        }
        Ok(numbers)
    }

    /// The part of the picture to look at; none if another network has to find it and finds nothing.
    fn crop(&mut self, frame: &Frame, gaze: Gaze, prepare: &mut f32) -> Result<Option<Rect>> {
        let shown = frame.orientation.shown_size(frame.width(), frame.height());
        let (Some(session), Some(finder)) = (&mut self.finder, &self.network.finder) else {
            let whole = self.network.fit.crop(shown, self.network.size);
            return Ok(Some(self.people_crop(whole, gaze)));
        };
        if self.target.is_some() {
            return Ok(self.target);
        }
        let crop = finder.fit.crop(shown, finder.size);
        let before = Instant::now();
        let inputs = finder.inputs(frame, crop, gaze.gamma)?;
        *prepare += milliseconds(before, Instant::now());
        let outputs = session.run(&inputs).context("the network failed")?;
        match sight(finder, &outputs, crop) {
            Some(Sight::Faces(faces)) => Ok(faces.first().map(task::face_crop)),
            _ => Ok(None),
        }
    }

    /// The part around the people that the last mask showed, if the network is to look closely.
    fn people_crop(&mut self, whole: Rect, gaze: Gaze) -> Rect {
        let looked = self.whole;
        self.whole = gaze.closely.then_some(whole);
        if looked != self.whole {
            self.people.forget();
        }
        if gaze.closely { self.people.crop(whole) } else { whole }
    }

    fn run(&mut self, frame: &Frame, crop: Rect, gaze: Gaze, prepare: &mut f32) -> Result<Numbers> {
        let before = Instant::now();
        let inputs = self.network.inputs(frame, crop, gaze.gamma)?;
        *prepare += milliseconds(before, Instant::now());
        let outputs = self.session.run(&inputs).context("the network failed")?;
        let plane = |chart: &ChartOf| -> Result<Vec<f32>> {
            let output = outputs.get(chart.output).context("the network gave no such output")?;
            let reals = output.to_reals().context("the network's output is not made of numbers")?;
            Ok(plane_values(&chart.rule, chart.shape, &reals))
        };
        let mask = match &self.classes {
            Some(classes) => plane(classes)?,
            None if self.network.reading.task == Task::Matte => {
                let mask = outputs.first().context("the network gave no mask")?;
                mask.to_reals().context("the network's mask is not made of numbers")?
            }
            None => Vec::new(),
        };
        if let Some(whole) = self.whole.filter(|_| !mask.is_empty()) {
            self.people.find(&mask, self.network.mask_size, crop, whole, true);
        }
        let mask = mask.into_iter().map(f16::from_f32).collect();
        let charts =
            self.charts.iter().map(|chart| Ok((chart.clone(), plane(chart)?))).collect::<Result<_>>()?;
        let sight = sight(&self.network, &outputs, crop);
        Ok(Numbers { crop, mask, charts, sight })
    }

    fn answered(&self, frame: Arc<Frame>, start: Instant, prepare: f32, numbers: Numbers) -> Answer {
        let Numbers { crop, mask, charts, sight } = numbers;
        Answer {
            waited: milliseconds(frame.captured.min(start), start),
            frame,
            mask,
            sight,
            charts,
            task: self.network.reading.task.clone(),
            crop,
            prepare,
            network: milliseconds(start, Instant::now()) - prepare,
        }
    }
}

/// What the outputs became.
#[derive(Clone)]
struct Numbers {
    crop: Rect,
    mask: Vec<f16>,
    charts: Vec<(ChartOf, Vec<f32>)>,
    sight: Option<Sight>,
}

impl Numbers {
    fn nothing(crop: Rect) -> Self {
        Self { crop, mask: Vec::new(), charts: Vec::new(), sight: Some(Sight::Contour(None)) }
    }
}

/// Whether a mask would hardly differ by how the network looks.
fn alike(a: &Gaze, b: &Gaze) -> bool {
    a.closely == b.closely && (a.gamma - b.gamma).abs() < 0.05
}

fn milliseconds(from: Instant, to: Instant) -> f32 {
    (to - from).as_secs_f32() * 1e3
}

fn sight(network: &Network, outputs: &[Tensor], crop: Rect) -> Option<Sight> {
    let read = network.reading.task.read();
    let tensors: Vec<&Tensor> = read.into_iter().map(|index| outputs.get(index)).collect::<Option<_>>()?;
    let values: Vec<Vec<f32>> = tensors.iter().map(|tensor| tensor.to_reals()).collect::<Option<_>>()?;
    let outputs: Vec<Output<'_>> = values
        .iter()
        .zip(&tensors)
        .map(|(values, tensor)| Output { values, shape: tensor.shape() })
        .collect();
    task::sight(&network.reading.task, &outputs, &network.reading.input, crop)
}
