//! What lies over the picture: its place, the wipe line, notices, and words when there is no picture.

use egui::{Align2, Color32, FontId, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::{icon, theme, widget};
use crate::app::{Choice, Command, Effect, Look, Notice, State};
use crate::camera::{Status, opposite};

/// Seconds that a notice stays which is no failure.
const READING: f64 = 10.0;

/// The picture's place: as large as it fits, in the middle of the space that the controls leave.
pub fn place(state: &State, space: Rect) -> Rect {
    let margin = if space.width() < 480.0 { 0.0 } else { 14.0 };
    let space = space.shrink(margin);
    let Some((width, height)) = state.source.size else { return space };
    let scale = (space.width() / width as f32).min(space.height() / height as f32);
    Rect::from_center_size(space.center(), scale * vec2(width as f32, height as f32))
}

/// Draws what lies over the picture and takes the dragging of the wipe line.
pub fn picture_ui(state: &State, picture: Rect, ui: &mut Ui) -> Option<Command> {
    if state.source.size.is_none() {
        if !state.hidden {
            waiting(state, picture, ui);
        }
    } else {
        widget::round_corners(ui.painter(), picture, f32::from(theme::ROUND), theme::ink());
    }
    badge(state, picture, ui);
    if state.hidden {
        hidden(picture, ui);
    }
    let pinched = pinch(state, picture, ui);
    let focused = focus(state, picture, ui);
    let wiped = wipe(state, picture, ui);
    let switched = switch(state, picture, ui);
    let dismissed = notice(state, picture, ui);
    let reopened = reopen(state, picture, ui);
    pinched.or(focused).or(wiped).or(switched).or(dismissed).or(reopened)
}

/// A clear mark while a camera is on, while something is recorded, and while the picture stands still.
fn badge(state: &State, picture: Rect, ui: &Ui) {
    let camera =
        state.source.info.as_ref().is_some_and(|info| info.live) && state.source.status == Status::Live;
    let outputs = &state.outputs;
    let mut at = picture.right_top() + vec2(-12.0, if state.controls { 12.0 } else { 54.0 });
    for (on, text, color) in [
        (camera, "Camera on", theme::LIGHT_ACCENT),
        (outputs.recording.is_some(), "Recording", Color32::from_rgb(250, 110, 100)),
        (outputs.camera.is_some(), "Virtual camera on", theme::LIGHT_ACCENT),
        (state.frozen, "Frozen", theme::LIGHT_MUTED),
    ] {
        if !on {
            continue;
        }
        let galley = ui.painter().layout_no_wrap(text.into(), FontId::proportional(12.0), theme::LIGHT_TEXT);
        let rect = Align2::RIGHT_TOP.anchor_size(at, galley.size() + vec2(32.0, 10.0));
        ui.painter().rect_filled(rect, egui::CornerRadius::same(8), Color32::from_black_alpha(170));
        ui.painter().circle_filled(pos2(rect.left() + 13.0, rect.center().y), 4.0, color);
        ui.painter().galley(rect.min + vec2(23.0, 5.0), galley, theme::LIGHT_TEXT);
        at.y = rect.bottom() + 6.0;
    }
}

/// Says that the dark picture is meant.
fn hidden(picture: Rect, ui: &Ui) {
    let center = picture.center();
    icon::hidden(ui.painter(), center - vec2(0.0, 22.0), 46.0, theme::LIGHT_MUTED);
    let text = "Hidden: the camera is released. P shows you again.";
    let font = FontId::proportional(14.0);
    let galley = ui.painter().layout(text.into(), font, theme::LIGHT_TEXT, picture.width() - 32.0);
    let at = Align2::CENTER_TOP.anchor_size(center + vec2(0.0, 18.0), galley.size()).min;
    ui.painter().galley(at, galley, theme::LIGHT_TEXT);
}

/// A tap on the picture says what the portrait focuses on.
fn focus(state: &State, picture: Rect, ui: &mut Ui) -> Option<Command> {
    if state.look.effect != Effect::Portrait || state.hidden || state.source.size.is_none() {
        return None;
    }
    let response = ui.interact(picture, ui.scope_id().with("focus"), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Picture: tap to focus"));
    if let Some([x, y]) = state.look.focus {
        let at = pos2(egui::lerp(picture.x_range(), x), egui::lerp(picture.y_range(), y));
        ui.painter().rect_stroke(
            Rect::from_center_size(at, vec2(34.0, 34.0)),
            egui::CornerRadius::same(4),
            Stroke::new(1.5, theme::LIGHT_TEXT),
            egui::StrokeKind::Middle,
        );
    }
    let pointer = response.interact_pointer_pos().filter(|_| response.clicked())?;
    let place = (pointer - picture.min) / picture.size();
    let look = Look { focus: Some([place.x.clamp(0.0, 1.0), place.y.clamp(0.0, 1.0)]), ..state.look.clone() };
    Some(Command::Look(look))
}

/// Two fingers on the picture: spreading them strengthens the effect, and a portrait focuses on what is between them.
fn pinch(state: &State, picture: Rect, ui: &Ui) -> Option<Command> {
    let touch = ui.input(egui::InputState::multi_touch)?;
    if !picture.contains(touch.center_pos) || !state.look.effect.has_strength() {
        return None;
    }
    let mut look = state.look.clone();
    // From nothing to everything, the fingers' distance doubles.
    look.strength = (look.strength + touch.zoom_delta.max(0.01).log2()).clamp(0.0, 1.0);
    if look.effect == Effect::Portrait {
        let place = (touch.center_pos - picture.min) / picture.size();
        look.focus = Some([place.x, place.y]);
    }
    (look != state.look).then_some(Command::Look(look))
}

/// The button that switches between the cameras at the front and at the back of a phone, where thumbs are.
fn switch(state: &State, picture: Rect, ui: &mut Ui) -> Option<Command> {
    let Choice::Camera(index, _) = state.source.choice else { return None };
    let other = opposite(&state.source.cameras, index)?.device.clone();
    let at = Rect::from_min_size(picture.right_bottom() - vec2(152.0, 60.0), vec2(140.0, 48.0));
    let pressed = ui.put(at, egui::Button::new(&other.name)).clicked();
    pressed.then_some(Command::Source(Choice::Camera(other.index, None)))
}

fn waiting(state: &State, space: Rect, ui: &Ui) {
    let text = match &state.source.status {
        Status::Failed(sentence) => sentence.as_str(),
        _ => "Waiting for the first picture…",
    };
    let wrapped = ui.painter().layout(
        text.into(),
        FontId::proportional(14.0),
        theme::muted(),
        space.width().min(420.0) - 32.0,
    );
    let at = Align2::CENTER_CENTER.align_size_within_rect(wrapped.size(), space).min;
    ui.painter().galley(at, wrapped, theme::muted());
}

fn wipe(state: &State, picture: Rect, ui: &mut Ui) -> Option<Command> {
    let at = state.look.wipe.get()?;
    let x = egui::lerp(picture.left()..=picture.right(), at);
    let reach = Rect::from_min_max(pos2(x - 18.0, picture.top()), pos2(x + 18.0, picture.bottom()));
    let response = ui.interact(reach, ui.scope_id().with("wipe"), Sense::drag());
    response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(at), "Before and after"));
    let lively = response.hovered() || response.dragged();
    if lively {
        ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
    }
    let painter = ui.painter();
    painter.vline(x + 0.5, picture.y_range(), Stroke::new(3.0, Color32::from_black_alpha(90)));
    painter.vline(x, picture.y_range(), Stroke::new(1.5, theme::LIGHT_TEXT));
    icon::wipe_handle(painter, pos2(x, picture.center().y), lively);
    label(ui, pos2(x - 12.0, picture.bottom() - 16.0), Align2::RIGHT_BOTTOM, "Before");
    label(ui, pos2(x + 12.0, picture.bottom() - 16.0), Align2::LEFT_BOTTOM, "After");
    let one_finger = ui.input(egui::InputState::multi_touch).is_none();
    let pointer = response.interact_pointer_pos().filter(|_| response.dragged() && one_finger)?;
    let mut look = state.look.clone();
    look.wipe.value = egui::remap_clamp(pointer.x, picture.x_range(), 0.0..=1.0);
    (look != state.look).then_some(Command::Look(look))
}

