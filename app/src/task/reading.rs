//! How a model is understood: what it takes, what it gives, and by which rule that was found out.
//!
//! A model of the catalogue has a card, wherever its file lies. Of any other file these things are asked, in this order:
//!
//! 1. its first input of a picture's shape: `[1, h, w, c]` or `[1, c, h, w]` with one, three or four channels;
//!    without one, the first input is filled with a gray picture of as many pixels as it has numbers;
//! 2. the operator that its outputs come from, and their shapes: each [`Task`] says which it needs;
//! 3. the names of its classes, packed behind the model or lying beside it.
//!
//! What fits no rule is [`Task::Heat`].

use std::path::Path;

use matte_engine::Model;
use matte_engine::graph::{Graph, ValueId};
use matte_engine::tensor::{DType, TensorType};

use super::boxes::anchor_middles;
use super::labels::{labels_beside, packed_labels};
use crate::catalogue::{Card, CardAnchors, CardFit, CardTask};
use crate::pipeline::{Fit, MOST_CLASSES};

/// A model with its meaning.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What it does.
    pub task: Task,
    /// The picture that it takes.
    pub input: PictureInput,
    /// Why: a sentence for each rule that applied.
    pub why: Vec<String>,
}

/// What a model does. Outputs are named by their indices; `[h, w, c]` stands for `[1, h, w, c]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// One output `[h, w, 1]` of probabilities: a person's mask.
    Matte,
    /// One output `[h, w, c]` of two classes or more.
    Classes {
        /// Their names.
        labels: Vec<String>,
        /// Those that are kept at first.
        keep: Vec<bool>,
        /// Whether the numbers are logits rather than probabilities.
        logits: bool,
    },
    /// One output `[h, w, 1]` or `[1, 1, h, w]` of distances.
    Depth,
    /// One output of a number a class.
    Labels {
        /// Their names, as far as they are known.
        labels: Vec<String>,
        /// Whether the numbers are logits rather than probabilities.
        logits: bool,
    },
    /// Outputs `[h, w, 17]` of heat and `[h, w, 34]` of offsets, and perhaps twice `[h, w, 32]` of displacements.
    Pose {
        /// The output of heat.
        heat: usize,
        /// The output of offsets.
        offsets: usize,
        /// The outputs of displacements, outward and inward.
        displacements: Option<(usize, usize)>,
    },
    /// The four outputs of TFLite_Detection_PostProcess.
    Objects {
        /// The classes' names.
        labels: Vec<String>,
    },
    /// Outputs `[n, 16]` and `[n, 1]` for the n anchors of BlazeFace.
    Faces {
        /// The output of boxes.
        boxes: usize,
        /// The output of logits.
        scores: usize,
        /// The anchors' middles, in units of the input.
        anchors: Vec<[f32; 2]>,
    },
    /// Outputs of 468 points in three dimensions, of one number that says whether this is a face, and perhaps of more
    /// points in two.
    Contour {
        /// The output of points.
        points: usize,
        /// The output that says whether they are a face's.
        presence: Option<usize>,
        /// Outputs of points of lips, eyes and irises.
        refined: Vec<usize>,
    },
    /// Anything else: the outputs are shown as colors.
    Heat,
}

/// The points of a face's contour.
pub const CONTOUR_POINTS: usize = 468;

/// The picture that a model takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureInput {
    /// Which input it is.
    pub index: usize,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Channels: 1 gray, 3 red, green and blue, 4 the same and zeros.
    pub channels: u32,
    /// Whether a channel's pixels lie together, rather than a pixel's channels.
    pub planar: bool,
    /// The values of black and white.
    pub range: [f32; 2],
    /// How pictures of another aspect are brought to its own.
    pub fit: Fit,
}

impl Task {
    /// What a list calls it.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Matte => "mask of a person",
            Self::Classes { .. } => "classes pixel by pixel",
            Self::Depth => "depth",
            Self::Labels { .. } => "classification",
            Self::Pose { .. } => "body pose",
            Self::Objects { .. } => "boxes of things",
            Self::Faces { .. } => "faces",
            Self::Contour { .. } => "face contour",
            Self::Heat => "heat map of the outputs",
        }
    }

    /// Whether the outcome is a mask, to which effects apply.
    pub fn is_mask(&self) -> bool {
        matches!(self, Self::Matte | Self::Classes { .. })
    }

    /// The outputs whose numbers the processor needs to see.
    pub fn read(&self) -> Vec<usize> {
        match self {
            Self::Matte | Self::Classes { .. } | Self::Depth | Self::Heat => Vec::new(),
            Self::Labels { .. } => vec![0],
            Self::Objects { .. } => vec![0, 1, 2, 3],
            Self::Faces { boxes, scores, .. } => vec![*boxes, *scores],
            Self::Pose { heat, offsets, displacements } => {
                let more = displacements.iter().flat_map(|(outward, inward)| [*outward, *inward]);
                [*heat, *offsets].into_iter().chain(more).collect()
            }
            Self::Contour { points, presence, refined } => {
                [*points].into_iter().chain(*presence).chain(refined.iter().copied()).collect()
            }
        }
    }
}

