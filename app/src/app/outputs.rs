//! What leaves the program besides the window's picture: snapshots, a recording, a virtual camera.

use std::path::PathBuf;
use std::thread;

use wgpu::CommandEncoder;

use super::{App, Event};
use crate::camera::ffmpeg_version;
use crate::output::{
    Outlet, Recorder, Sink, VirtualCamera, dated, hint, pictures, save_snapshot, videos, virtual_cameras,
};
use crate::pipeline::{Layout, Pipeline, Settings, Tap, Tapped};

/// The outputs that are on. Taps read pictures back only while they are here.
#[derive(Default)]
pub struct Outputs {
    snapshot: Option<Tap>,
    recording: Option<(Tap, Option<Recorder>, PathBuf)>,
    camera: Option<(Tap, Option<VirtualCamera>, Outlet)>,
}

impl Outputs {
    /// Whether a picture is wanted even while no window shows it.
    pub fn are_on(&self) -> bool {
        self.recording.is_some() || self.camera.is_some()
    }

    /// Whether pictures are under way that nobody would fetch while the picture stands still.
    pub fn are_waiting(&self) -> bool {
        let recording = self.recording.as_ref().map(|(tap, ..)| tap);
        let camera = self.camera.as_ref().map(|(tap, ..)| tap);
        self.snapshot.is_some() || recording.into_iter().chain(camera).any(Tap::is_busy)
    }

    /// Records the last picture for everything that is on.
    pub fn encode(&mut self, encoder: &mut CommandEncoder, pipeline: &Pipeline, settings: &Settings) {
        if let Some(tap) = self.snapshot.as_mut().filter(|tap| !tap.is_busy()) {
            pipeline.encode_tap(encoder, settings, tap);
        }
        if let Some((tap, ..)) = &mut self.recording {
            pipeline.encode_tap(encoder, settings, tap);
        }
        if let Some((tap, ..)) = &mut self.camera {
            pipeline.encode_tap(encoder, settings, tap);
        }
    }

    /// Asks for what was recorded, after the submission.
    pub fn submitted(&mut self) {
        let recording = self.recording.as_mut().map(|(tap, ..)| tap);
        let camera = self.camera.as_mut().map(|(tap, ..)| tap);
        self.snapshot.as_mut().into_iter().chain(recording).chain(camera).for_each(Tap::submitted);
    }
}

impl App {
    /// Takes a picture of the next frame that is drawn.
    pub(super) fn take_snapshot(&mut self) {
        if let Some(screen) = &self.screen {
            self.outputs.snapshot = Some(Tap::new(&screen.gpu.device, Layout::Rgba));
        }
    }

    /// Begins or ends a recording.
    pub(super) fn record(&mut self, on: bool) {
        if !on {
            return self.end_recording();
        }
        if self.outputs.recording.is_some() {
            return;
        }
        let Some(screen) = &self.screen else { return };
        let extension = if ffmpeg_version().is_some() { "mp4" } else { "y4m" };
        let place = videos().join(dated(extension));
        let tap = Tap::new(&screen.gpu.device, Sink::layout(&place));
        self.state.outputs.recording = Some(place.clone());
        self.outputs.recording = Some((tap, None, place));
    }

    fn end_recording(&mut self) {
        let Some((_, recorder, _)) = self.outputs.recording.take() else { return };
        self.state.outputs.recording = None;
        let Some(recorder) = recorder else { return };
        let proxy = self.proxy.clone();
        let finish = move || {
            let place = recorder.place().display().to_string();
            let said = match recorder.finish() {
                Ok(_) => (format!("Recorded {place}"), false),
                Err(error) => (format!("{error:#}"), true),
            };
            // The loop ends before its threads do; then nobody wants to know.
            let _ = proxy.send_event(Event::Said(said.0, said.1));
        };
        if let Err(error) = thread::Builder::new().name("recording's end".into()).spawn(finish) {
            self.tell(format!("the recording could not be ended: {error}"), true);
        }
    }

