//! A feed: one source on a thread of its own, of which only the newest frame is kept.
//!
//! The thread opens the source and asks it for frames; each one replaces the last. Whoever shows the
//! picture takes the newest and never waits. A frame that was replaced before anyone took it counts as
//! dropped. Dropping the feed stops the thread after the frame that it is waiting for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Info, Position, Silence, Source};
use crate::pipeline::frame::{Color, Frame};

/// Opens a source; it runs on the feed's thread, so that a slow device delays nobody.
pub type Open = Box<dyn FnOnce() -> Result<Box<dyn Source>> + Send>;

/// Is called on the feed's thread after each frame and each change of status.
pub type Wake = Box<dyn Fn() + Send>;

/// How long a live source may be silent before the feed calls it stalled.
pub const STALL: Duration = Duration::from_secs(3);

/// How long a camera may take to let go before the next source is opened beside it.
pub const LETTING_GO: Duration = Duration::from_millis(400);

/// What a feed is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The source is being opened; there is no frame yet.
    Opening,
    /// Frames arrive.
    Live,
    /// The source gave its last frame, which stays: a picture, or a clip that does not repeat.
    Still,
    /// No frame came for [`STALL`].
    Stalled,
    /// The source ended with this sentence.
    Failed(String),
}

/// One source and its newest frame.
pub struct Feed {
    shared: Arc<Shared>,
}

struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

struct Slot {
    latest: Option<Arc<Frame>>,
    taken: bool,
    stop: bool,
    running: bool,
    status: Status,
    info: Option<Info>,
    position: Option<Position>,
    /// The place to go to.
    wanted: Option<Duration>,
    reading: Option<Color>,
    heard: Instant,
    received: u64,
    dropped: u64,
}

impl Feed {
    /// Starts a thread that opens the source and reads it until the feed is dropped.
    pub fn start(open: Open, wake: Wake) -> Result<Self> {
        let slot = Slot {
            latest: None,
            taken: true,
            stop: false,
            running: true,
            status: Status::Opening,
            info: None,
            position: None,
            wanted: None,
            reading: None,
            heard: Instant::now(),
            received: 0,
            dropped: 0,
        };
        let shared = Arc::new(Shared { slot: Mutex::new(slot), changed: Condvar::new() });
        let owned = Arc::clone(&shared);
        thread::Builder::new()
            .name("source".into())
            .spawn(move || {
                let end = read_until_stopped(&owned, open, &wake);
                owned.finish(end);
                wake();
            })
            .context("the thread that reads the source could not be started")?;
        Ok(Self { shared })
    }

    /// The newest frame, or none before the first. It counts as taken.
    pub fn latest(&self) -> Option<Arc<Frame>> {
        let mut slot = self.shared.lock();
        slot.taken = true;
        slot.latest.clone()
    }

    /// The newest frame, if nobody has taken it yet.
    pub fn fresh(&self) -> Option<Arc<Frame>> {
        let mut slot = self.shared.lock();
        let taken = std::mem::replace(&mut slot.taken, true);
        if taken { None } else { slot.latest.clone() }
    }

    /// The newest frame, waiting for one that nobody has taken yet, at most for `timeout`.
    pub fn wait(&self, timeout: Duration) -> Option<Arc<Frame>> {
        let slot = self.shared.lock();
        let (mut slot, _) = self
            .shared
            .changed
            .wait_timeout_while(slot, timeout, |slot| slot.taken && slot.running)
            .unwrap_or_else(PoisonError::into_inner);
        let fresh = !slot.taken;
        slot.taken = true;
        if fresh { slot.latest.clone() } else { None }
    }

    /// What the feed is doing now.
    pub fn status(&self) -> Status {
        let slot = self.shared.lock();
        match slot.status {
            Status::Live if slot.heard.elapsed() > STALL => Status::Stalled,
            ref status => status.clone(),
        }
    }

    /// What is being shown, as soon as the source is open.
    pub fn info(&self) -> Option<Info> {
        self.shared.lock().info.clone()
    }

    /// Where the newest frame stands in the whole, if the source has an end.
    pub fn position(&self) -> Option<Position> {
        self.shared.lock().position
    }

    /// Goes on at another place, if the source has an end.
    pub fn seek(&self, to: Duration) {
        self.shared.lock().wanted = Some(to);
        self.shared.changed.notify_all();
    }

    /// Reads luma and chroma of the frames to come in this way; by the source's own word without one.
    pub fn read_as(&self, color: Option<Color>) {
        self.shared.lock().reading = color;
    }

    /// How many frames the source gave.
    pub fn received(&self) -> u64 {
        self.shared.lock().received
    }

    /// How many frames were replaced before anyone took them.
    pub fn dropped(&self) -> u64 {
        self.shared.lock().dropped
    }

    /// Stops the source and waits until its device is released, at most for `timeout`.
    /// Tells whether it was.
    pub fn release(self, timeout: Duration) -> bool {
        let mut slot = self.shared.lock();
        slot.stop = true;
        self.shared.changed.notify_all();
        let (slot, _) = self
            .shared
            .changed
            .wait_timeout_while(slot, timeout, |slot| slot.running)
            .unwrap_or_else(PoisonError::into_inner);
        !slot.running
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self, info: Info) {
        let mut slot = self.lock();
        slot.info = Some(info);
        slot.heard = Instant::now();
        slot.status = Status::Live;
    }

