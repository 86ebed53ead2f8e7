//! Faults of the device and the window, provoked in the real program in a real window.

use crate::screen::in_a_window;

#[test]
fn after_each_fault_pictures_come_again() {
    let Some(said) = in_a_window(&["faults", "--source", "clip", "--size", "400x400"]) else { return };
    let told =
        |fault: &str, words: &str| said.lines().any(|line| line.starts_with(fault) && line.contains(words));
    assert!(told("DeviceLost", "the graphics device went away; the processor takes over"));
    assert!(told("ShaderRefused", "the processor takes over"));
    assert!(told("WorkOverdue", "did not finish a picture within"));
    for passing in ["Torn", "OtherSize", "BrokenJpeg"] {
        assert!(told(&format!("Camera({passing})"), "told: nothing"));
    }
    assert!(told("Camera(Silent)", "no picture has come for a while"));
    assert!(told("Camera(Short)", "sends pictures that cannot be read"));
    assert!(told("Camera(Unplugged)", "was unplugged; it comes back by itself"));
}

#[test]
fn a_change_of_source_takes_less_than_a_second_and_keeps_the_picture() {
    let pictures = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/pictures");
    let [first, second] = ["astronaut", "grace_hopper"].map(|name| format!("{pictures}/{name}.jpg"));
    let order = [&first, "clip", &second, "clip", &first].map(|source| ["--then", source]);
    let mut words = vec!["changes", "--source", "clip", "--size", "400x400"];
    words.extend(order.as_flattened());
    in_a_window(&words);
}