impl Reading {
    /// Understands a model: by its card, or by the rules. `bytes` are the file's, `path` is where it lies.
    pub fn of(model: &Model, bytes: &[u8], path: Option<&Path>, card: Option<&Card>) -> Self {
        let mut why = Vec::new();
        let inputs = model.inputs();
        let task = match card.and_then(|card| task_of_card(model, card, bytes)) {
            Some(task) => {
                why.push("the file is a model of the catalogue, and its card says what it does".into());
                task
            }
            None => task_of_shapes(model, bytes, path, &mut why),
        };
        let (index, shape, planar) = picture_of(&inputs, &mut why);
        let range = match (card, inputs.get(index)) {
            (Some(card), _) => [card.input.low, card.input.high],
            (None, Some(ty)) => range_of(ty, &task, &mut why),
            (None, None) => [0.0, 1.0],
        };
        let fit = card.map_or_else(|| usual_fit(&task), |card| fit_of(card.input.fit));
        let [height, width, channels] = shape;
        let input = PictureInput { index, size: (width, height), channels, planar, range, fit };
        Self { task, input, why }
    }
}

/// What a card says; nothing if the file's outputs are others than those of the card's task.
fn task_of_card(model: &Model, card: &Card, bytes: &[u8]) -> Option<Task> {
    let graph = model.graphs.first()?;
    match card.task {
        CardTask::Segmentation if card.labels.is_empty() => matte(graph),
        CardTask::Segmentation => {
            let keep = card.labels.iter().map(|label| card.keep.contains(label)).collect();
            classes(graph, card.labels.clone(), keep)
        }
        CardTask::Depth => plane(graph).map(|_| Task::Depth),
        CardTask::Classification => {
            classification(graph, packed_labels(bytes).unwrap_or_else(|| card.labels.clone()))
        }
        CardTask::Pose => pose(graph),
        CardTask::Objects => objects(graph, card.labels.clone()),
        CardTask::FaceDetection => faces(model, &card.anchors),
        CardTask::FaceLandmarks => contour(graph),
    }
}

/// The grids of anchors that MediaPipe's face detectors have, and the inputs that they are for.
const FACE_GRIDS: [&[CardAnchors]; 2] = [
    &[CardAnchors { stride: 8, count: 2 }, CardAnchors { stride: 16, count: 6 }],
    &[CardAnchors { stride: 4, count: 1 }],
];

fn task_of_shapes(model: &Model, bytes: &[u8], path: Option<&Path>, why: &mut Vec<String>) -> Task {
    let Some(graph) = model.graphs.first() else { return Task::Heat };
    let labels = || packed_labels(bytes).or_else(|| path.and_then(labels_beside)).unwrap_or_default();
    let rules: [(&str, &dyn Fn() -> Option<Task>); 8] = [
        ("its outputs come from TFLite_Detection_PostProcess: boxes of things", &|| objects(graph, labels())),
        ("it gives 468 points in three dimensions: a face's contour", &|| contour(graph)),
        ("it gives 17 maps of heat and 34 of offsets on one grid: the joints of bodies", &|| pose(graph)),
        ("it gives 16 numbers and a logit for each anchor of a face detector: faces", &|| {
            FACE_GRIDS.iter().find_map(|grids| faces(model, grids))
        }),
        ("its only output is a map of probabilities: a mask", &|| matte(graph)),
        ("its only output is a map whose name speaks of depth: distances", &|| depth(graph)),
        ("its only output has several numbers a pixel: classes pixel by pixel", &|| {
            let (labels, channels) = (labels(), plane(graph)?[2]);
            // Three or four unnamed channels may as well be a picture.
            let named = !labels.is_empty() || writer(graph, only_output(graph)?) == Some("SOFTMAX");
            let keep = kept_of(&labels, channels);
            (named || !matches!(channels, 3 | 4)).then(|| classes(graph, labels, keep))?
        }),
        ("it takes a picture, and its only output is a list of numbers: a number a class", &|| {
            model.inputs().into_iter().find_map(picture_shape)?;
            classification(graph, labels())
        }),
    ];
    for (sentence, rule) in rules {
        if let Some(task) = rule() {
            why.push(sentence.into());
            return task;
        }
    }
    why.push("no rule fits its outputs: they are shown as colors".into());
    Task::Heat
}

