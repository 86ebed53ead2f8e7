//! The effect cards and the one control that the chosen effect needs most.

use egui::{Color32, Ui, vec2};

use super::icon::Scene;
use super::{theme, widget};
use crate::app::{Command, Effect, Look, State};

const CARDS: [(Effect, &str); 6] = [
    (Effect::Blur, "Blur"),
    (Effect::Picture, "Picture"),
    (Effect::Color, "Color"),
    (Effect::CutOut, "Cut-out"),
    (Effect::Mask, "Mask"),
    (Effect::Off, "Off"),
];

/// Colors to choose from: calm ones, and the green that others key out.
const COLORS: [[u8; 3]; 7] =
    [[46, 92, 84], [38, 52, 74], [92, 68, 96], [150, 112, 84], [228, 230, 232], [20, 22, 26], [0, 177, 64]];

/// The cards in rows of three, and the strength, colors or pictures of the chosen one.
pub fn effects_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut look = state.look.clone();
    widget::heading(ui, "BACKGROUND");
    cards(&mut look, ui);
    match look.effect {
        Effect::Blur => {
            let usual = Look::default().blur;
            widget::slider(ui, &mut look.blur, usual, "Strength", "How far the background goes out of focus");
        }
        Effect::Color => colors(&mut look, ui),
        Effect::Picture => backdrops(&mut look, ui),
        Effect::CutOut | Effect::Mask | Effect::Off => {}
    }
    let mut on = look.wipe.on;
    if widget::switch(
        ui,
        &mut on,
        "Before and after",
        "A line to drag across the picture, the untouched frame at its left",
    ) {
        look.wipe.on = on;
    }
    widget::switch(ui, &mut look.mirror, "Mirror", "Show the picture as a mirror does");
    (look != state.look).then_some(Command::Look(look))
}

fn cards(look: &mut Look, ui: &mut Ui) {
    let gap = ui.spacing().item_spacing.x;
    let columns = ((ui.available_width() + gap) / 100.0).floor().clamp(3.0, 6.0);
    let width = ((ui.available_width() - gap * (columns - 1.0)) / columns).floor();
    for row in CARDS.chunks(columns as usize) {
        ui.horizontal(|ui| {
            for &(effect, name) in row {
                let scene = scene_of(effect, look);
                if widget::card(ui, vec2(width, 78.0), scene, name, look.effect == effect).clicked() {
                    look.effect = effect;
                }
            }
        });
    }
}

fn scene_of(effect: Effect, look: &Look) -> Scene {
    match effect {
        Effect::Blur => Scene::Blurred,
        Effect::Color => Scene::Plain(color_of(look.color)),
        Effect::Picture => Scene::Landscape,
        Effect::CutOut => Scene::Checkers,
        Effect::Mask => Scene::Mask,
        Effect::Off => Scene::Room,
    }
}

fn colors(look: &mut Look, ui: &mut Ui) {
    ui.horizontal(|ui| {
        for color in COLORS {
            let (rect, response) = ui.allocate_exact_size(vec2(26.0, 26.0), egui::Sense::click());
            let chosen = look.color == color;
            let name = format!("Color {}, {}, {}", color[0], color[1], color[2]);
            response.widget_info(|| {
                egui::WidgetInfo::selected(egui::Role::RadioButton, true, chosen, name.clone())
            });
            ui.painter().circle_filled(rect.center(), 10.0, color_of(color));
            let bright = chosen || response.has_focus();
            let rim = if bright { theme::ACCENT } else { theme::LINE };
            ui.painter().circle_stroke(
                rect.center(),
                12.0,
                egui::Stroke::new(if bright { 2.0 } else { 1.0 }, rim),
            );
            if response.clicked() {
                look.color = color;
            }
        }
        let response = ui.color_edit_button_srgb(&mut look.color).on_hover_text("Any other color");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ColorWell, true, "Any other color"));
    });
}

fn backdrops(look: &mut Look, ui: &mut Ui) {
    let names: Vec<_> = crate::backdrop::BACKDROPS
        .iter()
        .enumerate()
        .map(|(index, backdrop)| (index, backdrop.title))
        .collect();
    if let Some(picked) = widget::segments(ui, look.backdrop, &names) {
        look.backdrop = picked;
    }
}

fn color_of([r, g, b]: [u8; 3]) -> Color32 {
    Color32::from_rgb(r, g, b)
}
