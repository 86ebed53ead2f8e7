//! What may stand on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use matte_engine::quantize::{Granularity, Ranging};

use crate::camera::Encoding;
use crate::output::Outlet;
use crate::pipeline::frame::{Color, Matrix, Range};

/// Cuts people out of live video on the GPU.
///
/// Without a command the window opens. Every error is one sentence; the exit code is 2 for bad input and 1
/// for a failure.
#[derive(Debug, Parser)]
#[command(name = "matte", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do instead of opening the window.
    #[command(subcommand)]
    pub action: Option<Action>,
    /// How the window starts.
    #[command(flatten)]
    pub window: WindowArguments,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Applies an effect to a picture (PNG, JPEG) or a clip (y4m)
    Process(ProcessArguments),
    /// Lists the cameras and what they can do
    List,
    /// Records a camera to a y4m file, without a window
    Record(RecordArguments),
    /// Runs any model on arrays: in0, in1, … (or input) to out0, out1, …
    Run(RunArguments),
    /// Measures how fast a model runs
    Bench(BenchArguments),
    /// Drives the window by random orders of the events that Android sends
    #[command(hide = true)]
    Rehearse(RehearseArguments),
    /// Changes everything every few seconds for a long time, and tells whether anything is left over
    #[command(hide = true)]
    Load(LoadArguments),
    /// Provokes faults of the graphics device and tells how long it takes until pictures come again
    #[command(hide = true)]
    Faults(WindowArguments),
    /// Picks one source after the other in the window and tells how long it takes until each is shown
    #[command(hide = true)]
    Changes(ChangesArguments),
    /// Picks one mode of a camera after the other, without a window, and tells how long each change takes
    #[command(hide = true)]
    Modes(ModesArguments),
    /// Prints a model's graph and plan: dispatches, memory, where each node runs and why
    Inspect(InspectArguments),
    /// Quantizes a model, or takes it back to floats, and tells what that costs and gains
    Convert(ConvertArguments),
    /// Lists the models to choose from, or fetches one
    Models(ModelsArguments),
    /// Measures what each preset costs at the usual sizes
    Figures(FiguresArguments),
    /// Prints what this machine offers, and what helps where something is missing
    Doctor,
    /// Measures which kernels are fastest on the graphics adapter, remembers them, and prints who won and why
    Tune(TuneArguments),
}

/// What is rehearsed.
#[derive(Debug, Args)]
pub struct RehearseArguments {
    /// How the window starts
    #[command(flatten)]
    pub window: WindowArguments,
    /// The orders of events
    #[arg(long, default_value = "1000")]
    pub orders: u64,
    /// Where the random numbers begin
    #[arg(long, default_value = "1")]
    pub seed: u64,
}

/// What is picked in the window.
#[derive(Debug, Args)]
pub struct ChangesArguments {
    /// How the window starts
    #[command(flatten)]
    pub window: WindowArguments,
    /// The sources, in order
    #[arg(long = "then", required = true)]
    pub sources: Vec<String>,
}

/// Whose modes are picked.
#[derive(Debug, Args)]
pub struct ModesArguments {
    /// The camera: its number or a part of its name; the first one otherwise
    pub camera: Option<String>,
    /// The mode it begins with
    #[command(flatten)]
    pub mode: ModeArguments,
}

/// What is loaded, and for how long.
#[derive(Debug, Args)]
pub struct LoadArguments {
    /// How the window starts
    #[command(flatten)]
    pub window: WindowArguments,
    /// Seconds
    #[arg(long, default_value = "1800")]
    pub seconds: u64,
    /// Where the random numbers begin
    #[arg(long, default_value = "1")]
    pub seed: u64,
}

/// Where a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// The graphics adapter
    Gpu,
    /// The processor
    Cpu,
}

/// How the GPU stores and computes a model's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NumbersName {
    /// 32 bits
    F32,
    /// 16 bits stored, 32 bits in sums
    F16,
    /// 16 bits stored and in sums, where the adapter has them
    F16Sums,
    /// 16 bits stored but for the layers in which they do harm, by a measurement on a picture
    Auto,
}

/// How the GPU stores and computes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrecisionName {
    /// 32 bits
    F32,
    /// 16 bits stored, 32 bits in sums
    F16,
}

/// What is done with the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EffectName {
    /// Out of focus
    Blur,
    /// Out of focus, as before a lens with a wide aperture
    Portrait,
    /// A color in its place
    Color,
    /// A color that runs into a darker one in its place
    Gradient,
    /// Green in its place, for other programs to key out
    Green,
    /// Without its colors
    Monochrome,
    /// As it is, with a line around the person
    Outline,
    /// A picture in its place
    Picture,
    /// Cut out: a checkerboard in the window, transparent in a PNG file
    Cutout,
    /// The matte, white where the person is
    Mask,
    /// Nothing
    Off,
}

