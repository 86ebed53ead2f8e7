//! `matte list`: the cameras of this machine and what they can do.

use std::fmt::Write;

use anyhow::Result;

use crate::camera::{self, Found, Mode, RULE};

/// Prints every camera with its modes, or why it gives no pictures.
pub fn run() -> Result<()> {
    let cameras = camera::cameras(None)?;
    if cameras.is_empty() {
        println!("no camera was found");
        return Ok(());
    }
    let mut text = String::new();
    for camera in &cameras {
        write_camera(&mut text, camera)?;
    }
    print!("{text}");
    println!("* is taken unless another one is asked for: {RULE}");
    Ok(())
}

fn write_camera(text: &mut String, camera: &Found) -> Result<()> {
    let device = &camera.device;
    writeln!(text, "camera {}: {} ({})", device.index, device.name, device.place)?;
    if let Some(fault) = &camera.fault {
        writeln!(text, "    {fault}")?;
    }
    let best = camera.best();
    let mut rest = camera.modes.as_slice();
    while let Some(first) = rest.first() {
        let same = |mode: &Mode| (mode.width, mode.height) == (first.width, first.height);
        let (of_size, others) = rest.split_at(rest.iter().take_while(|mode| same(mode)).count());
        let mut encodings: Vec<_> = of_size.iter().map(|mode| mode.encoding).collect();
        encodings.sort();
        encodings.dedup();
        for encoding in encodings {
            let rates: Vec<_> = of_size
                .iter()
                .filter(|mode| mode.encoding == encoding)
                .map(|mode| format!("{}{}", mode.rate, if best == Some(*mode) { "*" } else { "" }))
                .collect();
            let size = format!("{}×{}", first.width, first.height);
            let encoding = encoding.to_string();
            writeln!(text, "    {size:<10} {encoding:<6} {} FPS", rates.join(" "))?;
        }
        rest = others;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::{Device, Encoding};

    #[test]
    fn modes_are_grouped_and_the_one_that_is_taken_is_marked() {
        let mode = |width, height, rate: u32, encoding| Mode { width, height, rate: rate.into(), encoding };
        let camera = Found {
            device: Device { index: 2, name: "Desk".into(), place: "usb-1".into(), facing: None },
            modes: vec![
                mode(640, 480, 15, Encoding::Yuyv),
                mode(640, 480, 30, Encoding::Nv12),
                mode(640, 480, 30, Encoding::Yuyv),
                mode(1920, 1080, 5, Encoding::Mjpeg),
            ],
            fault: Some("the camera “Desk” is in use by another program".into()),
        };
        let mut text = String::new();
        write_camera(&mut text, &camera).expect("memory");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "camera 2: Desk (usb-1)",
                "    the camera “Desk” is in use by another program",
                "    640×480    NV12   30* FPS",
                "    640×480    YUYV   15 30 FPS",
                "    1920×1080  MJPEG  5 FPS",
            ]
        );
    }
}
