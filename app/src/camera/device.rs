//! Cameras of a desktop machine, through nokhwa: V4L2, Media Foundation or AVFoundation.
//!
//! The driver hands out whole buffers, first in, first out. [`Device::next`](super::Source::next) takes every
//! one of them as soon as it is there, so that none grows old in the queue, and copies only the bytes that the
//! picture uses: that copy is the only one until the upload.

use anyhow::{Context, Result, bail};
use nokhwa::Camera;
use nokhwa::utils::{
    CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};

use super::mode::{Encoding, Mode, choose};
use super::{Info, Source, jpeg};
use crate::pipeline::frame::{Frame, PixelFormat};

/// A camera that the system knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// The number by which it is opened.
    pub index: u32,
    /// The name that its maker gave it.
    pub name: String,
}

/// How many unusable frames in a row a camera may send before it counts as broken.
const PATIENCE: u32 = 60;

const FORMATS: [FrameFormat; 6] = [
    FrameFormat::NV12,
    FrameFormat::YUYV,
    FrameFormat::GRAY,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::MJPEG,
];

/// The cameras of this machine, in the system's order.
pub fn devices() -> Result<Vec<Device>> {
    // macOS asks the person for permission once; the list stays empty until it is given.
    #[cfg(target_os = "macos")]
    nokhwa::nokhwa_initialize(|_| ());
    let backend =
        nokhwa::native_api_backend().context("this system has no camera interface that is known")?;
    let found = nokhwa::query(backend).context("the cameras could not be listed")?;
    let mut devices: Vec<_> = found
        .iter()
        .filter_map(|info| Some(Device { index: info.index().as_index().ok()?, name: info.human_name() }))
        .collect();
    devices.sort();
    devices.dedup();
    Ok(devices)
}

/// What a camera can deliver, in the order of size, rate and encoding.
pub fn modes(index: u32) -> Result<Vec<Mode>> {
    listed_modes(&mut opened(index)?, index)
}

/// Opens a camera in the given mode, or in the one that [`choose`] takes.
pub fn open(device: &Device, mode: Option<Mode>) -> Result<Box<dyn Source>> {
    let mut camera = opened(device.index)?;
    let modes = listed_modes(&mut camera, device.index)?;
    let mode = mode
        .or_else(|| choose(&modes))
        .with_context(|| format!("the camera “{}” offers no format that can be read", device.name))?;
    let exact = RequestedFormatType::Exact(format_of(mode));
    camera
        .set_camera_requset(RequestedFormat::with_formats(exact, &FORMATS))
        .with_context(|| format!("the camera “{}” does not accept {mode}", device.name))?;
    camera.open_stream().map_err(|error| explained(device.index, &error.to_string()))?;
    Ok(Box::new(Live { camera, mode, name: device.name.clone(), sequence: 0 }))
}

struct Live {
    camera: Camera,
    mode: Mode,
    name: String,
    sequence: u64,
}

impl Source for Live {
    fn info(&self) -> Info {
        Info { name: self.name.clone(), detail: self.mode.to_string(), live: true }
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        let mut refused = None;
        for _ in 0..PATIENCE {
            let index = self.sequence;
            self.sequence += 1;
            let bytes = self
                .camera
                .frame_raw()
                .with_context(|| format!("the camera “{}” stopped sending pictures", self.name))?;
            match frame_from_buffer(self.mode, &bytes) {
                Ok(mut frame) => {
                    frame.sequence = index;
                    return Ok(Some(frame));
                }
                Err(error) => refused = Some(error),
            }
        }
        let reason = refused.map_or_else(String::new, |error| format!(": {error:#}"));
        bail!("the camera “{}” sends pictures that cannot be read{reason}", self.name)
    }
}

