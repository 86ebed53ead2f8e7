//! What the models of the field find in pictures, on each backend: the task's result rather than its numbers.
//!
//! A result is judged by LiteRT's on the same input, by a picture's label or published mask, or, where LiteRT cannot run
//! the model, by another network that looks for the same. The table is kept in `tests/snapshots/tasks.md`:
//! `MATTE_UPDATE_SNAPSHOTS=1 cargo test --release --workspace results` writes it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use matte::camera::load_picture;
use matte::catalogue::{FACES_NEAR, Shelf, entry_of};
use matte::cli::npz;
use matte::pipeline::frame::PixelFormat;
use matte::pipeline::{Frame, Rect};
use matte::segment::Network;
use matte::task::boxes::Face;
use matte::task::pose::Body;
use matte::task::{Contour, Output, Sight, face_crop, sight};
use matte_engine::Session;
use matte_engine::tensor::Tensor;

use crate::pipeline::device::{Gpu, gpu};

/// What a model is shown.
#[derive(Clone, Copy)]
enum Shown {
    /// The input of LiteRT's golden of this name.
    Golden(&'static str),
    /// A picture of the folder `media`, as the application would show it.
    Picture(&'static str),
}

/// A model, what it is shown, what has to come of it, and what says whether it did.
struct Row {
    model: &'static str,
    shown: Shown,
    wanted: &'static str,
    judge: fn(&Outcome) -> Verdict,
}

/// What was found, or how that misses what was wanted.
type Verdict = Result<String, String>;

const fn row(model: &'static str, shown: Shown, wanted: &'static str, judge: fn(&Outcome) -> Verdict) -> Row {
    Row { model, shown, wanted, judge }
}

const SAME_PERSON: &str = "LiteRT's mask: intersection over union at least 0.999";
const PERSON: &str = "the published mask: intersection over union at least 0.9";
const REFINED: &str = "468 points where face_landmark has them, on average within a fortieth of the face's width; \
    refined lips at the mouth, irises in the eyes";
const SAME_CLASSES: &str = "LiteRT's class in 99.9 % of the pixels";

const ROWS: &[Row] = &[
    row("bundle/selfie_segmentation", Shown::Golden("selfie_segmentation"), SAME_PERSON, same_mask),
    row("bundle/selfie_segmentation", Shown::Picture("portrait.jpg"), PERSON, person),
    row("bundle/selfie_segmentation", Shown::Picture("three_people.jpg"), PERSON, person),
    row(
        "bundle/selfie_segmentation_landscape",
        Shown::Golden("selfie_segmentation_landscape"),
        SAME_PERSON,
        same_mask,
    ),
    row("bundle/selfie_segmentation_landscape", Shown::Picture("portrait.jpg"), PERSON, person),
    row("reference/deeplabv3_257_mv_gpu", Shown::Golden("deeplabv3_257_mv_gpu"), SAME_CLASSES, same_classes),
    row(
        "reference/deeplabv3_257_mv_gpu",
        Shown::Golden("deeplabv3_257_mv_gpu"),
        "the published class in 99.9 % of the pixels",
        published_classes,
    ),
    row("reference/mobilenet_v1_0.25_224", Shown::Picture("burger.jpg"), "cheeseburger", top_class),
    row("reference/mobilenet_v1_0.25_224", Shown::Picture("coffee.png"), "espresso", top_class),
    row("reference/mobilenet_v1_0.25_224_quant", Shown::Picture("burger.jpg"), "cheeseburger", top_class),
    row("reference/mobilenet_v1_0.25_224_quant", Shown::Picture("coffee.png"), "espresso", top_class),
    row("reference/mobilenet_v1_1.0_224_quant", Shown::Picture("burger.jpg"), "cheeseburger", top_class),
    row("reference/mobilenet_v1_1.0_224_quant", Shown::Picture("coffee.png"), "espresso", top_class),
    row(
        "reference/mobilenet_v1_1.0_224_quant",
        Shown::Picture("grace_hopper.jpg"),
        "military uniform",
        top_class,
    ),
    row(
        "bundle/posenet_mobilenet_v1_075_257",
        Shown::Golden("posenet_mobilenet_v1_075_257"),
        "LiteRT's one body, joints within a tenth of a pixel",
        same_bodies,
    ),
    row(
        "bundle/posenet_mobilenet_v1_075_257",
        Shown::Picture("three_people.jpg"),
        "three bodies, heads above shoulders above hips",
        three_bodies,
    ),
    row(
        "reference/ssd_mobilenet_v1_coco_quant",
        Shown::Golden("ssd_mobilenet_v1_coco_quant"),
        "LiteRT's ten classes, their boxes within 1 % of the picture",
        same_things,
    ),
    row(
        "bundle/face_detection_short_range",
        Shown::Golden("face_detection_short_range"),
        "LiteRT's one face, box and points within a tenth of a pixel",
        same_faces,
    ),
    row(
        "reference/face_detection_full_range_sparse",
        Shown::Picture("grace_hopper.jpg"),
        "the face that the other detector finds: eyes and nose within a tenth of its width",
        face_of_the_other_detector,
    ),
    row(
        "bundle/face_landmark",
        Shown::Golden("face_landmark"),
        "LiteRT's 468 points within a tenth of a pixel",
        same_contour,
    ),
    row(
        "reference/face_landmark_with_attention",
        Shown::Picture("grace_hopper.jpg"),
        REFINED,
        refined_contour,
    ),
    row("reference/hair_segmentation", Shown::Golden("hair_segmentation"), SAME_CLASSES, same_classes),
    row(
        "reference/fastdepth_224",
        Shown::Golden("fastdepth_224"),
        "LiteRT's distances within a millimeter",
        same_distances,
    ),
    row(
        "reference/fastdepth_224",
        Shown::Picture("depth_portrait.jpg"),
        "the person nearer than what is behind",
        person_is_near,
    ),
    row(
        "reference/fastdepth_quant",
        Shown::Picture("depth_portrait.jpg"),
        "the person nearer than what is behind",
        person_is_near,
    ),
];

/// What came of a row on a backend.
struct Outcome<'a> {
    row: &'a Row,
    shared: &'a Path,
    network: &'a Network,
    /// The shown picture's size, and the part of it that the network saw.
    size: (u32, u32),
    crop: Rect,
    outputs: Vec<Tensor>,
    /// LiteRT's outputs, where there is a golden.
    golden: Vec<Tensor>,
}

impl Outcome<'_> {
    fn sight_of(&self, outputs: &[Tensor]) -> Result<Sight, String> {
        sight_of(self.network, outputs, self.crop)
    }

