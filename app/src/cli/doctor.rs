//! `matte doctor`: what this machine offers, and the command that helps where something is missing.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::app::settings_place;
use crate::camera::{self, Found, ffmpeg_version};
use crate::output::{hint, virtual_cameras};
use crate::render::adapters;

/// The encoders and decoders that recordings and videos are made with.
const CODECS: [&str; 8] = ["libx264", "libx265", "libvpx-vp9", "libsvtav1", "h264", "hevc", "vp9", "av1"];

/// Limits that decide what runs, with their names.
type Limit = (&'static str, fn(&wgpu::Limits) -> u64);

const LIMITS: [Limit; 6] = [
    ("texture side", |limits| limits.max_texture_dimension_2d.into()),
    ("buffer bytes", |limits| limits.max_buffer_size),
    ("storage binding bytes", |limits| limits.max_storage_buffer_binding_size),
    ("storage buffers a stage", |limits| limits.max_storage_buffers_per_shader_stage.into()),
    ("invocations a workgroup", |limits| limits.max_compute_invocations_per_workgroup.into()),
    ("workgroup memory", |limits| limits.max_compute_workgroup_storage_size.into()),
];

/// Prints everything. Nothing that is missing is an error.
pub fn run() -> Result<()> {
    print!("{}", report());
    Ok(())
}

fn report() -> String {
    let mut text = format!(
        "Matte {} on {} {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    for (title, part) in [
        ("Processor", processor()),
        ("Graphics adapters", graphics()),
        ("Display", display()),
        ("Cameras", cameras()),
        ("Video files", codecs()),
        ("Virtual camera", virtual_camera()),
        ("Settings", settings()),
    ] {
        text.push('\n');
        text.push_str(title);
        text.push('\n');
        part.lines().for_each(|line| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {line}");
        });
    }
    text
}

fn processor() -> String {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{threads} threads")
}

fn graphics() -> String {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let found = pollster::block_on(adapters(&instance));
    if found.is_empty() {
        return "none: on Debian and Ubuntu “sudo apt-get install mesa-vulkan-drivers” brings a driver that also \
                draws without a GPU"
            .into();
    }
    let mut text = String::new();
    for adapter in &found {
        let info = adapter.get_info();
        let (features, limits) = (adapter.features(), adapter.limits());
        let has = |feature: wgpu::Features| if features.contains(feature) { "yes" } else { "no" };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{} ({}, {:?}; driver {} {})",
            info.name.trim(),
            info.backend.to_str(),
            info.device_type,
            info.driver,
            info.driver_info
        );
        let _ = writeln!(
            text,
            "  halves {}, subgroups {}, time stamps {}, pipeline cache {}",
            has(wgpu::Features::SHADER_F16),
            has(wgpu::Features::SUBGROUP),
            has(wgpu::Features::TIMESTAMP_QUERY),
            has(wgpu::Features::PIPELINE_CACHE)
        );
        let limits: Vec<_> =
            LIMITS.iter().map(|(name, limit)| format!("{name} {}", limit(&limits))).collect();
        let _ = writeln!(text, "  {}", limits.join(", "));
    }
    text
}

fn display() -> String {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (named("WAYLAND_DISPLAY"), named("DISPLAY")) {
        (Some(name), _) => format!("Wayland, {name}"),
        (None, Some(name)) => format!("X11, {name}"),
        (None, None) if cfg!(target_os = "linux") => {
            "none: the window needs a graphical session; “matte process” works without".into()
        }
        (None, None) => "the system's".into(),
    }
}

fn cameras() -> String {
    let found = match camera::cameras(None) {
        Ok(found) if found.is_empty() => {
            return "none: plug one in; “matte” takes the bundled clip meanwhile".into();
        }
        Ok(found) => found,
        Err(error) => return format!("{error:#}"),
    };
    let mut text = String::new();
    for Found { device, modes, fault } in found {
        let offer = fault.unwrap_or_else(|| format!("{} modes; “matte list” prints them", modes.len()));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}: {}, {offer}", device.index, device.name);
    }
    text
}

fn codecs() -> String {
    let Some(version) = ffmpeg_version() else {
        return "PNG, JPEG and y4m; for other videos: sudo apt-get install ffmpeg".into();
    };
    let listed = |what: &str| {
        let output = Command::new("ffmpeg").args(["-hide_banner", what]).stdin(Stdio::null()).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
    };
    let (encoders, decoders) = (listed("-encoders"), listed("-decoders"));
    let among = |list: &str| {
        let names: Vec<_> = list.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
        let found: Vec<_> = CODECS.into_iter().filter(|codec| names.contains(codec)).collect();
        if found.is_empty() { "none".into() } else { found.join(", ") }
    };
    format!("{version}\nwrites {}; reads {}", among(&encoders), among(&decoders))
}

fn virtual_camera() -> String {
    let found = virtual_cameras();
    if found.is_empty() {
        return format!("none: {}", hint());
    }
    let lines: Vec<_> = found.iter().map(|(outlet, name)| format!("{outlet}: {name}")).collect();
    lines.join("\n")
}

fn settings() -> String {
    settings_place().map_or_else(
        || "nowhere: neither XDG_CONFIG_HOME nor HOME is set, so that nothing is kept".into(),
        |place| place.display().to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::report;

    #[test]
    fn every_part_is_reported_and_what_is_missing_comes_with_what_helps() {
        let report = report();
        for title in ["Graphics adapters", "Cameras", "Video files", "Virtual camera", "Settings"] {
            let part = report.split(&format!("\n{title}\n  ")).nth(1);
            assert!(
                part.is_some_and(|part| part.lines().next().is_some_and(|line| line.len() > 3)),
                "{report}"
            );
        }
        if report.contains("Virtual camera\n  none") {
            assert!(report.contains("sudo ") || !cfg!(target_os = "linux"), "{report}");
        }
    }
}
