//! A system whose cameras are not known.

use std::time::Duration;

use anyhow::{Result, bail};

use super::Source;
use super::device::Device;
use super::mode::Mode;

/// How often a change of the list is looked for.
pub const LOOK: Duration = Duration::from_secs(60);

/// What the list of cameras depends on.
pub fn fingerprint() -> Vec<String> {
    Vec::new()
}

/// The cameras of this machine.
pub fn devices() -> Result<Vec<Device>> {
    Ok(Vec::new())
}

/// What a camera can deliver.
pub fn modes(_: &Device) -> Result<Vec<Mode>> {
    Ok(Vec::new())
}

/// Why a camera cannot be opened now although it answers.
pub fn hindrance(_: &Device) -> Option<String> {
    None
}

/// Starts a camera in a mode of its list.
pub fn open(device: &Device, _: Mode) -> Result<Box<dyn Source>> {
    bail!("the camera “{}” cannot be opened on this system", device.name)
}
