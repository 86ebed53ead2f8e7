//! The live figures over the picture.

use egui::{Align2, Color32, FontId, Rect, Ui, pos2, vec2};

use super::theme;
use crate::app::{Backend, Command, Figures, Stage, State};

const WIDTH: f32 = 214.0;
const LINE_HEIGHT: f32 = 17.0;

/// Frames a second, the cost of each stage, and what runs where; never in the way of the pointer.
pub fn figures_ui(state: &State, picture: Rect, ui: &mut Ui) -> Option<Command> {
    if !state.overlay {
        return None;
    }
    let rows = rows(state);
    let height = 62.0 + LINE_HEIGHT * rows.len() as f32 + 12.0;
    let corner = picture.min.max(ui.max_rect().min) + vec2(12.0, 12.0);
    let card = Rect::from_min_size(corner, vec2(WIDTH, height));
    let painter = ui.painter();
    painter.rect_filled(card, egui::CornerRadius::same(theme::ROUND), Color32::from_black_alpha(176));
    headline(&state.figures, card, ui);
    let mut y = card.top() + 62.0;
    for (name, value) in &rows {
        let middle = y + LINE_HEIGHT / 2.0;
        let font = FontId::proportional(12.0);
        painter.text(
            pos2(card.left() + 14.0, middle),
            Align2::LEFT_CENTER,
            name,
            font.clone(),
            theme::LIGHT_MUTED,
        );
        let room = WIDTH - 28.0 - 74.0;
        let mut job = egui::text::LayoutJob::simple_singleline(value.clone(), font, theme::LIGHT_TEXT);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        let galley = ui.ctx().fonts_mut(|fonts| fonts.layout_job(job));
        let at = pos2(card.right() - 14.0 - galley.size().x, middle - galley.size().y / 2.0);
        painter.galley(at, galley, theme::LIGHT_TEXT);
        y += LINE_HEIGHT;
    }
    None
}

fn headline(figures: &Figures, card: Rect, ui: &Ui) {
    let painter = ui.painter();
    let rate = figures.rate().map_or_else(|| "–".into(), |rate| format!("{rate:.0}"));
    let at = card.min + vec2(14.0, 10.0);
    let number = painter.text(at, Align2::LEFT_TOP, rate, FontId::proportional(32.0), theme::LIGHT_TEXT);
    let unit = pos2(number.right() + 6.0, number.bottom() - 5.0);
    painter.text(unit, Align2::LEFT_BOTTOM, "FPS", FontId::proportional(12.0), theme::LIGHT_MUTED);
    let latency = figures.latency.median().map_or_else(|| "–".into(), |ms| format!("{ms:.0} ms"));
    let right = card.right() - 14.0;
    painter.text(
        pos2(right, card.top() + 17.0),
        Align2::RIGHT_TOP,
        latency,
        FontId::proportional(15.0),
        theme::LIGHT_TEXT,
    );
    painter.text(
        pos2(right, number.bottom() - 5.0),
        Align2::RIGHT_BOTTOM,
        "end to end",
        FontId::proportional(11.0),
        theme::LIGHT_MUTED,
    );
}

fn rows(state: &State) -> Vec<(&'static str, String)> {
    let figures = &state.figures;
    let mut rows: Vec<_> = Stage::ALL
        .into_iter()
        .map(|stage| {
            let median = figures.stage(stage).median();
            (stage.name(), median.map_or_else(|| "–".into(), |ms| format!("{ms:.2} ms")))
        })
        .collect();
    rows.push(("dropped", format!("{} frames", figures.dropped)));
    rows.push(("CPU copies", format!("{} a frame", figures.copies)));
    rows.push(("read back", bytes(figures.read_back)));
    rows.push(("time stamps", bytes(figures.timers)));
    if !state.engine.masks {
        rows.push(("findings", bytes(figures.outputs)));
    }
    rows.push(("adapter", short(&state.engine.adapter).into()));
    if let Some(running) = state.engine.running {
        let backend = match running.backend {
            Backend::Gpu => format!("GPU, {:?}", running.precision).to_lowercase().replace("gpu", "GPU"),
            Backend::Cpu => format!("CPU, {} threads", running.threads),
        };
        rows.push(("network on", backend));
        let model = state.engine.models.get(running.model);
        rows.push(("model", model.map(|offered| offered.title.clone()).unwrap_or_default()));
    }
    rows
}

/// An adapter's name without what stands in brackets.
fn short(adapter: &str) -> &str {
    adapter.split(" (").next().unwrap_or(adapter)
}

fn bytes(count: u64) -> String {
    if count < 10_000 { format!("{count} bytes") } else { format!("{:.1} MB", count as f64 / 1e6) }
}
