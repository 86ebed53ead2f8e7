//! What the program knows and what people may ask of it.
//!
//! [`State`] is plain data: the UI reads it and answers with [`Command`]s, and only
//! [`App`](super::App) changes it.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use crate::camera::Found;
use crate::camera::{Info, Mode, Position, Status};
use crate::output::Outlet;
pub use crate::pipeline::View;
use crate::pipeline::frame::Color;
use crate::platform::permission::Permission;
use crate::segment::processors;
pub use crate::segment::{Backend, Engine, Precision};

/// What is done with the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It is blurred.
    Blur,
    /// It goes out of focus as before a lens with a wide aperture.
    Portrait,
    /// A picture takes its place.
    Picture,
    /// Another video takes its place.
    Video,
    /// A color takes its place.
    Color,
    /// A color that runs into another takes its place.
    Gradient,
    /// It loses its colors.
    Monochrome,
    /// It stays, and a line is drawn around the person.
    Outline,
    /// It is cut out, down to a checkerboard.
    CutOut,
    /// Nothing.
    Off,
}

impl Effect {
    /// Every effect, the usual ones first.
    pub const ALL: [Self; 10] = [
        Self::Blur,
        Self::Portrait,
        Self::Picture,
        Self::Video,
        Self::Color,
        Self::Gradient,
        Self::Monochrome,
        Self::Outline,
        Self::CutOut,
        Self::Off,
    ];

    /// What people read.
    pub fn title(self) -> &'static str {
        match self {
            Self::Blur => "Blur",
            Self::Portrait => "Portrait",
            Self::Picture => "Picture",
            Self::Video => "Video",
            Self::Color => "Color",
            Self::Gradient => "Gradient",
            Self::Monochrome => "Black and white",
            Self::Outline => "Outline",
            Self::CutOut => "Cut-out",
            Self::Off => "Off",
        }
    }

    /// Whether the strength changes it.
    pub fn has_strength(self) -> bool {
        !matches!(self, Self::Color | Self::Gradient | Self::CutOut | Self::Off | Self::Video)
    }
}

/// Everything about how the picture looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// What is done with the background.
    pub effect: Effect,
    /// What of the pipeline is shown.
    pub view: View,
    /// How strong the effect is, 0 to 1.
    pub strength: f32,
    /// The color that takes the background's place, or of the outline: red, green, blue.
    pub color: [u8; 3],
    /// The color at the bottom of a gradient.
    pub lower: [u8; 3],
    /// Which of the bundled pictures takes its place.
    pub backdrop: usize,
    /// A picture file that takes its place instead.
    pub picture: Option<PathBuf>,
    /// The video that takes its place; the bundled clip without one.
    pub video: Option<PathBuf>,
    /// The place that the portrait focuses on, in 0 to 1 of the picture; the person without one.
    pub focus: Option<[f32; 2]>,
    /// How much bright spots stand out in the portrait, 0 to 1.
    pub highlights: f32,
    /// How much of the past an unsure pixel of the mask keeps, 0 to 1; none switches the filter off.
    pub smoothing: Toggle,
    /// Whether the filter over time follows what moves rather than what is sure.
    pub by_motion: bool,
    /// How closely the matte follows the colors of the picture, 0 to 1; none takes the mask as it is.
    pub refinement: Toggle,
    /// Whether it follows them by the cheaper filter.
    pub cheap: bool,
    /// How far the edge moves, 0.5 for not at all, 0 for outward and 1 for inward.
    pub edge: f32,
    /// How softly the edge runs out, 0 to 1.
    pub feather: f32,
    /// Whether bodies much smaller than the largest are dropped.
    pub drop_small: bool,
    /// How much light of the new background falls on the person's rim, 0 to 1.
    pub wrap: Toggle,
    /// Whether the old background's color is taken out of the person's edge.
    pub recovery: bool,
    /// Whether the network looks at the part around the people.
    pub closely: bool,
    /// Whether a dark picture is brightened for the network.
    pub exposure: bool,
    /// Whether the picture follows the people and comes closer to them.
    pub framing: bool,
    /// Where the line between before and after stands, from 0 at the left to 1.
    pub wipe: Toggle,
    /// Whether the picture is mirrored, as people know themselves.
    pub mirror: bool,
}

/// A value that keeps its place while it is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
            view: View::Result,
            strength: 0.6,
            color: [46, 92, 84],
            lower: [20, 22, 26],
            backdrop: 0,
            picture: None,
            video: None,
            focus: None,
            highlights: 0.5,
            smoothing: Toggle { on: true, value: 0.9 },
            by_motion: true,
            refinement: Toggle { on: true, value: 0.6 },
            cheap: false,
            edge: 0.5,
            feather: 0.0,
            drop_small: true,
            wrap: Toggle { on: true, value: 0.3 },
            recovery: true,
            closely: true,
            exposure: true,
            framing: false,
            wipe: Toggle { on: false, value: 0.5 },
            mirror: false,
        }
    }
}