    /// Replaces the newest frame; `false` asks the thread to end.
    fn publish(&self, mut frame: Frame, position: Option<Position>) -> bool {
        let mut slot = self.lock();
        slot.position = position;
        frame.color = slot.reading.unwrap_or(frame.color);
        slot.dropped += u64::from(!slot.taken);
        slot.received += 1;
        slot.taken = false;
        slot.heard = Instant::now();
        slot.status = Status::Live;
        slot.latest = Some(Arc::new(frame));
        self.changed.notify_all();
        !slot.stop
    }

    /// Waits until the next frame is due, or something else is wanted.
    fn turn(&self, due: Option<Instant>) -> Turn {
        let mut slot = self.lock();
        loop {
            if slot.stop {
                return Turn::End;
            }
            if let Some(to) = slot.wanted.take() {
                return Turn::Seek(to);
            }
            let wait = due.map_or(Duration::ZERO, |due| due.saturating_duration_since(Instant::now()));
            if wait.is_zero() {
                return Turn::Next;
            }
            let (changed, _) = self.changed.wait_timeout(slot, wait).unwrap_or_else(PoisonError::into_inner);
            slot = changed;
        }
    }

    /// Whether the source has just become silent for too long.
    fn has_stalled(&self) -> bool {
        let mut slot = self.lock();
        let stalled = slot.status == Status::Live && slot.heard.elapsed() > STALL;
        if stalled {
            slot.status = Status::Stalled;
        }
        stalled
    }

    fn finish(&self, end: Result<()>) {
        let mut slot = self.lock();
        slot.running = false;
        slot.status = match end {
            Ok(()) => Status::Still,
            Err(error) => Status::Failed(format!("{error:#}")),
        };
        self.changed.notify_all();
    }
}

/// What the thread is to do next.
enum Turn {
    Next,
    Seek(Duration),
    End,
}

fn read_until_stopped(shared: &Shared, open: Open, wake: &Wake) -> Result<()> {
    let mut source = open()?;
    shared.opened(source.info());
    wake();
    loop {
        match shared.turn(source.due()) {
            Turn::Next => {}
            Turn::Seek(to) => source.seek(to)?,
            Turn::End => return Ok(()),
        }
        match source.next() {
            Ok(Some(frame)) => {
                if !shared.publish(frame, source.position()) {
                    return Ok(());
                }
                wake();
            }
            Ok(None) => return Ok(()),
            Err(error) if error.is::<Silence>() => {
                if shared.has_stalled() {
                    wake();
                }
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::Synthetic;

    fn synthetic(frames: u64) -> Open {
        Box::new(move || {
            Ok(Box::new(Synthetic::new(64, 48).at_rate(500.0).ending_after(frames)) as Box<dyn Source>)
        })
    }

    #[test]
    fn newest_frame_wins_and_the_others_count_as_dropped() {
        let feed = Feed::start(synthetic(20), Box::new(|| ())).expect("a thread");
        while feed.status() != Status::Still {
            thread::sleep(Duration::from_millis(5));
        }
        let frame = feed.latest().expect("the last frame stays");
        assert_eq!(frame.sequence, 19);
        assert_eq!(feed.received(), 20);
        assert_eq!(feed.dropped(), 19);
        assert!(feed.latest().is_some(), "taking a frame does not remove it");
    }

    #[test]
    fn a_source_that_does_not_open_says_why() {
        let open: Open = Box::new(|| anyhow::bail!("the camera is busy"));
        let feed = Feed::start(open, Box::new(|| ())).expect("a thread");
        assert!(feed.wait(Duration::from_secs(5)).is_none());
        assert_eq!(feed.status(), Status::Failed("the camera is busy".into()));
        assert!(feed.latest().is_none());
    }

    /// Numbers from 0 on, each a long while after the last.
    struct Slow(u64);

    impl Source for Slow {
        fn info(&self) -> Info {
            Info { name: "slow".into(), detail: String::new(), live: false }
        }

        fn due(&self) -> Option<Instant> {
            (self.0 > 0).then(|| Instant::now() + Duration::from_secs(600))
        }

        fn next(&mut self) -> Result<Option<Frame>> {
            let mut frame = Frame::new(crate::pipeline::frame::PixelFormat::Gray, 2, 2, vec![0; 4])?;
            frame.sequence = self.0;
            self.0 += 1;
            Ok(Some(frame))
        }

        fn position(&self) -> Option<Position> {
            Some(Position { at: Duration::from_secs(self.0), length: Duration::from_secs(100) })
        }

        fn seek(&mut self, to: Duration) -> Result<()> {
            self.0 = to.as_secs();
            Ok(())
        }
    }

    #[test]
    fn another_place_and_the_end_do_not_wait_for_the_next_frame() {
        let open: Open = Box::new(|| Ok(Box::new(Slow(0)) as Box<dyn Source>));
        let feed = Feed::start(open, Box::new(|| ())).expect("a thread");
        assert_eq!(feed.wait(Duration::from_secs(5)).map(|frame| frame.sequence), Some(0));
        feed.seek(Duration::from_secs(42));
        assert_eq!(feed.wait(Duration::from_secs(5)).map(|frame| frame.sequence), Some(42));
        assert_eq!(feed.position().map(|position| position.at), Some(Duration::from_secs(43)));
        assert!(feed.release(Duration::from_secs(5)));
    }

    #[test]
    fn releasing_ends_the_thread() {
        let feed = Feed::start(synthetic(u64::MAX), Box::new(|| ())).expect("a thread");
        assert!(feed.wait(Duration::from_secs(5)).is_some());
        assert!(feed.release(Duration::from_secs(5)));
    }
}
