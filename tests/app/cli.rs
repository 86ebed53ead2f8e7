//! The command line as a program: what it prints, writes and exits with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use matte::camera::{Decoder, ffmpeg_version, y4m};
use matte::pipeline::frame::{Color, PixelFormat};

use crate::pipeline::device::gpu;

/// A folder of the test's own, cleared away afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("matte-cli-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system clears its temporary folder too.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn matte(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_matte")).args(arguments).output().expect("the program starts")
}

fn asset(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets").join(name).to_string_lossy().into_owned()
}

fn model(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name).to_string_lossy().into_owned()
}

fn says(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn bad_input_is_one_sentence_and_exit_code_2() {
    let folder = Folder::new("bad");
    let damaged = folder.path("damaged.tflite");
    fs::write(&damaged, b"not a model").expect("space");
    let result = folder.path("result.png");
    for (arguments, word) in [
        (vec!["process", "nowhere.png", &result], "nowhere.png"),
        (vec!["process", &asset("pictures/astronaut.jpg"), "result.gif"], "result.gif"),
        (vec!["process", &asset("pictures/astronaut.jpg"), "result.y4m"], "y4m"),
        (vec!["process", &asset("pictures/astronaut.jpg"), &result, "--background", "#12"], "#12"),
        (vec!["process", &asset("pictures/astronaut.jpg"), &result, "--background", "nowhere"], "nowhere"),
        (vec!["inspect", "nowhere.tflite", "--backend", "cpu"], "nowhere.tflite"),
        (vec!["inspect", &damaged, "--backend", "cpu"], "damaged.tflite"),
        (vec!["run", &model("selfie_segmentation.tflite"), "nowhere.npz", &result], "nowhere.npz"),
        (vec!["--model", "nobody"], "nobody"),
        (vec!["--source", "nowhere.png"], "nowhere.png"),
    ] {
        let output = matte(&arguments);
        let sentence = says(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {sentence}");
        assert!(sentence.starts_with("matte: ") && sentence.contains(word), "{arguments:?}: {sentence}");
        assert_eq!(sentence.trim_end().lines().count(), 1, "{arguments:?}: {sentence}");
    }
    assert!(!Path::new(&result).exists());
    assert_eq!(matte(&["process"]).status.code(), Some(2), "missing arguments are bad input too");
}

#[test]
fn a_machine_without_display_or_adapter_is_told_so() {
    let without_display = Command::new(env!("CARGO_BIN_EXE_matte"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .expect("the program starts");
    assert_eq!(without_display.status.code(), Some(1));
    assert!(says(&without_display).contains("no display was found"), "{}", says(&without_display));

    let folder = Folder::new("adapter");
    let without_adapter = Command::new(env!("CARGO_BIN_EXE_matte"))
        .args(["process", &asset("pictures/astronaut.jpg"), &folder.path("result.png")])
        .env("WGPU_BACKEND", "vulkan")
        .env("VK_ICD_FILENAMES", "/nonexistent")
        .env("VK_DRIVER_FILES", "/nonexistent")
        .output()
        .expect("the program starts");
    assert_eq!(without_adapter.status.code(), Some(1));
    assert!(says(&without_adapter).contains("no graphics adapter"), "{}", says(&without_adapter));
    assert_eq!(fs::read_dir(&folder.0).expect("the folder").count(), 0, "no file is left behind");
}

#[test]
fn a_picture_is_cut_out_with_alpha() {
    if gpu("a_picture_is_cut_out_with_alpha").is_none() {
        return;
    }
    let folder = Folder::new("picture");
    for backend in ["gpu", "cpu"] {
        let result = folder.path(&format!("{backend}.png"));
        let arguments = [
            "process",
            &asset("pictures/astronaut.jpg"),
            &result,
            "--effect",
            "cutout",
            "--backend",
            backend,
        ];
        let output = matte(&arguments);
        assert!(output.status.success(), "{}", says(&output));
        let picture = image::open(&result).expect("a picture").into_rgba8();
        let (width, height) = picture.dimensions();
        let alpha = |x: u32, y: u32| picture.get_pixel(x, y).0[3];
        assert!(alpha(width * 9 / 20, height / 4) > 250, "the face is kept");
        assert!(alpha(width / 50, height / 50) < 5, "the corner is cut out");
    }
}

#[test]
fn a_clip_keeps_its_frames_and_its_header() {
    if gpu("a_clip_keeps_its_frames_and_its_header").is_none() {
        return;
    }
    let folder = Folder::new("clip");
    let (from, to) = (folder.path("from.y4m"), folder.path("to.y4m"));
    let color = Color::usual(PixelFormat::I420, 48);
    let header = y4m::Header { width: 64, height: 48, rate: (25, 1), format: PixelFormat::I420, color };
    let mut writer = y4m::Writer::new(Vec::new(), header).expect("a header");
    for frame in 0..5u8 {
        writer.write(&vec![100 + frame; PixelFormat::I420.packed_len(64, 48)]).expect("memory");
    }
    fs::write(&from, writer.finish().expect("memory")).expect("space");
    let output = matte(&["process", &from, &to, "--effect", "off"]);
    assert!(output.status.success(), "{}", says(&output));
    let (before, after) = (fs::read(&from).expect("there"), fs::read(&to).expect("there"));
    let mut reader = y4m::Reader::new(after.as_slice()).expect("a clip");
    assert_eq!(reader.header(), header);
    let mut original = y4m::Reader::new(before.as_slice()).expect("a clip");
    let mut frames = 0;
    while let Some(want) = original.next_frame().expect("a frame") {
        let got = reader.next_frame().expect("a frame").expect("as many frames");
        let worst = got.data().iter().zip(want.data()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(2), "frame {frames} differs by {worst:?}");
        frames += 1;
    }
    assert_eq!(frames, 5);
    assert!(reader.next_frame().expect("the end").is_none());
}

#[test]
fn a_video_becomes_another_one_and_numbered_pictures() {
    if gpu("a_video_becomes_another_one_and_numbered_pictures").is_none() {
        return;
    }
    if ffmpeg_version().is_none() {
        return println!("SKIPPED: ffmpeg is not installed");
    }
    let folder = Folder::new("video");
    let (from, to) = (folder.path("from.mkv"), folder.path("to.mp4"));
    let gray = "color=black:s=64x48:r=10:d=1,geq=lum='20+20*N':cb=128:cr=128";
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", gray, "-c:v", "ffv1", &from])
        .status();
    assert!(made.is_ok_and(|status| status.success()), "ffmpeg makes a video");
    let pictures = folder.path("frames.png");
    for result in [&to, &pictures] {
        let output = matte(&["process", &from, result, "--effect", "off"]);
        assert!(output.status.success(), "{}", says(&output));
    }
    let mut video = Decoder::start(Path::new(&to), Duration::ZERO).expect("a readable video");
    for number in 0..10u8 {
        let frame = video.next_frame().expect("a frame").expect("as many frames");
        assert!(frame.data()[0].abs_diff(20 + 20 * number) <= 4, "frame {number} is {}", frame.data()[0]);
        let picture = image::open(folder.path(&format!("frames/{number:06}.png"))).expect("a picture");
        let expected = (f32::from(4 + 20 * number) * 255.0 / 219.0).round() as u8;
        let got = picture.into_rgb8().get_pixel(32, 24).0[1];
        assert!(got.abs_diff(expected) <= 2, "picture {number} is {got}, not {expected}");
    }
    assert!(video.next_frame().expect("the end").is_none());
    assert_eq!(fs::read_dir(&folder.0).expect("the folder").count(), 3, "nothing is left behind");
}

#[test]
fn a_model_runs_on_arrays_and_is_inspected_and_measured() {
    let folder = Folder::new("run");
    let input = folder.path("in.npz");
    write_input(&input);
    let name = model("selfie_segmentation_landscape.tflite");
    let output = folder.path("out.npz");
    let ran = matte(&["run", &name, &input, &output, "--backend", "cpu", "--threads", "2"]);
    assert!(ran.status.success(), "{}", says(&ran));
    let mut archive = npyz::npz::NpzArchive::open(&output).expect("an archive");
    let array = archive.by_name("out0").expect("readable").expect("out0 is there");
    assert_eq!(array.shape(), [1, 144, 256, 1]);

    let inspected = matte(&["inspect", &name, "--backend", "cpu"]);
    let text = String::from_utf8_lossy(&inspected.stdout).into_owned();
    assert!(text.contains("input 0: f32[1×144×256×3]") && text.contains("arena"), "{text}");
    let table = text.split_once("where each node runs\n").map_or("", |(_, table)| table);
    let head = table.lines().next().unwrap_or_default();
    assert!(head.starts_with("node  operator") && head.ends_with("because"), "{text}");
    let first = table.lines().nth(1).unwrap_or_default();
    assert!(first.contains("CONV_2D") && first.contains("  cpu  ") && first.contains("  conv2d"), "{first}");

    let measured = matte(&["bench", &name, "--backend", "cpu", "--runs", "3", "--json"]);
    let figures: serde_json::Value = serde_json::from_slice(&measured.stdout).expect("JSON");
    assert!(figures["median_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{figures}");
}

#[test]
fn a_served_benchmark_answers_line_by_line() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    let folder = Folder::new("serve");
    let input = folder.path("references.npz");
    write_input(&input);
    let name = model("selfie_segmentation_landscape.tflite");
    let mut program = Command::new(env!("CARGO_BIN_EXE_matte"))
        .args(["bench", &name, "--backend", "cpu", "--threads", "1", "--precision", "f32", "--serve", &input])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(program.stdout.take().expect("a pipe")).lines();
    let mut next = || -> serde_json::Value {
        serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON")
    };
    assert_eq!(next()["ready"], 1);
    let mut stdin = program.stdin.take().expect("a pipe");
    writeln!(stdin, "3").expect("it listens");
    assert_eq!(next().as_array().map(Vec::len), Some(3));
    writeln!(stdin, "q").expect("it listens");
    assert!(next()["maxrss_mb"].as_f64().is_none_or(|megabytes| megabytes > 1.0));
    assert!(program.wait().expect("it ends").success());
}

fn write_input(path: &str) {
    use npyz::WriterBuilder;
    let mut archive = npyz::npz::NpzWriter::create(path).expect("space");
    let shape = [1, 144, 256, 3];
    let mut array = archive
        .array::<f32>("in0", Default::default())
        .expect("space")
        .default_dtype()
        .shape(&shape)
        .begin_nd()
        .expect("space");
    array.extend((0..144 * 256 * 3).map(|index| (index % 97) as f32 / 97.0)).expect("space");
    array.finish().expect("space");
    archive.zip_writer().finish().expect("space");
}
