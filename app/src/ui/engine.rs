//! What runs the network: adapter or processor, precision, threads, model.

use egui::Ui;

use super::widget;
use crate::app::{Backend, Command, Engine, Precision, State};

/// The adapters and the toggle between GPU and CPU.
pub fn device_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let engine = &state.engine;
    let mut command = None;
    widget::heading(ui, "RUNS ON");
    if let Some(backend) =
        widget::segments(ui, engine.wanted.backend, &[(Backend::Gpu, "GPU"), (Backend::Cpu, "CPU")])
    {
        command = Some(Command::Engine(Engine { backend, ..engine.wanted }));
    }
    if engine.adapters.len() > 1 {
        widget::list(ui, "Device", &engine.adapter, |ui| {
            for adapter in &engine.adapters {
                if ui.selectable_label(*adapter == engine.adapter, adapter).clicked() {
                    command = Some(Command::Adapter(adapter.clone()));
                }
            }
        });
    }
    let told = engine.adapters.len() > 1 && !engine.preparing;
    if !told || engine.running.is_none_or(|running| running.backend == Backend::Cpu) {
        widget::note(ui, summary(state));
    }
    if let Some(task) = engine.task.filter(|_| !engine.masks) {
        widget::note(ui, format!("Shows the {task}; backgrounds rest, as it makes no mask"));
    }
    command
}

/// What belongs to where the network runs, and which one it is.
pub fn engine_ui(state: &State, ui: &mut Ui) -> Option<Command> {
    let engine = &state.engine;
    let mut wanted = engine.wanted;
    match wanted.backend {
        Backend::Gpu if engine.half => {
            let choices = [(Precision::F32, "32 bits"), (Precision::F16, "16 bits")];
            if let Some(precision) = widget::segments(ui, wanted.precision, &choices) {
                wanted.precision = precision;
            }
        }
        Backend::Gpu => widget::note(ui, "This adapter computes with 32 bits only"),
        Backend::Cpu => threads(&mut wanted.threads, engine.processors, ui),
    }
    let model = super::models::models_ui(state, ui);
    model.or((wanted != engine.wanted).then_some(Command::Engine(wanted)))
}

fn threads(threads: &mut usize, processors: usize, ui: &mut Ui) {
    ui.horizontal(|ui| {
        let label = ui.label("Threads").id;
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let value = egui::DragValue::new(threads).range(1..=processors).speed(0.05);
            ui.add(value).labelled_by(label);
        });
    });
}

fn summary(state: &State) -> String {
    let engine = &state.engine;
    if engine.preparing {
        return "Preparing…".into();
    }
    match engine.running.map(|running| running.backend) {
        None => "Not running".into(),
        Some(Backend::Gpu) => engine.adapter.clone(),
        Some(Backend::Cpu) => {
            format!("Processor, {} of {} threads", engine.wanted.threads, engine.processors)
        }
    }
}
