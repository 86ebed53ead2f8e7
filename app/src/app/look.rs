//! From what people choose to what the pipeline takes.

use anyhow::{Context, Result};

use super::{Effect, Look};
use crate::backdrop::BACKDROPS;
use crate::pipeline::{self, Pipeline, Refinement, Settings, Temporal, Upsampling, View};
use crate::ui::theme::INK;

/// The pipeline's settings for a look.
pub fn settings_of(look: &Look) -> Settings {
    let color = look.color.map(|channel| f32::from(channel) / 255.0);
    let (effect, view) = match look.effect {
        Effect::Blur => (pipeline::Effect::Blur, View::Result),
        Effect::Color => (pipeline::Effect::Color(color), View::Result),
        Effect::Picture => (pipeline::Effect::Picture, View::Result),
        Effect::CutOut => (pipeline::Effect::CutOut, View::Result),
        Effect::Mask => (pipeline::Effect::Off, View::Matte),
        Effect::Off => (pipeline::Effect::Off, View::Source),
    };
    Settings {
        effect,
        view,
        refinement: refinement_of(look),
        blur: look.blur,
        light_wrap: look.wrap.get().unwrap_or(0.0),
        wipe: look.wipe.get(),
        mirror: look.mirror,
        surround: [INK.r(), INK.g(), INK.b()].map(|channel| f32::from(channel) / 255.0),
        ..Settings::DEFAULT
    }
}

/// Strength 0 … 1 of following the picture's edges is ε from 6e-4 down to 3e-5, in equal steps of its logarithm.
fn refinement_of(look: &Look) -> Refinement {
    Refinement {
        temporal: if look.smoothing.on { Temporal::Motion } else { Temporal::Off },
        temporal_strength: look.smoothing.value,
        upsampling: if look.refinement.on { Upsampling::Guided } else { Upsampling::Bilinear },
        epsilon: 6e-4 * 0.05f32.powf(look.refinement.value),
        ..Refinement::DEFAULT
    }
}

/// Gives the pipeline one of the bundled pictures.
pub fn show_backdrop(pipeline: &mut Pipeline, index: usize) -> Result<()> {
    let backdrop = BACKDROPS.get(index).context("there is no such background")?;
    let picture = backdrop.picture()?;
    pipeline.set_backdrop(picture.dimensions(), &picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Toggle;

    #[test]
    fn switches_reach_the_pipeline() {
        let off = Toggle { on: false, value: 0.7 };
        let look = Look { smoothing: off, refinement: off, wrap: off, wipe: off, ..Look::default() };
        let settings = settings_of(&look);
        assert_eq!(settings.refinement.temporal, Temporal::Off);
        assert_eq!(settings.refinement.upsampling, Upsampling::Bilinear);
        assert_eq!((settings.light_wrap, settings.wipe), (0.0, None));
    }

    #[test]
    fn the_usual_strength_is_the_usual_epsilon() {
        let epsilon = settings_of(&Look::default()).refinement.epsilon;
        assert!((epsilon / Refinement::DEFAULT.epsilon - 1.0).abs() < 0.15, "{epsilon}");
    }
}