    /// What was found and what LiteRT found.
    fn sights(&self) -> Result<[Sight; 2], String> {
        Ok([self.sight_of(&self.outputs)?, self.sight_of(&self.golden)?])
    }

    fn picture(&self, name: &str) -> image::DynamicImage {
        image::open(self.shared.join("media").join(name)).expect("the picture is at hand")
    }

    /// Width and height of the first output, `[1, h, w, c]` or `[1, 1, h, w]`.
    fn grid(&self) -> [usize; 2] {
        match *self.outputs[0].shape() {
            [1, 1, h, w] => [w, h],
            [_, h, w, _] => [w, h],
            ref other => unreachable!("a map, not {other:?}"),
        }
    }

    /// The pixel of the shown picture under the middle of a cell of the first output.
    fn pixel_under(&self, cell: usize) -> [u32; 2] {
        let [width, height] = self.grid();
        let along = |from: f32, length: f32, at: usize, cells: usize, limit: u32| {
            let place = from + (at as f32 + 0.5) / cells as f32 * length;
            (place.max(0.0) as u32).min(limit - 1)
        };
        let Rect { x, y, width: across, height: down } = self.crop;
        [
            along(x, across, cell % width, width, self.size.0),
            along(y, down, cell / width, height, self.size.1),
        ]
    }
}

/// What a network's outputs for a part of a picture say.
fn sight_of(network: &Network, outputs: &[Tensor], crop: Rect) -> Result<Sight, String> {
    let task = &network.reading.task;
    let read = task.read();
    let values: Vec<Vec<f32>> = read.iter().map(|&index| reals(&outputs[index])).collect();
    let outputs: Vec<Output<'_>> = read
        .iter()
        .zip(&values)
        .map(|(&index, values)| Output { values, shape: outputs[index].shape() })
        .collect();
    let found = sight(task, &outputs, &network.reading.input, crop);
    found.ok_or_else(|| format!("its outputs are no {}", task.title()))
}

