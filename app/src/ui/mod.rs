//! The user interface: reads [`State`], changes nothing, answers with commands.
//!
//! Wide windows have the controls at the right of the picture, tall and narrow ones below it. The picture
//! itself is drawn by the pipeline before egui; [`show`] tells where it belongs.

mod browser;
mod effects;
mod engine;
mod figures;
mod fine;
pub mod icon;
mod models;
mod permission;
mod picture;
mod source;
pub mod theme;
pub mod widget;

use egui::{Frame, Margin, Panel, Rect, ScrollArea, Ui, vec2};

use crate::app::{Command, State};

/// The width of the controls beside the picture, in points.
const SIDE: f32 = 312.0;
/// Windows narrower than this have the controls below the picture.
const NARROW: f32 = 680.0;

/// What one run of the UI found out.
pub struct Shown {
    /// What was asked for, in order.
    pub commands: Vec<Command>,
    /// Where the picture belongs, in points.
    pub picture: Rect,
}

/// Lays out the whole window.
pub fn show(state: &State, ui: &mut Ui) -> Shown {
    let mut commands = Vec::new();
    commands.extend(shortcuts(state, ui));
    if state.controls {
        controls_panel(state, ui, &mut commands);
    }
    let central = egui::CentralPanel::no_frame().show(ui, |ui| {
        let picture = picture::place(state, ui.max_rect());
        commands.extend(picture::picture_ui(state, picture, ui));
        commands.extend(figures::figures_ui(state, picture, ui));
        commands.extend(permission::permission_ui(state, picture, ui));
        picture
    });
    commands.extend(browser::browser_ui(state, ui));
    Shown { commands, picture: central.inner }
}

fn controls_panel(state: &State, ui: &mut Ui, commands: &mut Vec<Command>) {
    let window = ui.max_rect();
    let frame = Frame::new().fill(theme::PANEL);
    if window.width() < NARROW {
        let height = (window.height() * 0.54).clamp(200.0, 460.0);
        Panel::bottom("controls").exact_size(height).resizable(false).frame(frame).show(ui, |ui| {
            commands.extend(scrolled(state, ui));
        });
    } else {
        Panel::right("controls").exact_size(SIDE).resizable(false).frame(frame).show(ui, |ui| {
            commands.extend(scrolled(state, ui));
        });
    }
}

fn scrolled(state: &State, ui: &mut Ui) -> Vec<Command> {
    let scroll = ScrollArea::vertical().auto_shrink(false);
    scroll
        .show(ui, |ui| {
            Frame::new().inner_margin(Margin::same(theme::MARGIN)).show(ui, |ui| controls(state, ui)).inner
        })
        .inner
}

fn controls(state: &State, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    commands.extend(title_ui(state, ui));
    for part in [effects::effects_ui, source::source_ui, engine::engine_ui, fine::fine_ui] {
        ui.add_space(theme::GAP);
        commands.extend(part(state, ui));
    }
    commands
}

fn title_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut command = None;
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(26.0, 26.0), egui::Sense::hover());
        icon::mark(ui.painter(), rect);
        ui.label(egui::RichText::new("Matte").heading().color(theme::TEXT));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let text = egui::RichText::new("Figures").small();
            if ui.selectable_label(state.overlay, text).on_hover_text("What each frame costs (F)").clicked() {
                command = Some(Command::Overlay(!state.overlay));
            }
        });
    });
    command
}

/// What the way back closes: whatever lies on top. Nothing is left of the program's own after that.
pub fn back(state: &State) -> Option<Command> {
    if state.browser.is_some() {
        Some(Command::Browse(None))
    } else if state.notice.is_some() {
        Some(Command::Dismiss)
    } else if state.details {
        Some(Command::Details(false))
    } else {
        state.overlay.then_some(Command::Overlay(false))
    }
}

/// The keys that work everywhere.
fn shortcuts(state: &State, ui: &Ui) -> Option<Command> {
    if ui.ctx().egui_wants_keyboard_input() {
        return None;
    }
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    if pressed(egui::Key::F) {
        return Some(Command::Overlay(!state.overlay));
    }
    if pressed(egui::Key::Tab) && ui.input(|input| input.modifiers.ctrl) || pressed(egui::Key::H) {
        return Some(Command::Controls(!state.controls));
    }
    None
}
