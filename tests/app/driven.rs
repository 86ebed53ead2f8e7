//! The window driven as people drive it: a pointer and keys on a display in memory. What the program was asked for is
//! read in its log, what it shows on the screen. The screenshots stay in `target/window/`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use image::imageops::{FilterType, resize};
use image::{GenericImageView, RgbImage};
use matte::app::Preset;

use crate::hands::{Hands, until};
use crate::screen::Screen;
use crate::ui::{middle_of, picture_in};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The window's width and height at first.
const SIZE: (u32, u32) = (1180, 720);

/// The program at work, and the hands on it.
struct Session {
    screen: Screen,
    program: Child,
    hands: Hands,
    folder: PathBuf,
}

impl Session {
    fn start(screen: Screen) -> Done<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("a crate lies in the repository")?;
        let folder = root.join("target/window");
        let home = folder.join("home");
        fs::create_dir_all(&home)?;
        let program = Command::new(root.join(".ci/with_software_gpu"))
            .arg(env!("CARGO_BIN_EXE_matte"))
            .args(["--fresh", "--source", "clip", "--size", &format!("{}x{}", SIZE.0, SIZE.1)])
            .env("DISPLAY", &screen.display)
            .env("RUST_LOG", "warn,matte=debug")
            .env("HOME", &home)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("driven.log"))?)
            .spawn()?;
        let hands = Hands::on(&screen.display)?;
        Ok(Self { screen, program, hands, folder })
    }

    fn log(&self) -> Done<String> {
        Ok(fs::read_to_string(self.folder.join("driven.log"))?)
    }

    /// Waits until the program has said this once more than before `act`.
    fn after(&self, words: &str, act: impl FnOnce(&Hands) -> Done) -> Done {
        let count = |log: String| log.matches(words).count();
        let before = count(self.log()?);
        act(&self.hands)?;
        until(words, || Ok((count(self.log()?) > before).then_some(())))
    }

    fn click(&self, label: &str) -> Done {
        self.hands.click(middle_of([SIZE.0 as f32, SIZE.1 as f32], label))
    }

    /// What the screen shows once `ready` holds for two pictures in a row; the last one is kept under a name.
    fn look(&self, name: &str, ready: impl Fn(&RgbImage) -> bool) -> Done<RgbImage> {
        let picture = until(name, || {
            let before = self.screen.picture()?;
            sleep(Duration::from_millis(200));
            let picture = self.screen.picture()?;
            Ok(Some(picture).filter(|picture| ready(&before) && ready(picture)))
        });
        self.screen.picture()?.save(self.folder.join(format!("driven_{name}.png")))?;
        picture
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The clip's room at the left of the person, who never gets there.
fn room(screen: &RgbImage) -> RgbImage {
    let [left, top, width, height] = picture_in([SIZE.0 as f32, SIZE.1 as f32]);
    screen.view(left + width / 50, top + height / 10, width / 6, height / 2).to_image()
}

fn difference(a: &RgbImage, b: &RgbImage) -> f32 {
    let pairs = a.as_raw().iter().zip(b.as_raw());
    pairs.map(|(a, b)| f32::from(a.abs_diff(*b))).sum::<f32>() / a.as_raw().len() as f32
}

/// The mean step of green from a pixel of the room to the next.
fn sharpness(screen: &RgbImage) -> f32 {
    let room = room(screen);
    let steps = room.rows().flat_map(|row| {
        let row: Vec<u8> = row.map(|pixel| pixel.0[1]).collect();
        row.windows(2).map(|pair| f32::from(pair[0].abs_diff(pair[1]))).collect::<Vec<_>>()
    });
    steps.sum::<f32>() / (room.width() * room.height()) as f32
}

/// How colored the room is: the mean distance of red from blue.
fn colorfulness(screen: &RgbImage) -> f32 {
    let room = room(screen);
    let sum: f32 = room.pixels().map(|pixel| f32::from(pixel.0[0].abs_diff(pixel.0[2]))).sum();
    sum / (room.width() * room.height()) as f32
}

/// Whether the card of a preset has the bright rim of the chosen one.
fn is_chosen(screen: &RgbImage, preset: Preset) -> bool {
    let (x, y) = middle_of([SIZE.0 as f32, SIZE.1 as f32], preset.title());
    let (x, y) = (u32::from(x.cast_unsigned()), u32::from(y.cast_unsigned()));
    let card = screen.view(x - 50, y - 45, 100, 90);
    let is_bright = |[red, green, _]: [u8; 3]| green > 150 && green > red.saturating_add(60);
    card.pixels().filter(|(.., pixel)| is_bright(pixel.0)).count() > 100
}

/// Chooses every preset by its card; the room shows each.
fn presets(session: &Session) -> Done {
    let see = |preset: Preset, is_right: &dyn Fn(&RgbImage) -> bool| {
        let name = preset.title().to_lowercase().replace(' ', "_");
        session.look(&name, |screen| is_chosen(screen, preset) && is_right(screen))
    };
    let choose = |preset: Preset| session.after("Look(", |_| session.click(preset.title()));
    until("the network", || Ok(session.log()?.contains("was prepared").then_some(())))?;
    let blurred = sharpness(&see(Preset::SoftBlur, &|screen| colorfulness(screen) > 20.0)?);
    choose(Preset::Off)?;
    let plain = sharpness(&see(Preset::Off, &|screen| sharpness(screen) > 2.0 * blurred)?);
    choose(Preset::Portrait)?;
    see(Preset::Portrait, &|screen| colorfulness(screen) > 20.0 && sharpness(screen) < 0.8 * plain)?;
    choose(Preset::Office)?;
    let gray = |screen: &RgbImage| colorfulness(screen) < 12.0;
    let office = sharpness(&see(Preset::Office, &gray)?);
    choose(Preset::CutOut)?;
    see(Preset::CutOut, &|screen| gray(screen) && sharpness(screen) > office + 1.0)?;
    choose(Preset::SoftBlur)?;
    see(Preset::SoftBlur, &|screen| colorfulness(screen) > 20.0 && sharpness(screen) < 0.5 * plain)?;
    Ok(())
}

/// The slider, the toggle between GPU and CPU, the panic key, the other face, the figures, a snapshot.
fn controls(session: &Session) -> Done {
    let before = sharpness(&session.screen.picture()?);
    let strength = middle_of([SIZE.0 as f32, SIZE.1 as f32], "Strength");
    let rail = (strength.0, strength.1 + 10);
    let weak = (rail.0 - 130, rail.1);
    session.after("Look(", |hands| hands.press(rail))?;
    session.after("Look(", |hands| hands.glide(rail, weak))?;
    session.hands.release(weak)?;
    session.look("less_blur", |screen| sharpness(screen) > 1.3 * before)?;
    session.after("the network for Engine { backend: Cpu", |_| session.click("CPU"))?;
    session.look("cpu", |screen| colorfulness(screen) > 20.0)?;
    session.after("the network for Engine { backend: Gpu", |hands| hands.key('g'))?;
    session.after("it is released", |hands| hands.key('p'))?;
    let dark = |screen: &RgbImage| room(screen).pixels().all(|pixel| pixel.0.iter().all(|value| *value < 60));
    session.look("hidden", dark)?;
    session.after("is opened again", |hands| hands.key('p'))?;
    session.look("shown", |screen| colorfulness(screen) > 20.0)?;
    session.after("Details(true)", |hands| hands.key('a'))?;
    session.after("Overlay(true)", |hands| hands.key('f'))?;
    sleep(Duration::from_millis(800));
    session.look("advanced", |_| true)?;
    session.after("Overlay(false)", |hands| hands.key('f'))?;
    session.after("Details(false)", |hands| hands.key('a'))?;
    session.after("Saved ", |hands| hands.key('s'))
}

/// The part of a picture that no notice lies on.
fn above_notices(picture: &RgbImage) -> RgbImage {
    picture.view(0, 0, picture.width(), picture.height() * 3 / 4).to_image()
}

/// A picture and a model dropped on the window.
fn files(session: &Session) -> Done {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let file = root.join("assets/pictures/astronaut.jpg");
    let wanted = image::open(&file)?.into_rgb8();
    session.after("Look(", |hands| hands.key('5'))?;
    session.after("astronaut.jpg", |hands| hands.drop_file(&file, (400, 300)))?;
    let middle = |screen: &RgbImage| {
        let [left, _, width, _] = picture_in([SIZE.0 as f32, SIZE.1 as f32]);
        let side = SIZE.1 - 28;
        let shown = screen.view(left + (width - side) / 2, 14, side, side).to_image();
        above_notices(&resize(&shown, 64, 64, FilterType::Triangle))
    };
    let wanted = above_notices(&resize(&wanted, 64, 64, FilterType::Triangle));
    session.look("dropped", |screen| difference(&middle(screen), &wanted) < 4.0)?;
    let before = middle(&session.screen.picture()?);
    let model = root.join("models/face_landmark.tflite");
    session.after("the network for Engine", |hands| hands.drop_file(&model, (400, 300)))?;
    session.look("contour", |screen| difference(&middle(screen), &before) > 0.3)?;
    Ok(())
}

/// Another size, another window on top, out of sight and back, and the end.
fn window(session: &mut Session) -> Done {
    session.hands.resize((420, 700))?;
    let lit = |screen: &RgbImage, x: u32, y: u32| screen.get_pixel(x, y).0 != [0; 3];
    session.look("narrow", |screen| lit(screen, 210, 690) && !lit(screen, 600, 300))?;
    session.after("it is released", |hands| hands.cover(true))?;
    session.after("is opened again", |hands| hands.cover(false))?;
    session.after("it is released", |hands| hands.show(false))?;
    session.look("away", |screen| !lit(screen, 210, 690))?;
    session.after("is opened again", |hands| hands.show(true))?;
    session.look("back", |screen| lit(screen, 210, 690) && lit(screen, 10, 20))?;
    session.hands.close()?;
    let status = until("the end", || Ok(session.program.try_wait()?))?;
    if status.success() { Ok(()) } else { Err(format!("the program ended with {status}").into()) }
}

fn drive(screen: Screen) -> Done<String> {
    let mut session = Session::start(screen)?;
    session.look("first", |screen| room(screen).pixels().any(|pixel| pixel.0[0] > 80))?;
    let driven = presets(&session)
        .and_then(|()| controls(&session))
        .and_then(|()| files(&session))
        .and_then(|()| window(&mut session));
    let log = session.log()?;
    driven.map_err(|error| format!("{error}\n{log}"))?;
    Ok(log)
}

#[test]
fn the_window_is_driven_by_pointer_and_keys() {
    let Some(screen) = Screen::here(1280, 800) else { return };
    match drive(screen) {
        Ok(log) => {
            let bad = log.lines().find(|line| line.contains("WARN") || line.contains("ERROR"));
            assert_eq!(bad, None, "{log}");
        }
        Err(error) => assert_eq!(error.to_string(), ""),
    }
}
