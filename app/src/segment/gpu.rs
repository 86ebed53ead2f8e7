//! The network recorded into the frame's encoder.

use anyhow::{Context, Result};
use matte_engine::wgsl::Elem;
use matte_engine::{Precision as EnginePrecision, Session, session};
use wgpu::{CommandEncoder, Device, Queue, TextureView};

use super::{Network, Precision};
use crate::pipeline::{Element, Fit, Input, Mask, Pipeline};

/// A network on the GPU.
pub struct OnGpu {
    session: Session,
    mask: TextureView,
    element: Element,
    size: (u32, u32),
    range: [f32; 2],
    fit: Fit,
}

impl OnGpu {
    /// Compiles the network for the device and runs it once, so that the first frame does not wait for drivers.
    pub fn new(network: &Network, precision: Precision, device: &Device, queue: &Queue) -> Result<Self> {
        let precision = match precision {
            Precision::F32 => EnginePrecision::F32,
            Precision::F16 => EnginePrecision::F16,
        };
        let mut session = Session::builder(&network.model)
            .gpu(device, queue)
            .precision(precision)
            .build()
            .context("the network cannot run on this graphics adapter")?;
        let element = match session.element()? {
            Elem::F32 => Element::F32,
            Elem::F16 => Element::F16,
        };
        let mask = session.output_texture(0)?.create_view(&Default::default());
        let mut encoder = device.create_command_encoder(&Default::default());
        session.encode(&mut encoder, session::Input::Ready)?;
        queue.submit([encoder.finish()]);
        Ok(Self { session, mask, element, size: network.size, range: network.range, fit: network.fit })
    }

    /// Records the network for the picture that the pipeline holds. No submission, nothing read back.
    pub fn record(&mut self, pipeline: &Pipeline, encoder: &mut CommandEncoder) -> Result<Mask<'_>> {
        let crop = self.fit.crop(pipeline.picture_size(), self.size);
        let input = Input {
            binding: self.session.input_binding(0)?,
            element: self.element,
            size: self.size,
            range: self.range,
            crop,
        };
        pipeline.prepare(encoder, &input);
        self.session.encode(encoder, session::Input::Ready)?;
        Ok(Mask { view: &self.mask, crop })
    }

    /// Where each node runs, as text.
    pub fn explain(&self) -> String {
        self.session.explain()
    }
}
