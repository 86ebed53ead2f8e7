//! A model's card: what it says or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use matte::catalogue::Card;

fuzz_target!(|text: &str| {
    let _ = text.parse::<Card>();
});
