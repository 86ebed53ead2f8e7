//! What changes around the picture: whether anybody sees it, the adapter, the quality, the settings that are kept.

use std::time::{Duration, Instant};

use super::screen::Screen;
use super::{
    App, Backend, Choice, Command, Effect, Event, Look, Plan, Precision, Quality, Saved, State, Theme,
};
use crate::camera::{self, Clip, Feed, Open, Source, Status};
use crate::catalogue::{Item, SEGMENTERS};
use crate::render::Wish;

/// How long after the last change the settings are written.
const SETTLED: Duration = Duration::from_secs(1);

/// How often it is asked whether the window is minimized.
const ASKED: Duration = Duration::from_millis(500);

/// How often the quality is judged.
const JUDGED: Duration = Duration::from_millis(500);

impl App {
    /// The window came into sight or went out of it.
    pub(super) fn see(&mut self, visible: bool) {
        if self.visible != visible {
            self.visible = visible;
            self.rest_or_wake();
        }
    }

    /// Asks whether the window is minimized: under X11 nothing tells it.
    pub(super) fn ask_minimized(&mut self) {
        if !self.minimized && self.asked_at.elapsed() < ASKED {
            return;
        }
        let Some(view) = self.screen.as_ref().and_then(|screen| screen.view.as_ref()) else { return };
        let minimized = view.window.is_minimized().unwrap_or(false);
        self.asked_at = Instant::now();
        if minimized != self.minimized {
            self.minimized = minimized;
            self.see(!minimized);
        }
    }

    /// Whether anything shows or takes pictures, and the system lets the program have some.
    pub(super) fn wants_pictures(&self) -> bool {
        !self.state.hidden && self.life.captures() && (self.visible || self.outputs.are_on())
    }

    /// Releases the source while nothing shows or takes the picture, and opens it again when something does.
    pub(super) fn rest_or_wake(&mut self) {
        if self.wants_pictures() {
            if self.feed.is_none() {
                log::debug!("the source is opened again");
                self.open_source();
            }
        } else if self.feed.is_some() {
            log::debug!("nobody sees the source: it is released");
            self.close_source();
            self.state.source.status = Status::Opening;
            self.state.source.info = None;
        }
        if self.state.hidden {
            self.segmenter_forgets();
        }
    }

    /// The matte of before is not shown again.
    fn segmenter_forgets(&mut self) {
        self.renewed = true;
        if let Some(screen) = &mut self.screen {
            screen.pipeline.forget();
        }
    }

    /// Takes another look, and what it needs besides.
    pub(super) fn change_look(&mut self, look: Look) {
        let before = std::mem::replace(&mut self.state.look, look);
        let look = &self.state.look;
        if (before.effect, &before.video) != (look.effect, &look.video) {
            self.change_backdrop_feed();
        }
        self.follow_depth();
    }

    /// Starts the video that stands behind the person, or ends it.
    pub(super) fn change_backdrop_feed(&mut self) {
        self.backdrop_feed = None;
        if self.state.look.effect != Effect::Video {
            return;
        }
        let open: Open = match self.state.look.video.clone() {
            Some(path) => Box::new(move || camera::open_file(&path)),
            None => Box::new(|| Ok(Box::new(Clip::open()?) as Box<dyn Source>)),
        };
        let proxy = self.proxy.clone();
        let wake = Box::new(move || {
            // The loop ends before its threads do; then nobody needs the frame.
            let _ = proxy.send_event(Event::Backdrop);
        });
        match Feed::start(open, wake) {
            Ok(feed) => self.backdrop_feed = Some(feed),
            Err(error) => self.tell(format!("{error:#}"), true),
        }
    }

    /// Draws on a screen from now on.
    pub(super) fn use_screen(&mut self, screen: Screen) {
        let engine = &mut self.state.engine;
        engine.adapter = screen.gpu.title();
        engine.adapters = screen.adapters.clone();
        engine.half = screen.gpu.device.features().contains(wgpu::Features::SHADER_F16);
        self.screen = Some(screen);
        self.show_theme();
        self.find_virtual_cameras();
        if let Some(outlet) = self.options.virtual_camera.take() {
            self.use_virtual_camera(Some(outlet));
        }
        self.change_backdrop_feed();
        self.prepare_engine();
        self.redraw();
    }

    /// Goes on with another adapter in the same window, or with the one before if that does not work.
    pub(super) fn change_adapter(&mut self, name: String) {
        if self.screen.is_none() {
            return;
        }
        let before = std::mem::replace(&mut self.options.adapter, Wish { name });
        let Some(ground) = self.leave_screen() else { return };
        match Screen::on(&ground, &self.options.adapter) {
            Ok(screen) => self.use_screen(screen),
            Err(error) => {
                self.tell(format!("{error:#}"), true);
                self.options.adapter = before;
                match Screen::on(&ground, &self.options.adapter) {
                    Ok(screen) => self.use_screen(screen),
                    Err(error) => self.failure = Some(error),
                }
            }
        }
    }

