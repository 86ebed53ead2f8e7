//! Choosing an adapter and opening a device on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};

/// Which adapter is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// A part of the adapter's name; empty takes the fastest.
    pub name: String,
}

/// An open device and what it runs on.
pub struct Gpu {
    /// The adapter.
    pub adapter: wgpu::Adapter,
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    /// The adapter's name, kind and driver.
    pub info: wgpu::AdapterInfo,
    health: Arc<Health>,
}

#[derive(Default)]
struct Health {
    lost: AtomicBool,
    fault: Mutex<Option<String>>,
}

impl Gpu {
    /// The adapter in words: its name and the interface it is used through.
    pub fn title(&self) -> String {
        title(&self.info)
    }

    /// The adapter, its driver's version and this program's: what failed with these may work with others.
    pub fn identity(&self) -> String {
        let wgpu::AdapterInfo { driver, driver_info, .. } = &self.info;
        format!("{}, {driver} {driver_info}, Matte {}", self.title(), env!("CARGO_PKG_VERSION"))
    }

    /// Whether the device went away and everything on it must be made anew.
    pub fn is_lost(&self) -> bool {
        // The device tells of its loss when it is asked for anything at all.
        self.device.poll(wgpu::PollType::Poll).ok();
        self.health.lost.load(Ordering::Acquire)
    }

    /// The last fault that the device reported, once.
    pub fn take_fault(&self) -> Option<String> {
        self.health.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The adapters of this machine, best first, with their names as [`Gpu::title`] gives them.
pub async fn adapters(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    let mut adapters = instance.enumerate_adapters(wgpu::Backends::all()).await;
    adapters.sort_by_key(|adapter| rank(&adapter.get_info()));
    adapters
}

/// The names of the adapters that can draw on a surface, best first, each once.
pub async fn titles(instance: &wgpu::Instance, surface: &wgpu::Surface<'_>) -> Vec<String> {
    let mut titles = Vec::new();
    for adapter in adapters(instance).await.iter().filter(|adapter| adapter.is_surface_supported(surface)) {
        let title = title(&adapter.get_info());
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    titles
}

/// Opens the wanted adapter, or the fastest that can draw on the surface.
///
/// All the features that the program can use are asked for, and the adapter's own limits: kernels stay within
/// what every device has, and choose more only where it is there.
pub async fn device_for(
    instance: &wgpu::Instance,
    surface: Option<&wgpu::Surface<'_>>,
    wish: &Wish,
) -> Result<Gpu> {
    let name = wish.name.to_lowercase();
    let fits = |adapter: &wgpu::Adapter| {
        surface.is_none_or(|surface| adapter.is_surface_supported(surface))
            && title(&adapter.get_info()).to_lowercase().contains(&name)
    };
    let found = adapters(instance).await;
    let Some(adapter) = found.iter().find(|adapter| fits(adapter)) else { bail!(missing(&found, wish)) };
    let features = adapter.features() & wanted_features();
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("matte"),
        required_features: features,
        required_limits: adapter.limits(),
        ..Default::default()
    };
    let info = adapter.get_info();
    let (device, queue) = adapter
        .request_device(&descriptor)
        .await
        .with_context(|| format!("the graphics adapter “{}” could not be opened", title(&info)))?;
    let health = watched(&device);
    Ok(Gpu { adapter: adapter.clone(), device, queue, info, health })
}

fn wanted_features() -> wgpu::Features {
    wgpu::Features::SHADER_F16
        | wgpu::Features::SUBGROUP
        | wgpu::Features::TIMESTAMP_QUERY
        | wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS
        | wgpu::Features::TIMESTAMP_QUERY_INSIDE_PASSES
        | wgpu::Features::FLOAT32_FILTERABLE
        | wgpu::Features::PIPELINE_CACHE
}

/// Keeps faults and the loss of the device for the program to act on, in place of wgpu's panic.
fn watched(device: &wgpu::Device) -> Arc<Health> {
    let health = Arc::new(Health::default());
    let (faults, losses) = (Arc::clone(&health), Arc::clone(&health));
    device.on_uncaptured_error(Arc::new(move |error| {
        log::error!("the graphics device reports: {error}");
        *faults.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(in_a_line(&error.to_string()));
    }));
    device.set_device_lost_callback(move |reason, message| {
        if reason != wgpu::DeviceLostReason::Destroyed {
            log::error!("the graphics device was lost: {message}");
        }
        losses.lost.store(true, Ordering::Release);
    });
    health
}

/// A report of several lines, with drawings in it, as the beginning of one.
fn in_a_line(report: &str) -> String {
    let words: Vec<_> = report.split_whitespace().collect();
    words.join(" ").chars().take(160).collect()
}

fn title(info: &wgpu::AdapterInfo) -> String {
    format!("{} ({})", info.name.trim(), info.backend.to_str())
}

fn rank(info: &wgpu::AdapterInfo) -> (u8, u8) {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    (kind, u8::from(info.backend == wgpu::Backend::Gl))
}

fn missing(found: &[wgpu::Adapter], wish: &Wish) -> String {
    if found.is_empty() {
        return "no graphics adapter was found: install a Vulkan driver (on Debian and Ubuntu the package \
                mesa-vulkan-drivers, which also draws without a GPU)"
            .into();
    }
    let names: Vec<_> = found.iter().map(|adapter| title(&adapter.get_info())).collect();
    let names = names.join(", ");
    if wish.name.is_empty() {
        format!("none of the graphics adapters can draw on this display: {names}")
    } else {
        format!("no usable graphics adapter is called “{}”; there are: {names}", wish.name)
    }
}
