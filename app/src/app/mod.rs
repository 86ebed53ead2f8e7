//! The window: winit's events in, one picture a frame out, and the only place that changes [`State`].
//!
//! A frame is drawn when the source has a new one, when the UI moves, and never otherwise. The UI is laid
//! out first, the picture drawn where it says, egui on top; then one submission and one present. Commands of
//! the UI are carried out after that, so that a frame shows one state.

#[cfg(not(target_os = "android"))]
mod changes;
#[cfg(not(target_os = "android"))]
mod conductor;
mod depth;
mod draw;
mod engines;
#[cfg(not(target_os = "android"))]
mod faults;
mod figures;
#[cfg(not(target_os = "android"))]
mod load;
mod look;
mod models;
mod outputs;
mod permission;
mod picture;
mod previews;
mod quality;
#[cfg(not(target_os = "android"))]
mod rehearsal;
mod saved;
mod screen;
mod sources;
mod state;
mod waking;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use winit::application::ApplicationHandler;
use winit::event::{ElementState, KeyEvent, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop, EventLoopProxy};
use winit::keyboard::{Key, NamedKey};
use winit::window::WindowId;

#[cfg(not(target_os = "android"))]
pub use changes::{Change, changes};
#[cfg(not(target_os = "android"))]
pub use faults::{Fault, Outcome, faults};
pub use figures::{Figures, Meter, Stage};
#[cfg(not(target_os = "android"))]
pub use load::{Load, load};
#[cfg(not(target_os = "android"))]
pub use rehearsal::{Rehearsal, rehearse};
pub use state::{
    Backend, Browser, Choice, Command, Effect, Engine, EngineState, Fetch, Found, Look, Notice, Offered,
    OutputState, Precision, Preset, Purpose, QualityState, SourceState, State, Theme, Toggle, View,
};

use crate::camera::{self, Feed, Lost, Seen, Status, Watch};
use crate::catalogue::Shelf;
use crate::output::Outlet;
use crate::pipeline::frame::Color;
use crate::pipeline::{Frame, Gaze, Pace, readback};
use crate::platform;
use crate::platform::lifecycle::{self, Life};
use crate::render::{Trust, Wish};
use crate::segment::{Drawn, OnGpu, Segmenter, processors};
use crate::ui;
pub use depth::DepthReady;
pub use engines::Ready;
pub use look::pipeline_settings;
pub use models::offered;
use outputs::Outputs;
pub use previews::SIZE as THUMBNAIL;
pub use quality::{Plan, Quality};
pub use saved::{Saved, settings_place};
use screen::{Ground, Screen};

/// How the window is to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The source.
    pub source: Choice,
    /// How luma and chroma are read, if not by the source's word.
    pub reading: Option<Color>,
    /// The look.
    pub look: Look,
    /// What runs the network.
    pub engine: Engine,
    /// The models to choose from; the catalogue's without it.
    pub shelf: Option<Shelf>,
    /// The adapter.
    pub adapter: Wish,
    /// The virtual camera that shows the picture from the start.
    pub virtual_camera: Option<Outlet>,
    /// Whether the figures lie over the picture.
    pub overlay: bool,
    /// What was kept from the last start, and where it is kept.
    pub saved: Saved,
    /// Where the settings are kept; nowhere without it.
    pub place: Option<PathBuf>,
    /// What the settings' file made necessary to say.
    pub notice: Option<String>,
    /// Width and height of the window in points.
    pub size: (u32, u32),
    /// Ends the program after so many presented pictures.
    pub frames: Option<u64>,
    /// Writes the window's last picture to this PNG file.
    pub screenshot: Option<PathBuf>,
}

impl Default for Options {
    /// The first camera, before a blurred room, by the graphics adapter.
    fn default() -> Self {
        let threads = processors();
        Self {
            source: Choice::Automatic,
            reading: None,
            look: Look::default(),
            engine: Engine { backend: Backend::Gpu, precision: Precision::F16, threads, model: 0 },
            shelf: None,
            adapter: Wish::default(),
            virtual_camera: None,
            overlay: false,
            saved: Saved::default(),
            place: None,
            notice: None,
            size: (1080, 720),
            frames: None,
            screenshot: None,
        }
    }
}

