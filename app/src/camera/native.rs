//! Cameras of Windows and macOS, through nokhwa: Media Foundation and AVFoundation.
//!
//! nokhwa waits without an end for a picture and hands out whole buffers. The feed's thread does the waiting, and
//! the picture is cut out of its buffer with one copy.

use std::borrow::Cow;
use std::sync::Once;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use nokhwa::Camera;
use nokhwa::utils::{
    CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};

use super::buffer::Layout;
use super::device::Device;
use super::mode::{Encoding, Mode};
use super::{Info, Source, readable};
use crate::pipeline::frame::Frame;

const FORMATS: [FrameFormat; 6] = [
    FrameFormat::NV12,
    FrameFormat::YUYV,
    FrameFormat::GRAY,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::MJPEG,
];

/// How often a change of the list is looked for.
pub const LOOK: Duration = Duration::from_secs(2);

/// What the list of cameras depends on: two equal ones mean an equal list. Opens no device.
pub fn fingerprint() -> Vec<String> {
    let device = |device: Device| format!("{} {}", device.index, device.name);
    devices().unwrap_or_default().into_iter().map(device).collect()
}

/// The cameras of this machine by their numbers.
pub fn devices() -> Result<Vec<Device>> {
    check_permission()?;
    let backend =
        nokhwa::native_api_backend().context("this system has no camera interface that is known")?;
    let found = nokhwa::query(backend).context("the cameras could not be listed")?;
    let mut devices: Vec<_> = found
        .iter()
        .filter_map(|info| {
            let index = info.index().as_index().ok()?;
            Some(Device { index, name: info.human_name(), place: info.misc(), facing: None })
        })
        .collect();
    devices.sort();
    devices.dedup();
    Ok(devices)
}

/// What a camera can deliver, in the order of size, rate and encoding.
pub fn modes(device: &Device) -> Result<Vec<Mode>> {
    let mut camera = opened(device)?;
    let listed = camera.compatible_camera_formats().map_err(|error| explained(device, &error.to_string()))?;
    let mut modes: Vec<_> = listed.into_iter().map(mode_of).collect();
    modes.sort();
    modes.dedup();
    Ok(modes)
}

/// Why a camera cannot be opened now although it answers: opening it for its modes has told.
pub fn hindrance(_: &Device) -> Option<String> {
    None
}

/// Starts a camera in a mode of its list.
pub fn open(device: &Device, mode: Mode) -> Result<Box<dyn Source>> {
    let mut camera = opened(device)?;
    let exact = RequestedFormatType::Exact(format_of(mode));
    camera
        .set_camera_requset(RequestedFormat::with_formats(exact, &FORMATS))
        .with_context(|| format!("the camera “{}” does not accept {mode}", device.name))?;
    camera.open_stream().map_err(|error| explained(device, &error.to_string()))?;
    let Mode { width, height, encoding, .. } = mode;
    let layout = Layout { encoding, width, height, stride: 0, color: None };
    Ok(Box::new(Live { camera, layout, mode, name: device.name.clone(), sequence: 0 }))
}

struct Live {
    camera: Camera,
    layout: Layout,
    mode: Mode,
    name: String,
    sequence: u64,
}

impl Source for Live {
    fn info(&self) -> Info {
        Info::of_camera(&self.name, self.mode)
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        let frame = readable(&self.name, || {
            let sequence = self.sequence;
            self.sequence += 1;
            let bytes = self
                .camera
                .frame_raw()
                .with_context(|| format!("the camera “{}” stopped sending pictures", self.name))?;
            let used = bytes.len();
            let copies = matches!(bytes, Cow::Borrowed(_)) && self.mode.encoding != Encoding::Mjpeg;
            Ok(self.layout.frame(bytes.into_owned(), used).map(|mut frame| {
                (frame.sequence, frame.copies) = (sequence, copies.into());
                frame
            }))
        });
        frame.map(Some)
    }
}

/// macOS asks the person once, when the program first wants a camera; until the answer there is none.
fn check_permission() -> Result<()> {
    static ASKED: Once = Once::new();
    ASKED.call_once(|| nokhwa::nokhwa_initialize(|_| ()));
    ensure!(
        nokhwa::nokhwa_check(),
        "Matte may not use cameras: answer the system's question, or allow it in the privacy settings"
    );
    Ok(())
}

fn opened(device: &Device) -> Result<Camera> {
    let any = RequestedFormat::with_formats(RequestedFormatType::AbsoluteHighestFrameRate, &FORMATS);
    Camera::new(CameraIndex::Index(device.index), any).map_err(|error| explained(device, &error.to_string()))
}

/// The system's words, with what can be done about them.
fn explained(device: &Device, error: &str) -> anyhow::Error {
    let name = &device.name;
    let says = |words: &[&str]| words.iter().any(|word| error.contains(word));
    // E_ACCESSDENIED, and what Media Foundation says when another program holds the camera.
    if says(&["0x80070005", "denied", "authorized", "Permission"]) {
        anyhow!("the camera “{name}” may not be used: allow it in the system's privacy settings for cameras")
    } else if says(&["0xC00D3704", "0xC00D3EA3", "0x80070020", "Locked", "in use"]) {
        anyhow!("the camera “{name}” is in use by another program")
    } else if says(&["fufill"]) {
        anyhow!("the camera “{name}” offers no format that can be read")
    } else {
        anyhow!("the camera “{name}” cannot be used: {error}")
    }
}

fn mode_of(format: CameraFormat) -> Mode {
    let encoding = match format.format() {
        FrameFormat::MJPEG => Encoding::Mjpeg,
        FrameFormat::YUYV => Encoding::Yuyv,
        FrameFormat::NV12 => Encoding::Nv12,
        FrameFormat::GRAY => Encoding::Gray,
        FrameFormat::RAWRGB => Encoding::Rgb,
        FrameFormat::RAWBGR => Encoding::Bgr,
    };
    Mode { width: format.width(), height: format.height(), rate: format.frame_rate().into(), encoding }
}

/// nokhwa knows whole rates alone, and its modes have no others.
fn format_of(mode: Mode) -> CameraFormat {
    let format = match mode.encoding {
        Encoding::Mjpeg => FrameFormat::MJPEG,
        Encoding::Yuyv => FrameFormat::YUYV,
        Encoding::Gray => FrameFormat::GRAY,
        Encoding::Rgb => FrameFormat::RAWRGB,
        Encoding::Bgr => FrameFormat::RAWBGR,
        _ => FrameFormat::NV12,
    };
    let (frames, _) = mode.rate.fraction();
    CameraFormat::new(Resolution::new(mode.width, mode.height), format, frames)
}
