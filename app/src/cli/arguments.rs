//! What may stand on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

/// Cuts people out of live video on the GPU.
///
/// Without a command the window opens. Every error is one sentence; the exit code is 2 for bad input and 1
/// for a failure.
#[derive(Debug, Parser)]
#[command(name = "matte", version)]
pub struct Arguments {
    /// How the window starts.
    #[command(flatten)]
    pub window: WindowArguments,
}

/// Where a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// The graphics adapter
    Gpu,
    /// The processor
    Cpu,
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
    /// A color in its place
    Color,
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
    pub precision: PrecisionName,
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
    /// “camera”, “clip”, or a picture or y4m file; the first camera without this, the clip if there is none
    #[arg(long)]
    pub source: Option<String>,
    /// What is done with the background
    #[arg(long, value_enum, default_value = "blur")]
    pub effect: EffectName,
    /// The network, by name
    #[arg(long, default_value = "selfie_segmentation")]
    pub model: String,
    /// How the network runs
    #[command(flatten)]
    pub engine: EngineArguments,
    /// Shows the figures over the picture
    #[arg(long)]
    pub figures: bool,
    /// Shows the untouched frame at the left of a line
    #[arg(long)]
    pub wipe: bool,
    /// Width and height of the window in points, as in 1280x800
    #[arg(long, value_parser = parsed_size, default_value = "1180x720")]
    pub size: (u32, u32),
    /// Ends after so many presented pictures
    #[arg(long)]
    pub frames: Option<u64>,
    /// Writes the window's last picture to this PNG file; needs --frames
    #[arg(long, requires = "frames")]
    pub screenshot: Option<PathBuf>,
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
        assert_eq!((arguments.window.size, arguments.window.frames), ((360, 640), Some(3)));
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(parsed_size("1280x800"), Ok((1280, 800)));
        for wrong in ["", "x", "1280", "1280x", "0x800", "-1x5", "99999x800"] {
            assert!(parsed_size(wrong).is_err(), "{wrong}");
        }
    }
}
