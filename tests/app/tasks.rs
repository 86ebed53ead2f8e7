//! Models of every kind on pictures, through the pipeline, on the GPU and on the CPU: the right class, box, joint, point.

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use matte::camera::load_picture;
use matte::catalogue::Shelf;
use matte::pipeline::frame::PixelFormat;
use matte::pipeline::{Annotation, Frame, Gaze, Pipeline, Rect, Settings, Target, readback};
use matte::segment::{Backend, Drawn, Engine, Network, OnGpu, Precision, Segmenter};
use matte::task::{Sight, Task};

use crate::pipeline::device::{Gpu, gpu};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the folder with more files, or none after a line that says so.
fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("MATTE_TEST_DATA").map_or_else(|| root().join("../shared"), PathBuf::from);
    let path = folder.join(name);
    if !path.is_file() {
        println!("SKIPPED: {} is not at hand; MATTE_TEST_DATA names its folder", path.display());
        return None;
    }
    Some(path)
}

fn model(name: &str) -> Option<PathBuf> {
    shared(&format!("models/reference/{name}.tflite"))
}

/// What came of one model on one picture.
struct Outcome {
    task: Task,
    sight: Option<Sight>,
    /// The picture with everything drawn over it.
    drawn: Vec<u8>,
    plain: Vec<u8>,
    recorded: bool,
}

/// Shows a picture to a model on a backend, until it has nothing more to tell.
fn outcome(gpu: &Gpu, model: &str, backend: Backend, picture: &Path) -> Outcome {
    let mut shelf = Shelf::new().expect("a whole catalogue");
    let index = shelf.index_of(model).expect("a model");
    let network =
        Network::of_item(shelf.item(index).expect("on the shelf")).expect("the model is understood");
    let (task, mask_size) = (network.reading.task.clone(), network.mask_size);
    let (sender, answers) = channel();
    let wake = Box::new(move || _ = sender.send(()));
    let engine = Engine { backend, precision: Precision::F32, threads: 2, model: index };
    let segmenter = Segmenter::new(network, engine, &gpu.device, &gpu.queue, wake).expect("the model runs");
    let picture = load_picture(picture).expect("a picture");
    let size = picture.dimensions();
    let frame = Frame::new(PixelFormat::Rgba, size.0, size.1, picture.into_raw()).expect("the bytes fit");
    let mut pipeline = gpu.pipeline();
    pipeline.upload(&frame).expect("it fits");
    let plain = render(gpu, &mut pipeline, size, &Annotation::default());
    match segmenter {
        Segmenter::Gpu(mut network) => {
            network.settle(&pipeline).expect("it runs");
            let sight = network.sight().cloned();
            let drawn = render(gpu, &mut pipeline, size, &network.annotation());
            Outcome { task, sight, drawn, plain, recorded: true }
        }
        Segmenter::Cpu(network) => {
            network.offer(frame.into(), Gaze::default());
            answers.recv_timeout(Duration::from_secs(120)).expect("an answer");
            let answer = network.take().expect("an answer").expect("it runs");
            let drawn = Drawn::new(&answer, None, &gpu.device, &gpu.queue);
            assert_eq!(answer.mask.is_empty(), !task.is_mask());
            assert!(!task.is_mask() || answer.mask.len() == (mask_size.0 * mask_size.1) as usize);
            let sight = answer.sight.clone();
            let drawn = render(gpu, &mut pipeline, size, &drawn.annotation());
            Outcome { task, sight, drawn, plain, recorded: false }
        }
    }
}

fn render(gpu: &Gpu, pipeline: &mut Pipeline, size: (u32, u32), annotation: &Annotation<'_>) -> Vec<u8> {
    let (texture, view) = gpu.target(size, wgpu::TextureFormat::Rgba8Unorm);
    let target = Target { view: &view, viewport: Rect::of_size(size) };
    let settings = Settings::DEFAULT.without_mask();
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    pipeline.encode(&mut encoder, &settings, None, target);
    pipeline.annotate(&mut encoder, &settings, annotation, target);
    gpu.queue.submit([encoder.finish()]);
    gpu.read(|gpu| readback::read_texture(&gpu.device, &gpu.queue, &texture))
}

