//! Another thread's hand on the program that runs in its window, for long runs and for provoked faults.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use winit::event_loop::{EventLoop, EventLoopProxy};
use winit::platform::run_on_demand::EventLoopExtRunOnDemand;

use super::{App, Event, Options};
use crate::platform::{lifecycle, memory};

/// How long the program may take to come to what is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a conductor has done to the program, on the program's own thread.
pub type Visit = Box<dyn FnOnce(&mut App) + Send>;

/// The way from another thread into the program.
pub struct Conductor {
    proxy: EventLoopProxy<Event>,
}

impl Conductor {
    /// Does something to the program between two of its events, and gives what comes of it.
    pub fn visit<T: Send + 'static>(&self, act: impl FnOnce(&mut App) -> T + Send + 'static) -> Result<T> {
        let (sender, receiver) = mpsc::channel();
        let visit: Visit = Box::new(move |app| {
            // Who asked waits for the answer, or has given up.
            let _ = sender.send(act(app));
        });
        self.proxy.send_event(Event::Visit(visit)).ok().context("the program has ended")?;
        receiver.recv_timeout(PATIENCE).context("the program does not answer")
    }

    /// Tells the program of its window in the system's place.
    pub fn live(&self, event: lifecycle::Event) -> Result<()> {
        self.proxy.send_event(Event::Life(event)).ok().context("the program has ended")
    }

    /// Waits until something holds of the program, and says for how long.
    pub fn wait(
        &self,
        what: &str,
        holds: impl Fn(&App) -> bool + Clone + Send + 'static,
    ) -> Result<Duration> {
        let start = Instant::now();
        loop {
            let holds = holds.clone();
            let (holds, notice) = self.visit(move |app| (holds(app), app.state.notice.clone()))?;
            if holds {
                return Ok(start.elapsed());
            }
            if start.elapsed() > PATIENCE {
                let told =
                    notice.map_or(String::new(), |notice| format!("; the window says: {}", notice.text));
                bail!("{what} did not come about in {} s{told}", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Runs the program in a window while `conduct` has its hand on it, and ends it after that.
pub fn conducted<T: Send + 'static>(
    options: &Options,
    conduct: impl FnOnce(&Conductor) -> Result<T> + Send + 'static,
) -> Result<T> {
    memory::share();
    let mut events = EventLoop::<Event>::with_user_event().build().context("no display was found")?;
    let mut app = App::new(options.clone(), events.create_proxy())?;
    let conductor = Conductor { proxy: events.create_proxy() };
    let hand = thread::spawn(move || {
        let result = conduct(&conductor);
        // A program that has ended by itself cannot be ended.
        let _ = conductor.proxy.send_event(Event::Life(lifecycle::Event::Quit));
        result
    });
    events.run_app_on_demand(&mut app).context("the window system ended the program")?;
    if let Some(failure) = app.failure.take() {
        return Err(failure);
    }
    drop(app);
    hand.join().ok().context("the conductor failed")?
}
