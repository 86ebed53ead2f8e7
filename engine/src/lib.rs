//! matte-engine runs `.tflite` models on any GPU through `wgpu`, and on CPUs with SIMD.
//!
//! A file becomes a canonical graph; passes remove, replace and fuse operators; a plan chooses where each node runs and
//! with which kernel, links elementwise operators into their neighbors and lays the intermediates out in one arena;
//! a backend executes the plan. On the GPU everything is recorded into the caller's command encoder, from texture to
//! texture, with nothing read back.
//!
//! # Layers
//! A module uses only modules on lines below its own; a test checks it.
//!
//! | modules | what they hold |
//! |---|---|
//! | [`session`] | the façade: open a model, build a session, encode or run |
//! | [`quantize`] | a file with its weights and activations in another form: f32 ⇄ f16 ⇄ int8 |
//! | [`tune`] | which kernels win on this device, by measuring; the winners remembered |
//! | [`cpu`], [`gpu`] | a plan executed on threads, or on `wgpu`; [`gpu`] is the only user of `wgpu` |
//! | [`plan`] | graph and choices → partitions, steps, kernels, arena offsets: plain data that prints |
//! | [`tflite`], [`passes`] | bytes → graph; graph → graph |
//! | [`graph`] | nodes, values, patches, verifier, printer |
//! | [`ops`] | one folder an operator family |
//! | [`schema`], [`gemm`], [`wgsl`] | the file format; packed matrix products; kernel descriptions and their expansion |
//! | [`tensor`], [`simd`], [`pool`], [`store`] | values; vectors of the CPU; threads; files of the user's cache |
//! | [`error`] | what can go wrong, by who must act |
//!
//! # Features
//! - `gpu`: sessions on `wgpu`, with the kernels' sources and the tuner.
//! - `cpu`: SIMD kernels. Without it nodes on the CPU run by their plain kernels.
//! - `quantize`: files with their weights and activations in another form.
//!
//! An operator knows its operands and never the graph; a GPU kernel is described, not made; choosing is data.

// What only a feature that is off would use.
#![cfg_attr(
    not(all(feature = "cpu", feature = "gpu", feature = "quantize")),
    allow(dead_code, unused_imports)
)]

pub mod cpu;
pub mod error;
#[cfg(feature = "cpu")]
pub mod gemm;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod graph;
pub mod ops;
pub mod passes;
pub mod plan;
pub mod pool;
#[cfg(feature = "quantize")]
pub mod quantize;
pub mod schema;
pub mod session;
#[cfg(feature = "cpu")]
pub mod simd;
pub mod store;
pub mod tensor;
pub mod tflite;
#[cfg(feature = "gpu")]
pub mod tune;
pub mod wgsl;

pub use error::{Error, Result};
pub use graph::Model;
pub use session::{Builder, Precision, Session};
#[cfg(feature = "gpu")]
pub use session::{Canary, Input, LayerError, StepTime};

/// The project's front page, so that its example is compiled.
#[cfg(all(doctest, feature = "gpu"))]
#[doc = include_str!("../../README.md")]
struct FrontPage;