    /// Puts the chosen colors to use.
    pub(super) fn show_theme(&self) {
        let Some(screen) = &self.screen else { return };
        screen.egui.egui_ctx().set_theme(match self.state.theme {
            Theme::Dark => egui::ThemePreference::Dark,
            Theme::Light => egui::ThemePreference::Light,
            Theme::System => egui::ThemePreference::System,
        });
    }

    /// Switches the automatic quality, or changes what it aims at.
    pub(super) fn change_quality(&mut self, automatic: bool, target: f32) {
        (self.state.quality.automatic, self.state.quality.target) = (automatic, target);
        self.quality = Quality::default();
        self.state.quality.step = if automatic { self.quality.title() } else { "" };
        self.follow_plan();
    }

    /// How the picture is made now.
    pub(super) fn plan(&self) -> Plan {
        if self.state.quality.automatic { self.quality.plan() } else { Plan::FULL }
    }

    /// Judges the quality now and then.
    pub(super) fn judge_quality(&mut self) {
        let elapsed = self.judged_at.elapsed();
        let moving = self.state.source.status == Status::Live && !self.state.frozen;
        if !self.state.quality.automatic || elapsed < JUDGED {
            return;
        }
        self.judged_at = Instant::now();
        let Some(rate) = self.state.figures.rate().filter(|_| moving && !self.state.engine.preparing) else {
            return;
        };
        let received = self.feed.as_ref().map_or(0, Feed::received);
        let offered = received.saturating_sub(self.received_before) as f32 / elapsed.as_secs_f32();
        self.received_before = received;
        let target = self.state.quality.target.min(offered.max(1.0));
        if let Some(said) = self.quality.note(rate, target, elapsed.min(2 * JUDGED)) {
            self.state.quality.step = self.quality.title();
            self.state.figures.interval.clear();
            self.follow_plan();
            self.tell(said, false);
        }
    }

    /// The network of a person with the fewest pixels.
    fn smallest_model(&self) -> usize {
        let small = self.shelf.items().iter().position(|item| item.is(&SEGMENTERS[1]));
        small.unwrap_or(self.chosen_model)
    }

    /// Runs the network that the plan asks for.
    fn follow_plan(&mut self) {
        let wanted = self.state.engine.wanted;
        let chosen = self.chosen_model;
        let person = self.shelf.item(chosen).is_ok_and(|item| SEGMENTERS.iter().any(|entry| item.is(entry)));
        let model = if person && self.plan().small_model { self.smallest_model() } else { chosen };
        if wanted.model != model {
            self.state.engine.wanted.model = model;
            self.prepare_engine();
        }
    }

    /// What is to be kept of the present state.
    fn saved(&self) -> Saved {
        let State { engine, look, theme, overlay, details, quality, .. } = &self.state;
        let wanted = engine.wanted;
        Saved {
            adapter: self.options.adapter.name.clone(),
            on_cpu: wanted.backend == Backend::Cpu,
            half: wanted.precision == Precision::F16,
            threads: Some(wanted.threads).filter(|threads| *threads != engine.processors),
            model: self.shelf.item(self.chosen_model).map(Item::name).unwrap_or_default(),
            theme: *theme,
            figures: *overlay,
            advanced: *details,
            automatic: quality.automatic,
            target: quality.target,
            look: Look { focus: None, ..look.clone() },
            ..Saved::default()
        }
    }

    /// Notes that the settings may have changed.
    pub(super) fn note_settings(&mut self) {
        if self.options.place.is_some() && self.saved() != self.written {
            self.save_at = Some(Instant::now() + SETTLED);
        }
    }

    /// Writes the settings if they changed.
    pub(super) fn write_settings(&mut self) {
        self.save_at = None;
        let saved = self.saved();
        let Some(place) = self.options.place.clone().filter(|_| saved != self.written) else { return };
        match saved.write(&place) {
            Ok(()) => self.written = saved,
            Err(error) => {
                self.options.place = None;
                self.tell(format!("{error:#}"), true);
            }
        }
    }

    /// Everything as it was at first.
    pub(super) fn reset(&mut self) {
        let Saved { look, theme, figures, .. } = Saved::default();
        self.change_look(look);
        (self.state.theme, self.state.overlay) = (theme, figures);
        self.show_theme();
        self.change_quality(false, Saved::default().target);
        let usual = crate::segment::Engine {
            backend: Backend::Gpu,
            precision: Precision::F32,
            threads: self.state.engine.processors,
            model: 0,
        };
        self.carry_out(Command::Engine(usual));
        if self.state.source.choice == Choice::Clip {
            self.carry_out(Command::Source(Choice::Automatic));
        }
    }
}
