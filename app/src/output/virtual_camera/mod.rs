//! A virtual camera: other programs see the composed picture as that of a webcam.
//!
//! On Linux there are two kinds. The v4l2loopback module makes device files that are written to; PipeWire, where it
//! runs, takes a node by a process of GStreamer. Pictures are YUYV either way, with the colors of
//! [`Sink::color`](super::Sink::color).

#[cfg(target_os = "linux")]
mod loopback;
#[cfg(target_os = "linux")]
mod pipewire;

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

#[cfg(target_os = "linux")]
pub use linux::VirtualCamera;

/// Where a virtual camera appears.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outlet {
    /// A device file of v4l2loopback.
    Device(PathBuf),
    /// A node of the session's PipeWire.
    PipeWire,
}

impl fmt::Display for Outlet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(place) => place.display().fmt(formatter),
            Self::PipeWire => formatter.write_str("PipeWire"),
        }
    }
}

impl FromStr for Outlet {
    type Err = Infallible;

    /// “pipewire”, or a device file.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text.eq_ignore_ascii_case("pipewire") { Self::PipeWire } else { Self::Device(text.into()) })
    }
}

/// The virtual cameras that can take pictures, and their names.
pub fn virtual_cameras() -> Vec<(Outlet, String)> {
    let devices = device_files().into_iter().map(|(place, name)| (Outlet::Device(place), name));
    devices.chain(takes_node().then(|| (Outlet::PipeWire, "Matte".into()))).collect()
}

/// Whether PipeWire runs here and everything that makes a node is there.
fn takes_node() -> bool {
    #[cfg(target_os = "linux")]
    return pipewire::is_running() && pipewire::lacks().is_none();
    #[cfg(not(target_os = "linux"))]
    false
}

fn device_files() -> Vec<(PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir("/sys/devices/virtual/video4linux") else { return Vec::new() };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let name = std::fs::read_to_string(entry.path().join("name")).ok()?;
            Some((PathBuf::from("/dev").join(entry.file_name()), name.trim().to_owned()))
        })
        .collect();
    found.sort();
    found
}

/// What makes a virtual camera appear where there is none, with the exact command.
pub fn hint() -> String {
    const LOAD: &str = "sudo modprobe v4l2loopback devices=1 exclusive_caps=1 card_label=Matte";
    if !cfg!(target_os = "linux") {
        return "virtual cameras are made on Linux only".into();
    }
    #[cfg(target_os = "linux")]
    if pipewire::is_running()
        && let Some(lacks) = pipewire::lacks()
    {
        return format!("{lacks}, or for v4l2loopback {}", loopback_hint(LOAD));
    }
    loopback_hint(LOAD)
}

fn loopback_hint(load: &str) -> String {
    if Path::new("/sys/module/v4l2loopback").is_dir() {
        return format!("v4l2loopback is loaded without a device: sudo modprobe -r v4l2loopback && {load}");
    }
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let module = PathBuf::from("/lib/modules").join(release.trim()).join("updates/dkms");
    let built = std::fs::read_dir(module).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("v4l2loopback"))
    });
    if built {
        format!("load the module: {load}")
    } else {
        format!("install and load the module: sudo apt-get install v4l2loopback-dkms && {load}")
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::Write;
    use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::thread;

    use anyhow::{Context, Result, bail};

    use super::pipewire::{Leash, Node};
    use super::{Outlet, loopback};
    use crate::pipeline::Tapped;

    /// A virtual camera that shows what it is given, on a thread of its own.
    pub struct VirtualCamera {
        outlet: Outlet,
        size: (u32, u32),
        queue: Option<SyncSender<Tapped>>,
        /// Ends the process under a thread that waits for it.
        leash: Option<Arc<Leash>>,
        fault: Arc<Mutex<Option<anyhow::Error>>>,
        missed: u64,
    }

    enum Stage {
        Device(File),
        Node(Node),
    }

    impl VirtualCamera {
        /// Opens a virtual camera for YUYV pictures of a size.
        pub fn open(outlet: &Outlet, size: (u32, u32)) -> Result<Self> {
            let named = || format!("the virtual camera {outlet} cannot be used");
            let (mut stage, leash) = match outlet {
                Outlet::Device(place) => {
                    (Stage::Device(loopback::open(place, size).with_context(named)?), None)
                }
                Outlet::PipeWire => {
                    let node = Node::start(size).with_context(named)?;
                    let leash = node.leash();
                    (Stage::Node(node), Some(leash))
                }
            };
            let fault = Arc::new(Mutex::new(None));
            let said = Arc::clone(&fault);
            let (queue, pictures) = sync_channel::<Tapped>(1);
            thread::Builder::new()
                .name("virtual camera".into())
                .spawn(move || {
                    for picture in pictures {
                        let shown = match &mut stage {
                            Stage::Device(device) => device.write_all(&picture.bytes).map_err(Into::into),
                            Stage::Node(node) => node.write(&picture.bytes),
                        };
                        if let Err(error) = shown {
                            *said.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                            return;
                        }
                    }
                })
                .context("the virtual camera's thread could not be started")?;
            Ok(Self { outlet: outlet.clone(), size, queue: Some(queue), leash, fault, missed: 0 })
        }

        /// The size of its pictures.
        pub fn size(&self) -> (u32, u32) {
            self.size
        }

        /// Pictures that the device was too slow for. A node takes none while nobody looks at it: that is no fault.
        pub fn missed(&self) -> u64 {
            self.missed
        }

        /// Shows a picture, without waiting.
        pub fn show(&mut self, picture: Tapped) -> Result<()> {
            match self.queue.as_ref().map(|queue| queue.try_send(picture)) {
                Some(Ok(())) => Ok(()),
                Some(Err(TrySendError::Full(_))) => {
                    self.missed += u64::from(self.leash.is_none());
                    Ok(())
                }
                Some(Err(TrySendError::Disconnected(_))) | None => {
                    let named = format!("the virtual camera {} takes no more pictures", self.outlet);
                    let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).take();
                    match fault {
                        Some(fault) => Err(fault.context(named)),
                        None => bail!(named),
                    }
                }
            }
        }
    }

    impl Drop for VirtualCamera {
        fn drop(&mut self) {
            self.queue = None;
            if let Some(leash) = &self.leash {
                leash.end();
            }
        }
    }
}

/// Systems without virtual cameras.
#[cfg(not(target_os = "linux"))]
pub struct VirtualCamera {
    nothing: Infallible,
}

#[cfg(not(target_os = "linux"))]
impl VirtualCamera {
    /// Says that there are none.
    pub fn open(_: &Outlet, _: (u32, u32)) -> anyhow::Result<Self> {
        anyhow::bail!(hint())
    }

    /// The size of its pictures.
    pub fn size(&self) -> (u32, u32) {
        match self.nothing {}
    }

    /// Pictures that the device was too slow for.
    pub fn missed(&self) -> u64 {
        match self.nothing {}
    }

    /// Shows a picture.
    pub fn show(&mut self, _: crate::pipeline::Tapped) -> anyhow::Result<()> {
        match self.nothing {}
    }
}
