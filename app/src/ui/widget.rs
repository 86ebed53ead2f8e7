//! The few controls that the panels are made of.
//!
//! Each draws itself, takes the keyboard's focus and carries a label for assistive software and tests.

use egui::{
    Align2, Color32, CornerRadius, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::icon::{self, Scene};
use super::theme::{self, accent, hovered, line, muted, raised, text};

/// A heading over a group of controls.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.label(egui::RichText::new(text).small().strong().color(muted()));
}

/// A line of small print.
pub fn note(ui: &mut Ui, text: impl Into<String>) {
    ui.label(egui::RichText::new(text).small().color(muted()));
}

/// What a card shows: a live picture and the part of it that is seen, or a drawn scene until there is one.
#[derive(Clone, Copy, Debug)]
pub struct Face {
    /// The drawn scene.
    pub scene: Scene,
    /// The live picture.
    pub live: Option<(egui::TextureId, Rect)>,
}

/// A card with a thumbnail and a name; the chosen one has a bright rim.
pub fn card(ui: &mut Ui, size: Vec2, face: Face, name: &str, chosen: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, enabled, chosen, name));
    let painter = ui.painter();
    let fill = if chosen {
        theme::accent_faint()
    } else if response.hovered() {
        hovered()
    } else {
        raised()
    };
    painter.rect_filled(rect, CornerRadius::same(theme::ROUND), fill);
    let caption = 24.0;
    let picture = Rect::from_min_max(rect.min + vec2(5.0, 5.0), rect.max - vec2(5.0, caption));
    match face.live {
        Some((id, part)) => _ = painter.image(id, picture, part, Color32::WHITE),
        None => icon::thumbnail(painter, picture, face.scene, 6),
    }
    round_corners(painter, picture, 6.0, raised().blend(fill));
    let color = if chosen { text() } else { muted() };
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
        Stroke::new(2.0, text())
    } else if chosen {
        Stroke::new(1.5, accent())
    } else {
        Stroke::new(1.0, line())
    }
}

/// A row of alternatives of which one holds. Returns the one that was picked.
pub fn segments<T: Copy + PartialEq>(ui: &mut Ui, current: T, choices: &[(T, &str)]) -> Option<T> {
    let size = vec2(ui.available_width(), 32.0);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(8), raised());
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
            painter.rect_filled(part, CornerRadius::same(6), accent());
        } else if response.hovered() {
            painter.rect_filled(part, CornerRadius::same(6), hovered());
        }
        if response.has_focus() {
            painter.rect_stroke(part, CornerRadius::same(6), Stroke::new(2.0, text()), StrokeKind::Inside);
        }
        let color = if chosen { theme::on_accent() } else { text() };
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
    painter.text(rect.left_center(), Align2::LEFT_CENTER, name, FontId::proportional(13.5), text());
    let track = Rect::from_min_size(pos2(rect.right() - 36.0, rect.center().y - 10.0), vec2(36.0, 20.0));
    let along = ui.ctx().animate_bool(response.id, *on);
    let fill = lerp(if response.hovered() { hovered() } else { raised() }, accent(), along);
    let painter = ui.painter();
    painter.rect_filled(track, CornerRadius::same(10), fill);
    let rim = if response.has_focus() { Stroke::new(2.0, text()) } else { Stroke::new(1.0, line()) };
    painter.rect_stroke(track, CornerRadius::same(10), rim, StrokeKind::Inside);
    let knob = pos2(egui::lerp(track.left() + 10.0..=track.right() - 10.0, along), track.center().y);
    painter.circle_filled(knob, 7.0, lerp(muted(), theme::on_accent(), along));
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
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 42.0), Sense::click_and_drag());
    let rail =
        Rect::from_center_size(pos2(rect.center().x, rect.bottom() - 11.0), vec2(rect.width() - 16.0, 4.0));
    let percent = format!("{:.0} %", *value * 100.0);
    let reset = (*value != usual).then(|| reset_mark(ui, rect, &percent, name)).flatten();
    if response.double_clicked() || reset == Some(true) {
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
    draw_slider(ui, &response, rail, *value, (name, &percent));
    response.on_hover_text(explanation);
    *value != before
}

