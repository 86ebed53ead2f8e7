//! The activity's entry, and its life as the system tells it on the activity's own thread.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ndk_sys::{ANativeActivity, ANativeActivityCallbacks};

use crate::platform::lifecycle::Event;

/// Takes each event of the activity's life. It may not wait for anything.
pub type Listener = Box<dyn Fn(Event) + Send>;

type Callback = unsafe extern "C" fn(*mut ANativeActivity);

unsafe extern "C" {
    fn ANativeActivity_onCreate(activity: *mut ANativeActivity, saved: *mut c_void, size: usize);
}

/// Who listens, what happened before anybody did, and the callbacks that were there before ours.
struct Ear {
    listener: Option<Listener>,
    missed: Vec<Event>,
    next: Option<ANativeActivityCallbacks>,
}

// SAFETY: the callbacks are plain addresses of functions, which any thread may hold.
unsafe impl Send for Ear {}

static EAR: Mutex<Ear> = Mutex::new(Ear { listener: None, missed: Vec::new(), next: None });

/// Whether an activity was made in this process.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The function that the manifest names: the system calls it for a new activity, on its own thread.
///
/// A process has one activity. Where the system makes a second one, the first has been told to end and is waiting to be
/// destroyed; its settings are written. The process ends then and the system makes the second one in a new process.
///
/// # Safety
///
/// `activity` is the system's, alive until its `onDestroy` has returned; `saved` points to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn matte_on_create(activity: *mut ANativeActivity, saved: *mut c_void, size: usize) {
    if TAKEN.swap(true, Ordering::Relaxed) {
        log::info!("a second activity: the process ends, and the system starts it in a new one");
        leave();
    }
    // SAFETY: the arguments are passed on as they came, on the thread they came on.
    unsafe { ANativeActivity_onCreate(activity, saved, size) };
    // SAFETY: the system gives a valid activity with a table of callbacks that is the activity's to write
    // until this function returns; they are called on this thread only, so none is under way.
    let callbacks = unsafe { &mut *(*activity).callbacks };
    lock().next = Some(*callbacks);
    callbacks.onStart = Some(on_start);
    callbacks.onResume = Some(on_resume);
    callbacks.onPause = Some(on_pause);
    callbacks.onStop = Some(on_stop);
    callbacks.onConfigurationChanged = Some(on_configuration_changed);
    callbacks.onDestroy = Some(on_destroy);
}

/// From now on `listener` takes the events, those first that came before it.
pub fn listen(listener: Listener) {
    let mut ear = lock();
    ear.missed.drain(..).for_each(&listener);
    ear.listener = Some(listener);
}

/// Nobody listens any more.
pub fn forget() {
    lock().listener = None;
}

fn tell(event: Event) {
    let mut ear = lock();
    match &ear.listener {
        Some(listener) => listener(event),
        None => ear.missed.push(event),
    }
}

/// Tells the event, then calls who listened before us.
///
/// # Safety
///
/// `activity` is the one that the callback came with.
unsafe fn pass_on(
    event: Event,
    activity: *mut ANativeActivity,
    callback: fn(&ANativeActivityCallbacks) -> Option<Callback>,
) {
    tell(event);
    let next = lock().next.as_ref().and_then(callback);
    if let Some(next) = next {
        // SAFETY: `next` stood in the activity's table for this very event.
        unsafe { next(activity) };
    }
}

unsafe extern "C" fn on_start(activity: *mut ANativeActivity) {
    // SAFETY: the system's own argument.
    unsafe { pass_on(Event::Start, activity, |callbacks| callbacks.onStart) };
}

unsafe extern "C" fn on_resume(activity: *mut ANativeActivity) {
    // SAFETY: the system's own argument.
    unsafe { pass_on(Event::Resume, activity, |callbacks| callbacks.onResume) };
}

unsafe extern "C" fn on_pause(activity: *mut ANativeActivity) {
    // SAFETY: the system's own argument.
    unsafe { pass_on(Event::Pause, activity, |callbacks| callbacks.onPause) };
}

unsafe extern "C" fn on_stop(activity: *mut ANativeActivity) {
    // SAFETY: the system's own argument.
    unsafe { pass_on(Event::Stop, activity, |callbacks| callbacks.onStop) };
}

unsafe extern "C" fn on_configuration_changed(activity: *mut ANativeActivity) {
    // SAFETY: the system's own argument.
    unsafe { pass_on(Event::Turned, activity, |callbacks| callbacks.onConfigurationChanged) };
}

/// The last callback. It returns when the program's thread has ended; then the process has nothing left to do,
/// and the next activity is to find a new one.
unsafe extern "C" fn on_destroy(activity: *mut ANativeActivity) {
    // SAFETY: the system's own argument.
    unsafe { pass_on(Event::Quit, activity, |callbacks| callbacks.onDestroy) };
    leave();
}

/// Ends the process at once: threads of drivers may be running, under which nothing can be cleared away.
fn leave() -> ! {
    // SAFETY: the call takes a number and does not return.
    unsafe { libc::_exit(0) }
}

fn lock() -> MutexGuard<'static, Ear> {
    EAR.lock().unwrap_or_else(PoisonError::into_inner)
}
