//! Colors, type and spacing: a calm dark theme with one accent.

use egui::{Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle, vec2};

/// Behind everything, and around the picture.
pub const INK: Color32 = Color32::from_rgb(13, 16, 20);
/// Panels.
pub const PANEL: Color32 = Color32::from_rgb(20, 24, 30);
/// Cards, fields and tracks on a panel.
pub const RAISED: Color32 = Color32::from_rgb(29, 35, 43);
/// The same under the pointer.
pub const HOVERED: Color32 = Color32::from_rgb(38, 45, 55);
/// Hairlines.
pub const LINE: Color32 = Color32::from_rgb(41, 49, 60);
/// What is read.
pub const TEXT: Color32 = Color32::from_rgb(232, 236, 241);
/// What explains.
pub const MUTED: Color32 = Color32::from_rgb(152, 163, 177);
/// What is chosen.
pub const ACCENT: Color32 = Color32::from_rgb(104, 214, 184);
/// What needs a look.
pub const WARNING: Color32 = Color32::from_rgb(240, 184, 96);
/// What went wrong.
pub const ERROR: Color32 = Color32::from_rgb(240, 120, 110);

/// The corner of cards and panels, in points.
pub const ROUND: u8 = 10;
/// The space between unrelated things, in points.
pub const GAP: f32 = 18.0;
/// The space around a panel's content, in points.
pub const MARGIN: i8 = 16;

/// The accent, faint enough to lie behind text.
pub fn accent_faint() -> Color32 {
    ACCENT.gamma_multiply(0.16)
}

/// Puts the theme into a context.
pub fn apply(context: &egui::Context) {
    context.set_theme(egui::Theme::Dark);
    context.all_styles_mut(|style| {
        style.text_styles = [
            (TextStyle::Small, FontId::new(11.5, FontFamily::Proportional)),
            (TextStyle::Body, FontId::new(13.5, FontFamily::Proportional)),
            (TextStyle::Button, FontId::new(13.5, FontFamily::Proportional)),
            (TextStyle::Heading, FontId::new(20.0, FontFamily::Proportional)),
            (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
        ]
        .into();
        spacing(&mut style.spacing);
        style.visuals = visuals();
        style.interaction.selectable_labels = false;
        style.animation_time = 0.12;
    });
}

fn spacing(spacing: &mut egui::style::Spacing) {
    spacing.item_spacing = vec2(8.0, 8.0);
    spacing.button_padding = vec2(12.0, 6.0);
    spacing.interact_size = vec2(40.0, 30.0);
    spacing.slider_rail_height = 4.0;
    spacing.combo_height = 320.0;
    spacing.menu_margin = egui::Margin::same(6);
    spacing.scroll.floating = true;
}

fn visuals() -> egui::Visuals {
    let mut visuals = egui::Visuals::dark();
    visuals.override_text_color = Some(TEXT);
    visuals.weak_text_color = Some(MUTED);
    visuals.panel_fill = PANEL;
    visuals.window_fill = PANEL;
    visuals.extreme_bg_color = RAISED;
    visuals.faint_bg_color = RAISED;
    visuals.window_stroke = Stroke::new(1.0, LINE);
    visuals.window_corner_radius = CornerRadius::same(ROUND);
    visuals.menu_corner_radius = CornerRadius::same(ROUND);
    visuals.selection.bg_fill = accent_faint();
    visuals.selection.stroke = Stroke::new(1.0, ACCENT);
    visuals.hyperlink_color = ACCENT;
    visuals.warn_fg_color = WARNING;
    visuals.error_fg_color = ERROR;
    visuals.slider_trailing_fill = true;
    let widgets = &mut visuals.widgets;
    for (widget, fill, text) in [
        (&mut widgets.noninteractive, PANEL, MUTED),
        (&mut widgets.inactive, RAISED, TEXT),
        (&mut widgets.hovered, HOVERED, TEXT),
        (&mut widgets.active, HOVERED, ACCENT),
        (&mut widgets.open, HOVERED, TEXT),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::NONE;
        widget.fg_stroke = Stroke::new(1.0, text);
        widget.corner_radius = CornerRadius::same(7);
        widget.expansion = 0.0;
    }
    visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, LINE);
    visuals
}
