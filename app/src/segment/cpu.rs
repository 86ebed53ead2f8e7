//! The network on the processor, beside the display.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use half::f16;
use matte_engine::Session;
use matte_engine::tensor::Tensor;
use wgpu::{Device, Queue, Texture};

use super::{Network, input_values};
use crate::camera::Wake;
use crate::pipeline::{Frame, Rect};

/// A network on threads of its own. It works on one frame at a time; of the frames offered meanwhile the
/// newest wins. Dropping it ends the thread after the frame in work.
pub struct OnCpu {
    shared: Arc<Shared>,
    mask_size: (u32, u32),
}

/// A mask, and the frame that it belongs to.
pub struct Answer {
    /// The frame.
    pub frame: Arc<Frame>,
    /// The probability of a person, row by row.
    pub mask: Vec<f16>,
    /// The part of the shown picture that the network saw.
    pub crop: Rect,
    /// The milliseconds from the frame's arrival to the beginning of the work on it.
    pub waited: f32,
    /// The milliseconds that the network's input took.
    pub prepare: f32,
    /// The milliseconds that the network took.
    pub network: f32,
}

impl Answer {
    /// Copies the mask into a texture that [`mask_texture`] made for it.
    pub fn write(&self, queue: &Queue, texture: &Texture) {
        let bytes_per_row = Some(2 * texture.width());
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row, rows_per_image: None };
        queue.write_texture(
            texture.as_image_copy(),
            bytemuck::cast_slice(&self.mask),
            layout,
            texture.size(),
        );
    }
}

/// A texture for masks of a size.
pub fn mask_texture(device: &Device, (width, height): (u32, u32)) -> Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("mask"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::R16Float,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

#[derive(Default)]
struct Slot {
    offered: Option<Arc<Frame>>,
    answer: Option<Result<Answer>>,
    stop: bool,
}

impl OnCpu {
    /// Prepares the network for `threads` threads and starts waiting for frames. `wake` is called after each
    /// answer.
    pub fn new(network: Network, threads: usize, wake: Wake) -> Result<Self> {
        let session = Session::builder(&network.model)
            .threads(threads)
            .build()
            .context("the network cannot run on this processor")?;
        let shared = Arc::new(Shared { slot: Mutex::default(), changed: Condvar::new() });
        let mask_size = network.mask_size;
        let worker = Worker { session, network, shared: Arc::clone(&shared), wake };
        thread::Builder::new()
            .name("network".into())
            .spawn(move || worker.work())
            .context("the network's thread could not be started")?;
        Ok(Self { shared, mask_size })
    }

    /// Width and height of the masks.
    pub fn mask_size(&self) -> (u32, u32) {
        self.mask_size
    }

    /// Offers a frame. Tells whether it took the place of one that nobody has looked at.
    pub fn offer(&self, frame: Arc<Frame>) -> bool {
        let replaced = self.shared.lock().offered.replace(frame).is_some();
        self.shared.changed.notify_all();
        replaced
    }

    /// The newest answer that has not been taken yet.
    pub fn take(&self) -> Option<Result<Answer>> {
        self.shared.lock().answer.take()
    }
}

impl Drop for OnCpu {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next frame to work on; none when it is time to end.
    fn next(&self) -> Option<Arc<Frame>> {
        let slot = self.lock();
        let mut slot = self
            .changed
            .wait_while(slot, |slot| slot.offered.is_none() && !slot.stop)
            .unwrap_or_else(PoisonError::into_inner);
        if slot.stop { None } else { slot.offered.take() }
    }
}

struct Worker {
    session: Session,
    network: Network,
    shared: Arc<Shared>,
    wake: Wake,
}

impl Worker {
    fn work(mut self) {
        while let Some(frame) = self.shared.next() {
            let answer = self.answer(frame);
            self.shared.lock().answer = Some(answer);
            (self.wake)();
        }
    }

    fn answer(&mut self, frame: Arc<Frame>) -> Result<Answer> {
        let Network { size, range, fit, .. } = self.network;
        let start = Instant::now();
        let crop = fit.crop(frame.orientation.shown_size(frame.width(), frame.height()), size);
        let values = input_values(&frame, crop, size, range);
        let input = Tensor::from_slice([1, size.1 as usize, size.0 as usize, 3], &values)?;
        let prepared = Instant::now();
        let outputs = self.session.run(&[input]).context("the network failed")?;
        let mask = outputs.first().context("the network gave no mask")?.as_slice::<f32>()?;
        let mask = mask.iter().map(|&value| f16::from_f32(value)).collect();
        let done = Instant::now();
        let milliseconds = |from: Instant, to: Instant| (to - from).as_secs_f32() * 1e3;
        Ok(Answer {
            waited: milliseconds(frame.captured.min(start), start),
            frame,
            mask,
            crop,
            prepare: milliseconds(start, prepared),
            network: milliseconds(prepared, done),
        })
    }
}
