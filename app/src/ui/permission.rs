//! What is shown in place of a camera that may not be used.

use egui::{Align2, Area, Id, RichText, Ui};

use super::theme;
use crate::app::{Command, State};
use crate::platform::permission::Permission;

/// Why there is no picture, and the button that changes it; nothing while cameras may be used or none is
/// wanted.
pub fn permission_ui(state: &State, picture: egui::Rect, ui: &Ui) -> Option<Command> {
    let Permission::Denied { final_word } = state.permission else { return None };
    if !state.source.choice.is_camera() {
        return None;
    }
    let (text, button) = if final_word {
        ("The camera is not allowed. It can be allowed in the system's settings of Matte.", "Open settings")
    } else {
        ("Matte shows you with another background. It needs the camera for that.", "Allow the camera")
    };
    let mut command = None;
    let area = Area::new(Id::unique("permission")).pivot(Align2::CENTER_CENTER).fixed_pos(picture.center());
    area.show(ui.ctx(), |ui| {
        ui.set_max_width((picture.width() - 2.0 * f32::from(theme::MARGIN)).min(320.0));
        ui.vertical_centered(|ui| {
            ui.label(RichText::new(text).color(theme::text()));
            ui.add_space(theme::GAP);
            if ui.button(button).clicked() {
                command = Some(Command::AllowCamera);
            }
            ui.add_space(theme::GAP);
            ui.label(RichText::new("No picture ever leaves this device.").small());
        });
    });
    command
}
