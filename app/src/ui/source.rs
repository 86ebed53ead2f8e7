//! The picker of sources, and what the chosen one is doing.

use std::time::Duration;

use egui::{Color32, Ui, vec2};

use super::{icon, theme, widget};
use crate::app::{Choice, Command, Purpose, State};
use crate::camera::{Position, RULE, Status};
use crate::pipeline::frame::Color;

/// Cameras, the clip, a file; below it what is being shown.
pub fn source_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    widget::heading(ui, "SOURCE");
    let picked = picker(state, ui);
    let mode = modes(state, ui);
    let reading = readings(state, ui);
    status(state, ui);
    let sought = position(state, ui);
    picked.or(mode).or(reading).or(sought)
}

/// The place in a source that has an end.
fn position(state: &State, ui: &mut Ui) -> Option<Command> {
    let Position { at, length } = state.source.position?;
    let mut part = at.as_secs_f32() / length.as_secs_f32();
    let text = format!("{} of {}", clock(at), clock(length));
    widget::place(ui, &mut part, &text, "Position").then(|| Command::Seek(length.mul_f32(part)))
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

fn picker(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut command = None;
    let source = &state.source;
    widget::list(ui, "Source", &title(state), |ui| {
        for camera in &source.cameras {
            let number = camera.device.index;
            let chosen = matches!(source.choice, Choice::Camera(index, _) if index == number);
            let label = ui.selectable_label(chosen, &camera.device.name);
            if label.clicked() {
                command = Some(Command::Source(Choice::Camera(number, None)));
            }
            if let Some(fault) = &camera.fault {
                widget::note(ui, fault);
            }
        }
        if source.cameras.is_empty() {
            widget::note(ui, "No camera was found");
        }
        ui.separator();
        if ui.selectable_label(source.choice == Choice::Clip, "Bundled clip").clicked() {
            command = Some(Command::Source(Choice::Clip));
        }
        let from_file = matches!(source.choice, Choice::File(_));
        if ui.selectable_label(from_file, "Picture or video from a file…").clicked() {
            let folder = match &source.choice {
                Choice::File(path) => path.parent().map(Into::into),
                _ => None,
            };
            command = Some(Command::Browse(Some(folder.unwrap_or_default()), Purpose::Source));
        }
        ui.separator();
        if ui.selectable_label(false, "Look for cameras again").clicked() {
            command = Some(Command::FindCameras);
        }
    });
    command
}

fn title(state: &State) -> String {
    if let Some(info) = &state.source.info {
        return info.name.clone();
    }
    match &state.source.choice {
        Choice::Automatic => "Looking for a camera…".into(),
        Choice::Camera(index, _) => format!("Camera {index}"),
        Choice::Clip => "Bundled clip".into(),
        Choice::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
    }
}

/// The modes of the chosen camera.
fn modes(state: &State, ui: &mut Ui) -> Option<Command> {
    let Choice::Camera(index, mode) = state.source.choice else { return None };
    let camera = state.source.cameras.iter().find(|camera| camera.device.index == index)?;
    if camera.modes.len() < 2 {
        return None;
    }
    let mut command = None;
    let text = mode.map_or_else(|| "Best mode".into(), |mode| mode.to_string());
    let best = camera.best().map_or_else(String::new, |mode| format!(": {mode}"));
    widget::list(ui, "Mode", &text, |ui| {
        let label = ui.selectable_label(mode.is_none(), format!("Best mode{best}"));
        if label.on_hover_text(RULE).clicked() {
            command = Some(Command::Source(Choice::Camera(index, None)));
        }
        for &entry in &camera.modes {
            if ui.selectable_label(mode == Some(entry), entry.to_string()).clicked() {
                command = Some(Command::Source(Choice::Camera(index, Some(entry))));
            }
        }
    });
    command
}

/// How the chosen camera's luma and chroma are read.
fn readings(state: &State, ui: &mut Ui) -> Option<Command> {
    let Choice::Camera(..) = state.source.choice else { return None };
    let mut command = None;
    let current = state.source.reading;
    widget::list(ui, "Colors", &reading_name(current), |ui| {
        for reading in std::iter::once(None).chain(Color::ALL.map(Some)) {
            if ui.selectable_label(current == reading, reading_name(reading)).clicked() {
                command = Some(Command::Reading(reading));
            }
        }
    });
    command
}

fn reading_name(reading: Option<Color>) -> String {
    reading.map_or_else(|| "As the camera says".into(), |color| color.to_string())
}

fn status(state: &State, ui: &mut Ui) {
    let (color, text) = match &state.source.status {
        Status::Opening => (theme::muted(), "Opening…".into()),
        Status::Live | Status::Still => {
            (theme::muted(), state.source.info.as_ref().map_or_else(String::new, |info| info.detail.clone()))
        }
        Status::Stalled => (theme::warning(), "No picture has come for a while".into()),
        Status::Failed(sentence) => (theme::error(), sentence.clone()),
    };
    let live =
        state.source.info.as_ref().is_some_and(|info| info.live) && state.source.status == Status::Live;
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = 16.0;
        status_line(live, color, text, ui);
    });
}

fn status_line(live: bool, color: Color32, text: String, ui: &mut Ui) {
    ui.horizontal_wrapped(|ui| {
        if live {
            let (rect, response) = ui.allocate_exact_size(vec2(16.0, 12.0), egui::Sense::hover());
            icon::camera(ui.painter(), rect, theme::accent());
            response.on_hover_text("The camera is on");
        }
        ui.label(egui::RichText::new(text).small().color(color));
    });
}