/// Options that every command with a network has.
#[derive(Clone, Debug, Args)]
pub struct EngineArguments {
    /// Where the network runs
    #[arg(long, value_enum, default_value = "gpu")]
    pub backend: BackendName,
    /// How the GPU computes
    #[arg(long, value_enum, default_value = "f32")]
    pub precision: NumbersName,
    /// Threads of the CPU; all of them without this
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// A part of the graphics adapter's name
    #[arg(long, default_value = "")]
    pub adapter: String,
}

/// How the window starts.
#[derive(Clone, Debug, Args)]
pub struct WindowArguments {
    /// “camera”, “camera:NUMBER”, “camera:NAME”, “clip”, a picture, a video or a folder of pictures; the first
    /// camera without this, the clip if there is none
    #[arg(long)]
    pub source: Option<String>,
    /// What the camera is to deliver
    #[command(flatten)]
    pub mode: ModeArguments,
    /// What is done with the background; as it was last time without this
    #[arg(long, value_enum)]
    pub effect: Option<EffectName>,
    /// The model: a name of “matte models”, or a .tflite file
    #[arg(long)]
    pub model: Option<String>,
    /// Where the network runs
    #[arg(long, value_enum)]
    pub backend: Option<BackendName>,
    /// How the GPU computes
    #[arg(long, value_enum)]
    pub precision: Option<PrecisionName>,
    /// Threads of the CPU; all of them without this
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// A part of the graphics adapter's name
    #[arg(long)]
    pub adapter: Option<String>,
    /// Neither reads the settings of last time nor keeps any
    #[arg(long)]
    pub fresh: bool,
    /// Shows the picture in a virtual camera: “pipewire”, or a device file of v4l2loopback; “matte doctor” lists them
    #[arg(long)]
    pub virtual_camera: Option<Outlet>,
    /// Shows the figures over the picture
    #[arg(long)]
    pub figures: bool,
    /// Shows the untouched frame at the left of a line
    #[arg(long)]
    pub wipe: bool,
    /// Width and height of the window in points, as in 1280x800
    #[arg(long, value_parser = parsed_size, default_value = "1180x720")]
    pub size: (u32, u32),
    /// Ends after so many presented pictures; settings are neither read nor kept
    #[arg(long)]
    pub frames: Option<u64>,
    /// Writes the window's last picture to this PNG file; needs --frames
    #[arg(long, requires = "frames")]
    pub screenshot: Option<PathBuf>,
}

/// `matte process`.
#[derive(Debug, Args)]
pub struct ProcessArguments {
    /// A PNG, JPEG or y4m file, or a video that an installed ffmpeg reads
    pub input: PathBuf,
    /// Where the result goes: PNG or JPEG for a picture; for a video y4m, .png for a folder of numbered pictures, or
    /// what ffmpeg writes by the name's extension
    pub output: PathBuf,
    /// The network: a bundled one's name or a .tflite file
    #[arg(long, default_value = "selfie_segmentation")]
    pub model: String,
    /// What is done with the background; blurred, or replaced if one is given
    #[arg(long, value_enum)]
    pub effect: Option<EffectName>,
    /// The background: a color as in #2e5c54, a picture file, or a bundled picture's name
    #[arg(long)]
    pub background: Option<String>,
    /// How strongly the background is blurred, in percent
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub blur: u8,
    /// How the network runs
    #[command(flatten)]
    pub engine: EngineArguments,
}

/// What a camera is to deliver. “matte list” prints the modes and the rule by which one is chosen.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct ModeArguments {
    /// Width and height of the camera's pictures, as in 1280x720
    #[arg(long, value_parser = parsed_picture_size)]
    pub camera_size: Option<(u32, u32)>,
    /// The camera's frames a second
    #[arg(long)]
    pub camera_rate: Option<f64>,
    /// How the camera packs its pictures: NV12, NV21, I420, YUYV, UYVY, gray, RGB, BGR or MJPEG
    #[arg(long)]
    pub camera_format: Option<Encoding>,
    /// How luma and chroma are read, if not by the source's word
    #[arg(long, value_parser = parsed_color)]
    pub color: Option<Color>,
}

