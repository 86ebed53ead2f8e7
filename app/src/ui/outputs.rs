//! What leaves the program: a snapshot, a recording, a virtual camera.

use egui::{Ui, vec2};

use super::{theme, widget};
use crate::app::{Command, State};

/// Two buttons and the list of virtual cameras.
pub fn outputs_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut command = None;
    let outputs = &state.outputs;
    widget::heading(ui, "SAVE AND SHARE");
    ui.horizontal(|ui| {
        let width = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
        let snapshot = ui.add_sized(vec2(width, 32.0), egui::Button::new("Snapshot"));
        if snapshot.on_hover_text("Save the picture as PNG, a cut-out with transparency (S)").clicked() {
            command = Some(Command::Snapshot);
        }
        let recording = outputs.recording.is_some();
        let text = if recording { "Stop recording" } else { "Record" };
        let record = ui.add_sized(vec2(width, 32.0), egui::Button::new(text));
        if record.on_hover_text("Record the picture without sound (R)").clicked() {
            command = Some(Command::Record(!recording));
        }
    });
    let chosen = outputs.camera.as_ref().map_or("Virtual camera: off".into(), ToString::to_string);
    widget::list(ui, "Virtual camera", &chosen, |ui| {
        if ui.selectable_label(outputs.camera.is_none(), "Off").clicked() {
            command = Some(Command::VirtualCamera(None));
        }
        for (outlet, name) in &outputs.cameras {
            let text = format!("{name} ({outlet})");
            if ui.selectable_label(outputs.camera.as_ref() == Some(outlet), text).clicked() {
                command = Some(Command::VirtualCamera(Some(outlet.clone())));
            }
        }
        if !outputs.hint.is_empty() {
            ui.set_max_width(280.0);
            widget::note(ui, format!("There is none; {}", outputs.hint));
        }
        ui.separator();
        if ui.selectable_label(false, "Look for virtual cameras again").clicked() {
            command = Some(Command::FindVirtualCameras);
        }
    });
    if let Some(place) = &outputs.recording {
        let name = place.file_name().unwrap_or(place.as_os_str()).to_string_lossy();
        let text = format!("Recording: {:.0} s in {name}", outputs.seconds);
        ui.label(egui::RichText::new(text).small().color(theme::error()));
    }
    if outputs.missed > 0 {
        widget::note(ui, format!("{} frames came too late for the output", outputs.missed));
    }
    command
}
