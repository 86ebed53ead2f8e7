//! The GPU that tests run on.

use std::sync::{Mutex, OnceLock};

/// A device that several tests share, and its queue.
#[derive(Clone)]
pub struct TestGpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
}

/// The first adapter there is, with every feature the engine may use. Without one a test is skipped, except in CI,
/// where that is a failure.
pub fn gpu() -> Option<TestGpu> {
    static GPU: OnceLock<Option<TestGpu>> = OnceLock::new();
    let features = wgpu::Features::SHADER_F16 | wgpu::Features::TIMESTAMP_QUERY;
    expected(GPU.get_or_init(|| pollster::block_on(open(features)).map(|(_, gpu)| gpu)).clone())
}

/// A device that no other test has, with the driver's pipeline cache where there is one.
pub fn cached() -> Option<TestGpu> {
    let features = wgpu::Features::SHADER_F16 | wgpu::Features::PIPELINE_CACHE;
    expected(pollster::block_on(open(features)).map(|(_, gpu)| gpu))
}

fn expected(gpu: Option<TestGpu>) -> Option<TestGpu> {
    if gpu.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI needs a GPU adapter, a software one at least");
        println!("SKIPPED: there is no GPU adapter");
    }
    gpu
}

/// Held by tests that compile many kernels, so that they do not compile them all at once.
pub static COMPILING: Mutex<()> = Mutex::new(());

/// A device that no other test has, with the limits that `limit` leaves.
pub fn opened(limit: impl FnOnce(&mut wgpu::Limits)) -> Option<TestGpu> {
    let mut limits = wgpu::Limits::downlevel_defaults();
    limit(&mut limits);
    let opened = open_within(wgpu::Features::SHADER_F16, limits);
    expected(pollster::block_on(opened).map(|(_, gpu)| gpu))
}

/// A device with what there is of `wanted`, and the instance that counts what is made on it.
pub async fn open(wanted: wgpu::Features) -> Option<(wgpu::Instance, TestGpu)> {
    open_within(wanted, wgpu::Limits::downlevel_defaults()).await
}

async fn open_within(
    wanted: wgpu::Features,
    required_limits: wgpu::Limits,
) -> Option<(wgpu::Instance, TestGpu)> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await.ok()?;
    let descriptor = wgpu::DeviceDescriptor {
        required_features: adapter.features() & wanted,
        required_limits,
        ..Default::default()
    };
    let (device, queue) = adapter.request_device(&descriptor).await.ok()?;
    Some((instance, TestGpu { device, queue }))
}
