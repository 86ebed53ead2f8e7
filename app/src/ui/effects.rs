//! Every effect, and what each of them can be told.

use egui::{Color32, Ui, vec2};

use super::presets::strength_ui;
use super::{theme, widget};
use crate::app::{Command, Effect, Look, Purpose, State};

/// Colors to choose from: calm ones, white, and the green that others key out.
const COLORS: [([u8; 3], &str); 7] = [
    ([46, 92, 84], "Pine"),
    ([38, 52, 74], "Night"),
    ([92, 68, 96], "Plum"),
    ([150, 112, 84], "Sand"),
    ([228, 230, 232], "White"),
    ([20, 22, 26], "Ink"),
    ([0, 177, 64], "Green screen"),
];

/// The list of effects and the chosen one's details.
pub fn effects_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut look = state.look.clone();
    let mut command = None;
    widget::list(ui, "Effect", look.effect.title(), |ui| {
        for effect in Effect::ALL {
            ui.selectable_value(&mut look.effect, effect, effect.title());
        }
    });
    strength_ui(&mut look, ui);
    match look.effect {
        Effect::Portrait => portrait(&mut look, ui),
        Effect::Color | Effect::Outline => colors(ui, "Color", &mut look.color),
        Effect::Gradient => {
            colors(ui, "Above", &mut look.color);
            colors(ui, "Below", &mut look.lower);
        }
        Effect::Picture => command = backdrops(&mut look, ui),
        Effect::Video => command = video(&mut look, ui),
        Effect::Blur | Effect::Monochrome | Effect::CutOut | Effect::Off => {}
    }
    let usual = Look::default();
    widget::switch(
        ui,
        &mut look.wrap.on,
        "Light wrap",
        "Light of the new background falls on the person's rim",
    );
    ui.add_enabled_ui(look.wrap.on, |ui| {
        widget::slider(
            ui,
            &mut look.wrap.value,
            usual.wrap.value,
            "Light wrap: strength",
            "How much light falls on the rim",
        );
    });
    widget::switch(
        ui,
        &mut look.recovery,
        "Clean edges",
        "The old background's color is taken out of the person's edge",
    );
    if look != state.look { Some(Command::Look(look)) } else { command }
}

fn portrait(look: &mut Look, ui: &mut Ui) {
    let usual = Look::default();
    widget::slider(
        ui,
        &mut look.highlights,
        usual.highlights,
        "Highlights",
        "How much bright spots stand out of the blur",
    );
    match look.focus {
        None => widget::note(ui, "In focus: the person. Tap the picture to focus on another place."),
        Some(_) => {
            if widget::button(ui, "Focus on the person", "The focus follows the person again") {
                look.focus = None;
            }
        }
    }
}

fn colors(ui: &mut Ui, name: &str, chosen: &mut [u8; 3]) {
    widget::note(ui, name);
    ui.horizontal_wrapped(|ui| {
        for (color, title) in COLORS {
            let (rect, response) = ui.allocate_exact_size(vec2(28.0, 28.0), egui::Sense::click());
            let is_chosen = *chosen == color;
            response.widget_info(|| {
                egui::WidgetInfo::selected(
                    egui::Role::RadioButton,
                    true,
                    is_chosen,
                    format!("{name}: {title}"),
                )
            });
            ui.painter().circle_filled(rect.center(), 10.0, color_of(color));
            let bright = is_chosen || response.has_focus();
            let rim = if bright { theme::accent() } else { theme::line() };
            let width = if bright { 2.0 } else { 1.0 };
            ui.painter().circle_stroke(rect.center(), 12.0, egui::Stroke::new(width, rim));
            if response.on_hover_text(title).clicked() {
                *chosen = color;
            }
        }
        let response = ui.color_edit_button_srgb(chosen).on_hover_text("Any other color");
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::ColorWell, true, format!("{name}: any other color"))
        });
    });
}

fn backdrops(look: &mut Look, ui: &mut Ui) -> Option<Command> {
    let own = look
        .picture
        .as_ref()
        .and_then(|path| path.file_name())
        .map(|name| name.to_string_lossy().into_owned());
    let bundled = crate::backdrop::BACKDROPS.get(look.backdrop).map_or("", |backdrop| backdrop.title);
    let mut command = None;
    widget::list(ui, "Picture", own.as_deref().unwrap_or(bundled), |ui| {
        for (index, backdrop) in crate::backdrop::BACKDROPS.iter().enumerate() {
            let chosen = look.picture.is_none() && look.backdrop == index;
            if ui.selectable_label(chosen, backdrop.title).clicked() {
                (look.picture, look.backdrop) = (None, index);
            }
        }
        ui.separator();
        if ui.selectable_label(look.picture.is_some(), "A picture of yours…").clicked() {
            command = Some(Command::Browse(Some(folder_of(look.picture.as_deref())), Purpose::Background));
        }
    });
    command
}

fn video(look: &mut Look, ui: &mut Ui) -> Option<Command> {
    let own =
        look.video.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let mut command = None;
    widget::list(ui, "Video", own.as_deref().unwrap_or("Bundled clip"), |ui| {
        if ui.selectable_label(look.video.is_none(), "Bundled clip").clicked() {
            look.video = None;
        }
        if ui.selectable_label(look.video.is_some(), "A video of yours…").clicked() {
            command = Some(Command::Browse(Some(folder_of(look.video.as_deref())), Purpose::Background));
        }
    });
    command
}

fn folder_of(file: Option<&std::path::Path>) -> std::path::PathBuf {
    file.and_then(std::path::Path::parent).map(Into::into).unwrap_or_default()
}

fn color_of([r, g, b]: [u8; 3]) -> Color32 {
    Color32::from_rgb(r, g, b)
}
