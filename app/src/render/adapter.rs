//! Choosing an adapter and opening a device on it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Which adapter is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// A part of the adapter's name; empty takes the fastest.
    pub name: String,
}

/// An open device and what it runs on.
pub struct Gpu {
    /// It is dropped first: a device that another thread asks for news while it goes away may stay for ever.
    watch: Watch,
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
    /// When the work was submitted that is not finished, the oldest first.
    unfinished: Mutex<VecDeque<Instant>>,
}

/// How long a picture may take the GPU before that counts as a fault.
const OVERDUE: Duration = Duration::from_secs(1);
/// The same where the processor does the GPU's work, among other things.
const OVERDUE_IN_SOFTWARE: Duration = Duration::from_secs(4);

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
        locked(&self.health.fault).take()
    }

    /// Submits a picture's work. Where it is not finished in time, that is a fault of the device, which is told even
    /// while the driver keeps the window's thread waiting.
    pub fn submit(&self, work: wgpu::CommandBuffer) {
        self.queue.submit([work]);
        locked(&self.health.unfinished).push_back(Instant::now());
        let health = Arc::clone(&self.health);
        self.queue.on_submitted_work_done(move || _ = locked(&health.unfinished).pop_front());
        self.watch.look();
    }

    /// How long a submission may take here.
    pub fn patience(&self) -> Duration {
        patience(&self.info)
    }
}

fn patience(info: &wgpu::AdapterInfo) -> Duration {
    if info.device_type == wgpu::DeviceType::Cpu { OVERDUE_IN_SOFTWARE } else { OVERDUE }
}

/// A thread that looks for work that is overdue. It ends when this is dropped.
struct Watch {
    /// Tells of a submission, and by its end that there will be none.
    submitted: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn start(device: &wgpu::Device, health: &Arc<Health>, patience: Duration) -> Result<Self> {
        let (submitted, submissions) = channel();
        let (device, health) = (device.clone(), Arc::clone(health));
        let thread = thread::Builder::new()
            .name("device's watch".into())
            .spawn(move || watch(&device, &health, patience, &submissions))
            .context("the thread that watches the device could not be started")?;
        Ok(Self { submitted: Some(submitted), thread: Some(thread) })
    }

    fn look(&self) {
        // The thread lives as long as this sender.
        let _ = self.submitted.as_ref().map(|submitted| submitted.send(()));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.submitted = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn watch(device: &wgpu::Device, health: &Health, patience: Duration, submitted: &Receiver<()>) {
    let oldest = || locked(&health.unfinished).front().copied();
    let overdue = || oldest().filter(|since| since.elapsed() > patience);
    let mut told = None;
    loop {
        if oldest().is_none() && submitted.recv().is_err() {
            return;
        }
        let pause = Instant::now() + patience / 4;
        loop {
            match submitted.recv_timeout(pause.saturating_duration_since(Instant::now())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        if overdue().is_none() {
            continue;
        }
        // What is finished is told of when the device is asked for anything at all.
        device.poll(wgpu::PollType::Poll).ok();
        let overdue = overdue();
        if overdue.is_some() && overdue != told {
            told = overdue;
            let seconds = patience.as_secs();
            let fault = format!("the graphics device did not finish a picture within {seconds} s");
            log::error!("{fault}");
            *locked(&health.fault) = Some(fault);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    let watch = Watch::start(&device, &health, patience(&info))?;
    Ok(Gpu { watch, adapter: adapter.clone(), device, queue, info, health })
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
        let fault = format!("the graphics device reports: {}", in_a_line(&error.to_string()));
        *locked(&faults.fault) = Some(fault);
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
