//! Cameras by what is said of them on a command line.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::arguments::ModeArguments;
use super::bad_input;
use crate::camera::{self, Device, Mode, Wanted, choose};

/// A source by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The first camera that gives pictures.
    AnyCamera,
    /// A camera by its number or a part of its name.
    Camera(String),
    /// The bundled clip.
    Clip,
    /// A file or folder that exists.
    File(PathBuf),
}

/// Reads “camera”, “camera:1”, “camera:NAME”, “clip” or the name of a file or folder.
pub fn named(text: &str) -> Result<Named> {
    if text == "camera" {
        return Ok(Named::AnyCamera);
    }
    if let Some(name) = text.strip_prefix("camera:") {
        return Ok(Named::Camera(name.into()));
    }
    if text == "clip" {
        return Ok(Named::Clip);
    }
    let path = Path::new(text);
    if path.exists() {
        return Ok(Named::File(path.into()));
    }
    let shown = path.display();
    Err(bad_input(anyhow!(
        "the source {shown} is neither “camera”, “camera:NAME”, “clip” nor a file or folder"
    )))
}

/// The first camera that gives pictures, or the one of this number or with this in its name; and the mode that
/// the rule takes of those that the arguments allow.
pub fn find(name: Option<&str>, arguments: &ModeArguments) -> Result<(Device, Mode)> {
    let cameras = camera::cameras(None)?;
    let is_meant = |device: &Device| match name {
        Some(name) => name.parse() == Ok(device.index) || device.name.contains(name),
        None => true,
    };
    let mut meant = cameras.iter().filter(|camera| is_meant(&camera.device)).peekable();
    let first = meant.peek().copied();
    let camera = meant.find(|camera| camera.fault.is_none()).or(first);
    let camera = camera.with_context(|| match name {
        Some(name) => format!("no camera is called “{name}”; “matte list” prints them"),
        None => "no camera was found".into(),
    })?;
    if let Some(fault) = &camera.fault {
        return Err(anyhow!("{fault}"));
    }
    let wanted = wanted(arguments);
    let allowed: Vec<_> = camera.modes.iter().filter(|mode| wanted.allows(mode)).copied().collect();
    let mode = choose(&allowed).with_context(|| {
        format!("the camera “{}” has no such mode; “matte list” prints its modes", camera.device.name)
    });
    Ok((camera.device.clone(), mode.map_err(bad_input)?))
}

fn wanted(arguments: &ModeArguments) -> Wanted {
    Wanted { size: arguments.camera_size, rate: arguments.camera_rate, encoding: arguments.camera_format }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_called_by_name() {
        assert_eq!(named("camera").ok(), Some(Named::AnyCamera));
        assert_eq!(named("camera:1").ok(), Some(Named::Camera("1".into())));
        assert_eq!(named("camera:Desk").ok(), Some(Named::Camera("Desk".into())));
        assert_eq!(named("clip").ok(), Some(Named::Clip));
        assert!(named("nowhere.png").is_err());
    }
}
