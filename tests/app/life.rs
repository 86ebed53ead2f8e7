//! The life of an activity, rehearsed: a fake system drives the real program in a real window.

use winit::error::EventLoopError;
use winit::event_loop::EventLoop;
use winit::platform::wayland::EventLoopBuilderExtWayland;
use winit::platform::x11::EventLoopBuilderExtX11;

use crate::screen::in_a_window;

#[test]
fn a_thousand_random_orders_of_an_activitys_events_leave_nothing_behind() {
    in_a_window(&["rehearse", "--orders", "1000", "--source", "clip", "--size", "320x400"]);
}

/// FIXME: winit makes one event loop a process and says so to the second one. An Android process therefore ends with its
/// activity; when this no longer holds, `platform::android` may run one activity after another.
#[test]
fn winit_makes_no_second_event_loop() {
    let build = || {
        let mut builder = EventLoop::builder();
        EventLoopBuilderExtX11::with_any_thread(&mut builder, true);
        EventLoopBuilderExtWayland::with_any_thread(&mut builder, true);
        builder.build().map(drop)
    };
    // The first is made where there is a display; it counts without one too.
    let _ = build();
    assert!(matches!(build(), Err(EventLoopError::RecreationAttempt)));
}
