//! A small file browser: one folder's pictures and clips.

use std::path::PathBuf;

use egui::{ScrollArea, Ui, vec2};

use super::{theme, widget};
use crate::app::{Choice, Command, Effect, Look, Purpose, State};

/// A window over everything while a file is being chosen.
pub fn browser_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let browser = state.browser.as_ref()?;
    let mut command = None;
    let screen = ui.ctx().content_rect();
    let modal = egui::Modal::new(ui.scope_id().with("browser")).show(ui.ctx(), |ui| {
        ui.set_width((screen.width() - 64.0).clamp(240.0, 440.0));
        ui.label(egui::RichText::new("Open a picture, video or model").heading());
        widget::note(ui, browser.folder.display().to_string());
        ui.add_space(6.0);
        let height = (screen.height() - 220.0).clamp(120.0, 360.0);
        ScrollArea::vertical().max_height(height).auto_shrink(false).show(ui, |ui| {
            if let Some(parent) = browser.folder.parent()
                && entry(ui, "Folder above")
            {
                command = Some(Command::Browse(Some(parent.into()), browser.purpose));
            }
            for folder in &browser.folders {
                if entry(ui, &format!("{folder}/")) {
                    command = Some(Command::Browse(Some(browser.folder.join(folder)), browser.purpose));
                }
            }
            for file in &browser.files {
                if entry(ui, file) {
                    command = Some(chosen(state, browser.purpose, browser.folder.join(file)));
                }
            }
            if browser.files.is_empty() {
                widget::note(ui, "No picture, video or model lies here");
            }
        });
        ui.add_space(6.0);
        if browser.purpose == Purpose::Source {
            widget::note(ui, "A file or a folder can also be dropped on the window");
            let explanation = "Every picture of this folder, one after the other";
            if widget::button(ui, "Show this folder", explanation) {
                command = Some(Command::Source(Choice::File(browser.folder.clone())));
            }
        }
        if ui.add_sized(vec2(96.0, 30.0), egui::Button::new("Cancel")).clicked() {
            command = Some(Command::Browse(None, browser.purpose));
        }
    });
    if modal.should_close() && command.is_none() {
        command = Some(Command::Browse(None, browser.purpose));
    }
    command
}

/// What a file becomes: the source, or what stands behind the person.
fn chosen(state: &State, purpose: Purpose, file: PathBuf) -> Command {
    let look = state.look.clone();
    match purpose {
        Purpose::Source => Command::Source(Choice::File(file)),
        Purpose::Background if look.effect == Effect::Video => {
            Command::Look(Look { video: Some(file), ..look })
        }
        Purpose::Background => Command::Look(Look { picture: Some(file), effect: Effect::Picture, ..look }),
    }
}

fn entry(ui: &mut Ui, name: &str) -> bool {
    let text = egui::RichText::new(name).color(theme::text());
    ui.add_sized([ui.available_width(), 26.0], egui::Button::selectable(false, text)).clicked()
}
