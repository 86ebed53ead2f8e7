//! Colors, type and spacing: a calm dark theme and a light one, with one accent.
//!
//! The color functions answer for the theme that was last chosen with [`choose`] on this thread, which is the one
//! whose frame is being laid out.

use std::cell::Cell;

use egui::{Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle, vec2};

/// The colors of a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    ink: Color32,
    panel: Color32,
    raised: Color32,
    hovered: Color32,
    line: Color32,
    text: Color32,
    muted: Color32,
    accent: Color32,
    on_accent: Color32,
    warning: Color32,
    error: Color32,
}

const DARK: Palette = Palette {
    ink: Color32::from_rgb(13, 16, 20),
    panel: Color32::from_rgb(20, 24, 30),
    raised: Color32::from_rgb(29, 35, 43),
    hovered: Color32::from_rgb(38, 45, 55),
    line: Color32::from_rgb(41, 49, 60),
    text: Color32::from_rgb(232, 236, 241),
    muted: Color32::from_rgb(152, 163, 177),
    accent: Color32::from_rgb(104, 214, 184),
    on_accent: Color32::from_rgb(13, 16, 20),
    warning: Color32::from_rgb(240, 184, 96),
    error: Color32::from_rgb(240, 120, 110),
};

const LIGHT: Palette = Palette {
    ink: Color32::from_rgb(226, 230, 234),
    panel: Color32::from_rgb(248, 249, 250),
    raised: Color32::from_rgb(233, 236, 240),
    hovered: Color32::from_rgb(221, 226, 232),
    line: Color32::from_rgb(205, 211, 218),
    text: Color32::from_rgb(24, 29, 36),
    muted: Color32::from_rgb(88, 98, 111),
    accent: Color32::from_rgb(10, 122, 98),
    on_accent: Color32::from_rgb(255, 255, 255),
    warning: Color32::from_rgb(150, 92, 0),
    error: Color32::from_rgb(184, 44, 36),
};

thread_local! {
    // It is const; clippy does not see that where a thread's values are kept under keys of the system.
    #[cfg_attr(target_os = "android", allow(clippy::missing_const_for_thread_local))]
    static CHOSEN: Cell<Palette> = const { Cell::new(DARK) };
}

macro_rules! colors {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])* pub fn $name() -> Color32 { CHOSEN.get().$name })*
    };
}

colors! {
    /// Behind everything, and around the picture.
    ink,
    /// Panels.
    panel,
    /// Cards, fields and tracks on a panel.
    raised,
    /// The same under the pointer.
    hovered,
    /// Hairlines.
    line,
    /// What is read.
    text,
    /// What explains.
    muted,
    /// What is chosen.
    accent,
    /// What stands on the accent.
    on_accent,
    /// What needs a look.
    warning,
    /// What went wrong.
    error,
}

/// What is read on dark ground, such as over the picture, in every theme.
pub const LIGHT_TEXT: Color32 = DARK.text;
/// What explains on dark ground.
pub const LIGHT_MUTED: Color32 = Color32::from_rgb(176, 186, 198);
/// What is chosen on dark ground.
pub const LIGHT_ACCENT: Color32 = DARK.accent;

/// The corner of cards and panels, in points.
pub const ROUND: u8 = 10;
/// The space between unrelated things, in points.
pub const GAP: f32 = 18.0;
/// The space around a panel's content, in points.
pub const MARGIN: i8 = 16;

/// The accent, faint enough to lie behind text.
pub fn accent_faint() -> Color32 {
    accent().gamma_multiply(0.16)
}

/// From now on the colors are those of the theme.
pub fn choose(theme: egui::Theme) {
    CHOSEN.set(palette(theme));
}

fn palette(theme: egui::Theme) -> Palette {
    match theme {
        egui::Theme::Dark => DARK,
        egui::Theme::Light => LIGHT,
    }
}

/// Puts both themes into a context; the system says which one holds until another is preferred.
pub fn apply(context: &egui::Context) {
    context.set_theme(egui::ThemePreference::Dark);
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        context.style_mut_of(theme, |style| {
            style.text_styles = [
                (TextStyle::Small, FontId::new(11.5, FontFamily::Proportional)),
                (TextStyle::Body, FontId::new(13.5, FontFamily::Proportional)),
                (TextStyle::Button, FontId::new(13.5, FontFamily::Proportional)),
                (TextStyle::Heading, FontId::new(20.0, FontFamily::Proportional)),
                (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
            ]
            .into();
            spacing(&mut style.spacing);
            style.visuals = visuals(theme);
            style.interaction.selectable_labels = false;
            style.interaction.tooltip_delay = 0.4;
            style.animation_time = 0.12;
        });
    }
}

fn spacing(spacing: &mut egui::style::Spacing) {
    spacing.item_spacing = vec2(8.0, 8.0);
    spacing.button_padding = vec2(12.0, 6.0);
    spacing.interact_size = vec2(40.0, 30.0);
    spacing.slider_rail_height = 4.0;
    spacing.combo_height = 460.0;
    spacing.menu_margin = egui::Margin::same(6);
    spacing.scroll.floating = true;
}

fn visuals(theme: egui::Theme) -> egui::Visuals {
    let palette = palette(theme);
    let Palette { panel, raised, hovered, line, text, muted, accent, .. } = palette;
    let mut visuals = theme.default_visuals();
    visuals.override_text_color = Some(text);
    visuals.weak_text_color = Some(muted);
    visuals.panel_fill = panel;
    visuals.window_fill = panel;
    visuals.extreme_bg_color = raised;
    visuals.faint_bg_color = raised;
    visuals.window_stroke = Stroke::new(1.0, line);
    visuals.window_corner_radius = CornerRadius::same(ROUND);
    visuals.menu_corner_radius = CornerRadius::same(ROUND);
    visuals.selection.bg_fill = accent.gamma_multiply(0.16);
    visuals.selection.stroke = Stroke::new(1.0, accent);
    visuals.hyperlink_color = accent;
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.error;
    visuals.slider_trailing_fill = true;
    let widgets = &mut visuals.widgets;
    for (widget, fill, text) in [
        (&mut widgets.noninteractive, panel, muted),
        (&mut widgets.inactive, raised, text),
        (&mut widgets.hovered, hovered, text),
        (&mut widgets.active, hovered, accent),
        (&mut widgets.open, hovered, text),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::NONE;
        widget.fg_stroke = Stroke::new(1.0, text);
        widget.corner_radius = CornerRadius::same(7);
        widget.expansion = 0.0;
    }
    visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, line);
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color32) -> f64 {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    /// The contrast of WCAG 2.1: (L1 + 0.05) / (L2 + 0.05).
    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_in_both_themes() {
        for (name, palette) in [("dark", DARK), ("light", LIGHT)] {
            for ground in [palette.ink, palette.panel, palette.raised, palette.hovered] {
                assert!(contrast(palette.text, ground) > 7.0, "{name}: text on {ground:?}");
                assert!(contrast(palette.muted, ground) > 4.5, "{name}: small print on {ground:?}");
                for sign in [palette.accent, palette.warning, palette.error] {
                    assert!(contrast(sign, ground) > 3.0, "{name}: {sign:?} on {ground:?}");
                }
            }
            assert!(contrast(palette.on_accent, palette.accent) > 4.5, "{name}: text on the accent");
        }
    }
}
