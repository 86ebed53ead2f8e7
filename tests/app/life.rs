//! The life of an activity, rehearsed: a fake system drives the real program in a real window.

use crate::screen::in_a_window;

#[test]
fn a_thousand_random_orders_of_an_activitys_events_leave_nothing_behind() {
    in_a_window(&["rehearse", "--orders", "1000", "--source", "clip", "--size", "320x400"]);
}