/// The part of the pixels that drawing changed.
fn changed(outcome: &Outcome) -> f64 {
    let pixels = outcome.plain.chunks_exact(4).zip(outcome.drawn.chunks_exact(4));
    let count = pixels.len();
    pixels.filter(|(a, b)| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 12)).count() as f64 / count as f64
}

/// The outcome on both backends; that on the GPU first.
fn both(test: &str, model: &str, picture: &Path) -> Option<[Outcome; 2]> {
    let gpu = gpu(test)?;
    Some([Backend::Gpu, Backend::Cpu].map(|backend| outcome(gpu, model, backend, picture)))
}

fn asset(name: &str) -> PathBuf {
    root().join("assets/pictures").join(name)
}

/// Within a twentieth of a picture's side.
fn near(a: f32, b: f32, side: f32) -> bool {
    (a - b).abs() < side / 20.0
}

#[test]
fn a_face_is_found_in_its_box() {
    let Some(outcomes) =
        both("a_face_is_found_in_its_box", "face_detection_short_range", &asset("grace_hopper.jpg"))
    else {
        return;
    };
    for outcome in outcomes {
        let Some(Sight::Faces(faces)) = &outcome.sight else {
            unreachable!("faces, not {:?}", outcome.sight)
        };
        let [face] = &faces[..] else { unreachable!("one face, not {faces:?}") };
        println!("{face:?}");
        let [left, top, right, bottom] = face.corners;
        let [right_eye, left_eye, nose, mouth, ..] = face.points;
        assert!(face.score > 0.8 && right - left > 60.0 && bottom - top > 60.0, "{face:?}");
        assert!(right_eye[0] < nose[0] && nose[0] < left_eye[0] && nose[1] < mouth[1], "{face:?}");
        assert!((0.001..0.2).contains(&changed(&outcome)), "{}", changed(&outcome));
    }
}

#[test]
fn a_faces_contour_lies_within_its_box_on_both_backends() {
    let picture = asset("grace_hopper.jpg");
    let test = "a_faces_contour_lies_within_its_box_on_both_backends";
    let Some(outcomes) = both(test, "face_landmark", &picture) else { return };
    let contours = outcomes.each_ref().map(|outcome| match &outcome.sight {
        Some(Sight::Contour(Some(contour))) => contour.clone(),
        other => unreachable!("a contour, not {other:?}"),
    });
    assert!(outcomes[0].recorded);
    for (contour, outcome) in contours.iter().zip(&outcomes) {
        assert!(contour.score > 0.9 && contour.points.len() == 468);
        // Chin below nose below forehead; the eyes to the sides of the nose.
        let at = |index: usize| contour.points[index];
        assert!(at(10)[1] < at(1)[1] && at(1)[1] < at(152)[1], "{:?}", [at(10), at(1), at(152)]);
        assert!(at(33)[0] < at(1)[0] && at(1)[0] < at(263)[0]);
        assert!((0.005..0.3).contains(&changed(outcome)), "{}", changed(outcome));
    }
    let apart = contours[0].points.iter().zip(&contours[1].points);
    let worst = apart.map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).fold(0.0, f32::max);
    assert!(worst < 2.0, "the backends' points lie {worst} pixels apart");
}

#[test]
fn nobodys_face_has_no_contour() {
    let Some(coffee) = shared("media/coffee.png") else { return };
    let Some(outcomes) = both("nobodys_face_has_no_contour", "face_landmark", &coffee) else { return };
    for outcome in outcomes {
        assert_eq!(outcome.sight, Some(Sight::Contour(None)));
        assert_eq!(changed(&outcome), 0.0);
    }
}

#[test]
fn a_body_stands_where_it_is() {
    let Some(picture) = shared("media/pose.jpg") else { return };
    let Some(outcomes) = both("a_body_stands_where_it_is", "posenet_mobilenet_v1_075_257", &picture) else {
        return;
    };
    let noses = outcomes.each_ref().map(|outcome| {
        let Some(Sight::Bodies(bodies)) = &outcome.sight else {
            unreachable!("bodies, not {:?}", outcome.sight)
        };
        let body = bodies.first().expect("a body");
        println!("{body:?}");
        let at = |joint: usize| body.joints[joint].0;
        let sure = body.joints.iter().filter(|joint| joint.1 > 0.3).count();
        assert!(sure >= 12, "{sure} joints are sure");
        assert!(at(0)[1] < at(5)[1] && at(5)[1] < at(11)[1] && at(11)[1] < at(15)[1], "from head to foot");
        assert!((0.002..0.2).contains(&changed(outcome)), "{}", changed(outcome));
        at(0)
    });
    assert!(noses[0].iter().zip(noses[1]).all(|(a, b)| near(*a, b, 400.0)), "{noses:?}");
}