/// What reaches the window from other threads.
pub enum Event {
    /// The source has a new frame or another status.
    Source,
    /// The network beside the display has an answer.
    Mask,
    /// A segmenter was built.
    Engine(Ready),
    /// A network of depth was built.
    Depth(DepthReady),
    /// A thread has something to say; whether it is a failure.
    Said(String, bool),
    /// The video behind the person has a new frame.
    Backdrop,
    /// The cameras were listed.
    Cameras(Seen),
    /// So much of a model has come, 0 to 1.
    Fetching(f32),
    /// A model has come, or not.
    Fetched(usize, Result<PathBuf>),
    /// The system tells what becomes of the window.
    Life(lifecycle::Event),
    /// Somebody else has a hand on the program.
    #[cfg(not(target_os = "android"))]
    Visit(conductor::Visit),
}

/// Opens the window and runs until it is closed.
pub fn run(options: Options) -> Result<()> {
    platform::memory::share();
    let events = EventLoop::<Event>::with_user_event().build().map_err(|error| {
        log::info!("the window system says: {error}");
        anyhow!(
            "no display was found: start Matte in a graphical session (DISPLAY or WAYLAND_DISPLAY names it), \
             or use “matte process” for files"
        )
    })?;
    let mut app = App::new(options, events.create_proxy())?;
    events.run_app(&mut app).context("the window system ended the program")?;
    app.failure.map_or(Ok(()), Err)
}

/// Runs for an activity until the system ends it. `listen` brings what the system tells of the activity's
/// life.
#[cfg(target_os = "android")]
pub fn run_activity(
    activity: winit::platform::android::activity::AndroidApp,
    listen: impl FnOnce(Box<dyn Fn(lifecycle::Event) + Send>),
) -> Result<()> {
    use winit::platform::android::EventLoopBuilderExtAndroid;
    let events = EventLoop::<Event>::with_user_event().with_android_app(activity).build()?;
    let proxy = events.create_proxy();
    listen(Box::new(move |event| {
        // The loop ends before the activity does; then nobody needs to know.
        let _ = proxy.send_event(Event::Life(event));
    }));
    let options = Options::kept(settings_place(), Shelf::new()?);
    let mut app = App::new(options, events.create_proxy())?;
    events.run_app(&mut app)?;
    app.failure.map_or(Ok(()), Err)
}

/// The program behind the window.
pub struct App {
    /// What a [`Messenger`] sees the end by, before anything else goes.
    alive: Arc<()>,
    options: Options,
    state: State,
    proxy: EventLoopProxy<Event>,
    life: Life,
    /// Counts the pictures of a rehearsal, which tells the program's life in place of the system.
    rehearsed: Option<Arc<AtomicU64>>,
    screen: Option<Screen>,
    trust: Trust,
    feed: Option<Feed>,
    watch: Option<Watch>,
    /// How a camera is opened.
    open_camera: OpenCamera,
    /// The camera that failed while it was shown, and is to come back.
    lost: Option<Lost>,
    /// Frames that feeds dropped before the current one was started.
    dropped_before: u64,
    /// The frame that the pipeline holds, and when it was first shown.
    shown: Option<Arc<Frame>>,
    shown_at: Option<Instant>,
    /// The frame that the network beside the display was last offered.
    offered: Option<Arc<Frame>>,
    segmenter: Option<Segmenter>,
    /// The network of depth, while the portrait is shown.
    depth: Option<Box<OnGpu>>,
    /// The device for which one is being prepared, or for which none could be.
    depth_asked: Option<u64>,
    shelf: Shelf,
    /// Tells the transfer of a model to stop.
    fetching: Option<Arc<AtomicBool>>,
    /// What the network beside the display found last.
    drawn: Option<Drawn>,
    /// The number of the device that is in use; a segmenter for another one is of no use.
    device: u64,
    /// Whether the segmenter is new and has made no mask yet.
    renewed: bool,
    /// Whether the frame that is shown is to go through the network once more.
    again: bool,
    /// The video that stands behind the person.
    backdrop_feed: Option<Feed>,
    outputs: Outputs,
    quality: Quality,
    /// When the quality was last looked at.
    judged_at: Instant,
    /// The source's count of frames at that time.
    received_before: u64,
    /// The network that was chosen; the quality may run a smaller one.
    chosen_model: usize,
    /// Frames since the network last saw one.
    unseen: u32,
    /// Whether the window can be seen.
    visible: bool,
    /// Whether it was minimized when that was last asked, and when.
    minimized: bool,
    asked_at: Instant,
    /// What the settings' file holds.
    written: Saved,
    /// When the settings are to be written.
    save_at: Option<Instant>,
    /// When what the last network left is to be given back to the system.
    give_back_at: Option<Instant>,
    /// How the network looks at the pictures.
    gaze: Gaze,
    /// Lets the network on the GPU rest while the picture stands still.
    pace: Pace,
    /// What had been read back before this frame.
    read_before: readback::Bytes,
    repaint_at: Option<Instant>,
    failure: Option<anyhow::Error>,
}

