//! Asking for the camera, where the system guards it.

use anyhow::Result;

use super::App;
use crate::platform::{self, permission::Step};

impl App {
    /// Learns whether cameras may be used, as it may have changed while the window was covered.
    pub(super) fn check_permission(&mut self) {
        match platform::camera_word() {
            Ok(word) => {
                let step = self.state.permission.checked(word);
                self.take(step);
            }
            Err(error) => {
                self.tell(format!("the system does not say whether the camera may be used: {error:#}"), true)
            }
        }
    }

    /// People want to allow the camera.
    pub(super) fn allow_camera(&mut self) {
        let step = self.state.permission.pressed();
        self.take(step);
    }

    fn take(&mut self, step: Step) {
        let done: Result<()> = match step {
            Step::Nothing => Ok(()),
            Step::Ask => platform::ask_for_camera(),
            Step::OpenSettings => platform::open_settings(),
        };
        if let Err(error) = done {
            self.tell(format!("the system cannot be asked for the camera: {error:#}"), true);
        }
    }

    /// The screen was turned or resized: cameras turn their pictures by it from the next one on.
    pub(super) fn turned(&mut self) {
        platform::screen_turned();
        self.redraw();
    }
}