    /// Shows the picture in a virtual camera, or in none.
    pub(super) fn use_virtual_camera(&mut self, outlet: Option<Outlet>) {
        self.outputs.camera = None;
        self.state.outputs.camera = None;
        let (Some(screen), Some(outlet)) = (&self.screen, outlet) else { return };
        self.outputs.camera = Some((Tap::new(&screen.gpu.device, Layout::Yuyv), None, outlet.clone()));
        self.state.outputs.camera = Some(outlet);
    }

    /// Lists the virtual cameras, and what helps where there is none.
    pub(super) fn find_virtual_cameras(&mut self) {
        self.state.outputs.cameras = virtual_cameras();
        self.state.outputs.hint = if self.state.outputs.cameras.is_empty() { hint() } else { String::new() };
    }

    /// Taps belong to a device; those of one that went away are of no use.
    pub(super) fn leave_outputs(&mut self) {
        self.end_recording();
        self.use_virtual_camera(None);
        self.outputs.snapshot = None;
    }

    /// Hands on the pictures that have come back.
    pub(super) fn serve_outputs(&mut self) {
        let Some(device) = self.screen.as_ref().map(|screen| screen.gpu.device.clone()) else { return };
        if let Some(taken) = self.outputs.snapshot.as_mut().and_then(|tap| tap.take(&device)) {
            self.outputs.snapshot = None;
            let said = taken.and_then(|picture| save_snapshot(picture, &pictures()));
            match said {
                Ok(place) => self.tell(format!("Saved {}", place.display()), false),
                Err(error) => self.tell(format!("{error:#}"), true),
            }
        }
        while let Some(taken) = self.outputs.recording.as_mut().and_then(|(tap, ..)| tap.take(&device)) {
            if let Err(error) = taken.and_then(|picture| self.add_to_recording(picture)) {
                self.end_recording();
                self.tell(format!("{error:#}"), true);
            }
        }
        while let Some(taken) = self.outputs.camera.as_mut().and_then(|(tap, ..)| tap.take(&device)) {
            if let Err(error) = taken.and_then(|picture| self.show_in_camera(picture)) {
                self.use_virtual_camera(None);
                self.tell(format!("{error:#}"), true);
            }
        }
        let recorder = self.outputs.recording.as_ref().and_then(|(_, recorder, _)| recorder.as_ref());
        self.state.outputs.seconds = recorder.map_or(0.0, Recorder::seconds);
        self.state.outputs.missed = self.missed();
    }

    fn add_to_recording(&mut self, picture: Tapped) -> anyhow::Result<()> {
        let Some((_, recorder, place)) = &mut self.outputs.recording else { return Ok(()) };
        if recorder.is_none() {
            *recorder = Some(Recorder::start(place, picture.size)?);
        }
        if recorder.as_mut().is_some_and(|recorder| !recorder.add(picture)) {
            self.end_recording();
        }
        Ok(())
    }

    fn show_in_camera(&mut self, picture: Tapped) -> anyhow::Result<()> {
        let Some((_, camera, outlet)) = &mut self.outputs.camera else { return Ok(()) };
        if camera.as_ref().is_none_or(|camera| camera.size() != picture.size) {
            // The old one lets go first: a device has one writer.
            *camera = None;
            *camera = Some(VirtualCamera::open(outlet, picture.size)?);
        }
        camera.as_mut().map_or(Ok(()), |camera| camera.show(picture))
    }

    fn missed(&self) -> u64 {
        let recording = self
            .outputs
            .recording
            .as_ref()
            .map_or(0, |(tap, recorder, _)| tap.missed() + recorder.as_ref().map_or(0, Recorder::missed));
        let camera =
            self.outputs.camera.as_ref().map_or(0, |(tap, camera, _)| {
                tap.missed() + camera.as_ref().map_or(0, VirtualCamera::missed)
            });
        recording + camera
    }
}
