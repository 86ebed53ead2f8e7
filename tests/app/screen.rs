//! A display without a screen: an X server in memory, whose picture is a file.

use image::RgbImage;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A running `Xvfb`. It ends, and its picture goes, when this is dropped.
pub struct Screen {
    server: Child,
    folder: PathBuf,
    /// What `DISPLAY` must be for a program to show its window here.
    pub display: String,
}

impl Screen {
    /// Starts a server of `width` × `height` pixels, or says why none can be started.
    fn start(width: u32, height: u32) -> Result<Self, String> {
        // Tests run side by side: each screen has a folder of its own.
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("matte-screen-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        // The server chooses a free number and writes it to its output.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", &format!("{width}x{height}x24")])
            .arg("-fbdir")
            .arg(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("Xvfb: {error}"))?;
        let output = server.stdout.take().expect("the output is piped");
        let mut number = String::new();
        let read = BufReader::new(output).read_line(&mut number);
        let screen = Self { server, folder, display: format!(":{}", number.trim()) };
        match read {
            Ok(length) if length > 0 => Ok(screen),
            _ => Err("Xvfb ended before it named its display".into()),
        }
    }

    /// As [`Screen::start`]; none, after a line that says so, where there is no X server. In CI a missing one is a failure.
    pub fn here(width: u32, height: u32) -> Option<Self> {
        let started = Self::start(width, height);
        if let Err(error) = &started {
            assert!(std::env::var_os("CI").is_none(), "CI has a display: {error}");
            println!("SKIPPED: {error}");
        }
        started.ok()
    }

    /// What the screen shows now.
    pub fn picture(&self) -> Result<RgbImage, String> {
        let bytes = fs::read(self.folder.join("Xvfb_screen0")).map_err(|error| error.to_string())?;
        picture_from_xwd(&bytes).ok_or_else(|| "the screen's file is no picture".into())
    }
}

/// Runs the program on a screen of its own, on the software GPU, and gives what it printed where it succeeds and logs no
/// error; none, after a line that says so, where there is no X server. In CI a missing one is a failure.
pub fn in_a_window(words: &[&str]) -> Option<String> {
    let screen = Screen::here(640, 480)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a crate lies in the repository");
    let output = Command::new(root.join(".ci/with_software_gpu"))
        .arg(env!("CARGO_BIN_EXE_matte"))
        .args(words)
        .env("DISPLAY", &screen.display)
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "{}: {said}{complained}", output.status);
    // What the device reports is what some tests provoke.
    let failed =
        complained.lines().find(|line| line.contains("ERROR") && !line.contains("the graphics device"));
    assert_eq!(failed, None, "{complained}");
    Some(said)
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A server that is gone already is as good as one that was ended.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Reads the X window dump format, version 7, of 32 bits a pixel, as Xvfb writes it: a header of big-endian words
/// (its size first), a color table, rows of pixels.
fn picture_from_xwd(bytes: &[u8]) -> Option<RgbImage> {
    let word = |index: usize| {
        let field = bytes.get(4 * index..4 * index + 4)?;
        field.try_into().ok().map(u32::from_be_bytes)
    };
    let (header, version, width, height) = (word(0)?, word(1)?, word(4)?, word(5)?);
    let (little_endian, bits, stride, colors) = (word(7)? == 0, word(11)?, word(12)? as usize, word(19)?);
    if version != 7 || bits != 32 || !little_endian {
        return None;
    }
    let pixels = bytes.get(header as usize + 12 * colors as usize..)?;
    if width == 0 || pixels.len() < stride * height as usize || stride < 4 * width as usize {
        return None;
    }
    Some(RgbImage::from_fn(width, height, |x, y| {
        let at = y as usize * stride + 4 * x as usize;
        image::Rgb([pixels[at + 2], pixels[at + 1], pixels[at]])
    }))
}