/// A slider along the time of a source, 0 to 1, with the time as text. Returns whether it was moved.
pub fn place(ui: &mut Ui, part: &mut f32, time: &str, name: &str) -> bool {
    let before = *part;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 42.0), Sense::click_and_drag());
    let rail =
        Rect::from_center_size(pos2(rect.center().x, rect.bottom() - 11.0), vec2(rect.width() - 16.0, 4.0));
    let pressed = response.clicked() || response.dragged();
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| pressed) {
        *part = egui::remap_clamp(pointer.x, rail.x_range(), 0.0..=1.0);
    }
    if response.has_focus() {
        *part = stepped(ui, *part);
    }
    let now = f64::from(*part);
    response.widget_info(|| WidgetInfo::slider(true, now, name));
    draw_slider(ui, &response, rail, part.clamp(0.0, 1.0), (name, time));
    response.on_hover_text("Where the video stands: drag, click, or left and right arrow");
    *part != before
}

fn stepped(ui: &Ui, value: f32) -> f32 {
    let steps = ui.input(|input| {
        let count = |key| input.num_presses(key) as f32;
        count(egui::Key::ArrowRight) - count(egui::Key::ArrowLeft)
    });
    (value + 0.05 * steps).clamp(0.0, 1.0)
}

/// A small mark beside a slider's number that brings back its usual value. Tells whether it was pressed.
fn reset_mark(ui: &Ui, slider: Rect, percent: &str, name: &str) -> Option<bool> {
    let width = ui.painter().layout_no_wrap(percent.into(), FontId::proportional(12.5), text()).size().x;
    let at = pos2(slider.right() - width - 16.0, slider.top() + 9.0);
    let place = Rect::from_center_size(at, vec2(22.0, 18.0));
    let response = ui.interact(place, ui.scope_id().with(("reset", name)), Sense::click_and_drag());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, format!("Reset {name}")));
    let lively = response.hovered() || response.has_focus();
    icon::back(ui.painter(), at, if lively { text() } else { muted() });
    let clicked = response.clicked();
    response.on_hover_text("Back to the usual value");
    Some(clicked)
}

fn draw_slider(ui: &Ui, response: &Response, rail: Rect, value: f32, (name, percent): (&str, &str)) {
    let painter = ui.painter();
    let font = FontId::proportional(12.5);
    let top = response.rect.top() + 9.0;
    painter.text(pos2(response.rect.left(), top), Align2::LEFT_CENTER, name, font.clone(), muted());
    painter.text(pos2(response.rect.right(), top), Align2::RIGHT_CENTER, percent, font, text());
    let knob = pos2(egui::lerp(rail.x_range(), value), rail.center().y);
    let fill = if ui.is_enabled() { accent() } else { muted() };
    painter.rect_filled(rail, CornerRadius::same(2), line());
    painter.rect_filled(rail.with_max_x(knob.x), CornerRadius::same(2), fill);
    let lively = response.hovered() || response.dragged();
    painter.circle_filled(knob, if lively { 8.0 } else { 7.0 }, text());
    if response.has_focus() {
        painter.circle_stroke(knob, 10.0, Stroke::new(2.0, accent()));
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
pub fn button(ui: &mut Ui, name: &str, explanation: &str) -> bool {
    let button = ui.add_sized([ui.available_width(), 32.0], egui::Button::new(name));
    button.on_hover_text(explanation).clicked()
}

/// Brings a group back to its usual values; it rests while they hold. Returns whether it was pressed.
pub fn reset(ui: &mut Ui, group: &str, usual: bool) -> bool {
    let name = format!("Reset {group}");
    ui.add_enabled_ui(!usual, |ui| button(ui, &name, "Back to the usual values")).inner
}

/// A heading that folds what follows. Returns whether it is open.
pub fn fold(ui: &mut Ui, name: &str, open_at_first: bool) -> bool {
    let id = ui.scope_id().with(("fold", name));
    let open = ui.data_mut(|data| *data.get_persisted_mut_or(id, open_at_first));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, open, name));
    let color = if response.hovered() || response.has_focus() { text() } else { muted() };
    ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, name, FontId::proportional(12.5), color);
    let openness = ui.ctx().animate_bool(response.id, open);
    icon::chevron(ui.painter(), pos2(rect.right() - 8.0, rect.center().y), openness);
    icon::hairline(ui.painter(), rect.left_bottom(), rect.width());
    if response.clicked() {
        ui.data_mut(|data| data.insert_persisted(id, !open));
    }
    open
}
