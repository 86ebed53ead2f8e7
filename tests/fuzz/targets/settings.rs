//! The settings' file: settings or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use matte::app::Saved;

fuzz_target!(|text: &str| {
    let _ = text.parse::<Saved>();
});
