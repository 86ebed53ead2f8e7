//! The life of an activity, rehearsed: a fake system drives the real program in a real window.

use crate::screen::Screen;
use std::path::Path;
use std::process::Command;

#[test]
fn a_thousand_random_orders_of_an_activitys_events_leave_nothing_behind() {
    let screen = match Screen::start(640, 480) {
        Ok(screen) => screen,
        Err(error) if std::env::var_os("CI").is_none() => return println!("SKIPPED: {error}"),
        Err(error) => return assert_eq!(error, "", "CI has a display"),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a crate lies in the repository");
    let output = Command::new(root.join(".ci/with_software_gpu"))
        .arg(env!("CARGO_BIN_EXE_matte"))
        .args(["rehearse", "--orders", "1000", "--source", "clip", "--size", "320x400"])
        .env("DISPLAY", &screen.display)
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .expect("the program starts");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success(), "{}: {said}{complained}", output.status);
    assert!(!complained.contains("ERROR"), "{complained}");
}
