//! The finer controls: how the mask becomes a matte.

use egui::{Sense, Ui, pos2, vec2};

use super::{icon, theme, widget};
use crate::app::{Command, Look, State, Toggle};

/// A fold with a switch and a slider for each stage.
pub fn fine_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    if fold(ui, "EDGES AND MOTION", state.details) {
        return Some(Command::Details(!state.details));
    }
    if !state.details {
        return None;
    }
    let (mut look, usual) = (state.look.clone(), Look::default());
    row(
        ui,
        &mut look.smoothing,
        usual.smoothing.value,
        "Steady over time",
        "Unsure pixels of the mask keep some of their past, so that edges do not flicker",
    );
    row(
        ui,
        &mut look.refinement,
        usual.refinement.value,
        "Follow the picture's edges",
        "The mask is fitted to the colors of the full-size picture",
    );
    row(
        ui,
        &mut look.wrap,
        usual.wrap.value,
        "Light wrap",
        "Light of the new background falls on the person's rim",
    );
    ui.add_space(4.0);
    if widget::button(ui, "Reset") {
        (look.smoothing, look.refinement, look.wrap) = (usual.smoothing, usual.refinement, usual.wrap);
    }
    (look != state.look).then_some(Command::Look(look))
}

fn row(ui: &mut Ui, toggle: &mut Toggle, usual: f32, name: &str, explanation: &str) {
    widget::switch(ui, &mut toggle.on, name, explanation);
    ui.add_enabled_ui(toggle.on, |ui| widget::slider(ui, &mut toggle.value, usual, "Strength", explanation));
    ui.add_space(4.0);
}

/// A heading that folds; returns whether it was pressed.
fn fold(ui: &mut Ui, name: &str, open: bool) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::DisclosureTriangle, true, open, name));
    let color = if response.hovered() || response.has_focus() { theme::TEXT } else { theme::MUTED };
    let font = egui::FontId::proportional(11.5);
    ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, color);
    let openness = ui.ctx().animate_bool(response.id, open);
    icon::chevron(ui.painter(), pos2(rect.right() - 8.0, rect.center().y), openness);
    response.clicked()
}
