//! A virtual camera of PipeWire, in a session of the test's own, looked at by another program.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use matte::output::{Outlet, VirtualCamera, virtual_cameras};
use matte::pipeline::Tapped;

const SIZE: (u32, u32) = (162, 120);

/// Luma and chroma of the picture's left and right half, and the red, green and blue that they are by BT.601.
const HALVES: [([u8; 3], [u8; 3]); 2] = [([81, 90, 240], [254, 0, 0]), ([145, 54, 34], [0, 255, 1])];

/// How coarsely GStreamer computes colors. By BT.709 they would be 24 away.
const COARSE: u8 = 8;

/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// PipeWire and its session's manager, in a folder of their own.
struct Session {
    folder: PathBuf,
    servers: Vec<Child>,
}

impl Session {
    fn start() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("matte-pipewire-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mut session = Self { folder, servers: Vec::new() };
        session.serve("pipewire")?;
        let start = Instant::now();
        while !session.folder.join("pipewire-0").exists() {
            if start.elapsed() > PATIENCE {
                return Err("PipeWire does not start here".into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        session.serve("wireplumber")?;
        Ok(session)
    }

    fn serve(&mut self, program: &str) -> Result<(), String> {
        let server = self.within(program).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.servers.push(server.map_err(|error| format!("{program}: {error}"))?);
        Ok(())
    }

    /// A program in this session.
    fn within(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("XDG_RUNTIME_DIR", &self.folder).env("XDG_STATE_HOME", &self.folder);
        command.env("DBUS_SESSION_BUS_ADDRESS", "disabled:").stdin(Stdio::null());
        command
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for server in self.servers.iter_mut().rev() {
            // It may have ended by itself.
            let _ = server.kill();
            let _ = server.wait();
        }
        // The system clears its temporary folder too.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_node_of_pipewire_shows_the_picture_to_one_program_after_another() {
    let name = "virtual_camera::a_node_of_pipewire_shows_the_picture_to_one_program_after_another";
    if std::env::var_os("MATTE_TEST_ALONE").is_some() {
        return show_and_look();
    }
    let session = match Session::start() {
        Ok(session) => session,
        Err(error) => return eprintln!("SKIPPED: a virtual camera of PipeWire: {error}"),
    };
    let alone = session
        .within(std::env::current_exe().expect("the test's own program"))
        .args(["--exact", name, "--nocapture"])
        .env("MATTE_TEST_ALONE", "1")
        .status();
    assert!(alone.expect("the test's own program starts").success());
}

fn show_and_look() {
    if !virtual_cameras().iter().any(|(outlet, _)| *outlet == Outlet::PipeWire) {
        let error = VirtualCamera::open(&Outlet::PipeWire, SIZE).err().expect("something is missing");
        return eprintln!("SKIPPED: {error:#}");
    }
    let mut camera = VirtualCamera::open(&Outlet::PipeWire, SIZE).expect("a node");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let picture = Tapped { bytes: picture(), size: SIZE, recorded: Instant::now() };
                camera.show(picture).expect("the node takes pictures");
                thread::sleep(Duration::from_millis(20));
            }
        });
        let seen = [look(), look()];
        over.store(true, Ordering::Relaxed);
        for seen in seen {
            check(&seen.expect("a picture"));
        }
    });
}

/// YUYV rows of two halves.
fn picture() -> Vec<u8> {
    let half = |[y, u, v]: [u8; 3]| [y, u, y, v].repeat(SIZE.0 as usize / 4);
    let middle = HALVES[1].0;
    let mut row = half(HALVES[0].0);
    row.extend([middle[0], middle[1], middle[0], middle[2]]);
    row.extend(half(HALVES[1].0));
    row.repeat(SIZE.1 as usize)
}

/// What another program sees of the camera: the last of some pictures, red, green and blue.
fn look() -> Result<Vec<u8>, String> {
    let place = std::env::temp_dir().join(format!("matte-pipewire-seen-{}.rgb", std::process::id()));
    let start = Instant::now();
    let mut said = String::new();
    // The camera appears anew after somebody stopped looking.
    while start.elapsed() < PATIENCE {
        let mut program = Command::new("gst-launch-1.0")
            .args(["--quiet", "--no-fault", "pipewiresrc", "target-object=matte", "num-buffers=5", "!"])
            .args(["videoconvert", "!", "video/x-raw,format=RGB", "!", "filesink"])
            .arg(format!("location={}", place.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let begun = Instant::now();
        while program.try_wait().map_err(|error| error.to_string())?.is_none() {
            if begun.elapsed() > PATIENCE / 4 {
                program.kill().map_err(|error| error.to_string())?;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let output = program.wait_with_output().map_err(|error| error.to_string())?;
        said = String::from_utf8_lossy(&output.stderr).into_owned();
        let seen = fs::read(&place).unwrap_or_default();
        // The file may not have been made.
        let _ = fs::remove_file(&place);
        let stride = row_bytes();
        let length = stride * SIZE.1 as usize;
        if seen.len() >= length && seen.len().is_multiple_of(length) {
            return Ok(seen[seen.len() - length..].to_vec());
        }
    }
    Err(format!("nothing was seen: {said}"))
}

/// GStreamer's rows of three bytes a pixel begin at multiples of four.
fn row_bytes() -> usize {
    (3 * SIZE.0 as usize).next_multiple_of(4)
}

fn check(seen: &[u8]) {
    for (row, x, half) in [(0, 0, 0), (60, 70, 0), (119, 161, 1), (60, 100, 1)] {
        let at = row * row_bytes() + 3 * x;
        let near =
            seen[at..at + 3].iter().zip(HALVES[half].1).all(|(seen, meant)| seen.abs_diff(meant) <= COARSE);
        assert!(near, "{:?} in place of {:?} at {x}, {row}", &seen[at..at + 3], HALVES[half].1);
    }
}