#[test]
fn three_people_are_three_bodies() {
    let Some(picture) = shared("media/three_people.jpg") else { return };
    let Some(gpu) = gpu("three_people_are_three_bodies") else { return };
    let outcome = outcome(gpu, "posenet_mobilenet_v1_075_257", Backend::Gpu, &picture);
    let Some(Sight::Bodies(bodies)) = &outcome.sight else { unreachable!("bodies, not {:?}", outcome.sight) };
    assert_eq!(bodies.len(), 3, "{bodies:?}");
}

#[test]
fn a_burger_is_the_likeliest_of_five() {
    let Some(burger) = shared("media/burger.jpg") else { return };
    for name in ["mobilenet_v1_0.25_224", "mobilenet_v1_0.25_224_quant"] {
        let Some(model) = model(name) else { return };
        let Some(outcomes) = both("a_burger_is_the_likeliest_of_five", &model.to_string_lossy(), &burger)
        else {
            return;
        };
        for outcome in outcomes {
            let Some(Sight::Labels(labels)) = &outcome.sight else {
                unreachable!("labels, not {:?}", outcome.sight)
            };
            println!("{labels:?}");
            assert_eq!((labels.len(), labels[0].0.as_str()), (5, "cheeseburger"));
            assert!(labels.is_sorted_by(|a, b| a.1 >= b.1) && labels[0].1 <= 1.0);
            assert!(changed(&outcome) > 0.01);
        }
    }
}

#[test]
fn cats_and_dogs_are_boxed_by_name() {
    let (Some(model), Some(picture)) =
        (model("ssd_mobilenet_v1_coco_quant"), shared("media/cats_and_dogs.jpg"))
    else {
        return;
    };
    let test = "cats_and_dogs_are_boxed_by_name";
    let Some(outcomes) = both(test, &model.to_string_lossy(), &picture) else { return };
    for outcome in outcomes {
        let Some(Sight::Things(things)) = &outcome.sight else {
            unreachable!("things, not {:?}", outcome.sight)
        };
        println!("{things:?}");
        // One cat lies at the left, in the lower half.
        let cat = |(name, thing): &(String, matte::task::boxes::Thing)| {
            name == "cat" && thing.corners[2] < 460.0 && thing.corners[1] > 300.0
        };
        assert!(things.iter().any(cat), "{things:?}");
        assert!(!outcome.recorded, "the post-processing runs on the CPU");
        assert!(changed(&outcome) > 0.005);
    }
}

#[test]
fn classes_are_masks_of_what_is_kept() {
    let (Some(model), Some(picture)) = (model("deeplabv3_257_mv_gpu"), shared("media/deeplab_input.jpg"))
    else {
        return;
    };
    let Some(golden) = shared("media/deeplab_golden.png") else { return };
    let Some(gpu) = gpu("classes_are_masks_of_what_is_kept") else { return };
    let golden = image::open(golden).expect("a picture").into_luma8();
    // Grey is ten times the class; the commonest class but the background is the one to keep.
    let mut counts = [0usize; 21];
    golden.pixels().for_each(|pixel| counts[usize::from(pixel[0] / 10).min(20)] += 1);
    let class = (1..21).max_by_key(|&class| counts[class]).expect("a class");
    let wanted = counts[class] as f64 / f64::from(golden.width() * golden.height());
    println!("class {class} covers {wanted}");
    for backend in [Backend::Gpu, Backend::Cpu] {
        let cover = kept_cover(gpu, &model, backend, &picture, class);
        assert!((cover - wanted).abs() < 0.02, "{backend:?}: {cover} of the picture is kept, not {wanted}");
    }
}