/// `matte record`.
#[derive(Debug, Args)]
pub struct RecordArguments {
    /// Where the frames go: a y4m file
    pub output: PathBuf,
    /// “camera”, “camera:NUMBER”, “camera:NAME”, “clip”, or a picture or y4m file
    #[arg(long, default_value = "camera")]
    pub source: String,
    /// How many frames are recorded
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u64).range(1..))]
    pub frames: u64,
    /// What the camera is to deliver
    #[command(flatten)]
    pub mode: ModeArguments,
    /// What is done with the background; without this the camera's samples are written as they are
    #[arg(long, value_enum)]
    pub effect: Option<EffectName>,
    /// The network: a bundled one's name or a .tflite file
    #[arg(long, default_value = "selfie_segmentation")]
    pub model: String,
    /// How the network runs
    #[command(flatten)]
    pub engine: EngineArguments,
}

/// `matte run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// A .tflite file
    pub model: PathBuf,
    /// The inputs, in the model's order
    pub input: PathBuf,
    /// Where the outputs go
    pub output: PathBuf,
    /// How the network runs
    #[command(flatten)]
    pub engine: EngineArguments,
}

/// `matte bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// A .tflite file or a bundled model's name
    pub model: PathBuf,
    /// How many times the model runs
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Prints JSON
    #[arg(long)]
    pub json: bool,
    /// Answers over standard input and output, against these references
    #[arg(long)]
    pub serve: Option<PathBuf>,
    /// How the network runs
    #[command(flatten)]
    pub engine: EngineArguments,
}

/// `matte figures`.
#[derive(Debug, Args)]
pub struct FiguresArguments {
    /// How many frames of each preset and size are measured
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub frames: u32,
    /// How the network runs
    #[command(flatten)]
    pub engine: EngineArguments,
}

/// `matte inspect`.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// A .tflite file or a bundled model's name
    pub model: PathBuf,
    /// How the network is to run
    #[command(flatten)]
    pub engine: EngineArguments,
}

/// What weights become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WeightsName {
    /// Integers of 8 bits
    Int8,
    /// Integers of 4 bits
    Int4,
    /// Halves
    F16,
    /// Floats: what was quantized before comes back, too
    F32,
}

/// How layers with integer weights compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeName {
    /// With integers made of the activations at run time
    Dynamic,
    /// With floats made of the weights when the model is loaded
    WeightOnly,
    /// With integers throughout; needs --calibrate
    Static,
}

/// `matte convert`.
#[derive(Debug, Args)]
pub struct ConvertArguments {
    /// A .tflite file or a bundled model's name
    pub input: PathBuf,
    /// Where the result goes
    pub output: PathBuf,
    /// What the weights become
    #[arg(long, value_enum, default_value = "int8")]
    pub weights: WeightsName,
    /// How layers with integer weights compute
    #[arg(long, value_enum, default_value = "dynamic")]
    pub mode: ModeName,
    /// How many scales weights have: tensor, channel or block:N
    #[arg(long, value_parser = parsed_granularity, default_value = "channel")]
    pub granularity: Granularity,
    /// Layers whose names match this regular expression stay as they are; may be given several times
    #[arg(long)]
    pub keep: Vec<String>,
    /// A folder of pictures (PNG, JPEG) or arrays (npz), or a clip (y4m), to calibrate, measure and compare with
    #[arg(long)]
    pub calibrate: Option<PathBuf>,
    /// How ranges follow from calibration: min-max, moving-average, percentile:P or mse
    #[arg(long, value_parser = parsed_ranging, default_value = "min-max")]
    pub ranging: Ranging,
    /// The values of black and white in the model's input, as in -1,1; by the model's card, or 0,1, without this
    #[arg(long, value_parser = parsed_range, allow_hyphen_values = true)]
    pub range: Option<(f32, f32)>,
    /// Rewrites a model whose pictures lie in planes, and its inputs and outputs, to pixels
    #[arg(long, value_enum)]
    pub layout: Option<LayoutName>,
    /// Measures each layer's error and time, and quantizes only what gains; integers of 4 bits are tried with int4
    #[arg(long)]
    pub auto: bool,
    /// The error that --auto allows a layer: its root mean square over that of the layer's result
    #[arg(long, default_value_t = 0.03)]
    pub error: f64,
    /// Prints the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Takes no time on the GPU
    #[arg(long)]
    pub no_gpu: bool,
    /// How the models run when they are measured
    #[command(flatten)]
    pub engine: EngineArguments,
}

/// `matte tune`.
#[derive(Debug, Args)]
pub struct TuneArguments {
    /// A .tflite file or a bundled model's name
    pub model: PathBuf,
    /// The most time to spend, in seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub seconds: u32,
    /// Fails if the heuristic's kernels take this many percent longer than the winners
    #[arg(long)]
    pub most_lag: Option<f64>,
    /// How the network is to run
    #[command(flatten)]
    pub engine: EngineArguments,
}