impl App {
    fn new(options: Options, proxy: EventLoopProxy<Event>) -> Result<Self> {
        let shelf = options.shelf.clone().map_or_else(Shelf::new, Ok)?;
        let models = offered(&shelf);
        let mut state = State::new(options.look.clone(), options.source.clone(), options.engine, models);
        state.overlay = options.overlay;
        state.source.reading = options.reading;
        let saved = options.saved.clone();
        (state.theme, state.details) = (saved.theme, saved.advanced);
        (state.quality.automatic, state.quality.target) = (saved.automatic, saved.target);
        state.notice = options.notice.clone().map(|text| Notice { text, failure: true });
        let own = options.place.as_ref().and_then(|_| platform::folders::folders());
        let trust = Trust::read(own.map(|own| own.cache.join("adapters.json")));
        Ok(Self {
            options,
            backdrop_feed: None,
            outputs: Outputs::default(),
            quality: Quality::default(),
            judged_at: Instant::now(),
            received_before: 0,
            chosen_model: state.engine.wanted.model,
            unseen: 0,
            visible: true,
            minimized: false,
            asked_at: Instant::now(),
            written: saved,
            save_at: None,
            give_back_at: None,
            state,
            proxy,
            life: Life::default(),
            rehearsed: None,
            screen: None,
            trust,
            feed: None,
            watch: None,
            open_camera: Box::new(camera::opening),
            lost: None,
            dropped_before: 0,
            shown: None,
            shown_at: None,
            offered: None,
            segmenter: None,
            depth: None,
            depth_asked: None,
            shelf,
            fetching: None,
            drawn: None,
            alive: Arc::new(()),
            device: next_device(),
            renewed: false,
            again: false,
            gaze: Gaze::default(),
            pace: Pace::default(),
            read_before: readback::bytes(),
            repaint_at: None,
            failure: None,
        })
    }

    /// Carries out what the UI asked for.
    fn carry_out(&mut self, command: Command) {
        log::debug!("{command:?}");
        match command {
            Command::Look(look) => {
                self.change_look(look);
                if self.state.source.status == Status::Still || self.state.frozen {
                    self.show_again();
                }
            }
            Command::Engine(engine) => {
                self.state.engine.wanted = engine;
                self.chosen_model = engine.model;
                self.forgive();
                self.prepare_engine();
            }
            Command::Model(index) => self.choose_model(index),
            Command::Fetch(index) => self.fetch_model(index),
            Command::StopFetch => self.stop_fetch(),
            Command::Keep(class, keep) => self.keep_class(class, keep),
            Command::Source(Choice::File(path)) if is_model(&path) => {
                self.state.browser = None;
                self.open_model(path);
            }
            Command::Source(choice) => {
                self.state.browser = None;
                self.lost = None;
                self.choose_source(choice);
            }
            Command::Seek(to) => {
                if let Some(feed) = &self.feed {
                    feed.seek(to);
                }
            }
            Command::FindCameras => self.find_cameras(),
            Command::Reading(reading) => {
                self.state.source.reading = reading;
                if let Some(feed) = &self.feed {
                    feed.read_as(reading);
                }
            }
            Command::Overlay(on) => self.state.overlay = on,
            Command::Controls(on) => self.state.controls = on,
            Command::Details(on) => self.state.details = on,
            Command::AllowCamera => self.allow_camera(),
            Command::Browse(folder, purpose) => self.browse(folder, purpose),
            Command::Hide(on) => {
                self.state.hidden = on;
                self.rest_or_wake();
            }
            Command::Freeze(on) => self.state.frozen = on,
            Command::Theme(theme) => {
                self.state.theme = theme;
                self.show_theme();
            }
            Command::Adapter(name) => self.change_adapter(name),
            Command::Quality(on, target) => self.change_quality(on, target),
            Command::Snapshot => self.take_snapshot(),
            Command::Record(on) => self.record(on),
            Command::VirtualCamera(place) => self.use_virtual_camera(place),
            Command::FindVirtualCameras => self.find_virtual_cameras(),
            Command::Reset => self.reset(),
            Command::Tell(text) => self.tell(text, false),
            Command::Dismiss => self.state.notice = None,
        }
        self.note_settings();
        self.redraw();
    }

    fn tell(&mut self, text: String, failure: bool) {
        log::log!(if failure { log::Level::Warn } else { log::Level::Info }, "{text}");
        self.state.notice = Some(Notice { text, failure });
        self.redraw();
    }

