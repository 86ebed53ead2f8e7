//! YUV4MPEG2: frames or an error; what is written again reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use matte::camera::y4m::{Reader, Writer};

/// Larger frames are honest, and slow.
const MOST_PIXELS: u32 = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = Reader::new(bytes) else { return };
    let header = reader.header();
    if header.width.saturating_mul(header.height) > MOST_PIXELS {
        return;
    }
    let Ok(mut writer) = Writer::new(Vec::new(), header) else { return };
    while let Ok(Some(frame)) = reader.next_frame() {
        assert!(writer.write(&frame.data).is_ok());
    }
    let written = writer.finish().expect("memory takes everything");
    assert_eq!(Reader::new(&*written).expect("a header").header(), header);
});