/// A look that people know by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// A blurred room.
    SoftBlur,
    /// A room out of focus.
    Portrait,
    /// Another room.
    Office,
    /// No room.
    CutOut,
    /// The room as it is.
    Off,
}

impl Preset {
    /// Every preset, in the order of the cards.
    pub const ALL: [Self; 5] = [Self::SoftBlur, Self::Portrait, Self::Office, Self::CutOut, Self::Off];

    /// What people read.
    pub fn title(self) -> &'static str {
        match self {
            Self::SoftBlur => "Soft blur",
            Self::Portrait => "Portrait",
            Self::Office => "Office",
            Self::CutOut => "Cut-out",
            Self::Off => "Off",
        }
    }

    fn effect(self) -> Effect {
        match self {
            Self::SoftBlur => Effect::Blur,
            Self::Portrait => Effect::Portrait,
            Self::Office => Effect::Picture,
            Self::CutOut => Effect::CutOut,
            Self::Off => Effect::Off,
        }
    }

    /// A look with the preset's background; everything else stays.
    pub fn applied(self, look: &Look) -> Look {
        let picture = if self == Self::Office { None } else { look.picture.clone() };
        let backdrop = if self == Self::Office { 0 } else { look.backdrop };
        Look { effect: self.effect(), view: View::Result, picture, backdrop, ..look.clone() }
    }

    /// The preset that a look is.
    pub fn of(look: &Look) -> Option<Self> {
        let own_picture = look.effect == Effect::Picture && (look.picture.is_some() || look.backdrop != 0);
        let found = Self::ALL.into_iter().find(|preset| preset.effect() == look.effect);
        found.filter(|_| look.view == View::Result && !own_picture)
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
    /// Where the shown frame stands in the whole, if the source has an end.
    pub position: Option<Position>,
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
    /// The adapters that can draw on this display.
    pub adapters: Vec<String>,
}

/// Which colors the controls have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
    /// As the system has it.
    System,
}

/// What a file is chosen for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// It becomes the source.
    #[default]
    Source,
    /// It becomes the background.
    Background,
}

/// What leaves the program besides the window's picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputState {
    /// The file that is being recorded.
    pub recording: Option<PathBuf>,
    /// How long it is, in seconds.
    pub seconds: f32,
    /// Frames that did not reach an output in time.
    pub missed: u64,
    /// The virtual cameras of this machine: their outlet and name.
    pub cameras: Vec<(Outlet, String)>,
    /// The one that shows the picture.
    pub camera: Option<Outlet>,
    /// What helps where there is none.
    pub hint: String,
}

/// The quality that holds a frame rate by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct QualityState {
    /// Whether it is on.
    pub automatic: bool,
    /// The frame rate to hold.
    pub target: f32,
    /// What it gave up, in words.
    pub step: &'static str,
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
    /// What one is chosen for.
    pub purpose: Purpose,
}

/// Something to tell, until it is dismissed or replaced; what is no failure goes by itself after a while.
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
    /// Whether nobody and nothing of the room is shown, at once.
    pub hidden: bool,
    /// Whether the picture stands still.
    pub frozen: bool,
    /// The colors of the controls.
    pub theme: Theme,
    /// Live thumbnails of the presets, in their order, once there are any.
    pub thumbnails: [Option<egui::TextureId>; 5],
    /// What leaves the program.
    pub outputs: OutputState,
    /// The quality that holds a frame rate.
    pub quality: QualityState,
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
                position: None,
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
                adapters: Vec::new(),
            },
            figures: super::Figures::default(),
            overlay: false,
            controls: true,
            details: false,
            hidden: false,
            frozen: false,
            theme: Theme::default(),
            thumbnails: [None; 5],
            outputs: OutputState::default(),
            quality: QualityState { automatic: false, target: 30.0, step: "" },
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
    /// Another place in the source.
    Seek(Duration),
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
    /// The system's question for the camera, put again.
    AllowCamera,
    /// The file browser in a folder, for a purpose, or closed.
    Browse(Option<PathBuf>, Purpose),
    /// Nobody and nothing of the room, or the picture again.
    Hide(bool),
    /// The picture stands still, or moves again.
    Freeze(bool),
    /// Other colors of the controls.
    Theme(Theme),
    /// Another graphics adapter, by its name.
    Adapter(String),
    /// The quality that holds a frame rate: whether, and which.
    Quality(bool, f32),
    /// The picture as a file.
    Snapshot,
    /// A recording, begun or ended.
    Record(bool),
    /// The virtual camera that shows the picture, or none.
    VirtualCamera(Option<Outlet>),
    /// The virtual cameras, listed again.
    FindVirtualCameras,
    /// Everything as it was at first.
    Reset,
    /// Something to tell.
    Tell(String),
    /// The notice, gone.
    Dismiss,
}