fn reals(tensor: &Tensor) -> Vec<f32> {
    tensor.to_reals().expect("the output is made of numbers")
}

fn judged(holds: bool, text: String) -> Verdict {
    if holds { Ok(text) } else { Err(text) }
}

/// Common part over union of two sets of cells.
fn overlap(pairs: impl Iterator<Item = (bool, bool)>) -> f64 {
    let (both, either) = pairs
        .fold((0u32, 0u32), |(both, either), (a, b)| (both + u32::from(a && b), either + u32::from(a || b)));
    f64::from(both) / f64::from(either.max(1))
}

fn same_mask(outcome: &Outcome) -> Verdict {
    let [mask, golden] = [&outcome.outputs[0], &outcome.golden[0]].map(reals);
    let covered = overlap(mask.iter().zip(&golden).map(|(a, b)| (*a > 0.5, *b > 0.5)));
    judged(covered >= 0.999, format!("{covered:.4}"))
}

fn person(outcome: &Outcome) -> Verdict {
    let Shown::Picture(shown) = outcome.row.shown else { unreachable!("a picture") };
    let (golden, mark) = match shown {
        "portrait.jpg" => ("portrait_segmentation_golden.png", [0, 0, 255]),
        _ => ("three_people_binary_segmentation_golden.png", [255, 0, 0]),
    };
    let golden = outcome.picture(golden).into_rgb8();
    let mask = reals(&outcome.outputs[0]);
    let pairs = mask.iter().enumerate().map(|(cell, value)| {
        let [x, y] = outcome.pixel_under(cell);
        (*value > 0.5, golden.get_pixel(x, y).0 == mark)
    });
    let covered = overlap(pairs);
    judged(covered >= 0.9, format!("{covered:.3}"))
}

/// The greatest class of each pixel.
fn classes(scores: &Tensor) -> Vec<usize> {
    let count = *scores.shape().last().expect("classes lie along the last axis");
    let greatest = |scores: &[f32]| (0..count).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    reals(scores).chunks_exact(count).filter_map(greatest).collect()
}

fn equal_part(a: &[usize], b: &[usize]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / a.len() as f64
}

fn same_classes(outcome: &Outcome) -> Verdict {
    let equal = equal_part(&classes(&outcome.outputs[0]), &classes(&outcome.golden[0]));
    judged(equal >= 0.999, format!("{:.3} %", 100.0 * equal))
}

fn published_classes(outcome: &Outcome) -> Verdict {
    // Gray is ten times the class.
    let golden = outcome.picture("deeplab_golden.png").into_luma8();
    let golden: Vec<usize> = golden.pixels().map(|pixel| usize::from(pixel.0[0] / 10)).collect();
    let equal = equal_part(&classes(&outcome.outputs[0]), &golden);
    judged(equal >= 0.999, format!("{:.3} %", 100.0 * equal))
}

fn top_class(outcome: &Outcome) -> Verdict {
    let labels = fs::read_to_string(outcome.shared.join("models/reference/imagenet_1001.labels.txt"));
    let labels = labels.expect("the classes' names are at hand");
    let scores = &outcome.outputs[0];
    let class = classes(scores)[0];
    let label = labels.lines().nth(class).expect("every class has a name");
    judged(label == outcome.row.wanted, format!("{label} {:.2}", reals(scores)[class]))
}

fn bodies(sight: Sight) -> Vec<Body> {
    match sight {
        Sight::Bodies(bodies) => bodies,
        other => unreachable!("bodies, not {other:?}"),
    }
}

/// The greatest distance between points of two lists.
fn apart<'a>(a: impl Iterator<Item = &'a [f32; 2]>, b: impl Iterator<Item = &'a [f32; 2]>) -> f32 {
    a.zip(b).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).fold(0.0, f32::max)
}

fn same_bodies(outcome: &Outcome) -> Verdict {
    let [found, golden] = outcome.sights()?.map(bodies);
    let ([body], [wanted]) = (&found[..], &golden[..]) else {
        return Err(format!("{} bodies, LiteRT has {}", found.len(), golden.len()));
    };
    let far = apart(body.joints.iter().map(|joint| &joint.0), wanted.joints.iter().map(|joint| &joint.0));
    judged(far < 0.1, format!("17 joints, {far:.4} pixels apart"))
}

