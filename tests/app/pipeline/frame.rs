//! A frame is only made of data that holds all its rows.

use matte::pipeline::frame::{Frame, PixelFormat, Plane, SpacedPlane};

#[test]
fn a_packed_frame_takes_exactly_its_bytes() {
    for format in PixelFormat::ALL {
        for (width, height) in [(1, 1), (2, 2), (3, 5), (640, 480)] {
            let len = format.packed_len(width, height);
            let frame = Frame::new(format, width, height, vec![0; len]).expect("exact data");
            let rows: usize = (0..format.plane_count())
                .flat_map(|plane| {
                    let (_, rows) = format.plane_size(plane, width, height);
                    (0..rows).map(move |row| (plane, row))
                })
                .map(|(plane, row)| frame.row(plane, row).len())
                .sum();
            assert_eq!(rows, len, "{format:?} {width}×{height}");
            for wrong in [len - 1, len + 1, 0] {
                let error = Frame::new(format, width, height, vec![0; wrong]).expect_err("wrong size");
                assert!(error.to_string().contains(&len.to_string()), "{error}");
            }
        }
    }
}

#[test]
fn sizes_out_of_range_are_refused() {
    for (width, height) in [(0, 4), (4, 0), (16385, 1), (u32::MAX, u32::MAX)] {
        assert!(Frame::new(PixelFormat::Rgba, width, height, Vec::new()).is_err());
    }
}

#[test]
fn planes_past_the_data_are_refused() {
    let planes = [Plane { offset: 0, stride: 8 }, Plane { offset: 32, stride: 8 }];
    let made = |planes: &[Plane], len| Frame::from_planes(PixelFormat::Nv12, 6, 4, planes, vec![0; len]);
    assert!(made(&planes, 32 + 8 + 6).is_ok(), "the last row needs no padding");
    assert!(made(&planes, 32 + 8 + 5).is_err());
    assert!(made(&planes[..1], 100).is_err(), "a plane is missing");
    assert!(made(&[planes[0], Plane { offset: 32, stride: 5 }], 100).is_err(), "rows overlap");
    assert!(made(&[planes[0], Plane { offset: usize::MAX, stride: 8 }], 100).is_err());
    assert!(made(&[planes[0], Plane { offset: 32, stride: usize::MAX }], 100).is_err());
}

#[test]
fn spaced_planes_become_the_format_they_are() {
    let plane = |offset, stride, pixel_stride| SpacedPlane { offset, stride, pixel_stride };
    let luma = plane(0, 4, 1);
    let data: Vec<u8> = (0..25).collect();
    let made = |u, v| Frame::from_spaced_420(4, 4, [luma, u, v], data.clone());
    let nv12 = made(plane(16, 4, 2), plane(17, 4, 2)).expect("interleaved");
    assert_eq!((nv12.format(), nv12.row(1, 1)), (PixelFormat::Nv12, &[20, 21, 22, 23][..]));
    let nv21 = made(plane(17, 4, 2), plane(16, 4, 2)).expect("interleaved, V first");
    assert_eq!((nv21.format(), nv21.row(1, 0)), (PixelFormat::Nv21, &[16, 17, 18, 19][..]));
    let i420 = made(plane(16, 2, 1), plane(20, 2, 1)).expect("dense");
    assert_eq!((i420.format(), i420.row(2, 1)), (PixelFormat::I420, &[22, 23][..]));
    let packed = made(plane(16, 4, 3), plane(17, 4, 3)).expect("spaced by three");
    assert_eq!((packed.format(), packed.row(1, 1)), (PixelFormat::I420, &[20, 23][..]));
    assert!(made(plane(16, 4, 0), plane(17, 4, 2)).is_err());
    assert!(made(plane(16, 4, 9), plane(17, 4, 2)).is_err());
}