/// The part of a picture that is one class, by the mask that the pipeline shows.
fn kept_cover(gpu: &Gpu, model: &Path, backend: Backend, picture: &Path, class: usize) -> f64 {
    let mut shelf = Shelf::new().expect("a whole catalogue");
    let index = shelf.add_file(model).expect("a model");
    let network = Network::of_item(shelf.item(index).expect("on the shelf")).expect("understood");
    let Task::Classes { labels, keep, .. } = network.reading.task.clone() else {
        unreachable!("a segmentation")
    };
    assert_eq!((labels.len(), labels[15].as_str(), keep[15]), (21, "person", true));
    let mask_size = network.mask_size;
    let (sender, answers) = channel();
    let wake = Box::new(move || _ = sender.send(()));
    let engine = Engine { backend, precision: Precision::F32, threads: 2, model: index };
    let mut segmenter = Segmenter::new(network, engine, &gpu.device, &gpu.queue, wake).expect("it runs");
    segmenter.keep(&(0..21).map(|index| index == class).collect::<Vec<_>>());
    let picture = load_picture(picture).expect("a picture");
    let size = picture.dimensions();
    let frame = Frame::new(PixelFormat::Rgba, size.0, size.1, picture.into_raw()).expect("the bytes fit");
    let mut pipeline = gpu.pipeline();
    pipeline.upload(&frame).expect("it fits");
    let settings = Settings { view: matte::pipeline::View::Mask, ..Settings::DEFAULT };
    let (texture, view) = gpu.target(size, wgpu::TextureFormat::Rgba8Unorm);
    let target = Target { view: &view, viewport: Rect::of_size(size) };
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    match &mut segmenter {
        Segmenter::Gpu(network) => {
            let mask = network.record(&pipeline, &mut encoder).expect("a mask");
            pipeline.encode(&mut encoder, &settings, Some(mask), target);
        }
        Segmenter::Cpu(network) => {
            network.offer(frame.into(), Gaze::default());
            answers.recv_timeout(Duration::from_secs(120)).expect("an answer");
            let answer = network.take().expect("an answer").expect("it runs");
            let mask = matte::segment::mask_texture(&gpu.device, mask_size);
            answer.write(&gpu.queue, &mask);
            let mask = mask.create_view(&Default::default());
            let mask = matte::pipeline::Mask { view: &mask, crop: answer.crop };
            pipeline.encode(&mut encoder, &settings, Some(mask), target);
        }
    }
    gpu.queue.submit([encoder.finish()]);
    let pixels = gpu.read(|gpu| readback::read_texture(&gpu.device, &gpu.queue, &texture));
    pixels.chunks_exact(4).filter(|pixel| pixel[0] > 127).count() as f64 / f64::from(size.0 * size.1)
}

#[test]
fn hair_is_above_the_face() {
    let Some(model) = model("hair_segmentation") else { return };
    let Some(gpu) = gpu("hair_is_above_the_face") else { return };
    let mut shelf = Shelf::new().expect("a whole catalogue");
    let index = shelf.add_file(&model).expect("a model");
    let network = Network::of_item(shelf.item(index).expect("on the shelf")).expect("understood");
    assert!(
        matches!(&network.reading.task, Task::Classes { labels, .. } if labels == &["background", "hair"])
    );
    let cover = kept_cover_of(gpu, &model, &asset("astronaut.jpg"));
    assert!((0.03..0.35).contains(&cover), "hair covers {cover} of the picture");
}

/// The part of a picture that the CPU's mask holds for sure.
fn kept_cover_of(gpu: &Gpu, model: &Path, picture: &Path) -> f64 {
    let mut shelf = Shelf::new().expect("a whole catalogue");
    let index = shelf.add_file(model).expect("a model");
    let network = Network::of_item(shelf.item(index).expect("on the shelf")).expect("understood");
    let (sender, answers) = channel();
    let wake = Box::new(move || _ = sender.send(()));
    let engine = Engine { backend: Backend::Cpu, precision: Precision::F32, threads: 2, model: index };
    let segmenter = Segmenter::new(network, engine, &gpu.device, &gpu.queue, wake).expect("it runs");
    let Segmenter::Cpu(network) = segmenter else { unreachable!("it runs on the CPU") };
    let picture = load_picture(picture).expect("a picture");
    let size = picture.dimensions();
    let frame = Frame::new(PixelFormat::Rgba, size.0, size.1, picture.into_raw()).expect("fits");
    network.offer(frame.into(), Gaze::default());
    answers.recv_timeout(Duration::from_secs(120)).expect("an answer");
    let answer = network.take().expect("an answer").expect("it runs");
    answer.mask.iter().filter(|value| value.to_f32() > 0.5).count() as f64 / answer.mask.len() as f64
}