fn three_bodies(outcome: &Outcome) -> Verdict {
    let found = bodies(outcome.sight_of(&outcome.outputs)?);
    let stands = |body: &Body| {
        let height = |joint: usize| body.joints[joint].0[1];
        height(0) < height(5) && height(5) < height(11)
    };
    judged(found.len() == 3 && found.iter().all(stands), format!("{} bodies", found.len()))
}

fn same_things(outcome: &Outcome) -> Verdict {
    let [boxes, wanted] = [&outcome.outputs[0], &outcome.golden[0]].map(reals);
    let equal = (1..4).all(|index| outcome.outputs[index].shape() == outcome.golden[index].shape())
        && reals(&outcome.outputs[1]) == reals(&outcome.golden[1])
        && reals(&outcome.outputs[3]) == reals(&outcome.golden[3]);
    let far = boxes.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let classes = if equal { "equal classes" } else { "other classes" };
    judged(equal && far < 0.01, format!("{classes}, boxes {far:.4} apart"))
}

fn faces(sight: Sight) -> Vec<Face> {
    match sight {
        Sight::Faces(faces) => faces,
        other => unreachable!("faces, not {other:?}"),
    }
}

fn same_faces(outcome: &Outcome) -> Verdict {
    let [found, golden] = outcome.sights()?.map(faces);
    let ([face], [wanted]) = (&found[..], &golden[..]) else {
        return Err(format!("{} faces, LiteRT has {}", found.len(), golden.len()));
    };
    let corners = |face: &Face| [[face.corners[0], face.corners[1]], [face.corners[2], face.corners[3]]];
    let far = apart(corners(face).iter(), corners(wanted).iter());
    let far = far.max(apart(face.points.iter(), wanted.points.iter()));
    judged(far < 0.1, format!("one face, {far:.4} pixels apart"))
}

fn face_of_the_other_detector(outcome: &Outcome) -> Verdict {
    let Shown::Picture(shown) = outcome.row.shown else { unreachable!("a picture") };
    let wanted = face_in(&frame_of(&outcome.shared.join("media").join(shown)));
    let found = faces(outcome.sight_of(&outcome.outputs)?);
    let [face] = &found[..] else { return Err(format!("{} faces", found.len())) };
    let far = apart(face.points[..3].iter(), wanted.points[..3].iter());
    let part = far / (wanted.corners[2] - wanted.corners[0]);
    judged(part < 0.1, format!("one face, {part:.3} of its width apart"))
}

/// What a bundled network finds in a part of a frame, on the CPU.
fn sight_on_the_cpu(name: &str, frame: &Frame, crop: Rect) -> Sight {
    let network = Network::bundled(entry_of(name).expect("a model of the catalogue")).expect("a bundled one");
    let mut session = Session::builder(&network.model).build().expect("it runs on the CPU");
    let outputs = session.run(&network.inputs(frame, crop, 1.0).expect("an input")).expect("it runs");
    sight_of(&network, &outputs, crop).expect("its outputs are read")
}

/// The one face that the bundled detector finds in a frame.
fn face_in(frame: &Frame) -> Face {
    let size = (frame.width(), frame.height());
    let detector = Network::bundled(&FACES_NEAR).expect("a bundled network");
    let found = faces(sight_on_the_cpu(FACES_NEAR.name, frame, detector.fit.crop(size, detector.size)));
    found.into_iter().next().expect("a face")
}

fn contour(sight: Sight) -> Result<Contour, String> {
    match sight {
        Sight::Contour(contour) => contour.ok_or_else(|| "no face".into()),
        other => unreachable!("a contour, not {other:?}"),
    }
}

fn same_contour(outcome: &Outcome) -> Verdict {
    let [found, golden] = outcome.sights()?.map(contour);
    let (found, golden) = (found?, golden?);
    let far = apart(found.points.iter(), golden.points.iter());
    judged(far < 0.1, format!("{} points, {far:.4} pixels apart", found.points.len()))
}

/// Points of the mouth's corners and of its lips' outer edges in the middle; the corners of the right and the left eye.
const MOUTH: [usize; 4] = [61, 291, 0, 17];
const EYES: [[usize; 2]; 2] = [[33, 133], [362, 263]];

/// The box around points: left, top, right, bottom.
fn bounds(points: impl Iterator<Item = [f32; 2]>) -> [f32; 4] {
    points.fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |[left, top, right, bottom], [x, y]| {
        [left.min(x), top.min(y), right.max(x), bottom.max(y)]
    })
}

