//! What the program knows and what people may ask of it.
//!
//! [`State`] is plain data: the UI reads it and answers with [`Command`]s, and only
//! [`App`](super::App) changes it.

use std::path::PathBuf;

pub use crate::camera::Found;
use crate::camera::{Info, Mode, Status};
use crate::pipeline::frame::Color;
use crate::platform::permission::Permission;
use crate::segment::processors;
pub use crate::segment::{Backend, Engine, Precision};

/// What is done with the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It goes out of focus.
    Blur,
    /// A color takes its place.
    Color,
    /// A picture takes its place.
    Picture,
    /// It is cut out, down to a checkerboard.
    CutOut,
    /// The matte itself, white where the person is.
    Mask,
    /// Nothing.
    Off,
}

/// Everything about how the picture looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// What is done with the background.
    pub effect: Effect,
    /// How strongly it is blurred, 0 to 1.
    pub blur: f32,
    /// The color that takes its place: red, green, blue.
    pub color: [u8; 3],
    /// Which of the bundled pictures takes its place.
    pub backdrop: usize,
    /// How much of the past an unsure pixel of the mask keeps, 0 to 1; none switches the filter off.
    pub smoothing: Toggle,
    /// How closely the matte follows the colors of the picture, 0 to 1; none takes the mask as it is.
    pub refinement: Toggle,
    /// How much light of the new background falls on the person's rim, 0 to 1.
    pub wrap: Toggle,
    /// Where the line between before and after stands, from 0 at the left to 1.
    pub wipe: Toggle,
    /// Whether the picture is mirrored, as people know themselves.
    pub mirror: bool,
}

/// A value that keeps its place while it is switched off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Toggle {
    /// Whether the value counts.
    pub on: bool,
    /// The value.
    pub value: f32,
}

impl Toggle {
    /// The value, if it counts.
    pub fn get(self) -> Option<f32> {
        self.on.then_some(self.value)
    }
}

impl Default for Look {
    fn default() -> Self {
        Self {
            effect: Effect::Blur,
            blur: 0.6,
            color: [46, 92, 84],
            backdrop: 0,
            smoothing: Toggle { on: true, value: 0.9 },
            refinement: Toggle { on: true, value: 0.6 },
            wrap: Toggle { on: true, value: 0.3 },
            wipe: Toggle { on: false, value: 0.5 },
            mirror: false,
        }
    }
}

/// Where the picture comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The first camera, or the clip if there is none.
    Automatic,
    /// A camera, by its index, in a mode of its list or in the best one.
    Camera(u32, Option<Mode>),
    /// The bundled clip.
    Clip,
    /// A picture or a y4m clip.
    File(PathBuf),
}

impl Choice {
    /// Whether a camera is wanted.
    pub fn is_camera(&self) -> bool {
        matches!(self, Self::Automatic | Self::Camera(..))
    }
}

/// The source that is shown and the others to choose from.
#[derive(Clone, Debug)]
pub struct SourceState {
    /// What was chosen.
    pub choice: Choice,
    /// What it is doing.
    pub status: Status,
    /// What it is, once it is open.
    pub info: Option<Info>,
    /// The cameras of this machine.
    pub cameras: Vec<Found>,
    /// How luma and chroma are read, if not by the source's word.
    pub reading: Option<Color>,
    /// The width and height of the picture that is shown.
    pub size: Option<(u32, u32)>,
}

/// The engine that runs, and the one on its way.
#[derive(Clone, Debug)]
pub struct EngineState {
    /// What was chosen.
    pub wanted: Engine,
    /// What makes the masks now; none until the first engine is ready.
    pub running: Option<Engine>,
    /// The models of the [shelf](crate::catalogue::Shelf).
    pub models: Vec<Offered>,
    /// The model whose card is shown because it has to be fetched first.
    pub shown: Option<usize>,
    /// The model on its way from its publisher.
    pub fetch: Option<Fetch>,
    /// What the running network is for.
    pub task: Option<&'static str>,
    /// Whether that is a mask, to which effects apply.
    pub masks: bool,
    /// The classes of a segmentation, and whether they count as the person.
    pub classes: Vec<(String, bool)>,
    /// Whether another one is being prepared.
    pub preparing: bool,
    /// Whether the adapter computes with 16 bits.
    pub half: bool,
    /// The threads that the machine can run at once.
    pub processors: usize,
    /// The graphics adapter.
    pub adapter: String,
}

/// A model as the picker shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Its name.
    pub title: String,
    /// What it is for, or whose it is.
    pub group: &'static str,
    /// The same in one sentence.
    pub about: String,
    /// License, holder and origin.
    pub license: String,
    /// The file's size.
    pub megabytes: f32,
    /// Whether it is on this machine.
    pub here: bool,
}

/// A model on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fetch {
    /// Which one.
    pub model: usize,
    /// How much of it is there, 0 to 1.
    pub part: f32,
}

/// A folder's pictures and clips, for choosing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser {
    /// The folder that is shown.
    pub folder: PathBuf,
    /// The folders in it.
    pub folders: Vec<String>,
    /// The pictures and clips in it.
    pub files: Vec<String>,
}

/// Something to tell, until it is dismissed or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// One sentence.
    pub text: String,
    /// Whether it is a failure rather than advice.
    pub failure: bool,
}

/// Everything the UI reads.
#[derive(Clone, Debug)]
pub struct State {
    /// How the picture looks.
    pub look: Look,
    /// Where it comes from.
    pub source: SourceState,
    /// What runs the network.
    pub engine: EngineState,
    /// What was measured.
    pub figures: super::Figures,
    /// Whether the figures lie over the picture.
    pub overlay: bool,
    /// Whether the controls are shown.
    pub controls: bool,
    /// Whether the finer controls are unfolded.
    pub details: bool,
    /// The file browser, while it is open.
    pub browser: Option<Browser>,
    /// Whether cameras may be used.
    pub permission: Permission,
    /// What there is to tell.
    pub notice: Option<Notice>,
}

impl State {
    /// The state before anything has happened.
    pub fn new(look: Look, choice: Choice, wanted: Engine, models: Vec<Offered>) -> Self {
        Self {
            look,
            source: SourceState {
                choice,
                status: Status::Opening,
                info: None,
                cameras: Vec::new(),
                reading: None,
                size: None,
            },
            engine: EngineState {
                wanted,
                running: None,
                models,
                shown: None,
                fetch: None,
                task: None,
                masks: true,
                classes: Vec::new(),
                preparing: false,
                half: false,
                processors: processors(),
                adapter: String::new(),
            },
            figures: super::Figures::default(),
            overlay: false,
            controls: true,
            details: false,
            browser: None,
            permission: Permission::default(),
            notice: None,
        }
    }
}

/// What people ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Another look.
    Look(Look),
    /// Another way to run the network.
    Engine(Engine),
    /// Another model; its card, if it has to be fetched first.
    Model(usize),
    /// A model from its publisher.
    Fetch(usize),
    /// No further transfer.
    StopFetch,
    /// A class that counts as the person, or does not.
    Keep(usize, bool),
    /// Another source; a `.tflite` file is a model.
    Source(Choice),
    /// The list of cameras, read again.
    FindCameras,
    /// Another way to read luma and chroma; the source's without one.
    Reading(Option<Color>),
    /// The figures, shown or hidden.
    Overlay(bool),
    /// The controls, shown or hidden.
    Controls(bool),
    /// The finer controls, unfolded or not.
    Details(bool),
    /// The file browser in a folder, or closed.
    Browse(Option<PathBuf>),
    /// The system's question for the camera, put again.
    AllowCamera,
    /// The notice, gone.
    Dismiss,
}
