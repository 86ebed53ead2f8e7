//! The network rests while the picture stands still, and only then.

use matte::pipeline::Pace;
use matte::pipeline::frame::{Frame, PixelFormat, Rotation};

use super::device::Noise;

/// A smooth picture under noise, with a lighter square of `side` pixels at `left`.
fn frame(format: PixelFormat, left: u32, side: u32, amount: f64, noise: &mut Noise) -> Frame {
    let (width, height) = (320, 180);
    let mut luma = |x: u32, y: u32| {
        let inside = (left..left + side).contains(&x) && (40..40 + side).contains(&y);
        let base = 90.0 + 0.2 * f64::from(x) + if inside { 50.0 } else { 0.0 };
        (base + 255.0 * amount * noise.normal()).clamp(0.0, 255.0) as u8
    };
    let pixels = (0..width * height).map(|index| (index % width, index / width));
    let mut data: Vec<u8> = match format {
        PixelFormat::Yuyv => pixels.flat_map(|(x, y)| [luma(x, y), 128]).collect(),
        PixelFormat::Uyvy => pixels.flat_map(|(x, y)| [128, luma(x, y)]).collect(),
        PixelFormat::Rgb | PixelFormat::Bgr => pixels.flat_map(|(x, y)| [luma(x, y); 3]).collect(),
        PixelFormat::Rgba => pixels.flat_map(|(x, y)| [luma(x, y); 4]).collect(),
        _ => pixels.map(|(x, y)| luma(x, y)).collect(),
    };
    data.resize(format.packed_len(width, height), 128);
    Frame::new(format, width, height, data).expect("exact data")
}

#[test]
fn the_network_rests_on_a_still_picture_and_wakes_for_a_hand() {
    let mut noise = Noise(21);
    for format in PixelFormat::ALL {
        let mut pace = Pace::default();
        assert!(pace.wants(&frame(format, 60, 40, 0.01, &mut noise)), "{format:?}: the first frame");
        for _ in 0..20 {
            assert!(!pace.wants(&frame(format, 60, 40, 0.01, &mut noise)), "{format:?}: noise alone");
        }
        assert!(pace.wants(&frame(format, 64, 40, 0.01, &mut noise)), "{format:?}: a small square moved");
        assert!(!pace.wants(&frame(format, 64, 40, 0.01, &mut noise)), "{format:?}: and stays");
    }
}

#[test]
fn slow_motion_adds_up() {
    let mut noise = Noise(22);
    let mut pace = Pace::default();
    let wanted = (0..40).filter(|step| pace.wants(&frame(PixelFormat::Nv12, 60 + step, 40, 0.0, &mut noise)));
    let wanted = wanted.count();
    assert!((5..40).contains(&wanted), "{wanted} of 40 frames of a creeping square");
}

#[test]
fn another_size_or_a_change_of_network_wakes_it() {
    let mut noise = Noise(23);
    let mut pace = Pace::default();
    let still = frame(PixelFormat::Gray, 60, 40, 0.0, &mut noise);
    assert!(pace.wants(&still) && !pace.wants(&still));
    let tiny = Frame::new(PixelFormat::Gray, 1, 1, vec![128]).expect("exact data");
    assert!(pace.wants(&tiny) && !pace.wants(&tiny));
    pace.forget();
    assert!(pace.wants(&tiny));
    let mut turned = Frame::new(PixelFormat::Gray, 1, 1, vec![128]).expect("exact data");
    turned.orientation.rotation = Rotation::Half;
    assert!(pace.wants(&turned));
}