    /// Begins anew in the same window after the device went away.
    fn recover(&mut self, events: &ActiveEventLoop) {
        log::warn!("the graphics device went away; starting again");
        self.mistrust("the graphics device went away");
        match self.leave_screen().map(|ground| Screen::on(&ground, &self.options.adapter)) {
            Some(Ok(screen)) => self.use_screen(screen),
            Some(Err(error)) => self.end(events, Some(error)),
            None => self.enter_screen(events),
        }
    }

    /// Takes what the system tells of the window.
    fn live(&mut self, events: &ActiveEventLoop, event: lifecycle::Event) {
        for step in self.life.on(event) {
            log::debug!("{event:?}: {step:?}");
            match step {
                lifecycle::Step::CheckPermission => self.check_permission(),
                lifecycle::Step::OpenSurface => self.open_surface(events),
                lifecycle::Step::CloseSurface => {
                    self.trust.put_off();
                    if let Some(screen) = &mut self.screen {
                        screen.view = None;
                    }
                }
                lifecycle::Step::OpenSource => self.open_source(),
                lifecycle::Step::CloseSource => self.close_source(),
                lifecycle::Step::Turn => self.turned(),
                lifecycle::Step::Trim => self.trim(),
                lifecycle::Step::Leave => self.end(events, None),
            }
        }
    }

    /// Draws on a new window with the device that is there, or begins anew where that does not go.
    fn open_surface(&mut self, events: &ActiveEventLoop) {
        if let Some(screen) = &mut self.screen {
            match screen.attach(events, &self.options) {
                Ok(()) => return self.redraw(),
                Err(error) => log::info!("the device cannot draw on the new window: {error:#}"),
            }
            self.leave_screen();
        }
        self.enter_screen(events);
    }

    /// Gives back what can be made again: pictures that the display does not need.
    fn trim(&mut self) {
        self.offered = None;
        if let Some(screen) = &mut self.screen {
            screen.mask = None;
            screen.gpu.device.poll(wgpu::PollType::Poll).ok();
        }
    }

    /// Closes what lies on top; with nothing left to close, the program.
    fn go_back(&mut self, events: &ActiveEventLoop) {
        match ui::back(&self.state) {
            Some(command) => self.carry_out(command),
            None => self.live(events, lifecycle::Event::Quit),
        }
    }

    /// Gives up the device and all that is made on it. What a new one can draw on is left, if there is a window.
    fn leave_screen(&mut self) -> Option<Ground> {
        self.leave_outputs();
        self.device = next_device();
        self.segmenter = None;
        self.depth = None;
        self.state.engine.running = None;
        self.state.thumbnails = [None; 5];
        self.shown = None;
        self.renewed = true;
        self.screen.take().and_then(Screen::left)
    }

    fn enter_screen(&mut self, events: &ActiveEventLoop) {
        match Screen::new(events, &self.options) {
            Ok(screen) => self.use_screen(screen),
            Err(error) => self.end(events, Some(error)),
        }
    }

    fn messenger(&self) -> Messenger {
        Messenger { proxy: self.proxy.clone(), alive: Arc::downgrade(&self.alive) }
    }

    fn redraw(&self) {
        if let Some(view) = self.screen.as_ref().and_then(|screen| screen.view.as_ref()) {
            view.window.request_redraw();
        }
    }

    fn end(&mut self, events: &ActiveEventLoop, failure: Option<anyhow::Error>) {
        self.failure = failure;
        self.leave_outputs();
        self.write_settings();
        self.trust.put_off();
        events.exit();
    }
}

impl ApplicationHandler<Event> for App {
    fn resumed(&mut self, events: &ActiveEventLoop) {
        if self.rehearsed.is_some() {
            return;
        }
        if !platform::TELLS_LIFE {
            self.live(events, lifecycle::Event::Resume);
        }
        self.live(events, lifecycle::Event::SurfaceCreated);
    }

    fn suspended(&mut self, events: &ActiveEventLoop) {
        self.live(events, lifecycle::Event::SurfaceLost);
    }

    fn memory_warning(&mut self, events: &ActiveEventLoop) {
        self.live(events, lifecycle::Event::LowMemory);
    }

