//! Faults of the device and the window, provoked in the real program in a real window.

use crate::screen::in_a_window;

#[test]
fn after_each_fault_pictures_come_again() {
    let Some(said) = in_a_window(&["faults", "--source", "clip", "--size", "400x400"]) else { return };
    let told =
        |fault: &str, words: &str| said.lines().any(|line| line.starts_with(fault) && line.contains(words));
    assert!(told("DeviceLost", "the graphics device went away; the processor takes over"));
    assert!(told("ShaderRefused", "the processor takes over"));
}
