//! `matte modes`: picks one mode of a camera after the other, as the window does, and tells how long each change takes.

use std::cmp::Reverse;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::arguments::ModesArguments;
use super::camera::find;
use crate::camera::{self, Feed, LETTING_GO, Mode};

/// Prints a line for each change: the mode, and the time from its choice to its first picture.
pub fn run(arguments: &ModesArguments) -> Result<()> {
    let (device, first) = find(arguments.camera.as_deref(), &arguments.mode)?;
    let cameras = camera::cameras(None)?;
    let camera = cameras.iter().find(|camera| camera.device.index == device.index);
    let modes = smallest(&camera.context("the camera is gone")?.modes);
    let mut feed = opened(device.index, first)?;
    for mode in modes {
        let start = Instant::now();
        ensure!(feed.release(LETTING_GO), "the camera was not let go of within {LETTING_GO:?}");
        feed = opened(device.index, mode)?;
        println!("{mode}: the first picture {} ms after its choice", start.elapsed().as_millis());
    }
    Ok(())
}

/// The smallest mode of each encoding, the fastest of those.
fn smallest(modes: &[Mode]) -> Vec<Mode> {
    let mut sorted = modes.to_vec();
    sorted.sort_by_key(|mode| (mode.encoding, mode.width * mode.height, Reverse(mode.rate)));
    sorted.dedup_by_key(|mode| mode.encoding);
    sorted
}

/// A feed that has given its first picture.
fn opened(index: u32, mode: Mode) -> Result<Feed> {
    let feed = Feed::start(camera::opening(index, Some(mode)), Box::new(|| ()))?;
    let frame = feed.wait(camera::STALL).with_context(|| format!("no picture came: {:?}", feed.status()))?;
    let size = (frame.width(), frame.height());
    ensure!(size == (mode.width, mode.height), "a picture of {}×{} came for {mode}", size.0, size.1);
    Ok(feed)
}
