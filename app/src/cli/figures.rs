//! `matte figures`: what each preset costs at the usual sizes, as a table. The whole path of a frame is measured
//! but the camera and the screen: planes up, network, matte, effect into a texture of the picture's size.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cpu_time::ProcessTime;
use image::RgbaImage;
use image::imageops::{FilterType, resize};

use super::arguments::{BackendName, FiguresArguments};
use super::{engine, progress, window};
use crate::app::{Look, Preset, pipeline_settings};
use crate::backdrop::BACKDROPS;
use crate::camera::Scene;
use crate::catalogue::SEGMENTERS;
use crate::pipeline::frame::{Frame, PixelFormat};
use crate::pipeline::{self, Pipeline, Rect, StageTimes, Target};
use crate::render::Gpu;
use crate::segment::{Network, OnGpu};

const SIZES: [(u32, u32); 3] = [(640, 480), (1280, 720), (1920, 1080)];

/// Different frames of the clip, shown in turn.
const FRAMES: u64 = 6;

/// Frames before the measurement.
const WARM_UP: u32 = 3;

/// What one preset at one size cost.
struct Row {
    /// Milliseconds from the frame's arrival to its finished picture, sorted.
    latencies: Vec<f64>,
    /// Milliseconds of each stage on the GPU; none where the adapter has no clock.
    stages: Vec<StageTimes>,
    /// Processor time as a part of the time that went by.
    load: f64,
}