fn refined_contour(outcome: &Outcome) -> Verdict {
    let Shown::Picture(shown) = outcome.row.shown else { unreachable!("a picture") };
    let frame = frame_of(&outcome.shared.join("media").join(shown));
    let coarse = contour(sight_on_the_cpu("face_landmark", &frame, outcome.crop))?.points;
    let found = contour(outcome.sight_of(&outcome.outputs)?)?;
    let [left, _, right, _] = bounds(coarse.iter().copied());
    let width = right - left;
    let distance = |(a, b): (&[f32; 2], &[f32; 2])| (a[0] - b[0]).hypot(a[1] - b[1]);
    let mean = found.points.iter().zip(&coarse).map(distance).sum::<f32>() / coarse.len() as f32 / width;
    // The outputs after the points: 80 of the lips, 71 around each eye, 5 of each iris.
    let [lips, _, _, irises @ ..] = &[80, 71, 71, 5, 5].map({
        let mut rest = &found.refined[..];
        move |count: usize| {
            let (part, others) = rest.split_at(count.min(rest.len()));
            rest = others;
            part
        }
    });
    let [left, top, right, bottom] = bounds(MOUTH.iter().map(|&index| coarse[index]));
    let margin = width / 20.0;
    let at_mouth = lips.iter().filter(|[x, y]| {
        (left - margin..right + margin).contains(x) && (top - margin..bottom + margin).contains(y)
    });
    let at_mouth = at_mouth.count();
    // An iris's first point is its middle.
    let in_eye = |(iris, corners): (&&[[f32; 2]], &[usize; 2])| {
        let [a, b] = corners.map(|index| coarse[index]);
        (a[0]..b[0]).contains(&iris[0][0]) && (iris[0][1] - (a[1] + b[1]) / 2.0).abs() < margin
    };
    let irises = irises.iter().zip(&EYES).filter(|&pair| in_eye(pair)).count();
    judged(
        mean < 1.0 / 40.0 && at_mouth == 80 && irises == 2,
        format!("{mean:.3} of its width apart, {at_mouth} of 80 at the mouth, {irises} irises in the eyes"),
    )
}

fn same_distances(outcome: &Outcome) -> Verdict {
    let [found, golden] = [&outcome.outputs[0], &outcome.golden[0]].map(reals);
    let far = found.iter().zip(&golden).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    judged(far < 1e-3, format!("{:.4} mm apart", 1000.0 * far))
}

fn person_is_near(outcome: &Outcome) -> Verdict {
    let distances = reals(&outcome.outputs[0]);
    let [width, height] = outcome.grid();
    // The person stands in the middle, the room behind is to be seen in the upper corners.
    let mean = |[left, top, right, bottom]: [f32; 4]| {
        let inside = |cell: &usize| {
            let x = (cell % width) as f32 / width as f32;
            let y = (cell / width) as f32 / height as f32;
            (left..right).contains(&x) && (top..bottom).contains(&y)
        };
        let chosen: Vec<f32> = (0..width * height).filter(inside).map(|cell| distances[cell]).collect();
        chosen.iter().sum::<f32>() / chosen.len() as f32
    };
    let person = mean([0.4, 0.5, 0.6, 0.9]);
    let behind = mean([0.0, 0.0, 0.15, 0.15]).min(mean([0.85, 0.0, 1.0, 0.15]));
    judged(person + 0.1 < behind, format!("{person:.2} m before {behind:.2} m"))
}

fn frame_of(picture: &Path) -> Frame {
    let picture = load_picture(picture).expect("a picture");
    let (width, height) = picture.dimensions();
    Frame::new(PixelFormat::Rgba, width, height, picture.into_raw()).expect("the bytes fit")
}

/// The arrays of a golden whose names begin so, in their order.
fn golden(shared: &Path, name: &str, prefix: &str) -> Vec<Tensor> {
    let path = shared.join(format!("models/goldens/{name}.npz"));
    let mut arrays = npz::read(&path, |array| array.starts_with(prefix)).expect("the golden is at hand");
    arrays.sort_by(|a, b| a.0.cmp(&b.0));
    arrays.into_iter().map(|(_, tensor)| tensor).collect()
}

