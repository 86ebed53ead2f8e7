//! A camera among PipeWire's nodes: `gst-launch-1.0`, GStreamer's own program, reads raw pictures from a pipe and gives
//! them to whoever looks at the node.
//!
//! The process takes nothing from the pipe while nobody looks, and PipeWire's part of GStreamer ends it when
//! somebody stops looking. Then another one makes the node anew.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::output::Sink;
use crate::pipeline::frame::Matrix;

/// The first version of PipeWire's part of GStreamer whose cameras can be looked at; older ones crash.
const VERSION: &str = "1.0.0";

/// A process that ends before this may have failed.
const BRIEF: Duration = Duration::from_millis(500);

/// So many processes in a row that end that early have failed.
const ATTEMPTS: u32 = 5;

/// Whether PipeWire runs in this session.
pub fn is_running() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("PIPEWIRE_RUNTIME_DIR").or_else(|| set("XDG_RUNTIME_DIR"));
    let name = set("PIPEWIRE_REMOTE").unwrap_or_else(|| "pipewire-0".into());
    folder.is_some_and(|folder| folder.join(name).exists())
}

/// What is missing to make a node, as a sentence with the command that helps; nothing if all is there.
pub fn lacks() -> Option<String> {
    let has = |element: &str, version: &str| {
        let mut command = Command::new("gst-inspect-1.0");
        command.args(["--exists", &format!("--atleast-version={version}"), element]);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !has("rawvideoparse", "1.0.0") || !has("pipewiresink", "0.0.0") {
        return Some(
            "for PipeWire install GStreamer: sudo apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base \
             gstreamer1.0-pipewire"
                .into(),
        );
    }
    (!has("pipewiresink", VERSION)).then(|| {
        format!(
            "for PipeWire its version {VERSION} or newer is needed, as Debian 13 and Ubuntu 24.04 bring it"
        )
    })
}

/// A node, made anew as often as its process ends.
pub struct Node {
    size: (u32, u32),
    leash: Arc<Leash>,
    input: ChildStdin,
    complaints: ChildStderr,
    started: Instant,
    /// The last processes that ended early.
    brief: u32,
}

/// Ends a node's process from another thread.
#[derive(Default)]
pub struct Leash(Mutex<Held>);

#[derive(Default)]
struct Held {
    over: bool,
    process: Option<Child>,
}

impl Leash {
    /// Ends the process for good.
    pub fn end(&self) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.over = true;
        held.drop_process();
    }

    /// Takes a process in place of the one before; refuses it after the end.
    fn hold(&self, process: Child) -> Result<()> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.drop_process();
        held.process = Some(process);
        if held.over {
            held.drop_process();
            bail!("the node is given up");
        }
        Ok(())
    }
}

impl Held {
    fn drop_process(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended already, which is what is wanted.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Node {
    /// Makes a node for YUYV pictures of a size.
    pub fn start(size: (u32, u32)) -> Result<Self> {
        if let Some(lacks) = lacks() {
            bail!(lacks);
        }
        let leash = Arc::new(Leash::default());
        let (input, complaints) = launch(size, &leash)?;
        Ok(Self { size, leash, input, complaints, started: Instant::now(), brief: 0 })
    }

    /// What ends it from outside.
    pub fn leash(&self) -> Arc<Leash> {
        Arc::clone(&self.leash)
    }

    /// Shows a picture; waits while nobody looks.
    pub fn write(&mut self, picture: &[u8]) -> Result<()> {
        while self.input.write_all(picture).is_err() {
            self.brief = if self.started.elapsed() < BRIEF { self.brief + 1 } else { 0 };
            if self.brief == ATTEMPTS {
                return Err(self.complaint());
            }
            (self.input, self.complaints) = launch(self.size, &self.leash)?;
            self.started = Instant::now();
        }
        Ok(())
    }

    /// What the process said before it ended.
    fn complaint(&mut self) -> anyhow::Error {
        let mut said = String::new();
        // What can be read is enough.
        let _ = self.complaints.read_to_string(&mut said);
        let line = said.lines().find(|line| line.contains("ERROR") || line.contains("WARNING"));
        anyhow!("GStreamer says: {}", line.unwrap_or("nothing, and ends"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.leash.end();
    }
}

fn launch((width, height): (u32, u32), leash: &Leash) -> Result<(ChildStdin, ChildStderr)> {
    let colors = match Sink::color((width, height)).matrix {
        Matrix::Bt601 => "bt601",
        Matrix::Bt709 => "bt709",
    };
    let mut process = Command::new("gst-launch-1.0")
        .args(["--quiet", "--no-fault", "fdsrc", "fd=0", "!"])
        .arg(format!(
            "video/x-raw,format=YUY2,width={width},height={height},framerate=30/1,colorimetry={colors}"
        ))
        .args(["!", "rawvideoparse", "use-sink-caps=true", "!"])
        .args(["pipewiresink", "mode=provide", "sync=false"])
        .arg(
            "stream-properties=props,media.class=Video/Source,media.role=Camera,node.name=matte,\
             node.description=Matte",
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("GStreamer's program gst-launch-1.0 cannot be started")?;
    let input = process.stdin.take();
    let complaints = process.stderr.take();
    leash.hold(process)?;
    input.zip(complaints).context("GStreamer takes no input")
}
