//! The picker of models by task, the card of the chosen one, its download, and its classes.

use egui::Ui;

use super::{theme, widget};
use crate::app::{Command, Offered, State};

/// The list of models, and what belongs to the chosen one.
pub fn models_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let picked = picker(state, ui);
    let engine = &state.engine;
    let shown = engine.shown.or(engine.fetch.map(|fetch| fetch.model)).unwrap_or(engine.wanted.model);
    let card = engine.models.get(shown).and_then(|offered| card(state, shown, offered, ui));
    let class = classes(state, ui);
    picked.or(card).or(class)
}

fn picker(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut command = None;
    let engine = &state.engine;
    let title = engine.models.get(engine.wanted.model).map_or("", |offered| offered.title.as_str());
    widget::list(ui, "Model", title, |ui| {
        let mut group = "";
        for (index, offered) in engine.models.iter().enumerate() {
            if offered.group != group {
                group = offered.group;
                widget::note(ui, group);
            }
            let text = match offered.here {
                true => offered.title.clone(),
                false => format!("{}, {:.1} MB to fetch", offered.title, offered.megabytes),
            };
            if ui.selectable_label(index == engine.wanted.model, text).clicked() {
                command = Some(Command::Model(index));
            }
        }
    });
    command
}

/// What a model is, under which license, and how it comes here.
fn card(state: &State, index: usize, offered: &Offered, ui: &mut Ui) -> Option<Command> {
    let mut command = None;
    let engine = &state.engine;
    if !offered.here {
        ui.label(egui::RichText::new(&offered.title).color(theme::text()));
    }
    if !offered.about.is_empty() {
        widget::note(ui, &offered.about);
    }
    widget::note(ui, &offered.license);
    match engine.fetch {
        Some(fetch) if fetch.model == index => {
            let bar = egui::ProgressBar::new(fetch.part).text(format!("{:.0} %", 100.0 * fetch.part));
            ui.add(bar);
            if widget::button(ui, "Stop", "What has come is kept for another time") {
                command = Some(Command::StopFetch);
            }
        }
        _ if offered.here => {}
        _ => {
            if widget::button(
                ui,
                &format!("Fetch {:.1} MB", offered.megabytes),
                "From its publisher; the file is checked and kept for this user",
            ) {
                command = Some(Command::Fetch(index));
            }
        }
    }
    command
}

/// The classes of a segmentation, each kept or not.
fn classes(state: &State, ui: &mut Ui) -> Option<Command> {
    if state.engine.classes.is_empty() {
        return None;
    }
    let mut command = None;
    widget::note(ui, "What stays in the picture");
    ui.horizontal_wrapped(|ui| {
        for (index, (name, keep)) in state.engine.classes.iter().enumerate() {
            let mut on = *keep;
            if ui.checkbox(&mut on, name).changed() {
                command = Some(Command::Keep(index, on));
            }
        }
    });
    command
}
