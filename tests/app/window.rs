//! The window itself: the program is started on a display in memory and a software GPU, and its screenshots are
//! looked at. They stay in `target/window/`.

use crate::screen::Screen;
use crate::sighting::{self, Sharpness};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage, RgbaImage};
use matte::camera::{Clip, Source};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Frames that the program shows before it ends.
const FRAMES: u32 = 60;

/// Time for the start, the shaders' compilation and the frames.
const PATIENCE: Duration = Duration::from_secs(240);

fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().expect("a crate lies in the repository").to_path_buf()
}

fn person() -> RgbaImage {
    let picture = image::open(root().join("assets/clip/person.png")).expect("the cut-out is a picture");
    picture.into_rgba8()
}

/// Runs the program until it ends by itself and gives the last picture of it at work.
fn last_picture(screen: &Screen, words: &[&str]) -> RgbImage {
    let log = root().join("target/window").join(format!("{}.log", words.join("_").replace('-', "")));
    let file = std::fs::File::create(&log).expect("the log can be made");
    let mut program = Command::new(root().join(".ci/with_software_gpu"))
        .arg(env!("CARGO_BIN_EXE_matte"))
        .args(["--source", "clip", "--size", "1280x800", "--frames", &FRAMES.to_string()])
        .args(words)
        .env("DISPLAY", &screen.display)
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        .spawn()
        .expect("the program starts");
    let start = Instant::now();
    let mut last = None;
    let status = loop {
        std::thread::sleep(Duration::from_millis(150));
        let picture = screen.picture().expect("the screen can be read");
        if let Some(status) = program.try_wait().expect("the program can be waited for") {
            break status;
        }
        // The window is gone for a moment before its program is.
        if picture.pixels().any(|pixel| *pixel != Rgb([0; 3])) {
            last = Some(picture);
        }
        if start.elapsed() > PATIENCE {
            program.kill().expect("the program can be ended");
        }
    };
    let said = std::fs::read_to_string(&log).expect("the log is readable");
    assert!(status.success(), "the program ended with {status} after {:?}: {said}", start.elapsed());
    last.expect("the window was seen")
}

/// Whether the person stayed and the room was blurred.
fn judge(plain: Sharpness, blurred: Sharpness) -> Result<(), String> {
    let (person, around) = (blurred.person / plain.person, blurred.around / plain.around);
    if person < 0.6 {
        return Err(format!(
            "the person is {person:.2} as sharp as without the effect: {plain:?} {blurred:?}"
        ));
    }
    if around > 0.35 {
        return Err(format!(
            "the background is {around:.2} as sharp as without the effect: {plain:?} {blurred:?}"
        ));
    }
    Ok(())
}

fn look(picture: &RgbImage, name: &str) -> Sharpness {
    let path = root().join("target/window").join(format!("{name}.png"));
    picture.save(&path).expect("the screenshot can be written");
    let person = person();
    let found = sighting::find(picture, &person);
    assert!(found.likeness > 0.8, "no person in {}: {found:?}", path.display());
    sighting::sharpness(picture, &person, found)
}

#[test]
fn the_window_shows_the_person_before_a_blurred_room() {
    let Some(screen) = Screen::here(1280, 800) else { return };
    std::fs::create_dir_all(root().join("target/window")).expect("the folder can be made");
    let plain = look(&last_picture(&screen, &["--effect", "off"]), "none");
    let blurred = look(&last_picture(&screen, &["--effect", "blur"]), "blur");
    println!("without the effect {plain:?}, with it {blurred:?}");
    assert_eq!(judge(plain, blurred), Ok(()));
}

#[test]
fn a_screenshot_is_judged_by_what_is_on_it() {
    let frame =
        Clip::open().and_then(|mut clip| clip.next()).expect("the clip is whole").expect("it has no end");
    let size = (frame.width(), frame.height());
    let frame = RgbaImage::from_raw(size.0, size.1, frame.into_data()).expect("the clip is of RGBA frames");
    let frame = image::DynamicImage::ImageRgba8(frame).into_rgb8();
    let shown = |frame: &RgbImage| {
        let mut screen = RgbImage::from_pixel(1280, 800, Rgb([30, 32, 36]));
        let frame = imageops::resize(frame, size.0 * 7 / 5, size.1 * 7 / 5, FilterType::CatmullRom);
        imageops::replace(&mut screen, &frame, 40, 90);
        screen
    };
    let person = person();
    let plain = shown(&frame);
    let found = sighting::find(&plain, &person);
    assert!(found.likeness > 0.9 && !found.mirrored, "{found:?}");
    let sharp = sighting::sharpness(&plain, &person, found);

    let all_blurred = shown(&imageops::blur(&frame, 8.0));
    let mut room_blurred = image::DynamicImage::ImageRgb8(all_blurred.clone()).into_rgba8();
    let length = |length: u32| (length as f32 * found.scale) as u32;
    let over =
        imageops::resize(&person, length(person.width()), length(person.height()), FilterType::CatmullRom);
    imageops::overlay(&mut room_blurred, &over, found.left as i64, found.top as i64);
    let room_blurred = image::DynamicImage::ImageRgba8(room_blurred).into_rgb8();

    println!("{found:?} {sharp:?}");
    let of = |picture: &RgbImage| sighting::sharpness(picture, &person, found);
    assert_eq!(judge(sharp, of(&room_blurred)), Ok(()));
    assert!(judge(sharp, sharp).is_err(), "nothing is blurred");
    assert!(judge(sharp, of(&all_blurred)).is_err(), "the person is blurred too");
    let empty = sighting::find(&RgbImage::from_pixel(1280, 800, Rgb([30, 32, 36])), &person);
    assert!(empty.likeness < 0.5, "{empty:?}");
}
