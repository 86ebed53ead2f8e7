//! The figures in full: a graph of frame times, a table of stages, and all of it as text.

use std::fmt::Write as _;

use egui::{Align2, FontId, Rect, Stroke, Ui, pos2, vec2};

use super::{theme, widget};
use crate::app::{Backend, Command, Meter, Stage, State};

/// Milliseconds at the top of the graph, at least.
const LEAST_TOP: f32 = 40.0;

/// The quality that holds a frame rate, the graph, the table and the button that copies them.
pub fn performance_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let mut command = quality(state, ui);
    graph(state, ui);
    table(state, ui);
    let explanation = "These figures and what they were measured on, as text";
    if widget::button(ui, "Copy report", explanation) {
        ui.ctx().copy_text(report(state));
        command = Some(Command::Tell("The report is on the clipboard".into()));
    }
    let mut overlay = state.overlay;
    if widget::switch(ui, &mut overlay, "Figures over the picture", "What each frame costs (F)") {
        command = Some(Command::Overlay(overlay));
    }
    command
}

fn quality(state: &State, ui: &mut Ui) -> Option<Command> {
    let quality = &state.quality;
    let mut automatic = quality.automatic;
    let mut command = None;
    if widget::switch(
        ui,
        &mut automatic,
        "Automatic quality",
        "Gives up model, resolution, edges and mask rate step by step to hold the frame rate, and takes them back",
    ) {
        command = Some(Command::Quality(automatic, quality.target));
    }
    if quality.automatic {
        let rates = [(15.0, "15"), (24.0, "24"), (30.0, "30"), (60.0, "60 FPS")];
        if let Some(target) = widget::segments(ui, quality.target, &rates) {
            command = Some(Command::Quality(true, target));
        }
        widget::note(ui, format!("Now: {}", quality.step));
    }
    command
}

fn graph(state: &State, ui: &mut Ui) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 84.0), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Frame times"));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, egui::CornerRadius::same(7), theme::raised());
    let meter = &state.figures.interval;
    let top = meter.values().fold(LEAST_TOP, f32::max).min(400.0);
    let height = |milliseconds: f32| {
        egui::remap_clamp(milliseconds, 0.0..=top, rect.bottom() - 4.0..=rect.top() + 16.0)
    };
    let wanted = 1000.0 / state.quality.target;
    painter.hline(rect.x_range(), height(wanted), Stroke::new(1.0, theme::line()));
    let step = rect.width() / Meter::KEPT as f32;
    for (index, value) in meter.values().enumerate() {
        let x = rect.left() + step * index as f32;
        let bar = Rect::from_min_max(pos2(x + 0.5, height(value)), pos2(x + step - 0.5, rect.bottom() - 4.0));
        let color = if value > 1.25 * wanted { theme::warning() } else { theme::accent() };
        painter.rect_filled(bar, egui::CornerRadius::same(1), color);
    }
    let font = FontId::proportional(11.0);
    let at = rect.left_top() + vec2(8.0, 4.0);
    painter.text(at, Align2::LEFT_TOP, "Frame time", font.clone(), theme::muted());
    let text = meter.median().map_or_else(|| "–".into(), |median| format!("{median:.1} ms"));
    painter.text(rect.right_top() + vec2(-8.0, 4.0), Align2::RIGHT_TOP, text, font, theme::text());
}

/// Name, median and 95th percentile of each figure, in milliseconds.
fn rows(state: &State) -> Vec<(&'static str, Option<f32>, Option<f32>)> {
    let figures = &state.figures;
    let stage = |stage: Stage| {
        let meter = figures.stage(stage);
        (stage.name(), meter.median(), meter.p95())
    };
    let mut rows: Vec<_> = Stage::ALL.into_iter().map(stage).collect();
    rows.push(("end to end", figures.latency.median(), figures.latency.p95()));
    rows.push(("frame time", figures.interval.median(), figures.interval.p95()));
    rows
}

fn table(state: &State, ui: &mut Ui) {
    let number = |value: Option<f32>| value.map_or_else(|| "–".into(), |value| format!("{value:.2}"));
    let line = |ui: &mut Ui, cells: [String; 3], color: egui::Color32| {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), egui::Sense::hover());
        let label = format!("{}: median {}, 95th percentile {}", cells[0], cells[1], cells[2]);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, label.clone()));
        let font = FontId::proportional(12.0);
        let painter = ui.painter();
        let right = rect.right();
        let [name, median, p95] = cells;
        painter.text(rect.left_center(), Align2::LEFT_CENTER, name, font.clone(), theme::muted());
        painter.text(pos2(right - 84.0, rect.center().y), Align2::RIGHT_CENTER, median, font.clone(), color);
        painter.text(pos2(right, rect.center().y), Align2::RIGHT_CENTER, p95, font, color);
    };
    ui.spacing_mut().item_spacing.y = 2.0;
    line(ui, ["Stage, ms".into(), "median".into(), "p95".into()], theme::muted());
    for (name, median, p95) in rows(state) {
        line(ui, [name.into(), number(median), number(p95)], theme::text());
    }
    ui.spacing_mut().item_spacing.y = 8.0;
}

/// The figures as text, for a report to somebody who was not there.
pub fn report(state: &State) -> String {
    let engine = &state.engine;
    let mut text = format!("Matte {} on {}\n", env!("CARGO_PKG_VERSION"), std::env::consts::OS);
    let source =
        state.source.info.as_ref().map_or_else(String::new, |info| format!("{}, {}", info.name, info.detail));
    let running = engine.running.and_then(|running| engine.models.get(running.model));
    let model = running.map_or("none", |offered| offered.title.as_str());
    let backend = match engine.running {
        Some(running) if running.backend == Backend::Cpu => format!("CPU, {} threads", running.threads),
        Some(running) => format!("GPU, {:?}", running.precision).to_lowercase(),
        None => "not running".into(),
    };
    let rate = state.figures.rate().map_or_else(|| "–".into(), |rate| format!("{rate:.1}"));
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "adapter: {}\nnetwork: {model} on {backend}\nsource: {source}\neffect: {}\nframes a second: {rate}\n\
         dropped: {}\nread back: {} bytes a frame\n\n{:<12}{:>10}{:>10}\n",
        engine.adapter,
        state.look.effect.title(),
        state.figures.dropped,
        state.figures.read_back,
        "stage, ms",
        "median",
        "p95",
    );
    for (name, median, p95) in rows(state) {
        let number = |value: Option<f32>| value.map_or_else(|| "–".into(), |value| format!("{value:.2}"));
        let _ = writeln!(text, "{name:<12}{:>10}{:>10}", number(median), number(p95));
    }
    text
}
