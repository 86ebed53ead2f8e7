//! The cameras of this machine: which there are, what they can do, and when that changes.
//!
//! The systems differ in one module each, named `system` here: V4L2 on Linux, nokhwa on Windows
//! and macOS, Camera2 on Android.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;

use anyhow::{Context, Result};

use super::mode::{Mode, choose};
use super::{Open, Source, system};
use crate::platform::turn::Facing;

/// A camera that the system knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// The number by which it is opened; another one may have it after a change of plugs.
    pub index: u32,
    /// The name that its maker gave it.
    pub name: String,
    /// Where it is plugged in, in the system's words.
    pub place: String,
    /// Where a built-in camera of a phone looks.
    pub facing: Option<Facing>,
}

/// The camera to switch to from a built-in one: the first that works and looks the other way.
pub fn opposite(cameras: &[Found], index: u32) -> Option<&Found> {
    let facing = cameras.iter().find(|camera| camera.device.index == index)?.device.facing?;
    cameras
        .iter()
        .find(|camera| camera.fault.is_none() && camera.device.facing.is_some_and(|other| other != facing))
}

/// A camera and what it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The camera.
    pub device: Device,
    /// What it can deliver, in the order of size, rate and encoding.
    pub modes: Vec<Mode>,
    /// Why it gives no pictures now, in a sentence.
    pub fault: Option<String>,
}

impl Found {
    /// The mode that is taken if nobody chooses one.
    pub fn best(&self) -> Option<Mode> {
        choose(&self.modes)
    }
}

/// The cameras in the system's order. One that this program has opened itself is named by `own`, so that it does
/// not count as in use by another.
pub fn cameras(own: Option<u32>) -> Result<Vec<Found>> {
    let found = system::devices()?.into_iter().map(|device| {
        let (modes, fault) = match system::modes(&device) {
            Ok(modes) if modes.is_empty() => {
                (modes, Some(format!("the camera “{}” offers no format that can be read", device.name)))
            }
            Ok(modes) if own == Some(device.index) => (modes, None),
            Ok(modes) => (modes, system::hindrance(&device)),
            Err(error) => (Vec::new(), Some(format!("{error:#}"))),
        };
        Found { device, modes, fault }
    });
    Ok(found.collect())
}

/// Opens a camera by its number in the given mode, or in the one that [`choose`] takes.
pub fn open(index: u32, mode: Option<Mode>) -> Result<Box<dyn Source>> {
    let device = system::devices()?
        .into_iter()
        .find(|device| device.index == index)
        .with_context(|| format!("camera {index} is not there"))?;
    let mode = match mode {
        Some(mode) => mode,
        None => choose(&system::modes(&device)?)
            .with_context(|| format!("the camera “{}” offers no format that can be read", device.name))?,
    };
    system::open(&device, mode)
}

/// The same, later, on the thread of a [`Feed`](super::Feed).
pub fn opening(index: u32, mode: Option<Mode>) -> Open {
    Box::new(move || open(index, mode))
}

/// What the program wants of a [`Watch`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Interest {
    /// The camera that this program has opened.
    pub own: Option<u32>,
    /// Whether a camera is waited for that another program may let go, which changes no list.
    pub waiting: bool,
}

/// The cameras as a [`Watch`] has seen them.
pub struct Seen {
    /// All of them.
    pub cameras: Result<Vec<Found>>,
    /// Whether cameras came, went or became allowed since they were seen last.
    pub changed: bool,
}

/// A thread that lists the cameras when it is asked to, and whenever some come or go. It ends when this is
/// dropped.
pub struct Watch {
    requests: Sender<Interest>,
}

/// After how many looks the list is read again for a camera that is waited for.
const LOOKS: u32 = 4;

impl Watch {
    /// Starts the thread; `tell` is called on it.
    pub fn start(tell: impl Fn(Seen) + Send + 'static) -> Result<Self> {
        let (requests, asked) = channel();
        thread::Builder::new()
            .name("cameras".into())
            .spawn(move || watch(&asked, tell))
            .context("the thread that watches the cameras could not be started")?;
        Ok(Self { requests })
    }

    /// Asks for the list now.
    pub fn look(&self, interest: Interest) {
        // The thread lives as long as this sender.
        let _ = self.requests.send(interest);
    }
}

