//! The few controls that the panels are made of.
//!
//! Each draws itself, takes the keyboard's focus and carries a label for assistive software and tests.

use egui::{
    Align2, Color32, CornerRadius, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::icon::{self, Scene};
use super::theme::{self, ACCENT, HOVERED, INK, LINE, MUTED, RAISED, TEXT};

/// A heading over a group of controls.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.label(egui::RichText::new(text).small().strong().color(MUTED));
}

/// A line of small print.
pub fn note(ui: &mut Ui, text: impl Into<String>) {
    ui.label(egui::RichText::new(text).small().color(MUTED));
}

/// A card with a thumbnail and a name; the chosen one has a bright rim.
pub fn card(ui: &mut Ui, size: Vec2, scene: Scene, name: &str, chosen: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, enabled, chosen, name));
    let painter = ui.painter();
    let fill = if chosen {
        theme::accent_faint()
    } else if response.hovered() {
        HOVERED
    } else {
        RAISED
    };
    painter.rect_filled(rect, CornerRadius::same(theme::ROUND), fill);
    let caption = 24.0;
    let picture = Rect::from_min_max(rect.min + vec2(5.0, 5.0), rect.max - vec2(5.0, caption));
    icon::thumbnail(painter, picture, scene, 6);
    round_corners(painter, picture, 6.0, RAISED.blend(fill));
    let color = if chosen { TEXT } else { MUTED };
    let at = pos2(rect.center().x, rect.bottom() - caption / 2.0);
    painter.text(at, Align2::CENTER_CENTER, name, FontId::proportional(12.5), color);
    let rim = rim_of(&response, chosen);
    painter.rect_stroke(rect, CornerRadius::same(theme::ROUND), rim, StrokeKind::Inside);
    response
}

/// Paints the corners outside of a rounded rectangle, so that what lies below looks round.
pub fn round_corners(painter: &egui::Painter, rect: Rect, radius: f32, color: Color32) {
    let width = radius * 0.45;
    painter.rect_stroke(
        rect,
        CornerRadius::same(radius as u8),
        Stroke::new(width, color),
        StrokeKind::Outside,
    );
}

fn rim_of(response: &Response, chosen: bool) -> Stroke {
    if response.has_focus() {
        Stroke::new(2.0, TEXT)
    } else if chosen {
        Stroke::new(1.5, ACCENT)
    } else {
        Stroke::new(1.0, LINE)
    }
}

/// A row of alternatives of which one holds. Returns the one that was picked.
pub fn segments<T: Copy + PartialEq>(ui: &mut Ui, current: T, choices: &[(T, &str)]) -> Option<T> {
    let size = vec2(ui.available_width(), 32.0);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(8), RAISED);
    let width = rect.width() / choices.len() as f32;
    let mut picked = None;
    for (index, &(value, name)) in choices.iter().enumerate() {
        let left = rect.left() + width * index as f32;
        let part = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height())).shrink(3.0);
        let response = ui.interact(part, ui.scope_id().with((name, index)), Sense::click());
        let (chosen, enabled) = (value == current, ui.is_enabled());
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, enabled, chosen, name));
        let painter = ui.painter();
        if chosen {
            painter.rect_filled(part, CornerRadius::same(6), ACCENT);
        } else if response.hovered() {
            painter.rect_filled(part, CornerRadius::same(6), HOVERED);
        }
        if response.has_focus() {
            painter.rect_stroke(part, CornerRadius::same(6), Stroke::new(2.0, TEXT), StrokeKind::Inside);
        }
        let color = if chosen { INK } else { TEXT };
        painter.text(part.center(), Align2::CENTER_CENTER, name, FontId::proportional(13.0), color);
        if response.clicked() && !chosen {
            picked = Some(value);
        }
    }
    picked
}

