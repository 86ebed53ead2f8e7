//! NumPy's archives: arrays or an error; what is written again reads the same.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use matte::cli::npz;

fuzz_target!(|bytes: &[u8]| {
    let Ok(arrays) = npz::arrays(Cursor::new(bytes), |_| true) else { return };
    let mut written = Cursor::new(Vec::new());
    if npz::write(&mut written, &arrays).is_ok() {
        assert_eq!(npz::arrays(written, |_| true).expect("it was just written").len(), arrays.len());
    }
});