/// Measures and prints.
pub fn run(arguments: &FiguresArguments) -> Result<()> {
    if arguments.engine.backend == BackendName::Cpu {
        bail!("the figures are those of the GPU; “matte bench MODEL --backend cpu” measures the processor");
    }
    let gpu = engine::open_gpu(&arguments.engine)?;
    let precision = window::numbers(arguments.engine.precision);
    let network = Network::bundled(&SEGMENTERS[0])?;
    let mut segmenter = OnGpu::new(&network, precision, &gpu.device, &gpu.queue)?;
    println!("{}, {} frames each", gpu.title(), arguments.frames);
    println!(
        "\n| size | preset | frames/s | latency ms, p95 | prepare | network | refine | background | compose | CPU |\n\
         |---|---|---|---|---|---|---|---|---|---|"
    );
    let scene = Scene::load()?;
    for size in SIZES {
        let frames = frames_of(&scene, size)?;
        let bar = progress(Preset::ALL.len() as u64, "presets");
        for preset in Preset::ALL {
            let row = measured(&gpu, &mut segmenter, &frames, size, preset, arguments.frames)?;
            bar.suspend(|| println!("{}", line(size, preset, &row)));
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    if let Some((now, most)) = memory() {
        println!("\nmemory of the process: {now} MB, at most {most} MB");
    }
    Ok(())
}

/// Frames of the clip at a size, as a camera's YUYV.
fn frames_of(scene: &Scene, (width, height): (u32, u32)) -> Result<Vec<Frame>> {
    (0..FRAMES)
        .map(|number| {
            let frame = scene.frame(17 * number)?;
            let size = (frame.width(), frame.height());
            let picture = RgbaImage::from_raw(size.0, size.1, frame.into_data())
                .context("the clip's frames have another size than their pixels")?;
            let picture = resize(&picture, width, height, FilterType::Triangle);
            Frame::new(PixelFormat::Yuyv, width, height, yuyv(&picture))
        })
        .collect()
}

/// ITU-R BT.601 and 709 in limited range, the luma's shares chosen by the height as for cameras.
fn yuyv(picture: &RgbaImage) -> Vec<u8> {
    let (red, blue) = if picture.height() >= 720 { (0.2126, 0.0722) } else { (0.299f32, 0.114f32) };
    let mut bytes = Vec::with_capacity(2 * picture.as_raw().len() / 4);
    for pair in picture.as_raw().chunks_exact(8) {
        let yuv = [&pair[..4], &pair[4..]].map(|pixel| {
            let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(|value| f32::from(value) / 255.0);
            let y = red * r + (1.0 - red - blue) * g + blue * b;
            [y, (b - y) / (2.0 * (1.0 - blue)), (r - y) / (2.0 * (1.0 - red))]
        });
        let luma = |index: usize| (16.5 + 219.0 * yuv[index][0]) as u8;
        let chroma = |which: usize| (128.5 + 112.0 * (yuv[0][which] + yuv[1][which])) as u8;
        bytes.extend([luma(0), chroma(1), luma(1), chroma(2)]);
    }
    bytes
}

fn measured(
    gpu: &Gpu,
    segmenter: &mut OnGpu,
    frames: &[Frame],
    size: (u32, u32),
    preset: Preset,
    count: u32,
) -> Result<Row> {
    let format = wgpu::TextureFormat::Bgra8Unorm;
    let mut pipeline = Pipeline::new(&gpu.device, &gpu.queue, format)?;
    let backdrop = BACKDROPS[0].picture()?;
    pipeline.set_backdrop(backdrop.dimensions(), &backdrop)?;
    let settings = pipeline_settings(&preset.applied(&Look::default()));
    let target =
        pipeline::texture(&gpu.device, "picture", size, format, wgpu::TextureUsages::RENDER_ATTACHMENT);
    let view = target.create_view(&Default::default());
    let mut row = Row { latencies: Vec::new(), stages: Vec::new(), load: 0.0 };
    let mut clocks = (Instant::now(), ProcessTime::now());
    for index in 0..WARM_UP + count {
        if index == WARM_UP {
            clocks = (Instant::now(), ProcessTime::now());
        }
        let start = Instant::now();
        pipeline.measure_next_frame();
        pipeline.upload(&frames[index as usize % frames.len()])?;
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        let mask = segmenter.record(&pipeline, &mut encoder)?;
        let target = Target { view: &view, viewport: Rect::of_size(size) };
        pipeline.encode(&mut encoder, &settings, Some(mask), target);
        gpu.queue.submit([encoder.finish()]);
        gpu.device.poll(wgpu::PollType::wait_indefinitely()).context("the GPU did not finish its work")?;
        let latency = start.elapsed().as_secs_f64() * 1e3;
        if index >= WARM_UP {
            row.latencies.push(latency);
            row.stages.extend(pipeline.stage_times());
        }
    }
    if let Some(fault) = gpu.take_fault() {
        bail!(fault);
    }
    row.load = clocks.1.elapsed().as_secs_f64() / clocks.0.elapsed().as_secs_f64();
    row.latencies.sort_by(f64::total_cmp);
    Ok(row)
}

fn line((width, height): (u32, u32), preset: Preset, row: &Row) -> String {
    let rank =
        |values: &[f64], part: f64| values[((values.len() as f64 * part) as usize).min(values.len() - 1)];
    let median = rank(&row.latencies, 0.5);
    let mut text = format!(
        "| {width}×{height} | {} | {:.0} | {median:.1}, {:.1} |",
        preset.title(),
        1e3 / median,
        rank(&row.latencies, 0.95)
    );
    let stages: [fn(&StageTimes) -> f64; 5] = [
        |times| times.convert + times.prepare,
        |times| times.network,
        |times| times.refine,
        |times| times.blur,
        |times| times.compose,
    ];
    for stage in stages {
        let mut values: Vec<_> = row.stages.iter().map(stage).collect();
        values.sort_by(f64::total_cmp);
        let cell = if values.is_empty() { "–".into() } else { format!("{:.2}", rank(&values, 0.5)) };
        // Writing to a string does not fail.
        let _ = write!(text, " {cell} |");
    }
    let _ = write!(text, " {:.0} % |", 100.0 * row.load);
    text
}

/// The memory of this process in MB: now and at most, where the system tells.
fn memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).ok()?;
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
    };
    Some((value("VmRSS:")?, value("VmHWM:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gray_pixels_have_no_chroma() {
        let picture = RgbaImage::from_pixel(2, 1, image::Rgba([255, 255, 255, 255]));
        assert_eq!(yuyv(&picture), [235, 128, 235, 128]);
    }
}
