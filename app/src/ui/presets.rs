//! The simple face: a card for each preset with what it would look like now, and one slider.

use egui::{Color32, Ui, vec2};

use super::icon::Scene;
use super::widget;
use crate::app::{Command, Look, Preset, State, THUMBNAIL};

/// The cards in rows, and the strength of the chosen one.
pub fn presets_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut look = state.look.clone();
    cards(state, &mut look, ui);
    strength_ui(&mut look, ui);
    (look != state.look).then_some(Command::Look(look))
}

fn cards(state: &State, look: &mut Look, ui: &mut Ui) {
    let gap = ui.spacing().item_spacing.x;
    let columns = ((ui.available_width() + gap) / 100.0).floor().clamp(2.0, 5.0);
    let width = ((ui.available_width() - gap * (columns - 1.0)) / columns).floor();
    let height = (width * 0.64 + 24.0).min(130.0);
    let chosen = Preset::of(&state.look);
    for (row, presets) in Preset::ALL.chunks(columns as usize).enumerate() {
        ui.horizontal(|ui| {
            for (column, &preset) in presets.iter().enumerate() {
                let index = row * columns as usize + column;
                let name = preset.title();
                let size = vec2(width, height);
                let live = state.thumbnails[index].map(|id| (id, seen_part(state.source.size, size)));
                let face = widget::Face { scene: scene_of(preset), live };
                let card = widget::card(ui, size, face, name, chosen == Some(preset));
                let card = card.on_hover_text(format!("{} ({})", explanation(preset), index + 1));
                if card.clicked() {
                    *look = preset.applied(look);
                }
            }
        });
    }
}

/// The part of a thumbnail that fills a card: the thumbnail holds the whole picture with bars around it.
fn seen_part(picture: Option<(u32, u32)>, card: egui::Vec2) -> egui::Rect {
    let (width, height) = picture.unwrap_or(THUMBNAIL);
    let aspect = width as f32 / height as f32;
    let thumbnail = THUMBNAIL.0 as f32 / THUMBNAIL.1 as f32;
    let whole = vec2((aspect / thumbnail).min(1.0), (thumbnail / aspect).min(1.0));
    let wanted = (card.x - 10.0) / (card.y - 29.0);
    let part = vec2((wanted / aspect).min(1.0), (aspect / wanted).min(1.0));
    egui::Rect::from_center_size(egui::pos2(0.5, 0.5), whole * part)
}

/// The slider of the effect's strength; it rests where the effect has none.
pub fn strength_ui(look: &mut Look, ui: &mut Ui) {
    let usual = Look::default().strength;
    let text =
        "How strongly the background changes (left and right arrow when chosen; double-click for the usual)";
    ui.add_enabled_ui(look.effect.has_strength(), |ui| {
        widget::slider(ui, &mut look.strength, usual, "Strength", text);
    });
}

fn explanation(preset: Preset) -> &'static str {
    match preset {
        Preset::SoftBlur => "The room, softly blurred",
        Preset::Portrait => "The room out of focus, as before a fast lens",
        Preset::Office => "A quiet room in place of yours",
        Preset::CutOut => "Only you; snapshots are transparent",
        Preset::Off => "The picture as the camera sees it",
    }
}

fn scene_of(preset: Preset) -> Scene {
    match preset {
        Preset::SoftBlur => Scene::Blurred,
        Preset::Portrait => Scene::Plain(Color32::from_rgb(70, 62, 58)),
        Preset::Office => Scene::Landscape,
        Preset::CutOut => Scene::Checkers,
        Preset::Off => Scene::Room,
    }
}
