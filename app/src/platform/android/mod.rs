//! The edge to Android: a NativeActivity without Java code.
//!
//! The system calls [`activity::matte_on_create`] for each activity. It lets `android-activity` start the thread
//! of [`android_main`] and listens to the activity's life beside it, because winit passes on only what
//! concerns the window. winit makes one event loop a process, so the process ends with its activity, and with a
//! second one that is made before the first is gone: the system, to which the manifest says that no state
//! is needed, makes that one again in a new process.

mod activity;
mod java;

use std::ffi::CString;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use jni::JavaVM;
use ndk::asset::{Asset, AssetManager};
use winit::platform::android::activity::AndroidApp;

use super::insets::covered;
use super::permission::Word;
use super::{assets, folders};
use crate::app;

pub use activity::matte_on_create;
pub use java::{ask_for_camera, camera_word, open_settings};

/// Whether the system tells when the window is covered, hidden, or to be closed.
pub const TELLS_LIFE: bool = true;

/// The activity that runs now.
static APP: Mutex<Option<AndroidApp>> = Mutex::new(None);

/// How the screen is turned, in degrees counter-clockwise.
static SCREEN: AtomicI32 = AtomicI32::new(0);

/// How long the system's word on its bars holds: it tells nobody when they move.
const STILL: Duration = Duration::from_millis(250);

/// What the system's bars and the screen's cutouts covered of the window, and when that was asked.
static BARS: Mutex<Option<(Instant, Option<[i32; 4]>)>> = Mutex::new(None);

/// Runs the program for an activity until the system ends it. Called by `android-activity` on a thread of its
/// own.
#[unsafe(no_mangle)]
fn android_main(app: AndroidApp) {
    android_logger::init_once(android_logger::Config::default().with_max_level(log::LevelFilter::Info));
    if let Some(own) = app.internal_data_path() {
        folders::live_in(&own);
    }
    *lock() = Some(app.clone());
    screen_turned();
    if let Err(error) = app::run_activity(app, activity::listen) {
        log::error!("{error:#}");
    }
    activity::forget();
    *lock() = None;
}

/// Learns anew how the screen is turned.
pub fn screen_turned() {
    match java::screen_turn() {
        Ok(degrees) => SCREEN.store(degrees, Ordering::Relaxed),
        Err(error) => log::warn!("the system does not say how the screen is turned: {error:#}"),
    }
}

/// How the screen is turned, in degrees counter-clockwise.
pub fn screen_turn() -> i32 {
    SCREEN.load(Ordering::Relaxed)
}

/// What the system covers of a window of the given size, in pixels: left, top, right, bottom.
pub fn insets(size: [u32; 2]) -> Option<[u32; 4]> {
    let content = lock().as_ref()?.content_rect();
    covered(size, [content.left, content.top, content.right, content.bottom], bars())
}

fn bars() -> Option<[i32; 4]> {
    let mut known = BARS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((asked, bars)) = *known
        && asked.elapsed() < STILL
    {
        return bars;
    }
    let bars = java::bars().unwrap_or_else(|error| {
        log::warn!("the system does not say what its bars cover: {error:#}");
        None
    });
    *known = Some((Instant::now(), bars));
    bars
}

/// The virtual machine that runs this process.
pub fn machine() -> Result<JavaVM> {
    java::machine(&running()?)
}

/// The content of a file among the package's assets.
pub fn packed(path: &str) -> Result<Vec<u8>> {
    assets::read(&Assets(running()?.asset_manager()), path)
}

/// The assets of the package that this process runs.
struct Assets(AssetManager);

impl assets::Package for Assets {
    type File = Asset;

    fn open(&self, path: &str) -> Option<(u64, Asset)> {
        let asset = self.0.open(&CString::new(path).ok()?)?;
        Some((asset.length() as u64, asset))
    }
}

fn running() -> Result<AndroidApp> {
    lock().clone().context("no activity is running")
}

fn lock() -> std::sync::MutexGuard<'static, Option<AndroidApp>> {
    APP.lock().unwrap_or_else(PoisonError::into_inner)
}