    fn user_event(&mut self, events: &ActiveEventLoop, event: Event) {
        match event {
            Event::Source => {
                self.ask_minimized();
                let status = self.state.source.status.clone();
                self.source_changed();
                self.offer_frame();
                if !self.visible && self.outputs.are_on() {
                    self.draw_unseen();
                }
                let beside = matches!(self.segmenter, Some(Segmenter::Cpu(_)));
                if beside && status == self.state.source.status {
                    return;
                }
            }
            Event::Mask if !self.visible && self.outputs.are_on() => self.draw_unseen(),
            Event::Mask => {}
            Event::Backdrop => {}
            Event::Said(text, failure) => self.tell(text, failure),
            Event::Engine(ready) => self.engine_ready(ready),
            Event::Depth(ready) => self.depth_ready(ready),
            Event::Cameras(seen) => self.cameras_seen(seen),
            Event::Fetching(part) => self.fetch_goes_on(part),
            Event::Fetched(model, fetched) => self.model_fetched(model, fetched),
            Event::Life(event) => self.live(events, event),
            #[cfg(not(target_os = "android"))]
            Event::Visit(visit) => return visit(self),
        }
        self.redraw();
    }

    fn window_event(&mut self, events: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        if self.minimized {
            self.ask_minimized();
        }
        let Some(screen) = &mut self.screen else { return };
        let Some(screen::View { window, surface }) = &mut screen.view else { return };
        let response = screen.egui.on_window_event(window, &event);
        match event {
            WindowEvent::CloseRequested => self.end(events, None),
            WindowEvent::KeyboardInput { event, .. } if is_back(&event) => self.go_back(events),
            WindowEvent::RedrawRequested if screen.gpu.is_lost() => self.recover(events),
            WindowEvent::RedrawRequested => match self.draw() {
                Ok(true) => {}
                Ok(false) => self.end(events, None),
                Err(error) => self.end(events, Some(error)),
            },
            WindowEvent::DroppedFile(path) => self.carry_out(Command::Source(Choice::File(path))),
            WindowEvent::Occluded(hidden) => self.see(!hidden),
            WindowEvent::Resized(size) => {
                surface.resize(size, &screen.gpu.device);
                let minimized = size.width == 0 || size.height == 0;
                self.see(!minimized);
                self.live(events, lifecycle::Event::Turned);
            }
            _ if response.repaint => self.redraw(),
            _ => {}
        }
    }

    fn about_to_wait(&mut self, events: &ActiveEventLoop) {
        let now = Instant::now();
        if self.failure.is_some() {
            let failure = self.failure.take();
            return self.end(events, failure);
        }
        if self.save_at.is_some_and(|at| at <= now) {
            self.write_settings();
        }
        if self.give_back_at.is_some_and(|at| at <= now) {
            self.give_back_at = None;
            platform::memory::give_back();
        }
        self.serve_outputs();
        match self.repaint_at {
            Some(at) if at <= now => {
                self.repaint_at = None;
                self.redraw();
                events.set_control_flow(ControlFlow::Wait);
            }
            Some(at) => events.set_control_flow(ControlFlow::WaitUntil(at)),
            None => events.set_control_flow(ControlFlow::Wait),
        }
    }
}

/// A number that no device of this process had.
fn next_device() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// Whether a key is the one that leads back: a button of phones.
fn is_back(event: &KeyEvent) -> bool {
    event.state == ElementState::Pressed && event.logical_key == Key::Named(NamedKey::BrowserBack)
}

/// Whether a file is a model, by its name.
fn is_model(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tflite"))
}

/// A time after `delay`, if it comes within the day.
fn within_a_day(delay: Duration) -> Option<Instant> {
    (delay < Duration::from_secs(86_400)).then(|| Instant::now() + delay)
}

/// Brings to the program what a thread has made. After the program's end it is dropped where it was made: in the event
/// loop's queue it would lie for ever.
#[derive(Clone)]
struct Messenger {
    proxy: EventLoopProxy<Event>,
    alive: Weak<()>,
}

impl Messenger {
    fn send(&self, event: Event) {
        if self.alive.strong_count() > 0 {
            // The loop may have ended all the same; then nobody needs it.
            let _ = self.proxy.send_event(event);
        }
    }
}

/// The wake-up call that other threads use.
fn waker(proxy: &EventLoopProxy<Event>) -> camera::Wake {
    let proxy = proxy.clone();
    Box::new(move || {
        // The loop ends before its threads do; then nobody needs to wake up.
        let _ = proxy.send_event(Event::Source);
    })
}

/// Opens a camera by its number, in a mode of its list or in the best one.
type OpenCamera = Box<dyn Fn(u32, Option<camera::Mode>) -> camera::Open + Send>;

/// The window handle that a surface may keep.
type SharedWindow = Arc<winit::window::Window>;