/// What comes of a row on the backends: the CPU, then the GPU.
fn verdicts(row: &Row, shared: &Path, gpu: &Gpu) -> Vec<Verdict> {
    let mut shelf = Shelf::new().expect("a whole catalogue");
    let path = shared.join(format!("models/{}.tflite", row.model));
    let index = shelf.add_file(&path).expect("a model");
    let network = Network::of_item(shelf.item(index).expect("on the shelf")).expect("it is understood");
    let (inputs, size, crop, golden) = match row.shown {
        Shown::Golden(name) => {
            let given = golden(shared, name, "in");
            let typed = |(tensor, ty): (&Tensor, &&matte_engine::tensor::TensorType)| {
                tensor.with_type((*ty).clone()).expect("the golden is this model's")
            };
            let inputs = given.iter().zip(&network.model.inputs()).map(typed).collect();
            (inputs, network.size, Rect::of_size(network.size), golden(shared, name, "out"))
        }
        Shown::Picture(name) => {
            let frame = frame_of(&shared.join("media").join(name));
            let size = (frame.width(), frame.height());
            let crop = match network.finder {
                Some(_) => face_crop(&face_in(&frame)),
                None => network.fit.crop(size, network.size),
            };
            (network.inputs(&frame, crop, 1.0).expect("an input"), size, crop, Vec::new())
        }
    };
    let on_cpu = Session::builder(&network.model).threads(2);
    let on_gpu = Session::builder(&network.model).gpu(&gpu.device, &gpu.queue);
    [on_cpu, on_gpu]
        .into_iter()
        .map(|builder| {
            let outputs = builder.build().and_then(|mut session| session.run(&inputs));
            let outputs = outputs.map_err(|error| error.to_string())?;
            let golden = golden.clone();
            (row.judge)(&Outcome { row, shared, network: &network, size, crop, outputs, golden })
        })
        .collect()
}

impl Row {
    /// What the table says of it whatever was found: model, what it is shown, what is wanted.
    fn head(&self) -> String {
        let shown = match self.shown {
            Shown::Golden(_) => "the golden's",
            Shown::Picture(name) => name,
        };
        format!("| {} | {shown} | {} |", self.model, self.wanted)
    }
}

#[test]
fn every_model_of_the_field_does_its_task_on_both_backends() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shared = std::env::var_os("MATTE_TEST_DATA").map_or_else(|| root.join("../shared"), PathBuf::from);
    if !shared.join("models/reference").is_dir() {
        return println!("SKIPPED: the models are not at hand; MATTE_TEST_DATA names their folder");
    }
    let Some(gpu) = gpu("every_model_of_the_field_does_its_task_on_both_backends") else { return };
    let mut table = String::from(HEAD);
    let mut failures = Vec::new();
    for row in ROWS {
        let verdicts = verdicts(row, &shared, gpu);
        let mut line = row.head();
        for (verdict, backend) in verdicts.iter().zip(["CPU", "GPU"]) {
            let (Ok(text) | Err(text)) = verdict;
            let _ = write!(line, " {text} |");
            if verdict.is_err() {
                failures.push(format!("{} on the {backend}: {text}", row.head()));
            }
        }
        println!("{line}");
        let _ = writeln!(table, "{line}");
    }
    assert!(failures.is_empty(), "{} results are wrong:\n{}", failures.len(), failures.join("\n"));
    let path = root.join("tests/snapshots/tasks.md");
    if std::env::var_os("MATTE_UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        return fs::write(path, table).expect("the table is written");
    }
    // The figures depend on the machine; the rows do not.
    let kept = fs::read_to_string(path).expect("the table is kept");
    let rows: Vec<&str> = kept.lines().skip(HEAD.lines().count()).collect();
    let same =
        rows.len() == ROWS.len() && rows.iter().zip(ROWS).all(|(line, row)| line.starts_with(&row.head()));
    assert!(same, "MATTE_UPDATE_SNAPSHOTS=1 writes the table anew");
}

const HEAD: &str = "\
# What the models find in pictures

Each model's task on each backend, judged by LiteRT's result for the same input, by a picture's label or mask, or by another
network. `MATTE_UPDATE_SNAPSHOTS=1 cargo test --release --workspace results` writes this table; the test holds what the third
column wants. How near the numbers themselves are is in `conformance.md`.

| model | picture | wanted | CPU | GPU |
|---|---|---|---|---|
";