#[test]
fn depth_and_unknown_models_are_charts() {
    let Some(picture) = shared("media/depth_portrait.jpg") else { return };
    for (name, task) in [
        ("reference/fastdepth_quant", Task::Depth),
        ("reference/fastdepth_224", Task::Depth),
        ("conformance/add", Task::Heat),
        ("conformance/lstm", Task::Heat),
        ("conformance/multi_signatures", Task::Heat),
    ] {
        let Some(model) = shared(&format!("models/{name}.tflite")) else { return };
        let test = "depth_and_unknown_models_are_charts";
        let Some(outcomes) = both(test, &model.to_string_lossy(), &picture) else { return };
        for outcome in &outcomes {
            assert_eq!(outcome.task, task, "{name}");
            assert!(outcome.sight.is_none() && changed(outcome) > 0.9, "{name}: {}", changed(outcome));
        }
        let apart = outcomes[0].drawn.iter().zip(&outcomes[1].drawn).map(|(a, b)| f64::from(a.abs_diff(*b)));
        let mean = apart.sum::<f64>() / outcomes[0].drawn.len() as f64;
        assert!(mean < 3.0, "{name}: the backends' colors differ by {mean} of 255 on average");
    }
}

#[test]
fn a_network_of_depth_tells_the_lens_what_is_near() {
    let test = "a_network_of_depth_tells_the_lens_what_is_near";
    let Some(path) = shared("media/depth_portrait.jpg") else { return };
    let (Some(gpu), Some(model)) = (gpu(test), model("fastdepth_224")) else { return };
    let mut shelf = Shelf::new().expect("a whole catalogue");
    let index = shelf.index_of(&model.to_string_lossy()).expect("a model");
    let network = Network::of_item(shelf.item(index).expect("on the shelf")).expect("understood");
    let mut network = OnGpu::new(&network, Precision::F32, &gpu.device, &gpu.queue).expect("the model runs");
    let picture = load_picture(&path).expect("a picture");
    let size = picture.dimensions();
    let frame = Frame::new(PixelFormat::Rgba, size.0, size.1, picture.into_raw()).expect("the bytes fit");
    let mut pipeline = gpu.pipeline();
    pipeline.upload(&frame).expect("it fits");
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    assert!(network.look(&pipeline, &mut encoder).expect("it runs").is_none(), "it makes no mask");
    gpu.queue.submit([encoder.finish()]);
    pipeline.set_depth(network.depth());
    let chart = |pipeline: &mut Pipeline| {
        let settings = Settings { view: matte::pipeline::View::Depth, ..Settings::DEFAULT };
        let nobody = gpu.mask((8, 8), &[0.0; 64]);
        gpu.render(pipeline, &frame, &settings, Some(&nobody))
    };
    let mean = |pixels: &[[u8; 4]], [left, top, right, bottom]: [f32; 4]| {
        let range =
            |from: f32, to: f32, length: u32| (from * length as f32) as u32..(to * length as f32) as u32;
        let places = range(top, bottom, size.1).flat_map(|y| range(left, right, size.0).map(move |x| (x, y)));
        let values: Vec<f32> =
            places.map(|(x, y)| f32::from(pixels[(y * size.0 + x) as usize][0]) / 255.0).collect();
        values.iter().sum::<f32>() / values.len() as f32
    };
    let seen = chart(&mut pipeline);
    let (person, corner) = (mean(&seen, [0.4, 0.5, 0.6, 0.9]), mean(&seen, [0.0, 0.0, 0.15, 0.15]));
    assert!(person > corner + 0.2, "{person} for the person, {corner} for the room behind");
    pipeline.set_depth(None);
    assert!(mean(&chart(&mut pipeline), [0.0, 0.0, 1.0, 1.0]) < 0.01, "without a depth nobody is near");
}