/// The picture in a driver's buffer, which may be longer than the picture.
pub fn frame_from_buffer(mode: Mode, buffer: &[u8]) -> Result<Frame> {
    let format = match mode.encoding {
        Encoding::Mjpeg => return jpeg::frame_from_jpeg(jpeg::used_bytes(buffer)),
        Encoding::Nv12 => PixelFormat::Nv12,
        Encoding::Yuyv => PixelFormat::Yuyv,
        Encoding::Gray => PixelFormat::Gray,
        Encoding::Rgb | Encoding::Bgr => PixelFormat::Rgb,
    };
    let used = format.packed_len(mode.width, mode.height).min(buffer.len());
    let mut data = buffer[..used].to_vec();
    if mode.encoding == Encoding::Bgr {
        data.chunks_exact_mut(3).for_each(|pixel| pixel.swap(0, 2));
    }
    Frame::new(format, mode.width, mode.height, data)
}

fn opened(index: u32) -> Result<Camera> {
    let any = RequestedFormat::with_formats(RequestedFormatType::AbsoluteHighestFrameRate, &FORMATS);
    Camera::new(CameraIndex::Index(index), any).map_err(|error| explained(index, &error.to_string()))
}

fn listed_modes(camera: &mut Camera, index: u32) -> Result<Vec<Mode>> {
    let listed = camera.compatible_camera_formats().map_err(|error| explained(index, &error.to_string()))?;
    let mut modes: Vec<_> = listed.into_iter().map(mode_of).collect();
    modes.sort();
    modes.dedup();
    Ok(modes)
}

/// The driver's words, with what can be done about them.
fn explained(index: u32, error: &str) -> anyhow::Error {
    if error.contains("os error 13") {
        anyhow::anyhow!(
            "camera {index} may not be opened by this user: join the group “video” \
             (sudo usermod -aG video $USER) and log in again"
        )
    } else if error.contains("os error 16") {
        anyhow::anyhow!("camera {index} is in use by another program")
    } else if error.contains("fufill") {
        anyhow::anyhow!("camera {index} offers no format that can be read")
    } else {
        anyhow::anyhow!("camera {index} cannot be used: {error}")
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
    Mode { width: format.width(), height: format.height(), rate: format.frame_rate(), encoding }
}

fn format_of(mode: Mode) -> CameraFormat {
    let format = match mode.encoding {
        Encoding::Mjpeg => FrameFormat::MJPEG,
        Encoding::Yuyv => FrameFormat::YUYV,
        Encoding::Nv12 => FrameFormat::NV12,
        Encoding::Gray => FrameFormat::GRAY,
        Encoding::Rgb => FrameFormat::RAWRGB,
        Encoding::Bgr => FrameFormat::RAWBGR,
    };
    CameraFormat::new(Resolution::new(mode.width, mode.height), format, mode.rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_mapped_buffers_are_cut_to_the_picture() {
        let mode = Mode { width: 320, height: 240, rate: 30, encoding: Encoding::Yuyv };
        let frame = frame_from_buffer(mode, &vec![7; 155_648]).expect("a page more than the picture");
        assert_eq!(frame.data().len(), 320 * 240 * 2);
        assert!(frame_from_buffer(mode, &[7; 1000]).is_err(), "a short frame is refused");
    }

    #[test]
    fn blue_first_pictures_turn_to_red_first() {
        let mode = Mode { width: 2, height: 1, rate: 30, encoding: Encoding::Bgr };
        let frame = frame_from_buffer(mode, &[1, 2, 3, 4, 5, 6]).expect("two pixels");
        assert_eq!(frame.data(), [3, 2, 1, 6, 5, 4]);
    }

    #[test]
    fn what_the_driver_says_becomes_advice() {
        let sentence = explained(0, "V4L2 Error: Permission denied (os error 13)").to_string();
        assert!(sentence.contains("group “video”"), "{sentence}");
        let sentence = explained(1, "Device or resource busy (os error 16)").to_string();
        assert!(sentence.contains("in use"), "{sentence}");
    }
}
