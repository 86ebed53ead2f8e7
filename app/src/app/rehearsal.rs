//! A rehearsal of an activity's life on the desktop: a fake system drives the real program in a real window by the
//! events that Android sends, in random orders, and starts it again whenever it has quit.
//!
//! The orders include those that no system should send: a surface twice, a resume without a start, events after
//! the end. What must hold is that nothing panics or fails and that nothing is left over. One life has a calm before its
//! end, until a picture is shown, however busy the machine is.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use winit::event_loop::EventLoop;
use winit::platform::run_on_demand::EventLoopExtRunOnDemand;

use super::{App, Event, Options};
use crate::platform::lifecycle;

/// Events of one order.
const ORDER: usize = 10;

/// The longest calm.
const CALM: Duration = Duration::from_secs(90);

/// What came of a rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// How often the program was started.
    pub lives: u64,
    /// The pictures that came to the screen.
    pub pictures: u64,
    /// Threads of the process after the first lives and after the last.
    pub threads: [usize; 2],
    /// Open files of the process then.
    pub files: [usize; 2],
}

impl Rehearsal {
    /// Whether there are more threads or files after the last life than after the first ones.
    pub fn leaves_something(&self) -> bool {
        self.threads[1] > self.threads[0] || self.files[1] > self.files[0]
    }
}

/// Drives the program through `orders` random orders of events, the same for the same `seed`.
pub fn rehearse(options: &Options, orders: u64, seed: u64) -> Result<Rehearsal> {
    let mut events = EventLoop::<Event>::with_user_event().build().context("no display was found")?;
    let mut random = Random(seed | 1);
    let mut rehearsal = Rehearsal { lives: 0, pictures: 0, threads: [0; 2], files: [0; 2] };
    let mut played = 0;
    while played < orders {
        let script = script(&mut random, orders - played);
        played += script.len().div_ceil(ORDER) as u64;
        let mut app = App::new(options.clone(), events.create_proxy())?;
        let shown = Arc::new(AtomicU64::new(0));
        app.rehearsed = Some(Arc::clone(&shown));
        let proxy = events.create_proxy();
        let calm = rehearsal.lives == 0;
        let system = thread::spawn(move || {
            // The loop ends with the life that it was told to end.
            let send = |event| _ = proxy.send_event(Event::Life(event));
            for (event, wait) in script {
                if calm && event == lifecycle::Event::Quit {
                    send(lifecycle::Event::Resume);
                    send(lifecycle::Event::SurfaceCreated);
                    wait_for(&shown);
                }
                thread::sleep(wait);
                send(event);
            }
        });
        events.run_app_on_demand(&mut app).context("the window system ended the program")?;
        ensure!(system.join().is_ok(), "the fake system failed");
        if let Some(failure) = app.failure.take() {
            return Err(failure.context(format!("in life {}", rehearsal.lives)));
        }
        rehearsal.pictures += app.state.figures.presented;
        rehearsal.lives += 1;
        drop(app);
        let now = [settled("/proc/self/task")?, settled("/proc/self/fd")?];
        let first = rehearsal.lives <= 2;
        for (count, now) in [&mut rehearsal.threads, &mut rehearsal.files].into_iter().zip(now) {
            count[1] = now;
            if first {
                count[0] = now;
            }
        }
    }
    // A network that was being prepared as the last life ended is finished first.
    let start = Instant::now();
    while rehearsal.leaves_something() && start.elapsed() < CALM {
        rehearsal.threads[1] = settled("/proc/self/task")?;
        rehearsal.files[1] = settled("/proc/self/fd")?;
    }
    Ok(rehearsal)
}

/// Waits until there is a picture, but not for ever.
fn wait_for(shown: &AtomicU64) {
    let start = Instant::now();
    while shown.load(Ordering::Relaxed) == 0 && start.elapsed() < CALM {
        thread::sleep(Duration::from_millis(5));
    }
}

/// One life: at most `orders` orders, then the end.
fn script(random: &mut Random, orders: u64) -> Vec<(lifecycle::Event, Duration)> {
    let orders = (4 + random.below(32)).min(orders);
    let events = lifecycle::Event::ALL.len() as u64 - 1;
    let mut script: Vec<_> = (0..orders * ORDER as u64)
        .map(|_| {
            let event = lifecycle::Event::ALL[random.below(events) as usize];
            (event, Duration::from_micros(random.below(8) * random.below(4000)))
        })
        .collect();
    if let Some(last) = script.last_mut() {
        last.0 = lifecycle::Event::Quit;
    }
    script
}

/// The entries of a folder of the process, once threads that are ending have ended.
fn settled(folder: &str) -> Result<usize> {
    let count = || Ok::<_, std::io::Error>(Path::new(folder).read_dir()?.count());
    let mut last = count()?;
    for _ in 0..40 {
        thread::sleep(Duration::from_millis(25));
        let now = count()?;
        if now == last && now > 0 {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}

/// A xorshift generator: the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
