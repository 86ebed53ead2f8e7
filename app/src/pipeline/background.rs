//! What stands behind the person when it is made of the frame itself.

use wgpu::Device;

use super::blur::Blur;
use super::bokeh::{Bokeh, Scene};
use super::gpu::Recorder;
use super::settings::{Effect, Settings, View};

pub(super) struct Background {
    pub blur: Blur,
    pub bokeh: Bokeh,
}

impl Background {
    pub fn new(device: &Device) -> Self {
        Self { blur: Blur::new(device), bokeh: Bokeh::new(device) }
    }

    /// Records what the settings need, and nothing of a hidden picture.
    pub fn record(&mut self, recorder: &mut Recorder<'_>, scene: &Scene<'_>, settings: &Settings) {
        if settings.hidden {
            return;
        }
        if settings.effect == Effect::Blur || settings.recovery {
            self.blur.record(recorder, scene.picture, scene.matte, settings.strength);
        }
        let charted = matches!(settings.view, View::Depth | View::Circles);
        if charted || settings.view == View::Result && settings.effect == Effect::Portrait {
            self.bokeh.record(recorder, scene, settings);
        }
    }
}