fn label(ui: &Ui, at: egui::Pos2, anchor: Align2, text: &str) {
    let galley = ui.painter().layout_no_wrap(text.into(), FontId::proportional(12.0), theme::LIGHT_TEXT);
    let rect = anchor.anchor_size(at, galley.size() + vec2(14.0, 8.0));
    ui.painter().rect_filled(rect, egui::CornerRadius::same(6), Color32::from_black_alpha(150));
    ui.painter().galley(rect.min + vec2(7.0, 4.0), galley, theme::LIGHT_TEXT);
}

fn notice(state: &State, picture: Rect, ui: &mut Ui) -> Option<Command> {
    let notice = state.notice.as_ref()?;
    let color = if notice.failure { theme::error() } else { theme::warning() };
    let width = (picture.width() - 32.0).clamp(160.0, 520.0);
    let mut command = has_been_read(notice, ui).then_some(Command::Dismiss);
    egui::Area::new(ui.scope_id().with("notice"))
        .fixed_pos(pos2(picture.center().x, picture.bottom() - 16.0))
        .pivot(Align2::CENTER_BOTTOM)
        .show(ui.ctx(), |ui| {
            let frame = egui::Frame::new()
                .fill(theme::panel())
                .stroke(Stroke::new(1.0, theme::line()))
                .corner_radius(egui::CornerRadius::same(theme::ROUND))
                .inner_margin(egui::Margin::symmetric(14, 10));
            frame.show(ui, |ui| {
                ui.set_max_width(width);
                ui.horizontal(|ui| {
                    let (dot, _) = ui.allocate_exact_size(vec2(8.0, 18.0), Sense::hover());
                    ui.painter().circle_filled(dot.center(), 4.0, color);
                    ui.vertical(|ui| {
                        ui.set_max_width(width - 110.0);
                        ui.add(egui::Label::new(notice.text.as_str()).wrap());
                    });
                    if ui.button("Dismiss").clicked() {
                        command = Some(Command::Dismiss);
                    }
                });
            });
        });
    command
}

/// Whether a notice that is no failure has been shown for [`READING`].
fn has_been_read(notice: &Notice, ui: &Ui) -> bool {
    if notice.failure {
        return false;
    }
    let now = ui.input(|input| input.time);
    let id = egui::Id::unique(("since", &notice.text));
    let since = ui.data_mut(|data| *data.get_temp_mut_or(id, now));
    let rest = READING - (now - since);
    if rest > 0.0 {
        ui.ctx().request_repaint_after_secs(rest as f32);
    } else {
        ui.data_mut(|data| data.remove_temp::<f64>(id));
    }
    rest <= 0.0
}

/// The way back to hidden controls.
fn reopen(state: &State, picture: Rect, ui: &mut Ui) -> Option<Command> {
    if state.controls {
        return None;
    }
    let at = Rect::from_min_size(picture.right_top() + vec2(-96.0, 12.0), vec2(84.0, 30.0));
    ui.put(at, egui::Button::new("Controls")).clicked().then_some(Command::Controls(true))
}