fn watch(asked: &Receiver<Interest>, tell: impl Fn(Seen)) {
    let (mut interest, mut known, mut idle) = (Interest::default(), None, 0);
    loop {
        let requested = match asked.recv_timeout(system::LOOK) {
            Ok(newer) => {
                // Of several requests the last one counts.
                interest = asked.try_iter().last().unwrap_or(newer);
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let now = system::fingerprint();
        let changed = known.as_ref().is_some_and(|known| *known != now);
        known = Some(now);
        idle += 1;
        if requested || changed || (interest.waiting && idle >= LOOKS) {
            idle = 0;
            tell(Seen { cameras: cameras(interest.own), changed });
        }
    }
}

/// A camera that failed and is to come back by itself.
#[derive(Clone, Debug)]
pub struct Lost {
    device: Device,
    mode: Option<Mode>,
    /// Whether it was away or not usable since: one that is there all the time is not tried again and again.
    missed: bool,
}

impl Lost {
    /// A camera that has just failed in this mode.
    pub fn of(device: Device, mode: Option<Mode>) -> Self {
        Self { device, mode, missed: false }
    }

    /// The camera's number and its mode, when it can be used again: in the same place, or by the same name in
    /// another. `changed` tells that cameras came or went since the list before this one.
    pub fn returned(&mut self, cameras: &[Found], changed: bool) -> Option<(u32, Option<Mode>)> {
        let working = |same: &dyn Fn(&Device) -> bool| {
            cameras.iter().find(|camera| camera.fault.is_none() && same(&camera.device))
        };
        let Device { name, place, .. } = &self.device;
        let camera = working(&|device| device.name == *name && device.place == *place)
            .or_else(|| working(&|device| device.name == *name));
        let back = camera.filter(|_| self.missed || changed);
        self.missed |= camera.is_none();
        back.map(|camera| (camera.device.index, self.mode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(index: u32, name: &str, place: &str, fault: Option<&str>) -> Found {
        let device = Device { index, name: name.into(), place: place.into(), facing: None };
        Found { device, modes: Vec::new(), fault: fault.map(Into::into) }
    }

    fn lost() -> Lost {
        Lost::of(found(0, "Desk", "usb-1", None).device, None)
    }

    #[test]
    fn an_unplugged_camera_comes_back_under_another_number_or_in_another_place() {
        let mut lost = lost();
        assert_eq!(lost.returned(&[found(1, "Wall", "usb-2", None)], true), None);
        let both = [found(3, "Desk", "usb-3", None), found(2, "Desk", "usb-1", None)];
        assert_eq!(lost.returned(&both, true), Some((2, None)));
        assert_eq!(lost.returned(&both[..1], true), Some((3, None)));
    }

    #[test]
    fn a_switch_goes_to_the_first_working_camera_on_the_other_side() {
        let facing = |index, facing, fault| {
            let mut found = found(index, "built in", "here", fault);
            found.device.facing = facing;
            found
        };
        let cameras = [
            facing(0, Some(Facing::Back), None),
            facing(1, Some(Facing::Back), None),
            facing(2, None, None),
            facing(3, Some(Facing::Front), Some("in use")),
            facing(4, Some(Facing::Front), None),
        ];
        let to = |index| opposite(&cameras, index).map(|camera| camera.device.index);
        assert_eq!([to(0), to(1), to(4)], [Some(4), Some(4), Some(0)]);
        assert_eq!([to(2), to(7)], [None, None], "one that is plugged in, and none");
        assert_eq!(opposite(&cameras[..3], 0), None);
    }

    #[test]
    fn a_broken_camera_is_not_tried_again_while_it_stays() {
        let mut lost = lost();
        let there = [found(0, "Desk", "usb-1", None)];
        assert_eq!(lost.returned(&there, false), None);
        assert_eq!(lost.returned(&there, false), None);
        assert_eq!(lost.returned(&there, true), Some((0, None)), "it was plugged in anew");
    }

    #[test]
    fn a_busy_camera_comes_back_when_it_is_let_go() {
        let mut lost = lost();
        assert_eq!(lost.returned(&[found(0, "Desk", "usb-1", Some("in use"))], false), None);
        assert_eq!(lost.returned(&[found(0, "Desk", "usb-1", None)], false), Some((0, None)));
    }
}
