//! How the mask becomes a matte, how the network looks at the picture, and what is shown of it.

use egui::Ui;

use super::widget;
use crate::app::{Command, Look, State, Toggle, View};

/// The matte's edge and its motion.
pub fn edges_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let (mut look, usual) = (state.look.clone(), Look::default());
    toggled(
        ui,
        &mut look.smoothing,
        usual.smoothing.value,
        "Steady over time",
        "Pixels of the mask keep some of their past, so that edges do not flicker",
    );
    widget::switch(
        ui,
        &mut look.by_motion,
        "Steady by motion",
        "What does not move keeps its past; otherwise what the network is unsure of",
    );
    toggled(
        ui,
        &mut look.refinement,
        usual.refinement.value,
        "Follow the picture's edges",
        "The mask is fitted to the colors of the full-size picture",
    );
    widget::switch(
        ui,
        &mut look.cheap,
        "Cheaper filter",
        "A joint bilateral filter in place of the guided one: faster, and less exact",
    );
    widget::slider(
        ui,
        &mut look.edge,
        usual.edge,
        "Edge in or out",
        "Below 50 % the edge moves outward, above it inward",
    );
    widget::slider(ui, &mut look.feather, usual.feather, "Feather", "How softly the edge runs out");
    widget::switch(
        ui,
        &mut look.drop_small,
        "Drop specks",
        "Bodies much smaller than the largest are not people",
    );
    let matte_of = |look: &Look, from: &Look| Look {
        smoothing: from.smoothing,
        by_motion: from.by_motion,
        refinement: from.refinement,
        cheap: from.cheap,
        edge: from.edge,
        feather: from.feather,
        drop_small: from.drop_small,
        ..look.clone()
    };
    if widget::reset(ui, "edges and motion", matte_of(&look, &usual) == look) {
        look = matte_of(&look, &usual);
    }
    (look != state.look).then_some(Command::Look(look))
}

/// What the network sees, and what of the picture is shown.
pub fn framing_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut look = state.look.clone();
    widget::switch(
        ui,
        &mut look.framing,
        "Follow me",
        "The picture comes closer to the people and follows them",
    );
    widget::switch(
        ui,
        &mut look.closely,
        "Look closely",
        "The network sees the part around the people, and the whole now and then",
    );
    widget::switch(
        ui,
        &mut look.exposure,
        "Help in the dark",
        "A dark picture is brightened for the network; what is shown stays as it is",
    );
    widget::switch(ui, &mut look.mirror, "Mirror", "Show the picture as a mirror does (M)");
    (look != state.look).then_some(Command::Look(look))
}

/// Which stage of the work is shown.
pub fn view_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut look = state.look.clone();
    widget::list(ui, "View", look.view.title(), |ui| {
        for view in View::ALL {
            ui.selectable_value(&mut look.view, view, view.title());
        }
    });
    let mut on = look.wipe.on;
    widget::switch(
        ui,
        &mut on,
        "Before and after",
        "A line to drag across the picture, the untouched frame at its left (B)",
    );
    look.wipe.on = on;
    let mut frozen = state.frozen;
    if widget::switch(ui, &mut frozen, "Freeze", "The picture stands still (Space)") {
        return Some(Command::Freeze(frozen));
    }
    (look != state.look).then_some(Command::Look(look))
}

fn toggled(ui: &mut Ui, toggle: &mut Toggle, usual: f32, name: &str, explanation: &str) {
    widget::switch(ui, &mut toggle.on, name, explanation);
    ui.add_enabled_ui(toggle.on, |ui| {
        widget::slider(ui, &mut toggle.value, usual, &format!("{name}: strength"), explanation);
    });
}
