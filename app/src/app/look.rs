//! From what people choose to what the pipeline takes.

use anyhow::{Context, Result};

use super::{Effect, Look, View};
use crate::backdrop::BACKDROPS;
use crate::camera::load_picture;
use crate::pipeline::{self, Pipeline, Refinement, Settings, Temporal, Upsampling};

/// The color around pictures that are not shown in the window.
const GRAY: egui::Color32 = egui::Color32::from_gray(24);

/// The pipeline's settings for a look, with a color around the picture.
pub fn settings_of(look: &Look, surround: egui::Color32) -> Settings {
    let view = match look.view {
        View::Result if look.effect == Effect::Off => View::Source,
        view => view,
    };
    Settings {
        effect: effect_of(look),
        view,
        refinement: refinement_of(look),
        strength: look.strength,
        softness: look.strength * look.strength,
        focus: look.focus,
        highlights: look.highlights,
        framing: look.framing,
        light_wrap: look.wrap.get().unwrap_or(0.0),
        recovery: look.recovery,
        wipe: look.wipe.get(),
        mirror: look.mirror,
        surround: [surround.r(), surround.g(), surround.b()].map(|channel| f32::from(channel) / 255.0),
        ..Settings::DEFAULT
    }
}

/// The pipeline's settings for a look that is not shown in the window.
pub fn pipeline_settings(look: &Look) -> Settings {
    settings_of(look, GRAY)
}

fn effect_of(look: &Look) -> pipeline::Effect {
    let [color, lower] = [look.color, look.lower].map(|color| color.map(|value| f32::from(value) / 255.0));
    match look.effect {
        Effect::Blur => pipeline::Effect::Blur,
        Effect::Portrait => pipeline::Effect::Portrait,
        Effect::Picture => pipeline::Effect::Picture,
        Effect::Video => pipeline::Effect::Video,
        Effect::Color => pipeline::Effect::Color(color),
        Effect::Gradient => pipeline::Effect::Gradient(color, lower),
        Effect::Monochrome => pipeline::Effect::Monochrome,
        Effect::Outline => pipeline::Effect::Outline(color),
        Effect::CutOut => pipeline::Effect::CutOut,
        Effect::Off => pipeline::Effect::Off,
    }
}

/// Strength 0 … 1 of following the picture's edges is ε from 6e-4 down to 3e-5, in equal steps of its logarithm.
fn refinement_of(look: &Look) -> Refinement {
    Refinement {
        temporal: match (look.smoothing.on, look.by_motion) {
            (false, _) => Temporal::Off,
            (true, true) => Temporal::Motion,
            (true, false) => Temporal::Entropy,
        },
        temporal_strength: look.smoothing.value,
        upsampling: match (look.refinement.on, look.cheap) {
            (false, _) => Upsampling::Bilinear,
            (true, false) => Upsampling::Guided,
            (true, true) => Upsampling::Bilateral,
        },
        epsilon: 6e-4 * 0.05f32.powf(look.refinement.value),
        shrink: 24.0 * (look.edge - 0.5),
        feather: 12.0 * look.feather,
        drop_small: look.drop_small,
    }
}

/// Gives the pipeline the look's picture: the user's own or one of the bundled.
pub fn show_backdrop(pipeline: &mut Pipeline, look: &Look) -> Result<()> {
    let picture = match &look.picture {
        Some(path) => load_picture(path)?,
        None => BACKDROPS.get(look.backdrop).context("there is no such background")?.picture()?,
    };
    pipeline.set_backdrop(picture.dimensions(), &picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Toggle;

    fn settings(look: &Look) -> Settings {
        settings_of(look, egui::Color32::BLACK)
    }

    #[test]
    fn switches_reach_the_pipeline() {
        let off = Toggle { on: false, value: 0.7 };
        let look = Look { smoothing: off, refinement: off, wrap: off, wipe: off, ..Look::default() };
        let settings = settings(&look);
        assert_eq!(settings.refinement.temporal, Temporal::Off);
        assert_eq!(settings.refinement.upsampling, Upsampling::Bilinear);
        assert_eq!((settings.light_wrap, settings.wipe), (0.0, None));
    }

    #[test]
    fn the_usual_strength_is_the_usual_epsilon() {
        let epsilon = settings(&Look::default()).refinement.epsilon;
        assert!((epsilon / Refinement::DEFAULT.epsilon - 1.0).abs() < 0.15, "{epsilon}");
    }

    #[test]
    fn an_edge_in_the_middle_does_not_move() {
        let refinement = settings(&Look::default()).refinement;
        assert_eq!((refinement.shrink, refinement.feather), (0.0, 0.0));
    }
}
