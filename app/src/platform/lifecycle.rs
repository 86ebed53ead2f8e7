//! What the program does as its window is shown, covered, taken away and given back.
//!
//! [`Life`] takes the system's [`Event`]s in whatever order they come and answers with [`Step`]s. It holds
//! these to be true after each event:
//!
//! - a surface is open exactly while the system lends a window and shows it;
//! - the source is open exactly while a surface is, nothing covers the window, and the program has not ended:
//!   a camera is never on behind another program or a locked screen;
//! - the source is closed before the surface and opened after it;
//! - after [`Step::Leave`] nothing is opened any more.
//!
//! The device, its pipelines and the network are no part of this: they stay.

/// What the system tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The window comes to be shown.
    Start,
    /// Nothing covers the window any more; people can use it.
    Resume,
    /// Something covers the window, a question of the system perhaps; or it is about to go.
    Pause,
    /// The window is no longer shown.
    Stop,
    /// There is a window to draw on.
    SurfaceCreated,
    /// The window is taken away.
    SurfaceLost,
    /// The screen was turned, resized or got another density.
    Turned,
    /// Memory is short.
    LowMemory,
    /// The program is to end.
    Quit,
}

impl Event {
    /// Every event, in the order of the declaration.
    pub const ALL: [Self; 9] = [
        Self::Start,
        Self::Resume,
        Self::Pause,
        Self::Stop,
        Self::SurfaceCreated,
        Self::SurfaceLost,
        Self::Turned,
        Self::LowMemory,
        Self::Quit,
    ];
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// See whether the camera may be used: people may have changed that meanwhile.
    CheckPermission,
    /// Draw on the window that the system lends.
    OpenSurface,
    /// Let go of the window; the device stays.
    CloseSurface,
    /// Open the source that is chosen.
    OpenSource,
    /// Let go of the source, so that a camera is off; its last picture stays.
    CloseSource,
    /// Tell the source how the screen is turned, and draw anew.
    Turn,
    /// Give back what can be made again.
    Trim,
    /// End.
    Leave,
}

/// The program's life as the system has told it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    started: bool,
    resumed: bool,
    lent: bool,
    over: bool,
    surface: bool,
    source: bool,
}

impl Life {
    /// Takes an event; gives what is to be done now, in this order.
    pub fn on(&mut self, event: Event) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.over {
            return steps;
        }
        let before = self.resumed;
        match event {
            Event::Start => self.started = true,
            Event::Resume => (self.started, self.resumed) = (true, true),
            Event::Pause => self.resumed = false,
            Event::Stop => (self.started, self.resumed) = (false, false),
            Event::SurfaceCreated => self.lent = true,
            Event::SurfaceLost => self.lent = false,
            Event::Turned | Event::LowMemory => {}
            Event::Quit => self.over = true,
        }
        if self.resumed && !before {
            steps.push(Step::CheckPermission);
        }
        self.settle(&mut steps);
        match event {
            Event::Turned if self.surface => steps.push(Step::Turn),
            Event::LowMemory => steps.push(Step::Trim),
            Event::Quit => steps.push(Step::Leave),
            _ => {}
        }
        steps
    }

    /// Whether pictures are to be drawn.
    pub fn draws(&self) -> bool {
        self.surface
    }

    /// Whether the source is open.
    pub fn captures(&self) -> bool {
        self.source
    }

    fn settle(&mut self, steps: &mut Vec<Step>) {
        let surface = self.lent && self.started && !self.over;
        let source = surface && self.resumed;
        if self.source && !source {
            steps.push(Step::CloseSource);
        }
        if self.surface != surface {
            steps.push(if surface { Step::OpenSurface } else { Step::CloseSurface });
        }
        if source && !self.source {
            steps.push(Step::OpenSource);
        }
        (self.surface, self.source) = (surface, source);
    }
}

#[cfg(test)]
mod tests {
    use super::Event::*;
    use super::*;

    fn steps(events: &[Event]) -> Vec<Step> {
        let mut life = Life::default();
        events.iter().flat_map(|&event| life.on(event)).collect()
    }

    #[test]
    fn a_usual_day() {
        assert_eq!(
            steps(&[Start, Resume, SurfaceCreated, Pause, SurfaceLost, Stop]),
            [
                Step::CheckPermission,
                Step::OpenSurface,
                Step::OpenSource,
                Step::CloseSource,
                Step::CloseSurface,
            ]
        );
    }

    #[test]
    fn a_question_of_the_system_closes_the_camera_and_keeps_the_picture() {
        let asked = steps(&[Start, Resume, SurfaceCreated, Pause, Resume]);
        assert_eq!(asked[3..], [Step::CloseSource, Step::CheckPermission, Step::OpenSource]);
    }

    #[test]
    fn a_hidden_window_draws_nothing_though_it_is_lent() {
        let mut life = Life::default();
        for event in [Start, Resume, SurfaceCreated, Stop] {
            life.on(event);
        }
        assert!(!life.draws() && !life.captures());
        assert_eq!(life.on(Start), [Step::OpenSurface]);
    }

    #[test]
    fn nothing_is_opened_after_the_end() {
        let ended = steps(&[SurfaceCreated, Resume, Quit, Resume, SurfaceCreated, LowMemory, Quit]);
        assert_eq!(ended.last(), Some(&Step::Leave));
        assert_eq!(ended.iter().filter(|step| **step == Step::Leave).count(), 1);
    }
}
