//! Bytes → file → another form → bytes: an error or a file that reads as it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use matte_engine::quantize::{self, Bits, Granularity, Mode, Recipe, Weights};
use matte_engine::schema;

fuzz_target!(|bytes: &[u8]| {
    let way = bytes.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte));
    let Ok(file) = schema::read(bytes) else { return };
    if let Ok(written) = schema::write(&file) {
        // Bytes are compared: a scale may be NaN, which equals nothing.
        let again = schema::read(written.clone()).and_then(|again| schema::write(&again));
        assert_eq!(again, Ok(written));
    }
    let weights = match way % 4 {
        0 => Weights::Reals,
        1 => Weights::Halves,
        2 => Weights::Integers(Bits::Eight),
        _ => Weights::Integers(Bits::Four),
    };
    let granularity = match way / 4 % 3 {
        0 => Granularity::Tensor,
        1 => Granularity::Channel,
        _ => Granularity::Block(32),
    };
    let mode = if way & 0x40 == 0 { Mode::Dynamic } else { Mode::WeightOnly };
    let Ok(file) = quantize::prepared(file, way & 0x80 != 0) else { return };
    let recipe = Recipe { weights, mode, granularity, minimum: 16, keep: &|name| name.ends_with('7') };
    if let Ok((converted, _)) = quantize::convert(file, &recipe)
        && let Ok(written) = schema::write(&converted)
    {
        assert!(schema::read(written).is_ok());
    }
});
