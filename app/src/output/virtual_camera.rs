//! A virtual camera: other programs see the composed picture as that of a webcam. On Linux the v4l2loopback module
//! makes device files that are written to.

use std::path::PathBuf;

#[cfg(target_os = "linux")]
pub use linux::VirtualCamera;

/// The device files that take pictures, and their names.
pub fn virtual_cameras() -> Vec<(PathBuf, String)> {
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
    if std::path::Path::new("/sys/module/v4l2loopback").is_dir() {
        return format!("v4l2loopback is loaded without a device: sudo modprobe -r v4l2loopback && {LOAD}");
    }
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let module = PathBuf::from("/lib/modules").join(release.trim()).join("updates/dkms");
    let built = std::fs::read_dir(module).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("v4l2loopback"))
    });
    if built {
        format!("load the module: {LOAD}")
    } else {
        format!("install and load the module: sudo apt-get install v4l2loopback-dkms && {LOAD}")
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{File, OpenOptions};
    use std::io::{self, Write};
    use std::os::fd::AsRawFd;
    use std::path::{Path, PathBuf};
    use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
    use std::thread;

    use anyhow::{Context, Result};

    use crate::pipeline::Tapped;

    /// `_IOWR('V', 5, struct v4l2_format)` of linux/videodev2.h.
    const SET_FORMAT: u64 = 0xc0d0_5605;
    const OUTPUT: u32 = 2;
    const NO_FIELDS: u32 = 1;
    const YUYV: u32 = u32::from_le_bytes(*b"YUYV");
    const SMPTE170M: u32 = 1;
    const REC709: u32 = 3;

    /// `struct v4l2_format` with the member `pix` of its union: 208 bytes on 64-bit machines.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Format {
        kind: u32,
        alignment: u32,
        width: u32,
        height: u32,
        pixel_format: u32,
        field: u32,
        bytes_per_line: u32,
        size: u32,
        color_space: u32,
        rest: [u32; 43],
    }

    const _: () = assert!(size_of::<Format>() == 208);

    /// A device that shows what it is given, on a thread of its own.
    pub struct VirtualCamera {
        place: PathBuf,
        size: (u32, u32),
        queue: SyncSender<Tapped>,
        missed: u64,
    }

    impl VirtualCamera {
        /// Opens a device for YUYV pictures of a size.
        pub fn open(place: &Path, size: (u32, u32)) -> Result<Self> {
            let named = || format!("the virtual camera {} cannot be used", place.display());
            let mut device = OpenOptions::new().read(true).write(true).open(place).with_context(named)?;
            set_format(&device, size).with_context(named)?;
            let (queue, pictures) = sync_channel::<Tapped>(1);
            thread::Builder::new()
                .name("virtual camera".into())
                .spawn(move || {
                    for picture in pictures {
                        if let Err(error) = device.write_all(&picture.bytes) {
                            log::error!("the virtual camera takes no more pictures: {error}");
                            return;
                        }
                    }
                })
                .context("the virtual camera's thread could not be started")?;
            Ok(Self { place: place.into(), size, queue, missed: 0 })
        }

        /// The device file.
        pub fn place(&self) -> &Path {
            &self.place
        }

        /// The size of its pictures.
        pub fn size(&self) -> (u32, u32) {
            self.size
        }

        /// Pictures that the device was too slow for.
        pub fn missed(&self) -> u64 {
            self.missed
        }

        /// Shows a picture, without waiting. Tells whether the device still works.
        pub fn show(&mut self, picture: Tapped) -> bool {
            match self.queue.try_send(picture) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    self.missed += 1;
                    true
                }
                Err(TrySendError::Disconnected(_)) => false,
            }
        }
    }

    fn set_format(device: &File, (width, height): (u32, u32)) -> io::Result<()> {
        let bytes_per_line = 4 * width.div_ceil(2);
        let mut format = Format {
            kind: OUTPUT,
            alignment: 0,
            width,
            height,
            pixel_format: YUYV,
            field: NO_FIELDS,
            bytes_per_line,
            size: bytes_per_line * height,
            color_space: if height >= 720 { REC709 } else { SMPTE170M },
            rest: [0; 43],
        };
        // SAFETY: the request reads and writes one `struct v4l2_format`, which `Format` is, byte for byte; the
        // device is open as long as the borrow.
        let done = unsafe { libc::ioctl(device.as_raw_fd(), SET_FORMAT as _, &raw mut format) };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        if (format.width, format.height, format.pixel_format) != (width, height, YUYV) {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("it takes {}×{} only", format.width, format.height),
            ));
        }
        Ok(())
    }
}

/// Systems without virtual cameras.
#[cfg(not(target_os = "linux"))]
pub struct VirtualCamera {
    nothing: std::convert::Infallible,
}

#[cfg(not(target_os = "linux"))]
impl VirtualCamera {
    /// Says that there are none.
    pub fn open(_: &std::path::Path, _: (u32, u32)) -> anyhow::Result<Self> {
        anyhow::bail!(hint())
    }

    /// The device file.
    pub fn place(&self) -> &std::path::Path {
        match self.nothing {}
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
    pub fn show(&mut self, _: crate::pipeline::Tapped) -> bool {
        match self.nothing {}
    }
}
