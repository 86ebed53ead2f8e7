//! The program itself: its colors, its keys, and everything as it was at first.

use egui::Ui;

use super::widget;
use crate::app::{Command, State, Theme};

/// Keys and what they do.
pub const KEYS: [(&str, &str); 11] = [
    ("P", "Hide me at once, and show me again"),
    ("1 – 5", "Presets"),
    ("S", "Snapshot"),
    ("R", "Record, and stop"),
    ("Space", "Freeze"),
    ("B", "Before and after"),
    ("M", "Mirror"),
    ("G", "GPU or CPU"),
    ("F", "Figures"),
    ("A", "Simple or advanced"),
    ("H", "Controls"),
];

/// Colors, keys, and the way back.
pub fn program_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut command = None;
    let themes = [(Theme::Dark, "Dark"), (Theme::Light, "Light"), (Theme::System, "System")];
    if let Some(theme) = widget::segments(ui, state.theme, &themes) {
        command = Some(Command::Theme(theme));
    }
    for (key, meaning) in KEYS {
        ui.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = 18.0;
            ui.add_sized([52.0, 18.0], egui::Label::new(egui::RichText::new(key).small().strong()));
            widget::note(ui, meaning);
        });
    }
    if widget::button(ui, "Reset everything", "Every setting as it was at first") {
        command = Some(Command::Reset);
    }
    command
}
