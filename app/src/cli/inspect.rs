//! `matte inspect`: a model's graph and plan as text.

use std::io::Write;

use anyhow::Result;

use super::arguments::InspectArguments;
use super::engine;
use crate::task::Reading;

/// Prints what the model is, what the passes did, and what runs where.
pub fn run(arguments: &InspectArguments) -> Result<()> {
    let network = engine::network(&arguments.model)?;
    let model = &network.model;
    let gpu = engine::gpu(&arguments.engine)?;
    let session = engine::session(model, gpu.as_ref(), &arguments.engine)?;
    let mut text = String::new();
    if let Some(gpu) = &gpu {
        text += &format!("adapter {}\n", gpu.title());
    }
    for (index, ty) in model.inputs().iter().enumerate() {
        text += &format!("input {index}: {ty}\n");
    }
    for (index, ty) in model.outputs().iter().enumerate() {
        text += &format!("output {index}: {ty}\n");
    }
    text += &meaning(&network.reading);
    text += &format!("\ngraph after the passes\n{}\nplan\n{}", session.graph(), session.explain());
    text += &format!("\nwhere each node runs\n{}\n", session.by_node());
    if let Some(plan) = session.plan() {
        text += &format!("dispatches {}\n", plan.dispatches());
    }
    // A closed pipe, as of `head`, is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// How the application understands the model, and by which rules.
fn meaning(reading: &Reading) -> String {
    let input = &reading.input;
    let (width, height) = input.size;
    let mut text = format!("\nunderstood as {}\n", reading.task.title());
    text += &format!(
        "picture {width}×{height}, {} channels{}, black {} and white {}, {:?}\n",
        input.channels,
        if input.planar { " apart" } else { "" },
        input.range[0],
        input.range[1],
        input.fit
    );
    reading.why.iter().for_each(|sentence| text += &format!("because {sentence}\n"));
    text
}