/// The type of an output.
fn output(graph: &Graph, index: usize) -> Option<&TensorType> {
    graph.outputs.get(index).map(|&value| &graph.value(value).ty)
}

fn only_output(graph: &Graph) -> Option<ValueId> {
    match graph.outputs[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// The name of the operator that writes a value, looking through those that only move numbers.
fn writer(graph: &Graph, value: ValueId) -> Option<&'static str> {
    let producers = graph.producers();
    let mut value = value;
    loop {
        let node = graph.node((*producers.get(value.0)?)?);
        match node.op.name() {
            "RESHAPE" | "SQUEEZE" | "DEQUANTIZE" | "QUANTIZE" | "EXPAND_DIMS" | "TRANSPOSE" => {
                value = (*node.inputs.first()?)?;
            }
            name => return Some(name),
        }
    }
}

/// `[h, w, c]` of an only output that is a map.
fn plane(graph: &Graph) -> Option<[usize; 3]> {
    let shape = &graph.value(only_output(graph)?).ty.shape;
    match shape[..] {
        [1, 1, h, w] if h > 1 && w > 1 && h == w => Some([h, w, 1]),
        [1, h, w, c] if h > 1 && w > 1 && c >= 1 => Some([h, w, c]),
        [1, h, w] | [h, w] if h > 1 && w > 1 => Some([h, w, 1]),
        _ => None,
    }
}

fn matte(graph: &Graph) -> Option<Task> {
    let probabilities = writer(graph, only_output(graph)?) == Some("LOGISTIC");
    (plane(graph)?[2] == 1 && probabilities).then_some(Task::Matte)
}

fn depth(graph: &Graph) -> Option<Task> {
    let name = graph.value(only_output(graph)?).name.to_lowercase();
    let speaks = ["depth", "disparity", "distance"].iter().any(|word| name.contains(word));
    (plane(graph)?[2] == 1 && speaks).then_some(Task::Depth)
}

fn classes(graph: &Graph, mut labels: Vec<String>, mut keep: Vec<bool>) -> Option<Task> {
    let [height, width, channels] = plane(graph)?;
    if !(2..=MOST_CLASSES).contains(&channels) || height < 8 || width < 8 {
        return None;
    }
    labels.truncate(channels);
    labels.extend((labels.len()..channels).map(|index| format!("class {index}")));
    keep.resize(channels, false);
    let logits = !matches!(writer(graph, only_output(graph)?), Some("SOFTMAX" | "LOGISTIC"));
    Some(Task::Classes { labels, keep, logits })
}

/// A person where there is one, or else everything that is not the first class.
fn kept_of(labels: &[String], count: usize) -> Vec<bool> {
    match labels.iter().position(|label| label == "person") {
        Some(person) => (0..count).map(|index| index == person).collect(),
        None => (0..count).map(|index| index > 0).collect(),
    }
}

fn classification(graph: &Graph, labels: Vec<String>) -> Option<Task> {
    let value = only_output(graph)?;
    let shape = &graph.value(value).ty.shape;
    let (last, others) = shape.split_last()?;
    if *last < 2 || others.iter().any(|&length| length != 1) {
        return None;
    }
    let logits = !matches!(writer(graph, value), Some("SOFTMAX" | "LOGISTIC"));
    Some(Task::Labels { labels, logits })
}

fn pose(graph: &Graph) -> Option<Task> {
    let with = |channels: usize| {
        let of = move |index: &usize| {
            output(graph, *index).is_some_and(|ty| ty.rank() == 4 && ty.shape[3] == channels)
        };
        (0..graph.outputs.len()).filter(of).collect::<Vec<_>>()
    };
    let (heat, offsets, displacements) = (*with(17).first()?, *with(34).first()?, with(32));
    let displacements = match displacements[..] {
        [outward, inward] => Some((outward, inward)),
        _ => None,
    };
    Some(Task::Pose { heat, offsets, displacements })
}

fn objects(graph: &Graph, labels: Vec<String>) -> Option<Task> {
    let first = *graph.outputs.first()?;
    let chosen = writer(graph, first) == Some("TFLite_Detection_PostProcess") && graph.outputs.len() == 4;
    chosen.then_some(Task::Objects { labels })
}

fn faces(model: &Model, grids: &[CardAnchors]) -> Option<Task> {
    let graph = model.graphs.first()?;
    let side = match model.inputs().first()?.shape[..] {
        [1, height, width, 3] if height == width => u32::try_from(width).ok()?,
        _ => return None,
    };
    let anchors = anchor_middles(grids, side);
    let place = |shape: [usize; 3]| {
        (0..graph.outputs.len()).find(|&index| output(graph, index).is_some_and(|ty| ty.shape == shape))
    };
    let boxes = place([1, anchors.len(), 16])?;
    Some(Task::Faces { boxes, scores: place([1, anchors.len(), 1])?, anchors })
}

fn contour(graph: &Graph) -> Option<Task> {
    let lengths: Vec<usize> =
        (0..graph.outputs.len()).map(|index| output(graph, index).map_or(0, TensorType::elements)).collect();
    let points = lengths.iter().position(|&length| length == 3 * CONTOUR_POINTS)?;
    let presence = lengths.iter().position(|&length| length == 1);
    let others =
        lengths.iter().enumerate().filter(|(_, length)| **length > 1 && **length < 400 && **length % 2 == 0);
    Some(Task::Contour { points, presence, refined: others.map(|(index, _)| index).collect() })
}

/// The input that takes the picture, and its height, width, channels and order.
fn picture_of(inputs: &[&TensorType], why: &mut Vec<String>) -> (usize, [u32; 3], bool) {
    let found = inputs.iter().enumerate().find_map(|(index, ty)| Some((index, picture_shape(ty)?)));
    if inputs.len() > 1 {
        why.push(format!("it takes {} inputs: one is the picture, the others are zeros", inputs.len()));
    }
    if let Some((index, (shape, planar))) = found {
        return (index, shape, planar);
    }
    why.push("no input has a picture's shape: the first is filled with a gray one".into());
    let length = inputs.first().map_or(1, |ty| ty.elements().max(1));
    let width = inputs.first().and_then(|ty| ty.shape.last().copied()).unwrap_or(1).max(1);
    (0, [small(length / width), small(width), 1], false)
}

/// Height, width and channels of a picture, and whether a channel's pixels lie together.
fn picture_shape(ty: &TensorType) -> Option<([u32; 3], bool)> {
    match ty.shape[..] {
        [1, h, w, c @ (1 | 3 | 4)] if h > 1 && w > 1 => Some(([small(h), small(w), small(c)], false)),
        [1, c @ (1 | 3), h, w] if h > 1 && w > 1 => Some(([small(h), small(w), small(c)], true)),
        [h, w, c @ (1 | 3 | 4)] if h > 1 && w > 1 => Some(([small(h), small(w), small(c)], false)),
        _ => None,
    }
}

fn small(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The values of black and white where no card says them.
fn range_of(ty: &TensorType, task: &Task, why: &mut Vec<String>) -> [f32; 2] {
    if let (Some(q), Some((low, high))) = (&ty.quantization, ty.dtype.integer_range())
        && let (Some(scale), Some(zero)) = (q.scale.first(), q.zero_point.first())
    {
        why.push("its input is quantized: black and white are the ends of its range".into());
        return [low, high].map(|end| scale * (end - zero) as f32);
    }
    if ty.dtype == DType::U8 {
        return [0.0, 255.0];
    }
    let range = match task {
        Task::Matte | Task::Contour { .. } | Task::Depth | Task::Heat => [0.0, 1.0],
        _ => [-1.0, 1.0],
    };
    why.push(format!("models of this kind usually take {} for black and {} for white", range[0], range[1]));
    range
}

fn usual_fit(task: &Task) -> Fit {
    match task {
        Task::Faces { .. } | Task::Pose { .. } => Fit::Letterbox,
        Task::Labels { .. } => Fit::Center,
        _ => Fit::Stretch,
    }
}

fn fit_of(fit: CardFit) -> Fit {
    match fit {
        CardFit::Stretch => Fit::Stretch,
        CardFit::Letterbox => Fit::Letterbox,
        CardFit::Center | CardFit::Crop => Fit::Center,
    }
}