/// A switch with its name at the left and itself at the right. Returns whether it was turned.
pub fn switch(ui: &mut Ui, on: &mut bool, name: &str, explanation: &str) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::click());
    let response = response.on_hover_text(explanation);
    if response.clicked() {
        *on = !*on;
    }
    let (state, enabled) = (*on, ui.is_enabled());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, enabled, state, name));
    let painter = ui.painter();
    painter.text(rect.left_center(), Align2::LEFT_CENTER, name, FontId::proportional(13.5), TEXT);
    let track = Rect::from_min_size(pos2(rect.right() - 36.0, rect.center().y - 10.0), vec2(36.0, 20.0));
    let along = ui.ctx().animate_bool(response.id, *on);
    let fill = lerp(if response.hovered() { HOVERED } else { RAISED }, ACCENT, along);
    let painter = ui.painter();
    painter.rect_filled(track, CornerRadius::same(10), fill);
    let rim = if response.has_focus() { Stroke::new(2.0, TEXT) } else { Stroke::new(1.0, LINE) };
    painter.rect_stroke(track, CornerRadius::same(10), rim, StrokeKind::Inside);
    let knob = pos2(egui::lerp(track.left() + 10.0..=track.right() - 10.0, along), track.center().y);
    painter.circle_filled(knob, 7.0, lerp(MUTED, INK, along));
    response.clicked()
}

fn lerp(from: Color32, to: Color32, along: f32) -> Color32 {
    from.lerp_to_gamma(to, along)
}

/// A slider from 0 to 1 over the whole width, shown in percent. Returns whether it was moved.
///
/// It is dragged, clicked, or moved by the arrow keys in steps of 5 percent; a double click brings back `usual`.
pub fn slider(ui: &mut Ui, value: &mut f32, usual: f32, name: &str, explanation: &str) -> bool {
    let before = *value;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::click_and_drag());
    let rail =
        Rect::from_center_size(pos2(rect.center().x, rect.bottom() - 11.0), vec2(rect.width() - 16.0, 4.0));
    if response.double_clicked() {
        *value = usual;
    } else if let Some(pointer) = response.interact_pointer_pos() {
        let part = egui::remap_clamp(pointer.x, rail.x_range(), 0.0..=1.0);
        *value = (part * 100.0).round() / 100.0;
    }
    if response.has_focus() {
        *value = stepped(ui, *value);
    }
    let (now, enabled) = (f64::from(*value), ui.is_enabled());
    response.widget_info(|| WidgetInfo::slider(enabled, now, name));
    draw_slider(ui, &response, rail, *value, name);
    response.on_hover_text(explanation);
    *value != before
}

fn stepped(ui: &Ui, value: f32) -> f32 {
    let steps = ui.input(|input| {
        let count = |key| input.num_presses(key) as f32;
        count(egui::Key::ArrowRight) - count(egui::Key::ArrowLeft)
    });
    (value + 0.05 * steps).clamp(0.0, 1.0)
}

fn draw_slider(ui: &Ui, response: &Response, rail: Rect, value: f32, name: &str) {
    let painter = ui.painter();
    let font = FontId::proportional(12.5);
    let top = response.rect.top() + 9.0;
    painter.text(pos2(response.rect.left(), top), Align2::LEFT_CENTER, name, font.clone(), MUTED);
    let percent = format!("{:.0} %", value * 100.0);
    painter.text(pos2(response.rect.right(), top), Align2::RIGHT_CENTER, percent, font, TEXT);
    let knob = pos2(egui::lerp(rail.x_range(), value), rail.center().y);
    let fill = if ui.is_enabled() { ACCENT } else { MUTED };
    painter.rect_filled(rail, CornerRadius::same(2), LINE);
    painter.rect_filled(rail.with_max_x(knob.x), CornerRadius::same(2), fill);
    let lively = response.hovered() || response.dragged();
    painter.circle_filled(knob, if lively { 8.0 } else { 7.0 }, TEXT);
    if response.has_focus() {
        painter.circle_stroke(knob, 10.0, Stroke::new(2.0, ACCENT));
    }
}

/// A list that unfolds, over the whole width; its label says what is chosen.
pub fn list(ui: &mut Ui, name: &str, chosen: &str, entries: impl FnOnce(&mut Ui)) {
    let folded = egui::ComboBox::from_id_salt(name).width(ui.available_width()).selected_text(chosen);
    let response = folded.show_ui(ui, entries).response;
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, enabled, format!("{name}: {chosen}")));
}

/// A button over the whole width. Returns whether it was pressed.
pub fn button(ui: &mut Ui, name: &str) -> bool {
    ui.add_sized([ui.available_width(), 32.0], egui::Button::new(name)).clicked()
}