/// How pictures lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutName {
    /// Pixel by pixel
    Nhwc,
}

fn parsed_ranging(text: &str) -> Result<Ranging, String> {
    match (text, text.strip_prefix("percentile:").map(str::parse)) {
        ("min-max", _) => Ok(Ranging::MinMax),
        ("moving-average", _) => Ok(Ranging::MovingAverage),
        ("mse", _) => Ok(Ranging::Mse),
        (_, Some(Ok(percent))) if (50.0..=100.0).contains(&percent) => Ok(Ranging::Percentile(percent)),
        _ => Err("ranging is min-max, moving-average, mse or, from 50 to 100, as in percentile:99.9".into()),
    }
}

fn parsed_range(text: &str) -> Result<(f32, f32), String> {
    let parsed = text.split_once(',').and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
    parsed.filter(|(low, high)| low < high).ok_or_else(|| "a range looks like -1,1".into())
}

fn parsed_granularity(text: &str) -> Result<Granularity, String> {
    match (text, text.strip_prefix("block:").map(str::parse)) {
        ("tensor", _) => Ok(Granularity::Tensor),
        ("channel", _) => Ok(Granularity::Channel),
        (_, Some(Ok(size))) if size > 0 => Ok(Granularity::Block(size)),
        _ => Err("a granularity is tensor, channel or a block as in block:32".into()),
    }
}

/// `matte models`.
#[derive(Debug, Args)]
pub struct ModelsArguments {
    /// What to do instead of listing them
    #[command(subcommand)]
    pub action: Option<ModelsAction>,
}

/// What `matte models` can do.
#[derive(Debug, Subcommand)]
pub enum ModelsAction {
    /// Fetches a model from its publisher into the user's folder and checks it
    Get {
        /// Its name in the list
        name: String,
        /// Another address that has the same file
        #[arg(long)]
        from: Option<String>,
    },
}

fn parsed_size(text: &str) -> Result<(u32, u32), String> {
    let parsed =
        text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match parsed {
        Some((width, height)) if (200..=8192).contains(&width) && (200..=8192).contains(&height) => {
            Ok((width, height))
        }
        _ => Err("a size looks like 1280x800 and lies between 200 and 8192".into()),
    }
}

fn parsed_picture_size(text: &str) -> Result<(u32, u32), String> {
    let parsed =
        text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    parsed.ok_or_else(|| "a size looks like 1280x720".into())
}

fn parsed_color(text: &str) -> Result<Color, String> {
    let named = [
        ("601-limited", Matrix::Bt601, Range::Limited),
        ("601-full", Matrix::Bt601, Range::Full),
        ("709-limited", Matrix::Bt709, Range::Limited),
        ("709-full", Matrix::Bt709, Range::Full),
    ];
    let found = named.iter().find(|(name, ..)| *name == text);
    found.map(|&(_, matrix, range)| Color { matrix, range }).ok_or_else(|| {
        "luma and chroma are read as one of 601-limited, 601-full, 709-limited and 709-full".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_command_means_the_window() {
        let arguments =
            Arguments::parse_from(["matte", "--source", "clip", "--size", "360x640", "--frames", "3"]);
        assert!(arguments.action.is_none());
        assert_eq!((arguments.window.size, arguments.window.frames), ((360, 640), Some(3)));
    }

    #[test]
    fn a_recording_says_what_the_camera_is_to_deliver() {
        let words = "matte record --source camera:1 --frames 5 --camera-size 640x360 --camera-rate 29.97 \
                     --camera-format yuyv --color 709-full out.y4m";
        let arguments = Arguments::parse_from(words.split_whitespace());
        let Some(Action::Record(record)) = arguments.action else { unreachable!("a recording") };
        assert_eq!(
            (record.frames, record.mode.camera_size, record.mode.camera_rate),
            (5, Some((640, 360)), Some(29.97))
        );
        assert_eq!(record.mode.camera_format, Some(Encoding::Yuyv));
        assert_eq!(record.mode.color, Some(Color { matrix: Matrix::Bt709, range: Range::Full }));
        assert!(Arguments::try_parse_from(["matte", "record", "--color", "2020", "out.y4m"]).is_err());
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(parsed_size("1280x800"), Ok((1280, 800)));
        for wrong in ["", "x", "1280", "1280x", "0x800", "-1x5", "99999x800"] {
            assert!(parsed_size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parsed_picture_size("160x120"), Ok((160, 120)));
        assert!(parsed_picture_size("160").is_err());
    }
}
