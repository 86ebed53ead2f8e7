//! JPEG as webcams send it: a frame or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use matte::camera::jpeg::{frame_from_jpeg, used_bytes};

fuzz_target!(|bytes: &[u8]| {
    assert!(used_bytes(bytes).len() <= bytes.len());
    let _ = frame_from_jpeg(bytes);
});
