//! The user interface: reads [`State`], changes nothing, answers with commands.
//!
//! Wide windows have the controls at the right of the picture, tall and narrow ones below it. A simple face comes
//! first; the advanced one holds everything else, in groups that fold. The picture itself is drawn by the pipeline
//! before egui; [`show`] tells where it belongs.

mod browser;
mod effects;
mod engine;
mod figures;
mod fine;
pub mod icon;
mod models;
mod outputs;
mod permission;
mod picture;
mod presets;
mod program;
mod report;
mod source;
pub mod theme;
pub mod widget;

use egui::{Frame, Key, Margin, Panel, Rect, ScrollArea, Ui, vec2};

pub use report::report;

use crate::app::{Backend, Command, Engine, Look, Preset, State};

/// The width of the controls beside the picture, in points.
const SIDE: f32 = 328.0;
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
    theme::choose(ui.ctx().theme());
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
    let frame = Frame::new().fill(theme::panel());
    if window.width() < NARROW {
        let height = (window.height() * 0.56).clamp(200.0, 480.0);
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
    let faces = [(false, "Simple"), (true, "Advanced")];
    commands.extend(widget::segments(ui, state.details, &faces).map(Command::Details));
    if state.details {
        commands.extend(advanced(state, ui));
    } else {
        for part in [presets::presets_ui, source::source_ui, engine::device_ui, outputs::outputs_ui] {
            ui.add_space(theme::GAP - 8.0);
            commands.extend(part(state, ui));
        }
    }
    commands
}

type Part = fn(&State, &mut Ui) -> Option<Command>;

/// Everything in groups that fold.
fn advanced(state: &State, ui: &mut Ui) -> Vec<Command> {
    let groups: [(&str, bool, &[Part]); 8] = [
        ("Background", true, &[effects::effects_ui]),
        ("Edges and motion", false, &[fine::edges_ui]),
        ("Framing and light", false, &[fine::framing_ui]),
        ("View", true, &[fine::view_ui]),
        ("Source", false, &[source::source_ui, outputs::outputs_ui]),
        ("Network", false, &[engine::device_ui, engine::engine_ui]),
        ("Performance", false, &[report::performance_ui]),
        ("Program and keys", false, &[program::program_ui]),
    ];
    let mut commands = Vec::new();
    for (name, open, parts) in groups {
        if widget::fold(ui, name, open) {
            for part in parts {
                commands.extend(part(state, ui));
            }
            ui.add_space(6.0);
        }
    }
    commands
}

fn title_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut command = None;
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(26.0, 26.0), egui::Sense::hover());
        icon::mark(ui.painter(), rect);
        ui.label(egui::RichText::new("Matte").heading().color(theme::text()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let text = if state.hidden { "Show me" } else { "Hide me" };
            let color = if state.hidden { theme::accent() } else { theme::error() };
            let button = egui::Button::new(egui::RichText::new(text).color(color));
            let explanation = "Nobody and nothing of the room is shown, and the camera is released (P)";
            if ui.add(button).on_hover_text(explanation).clicked() {
                command = Some(Command::Hide(!state.hidden));
            }
        });
    });
    command
}

/// What the way back closes: whatever lies on top. Nothing is left of the program's own after that.
pub fn back(state: &State) -> Option<Command> {
    if let Some(browser) = &state.browser {
        Some(Command::Browse(None, browser.purpose))
    } else if state.notice.is_some() {
        Some(Command::Dismiss)
    } else if state.details {
        Some(Command::Details(false))
    } else {
        state.overlay.then_some(Command::Overlay(false))
    }
}

/// The keys that work everywhere; [`program::KEYS`] lists them.
fn shortcuts(state: &State, ui: &Ui) -> Option<Command> {
    if ui.ctx().egui_wants_keyboard_input() {
        return None;
    }
    let pressed = |key| ui.input(|input| input.key_pressed(key) && input.modifiers.is_none());
    let look = |change: fn(&mut Look)| {
        let mut look = state.look.clone();
        change(&mut look);
        Command::Look(look)
    };
    let digits = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5];
    if let Some(index) = digits.iter().position(|key| pressed(*key)) {
        return Some(Command::Look(Preset::ALL[index].applied(&state.look)));
    }
    let focused = ui.memory(|memory| memory.focused().is_some());
    match () {
        () if pressed(Key::P) => Some(Command::Hide(!state.hidden)),
        () if pressed(Key::S) => Some(Command::Snapshot),
        () if pressed(Key::R) => Some(Command::Record(state.outputs.recording.is_none())),
        () if pressed(Key::Space) && !focused => Some(Command::Freeze(!state.frozen)),
        () if pressed(Key::B) => Some(look(|look| look.wipe.on = !look.wipe.on)),
        () if pressed(Key::M) => Some(look(|look| look.mirror = !look.mirror)),
        () if pressed(Key::G) => Some(Command::Engine(other_backend(state.engine.wanted))),
        () if pressed(Key::F) => Some(Command::Overlay(!state.overlay)),
        () if pressed(Key::A) => Some(Command::Details(!state.details)),
        () if pressed(Key::H) => Some(Command::Controls(!state.controls)),
        () => None,
    }
}

fn other_backend(engine: Engine) -> Engine {
    let backend = if engine.backend == Backend::Gpu { Backend::Cpu } else { Backend::Gpu };
    Engine { backend, ..engine }
}
