//! The FlexBuffers of custom operators: an error or a value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use matte_engine::schema::flexbuffer;
use matte_fuzz::memory;

/// What the values themselves may take: they are few. A byte that is no UTF-8 becomes three.
const VALUES: usize = 4 << 20;

fuzz_target!(|bytes: &[u8]| {
    let (_, peak) = memory::peak(|| flexbuffer::read(bytes));
    assert!(peak <= 3 * bytes.len() + VALUES, "{peak} bytes were taken at once for {}", bytes.len());
});
