//! The engine's tests that cross modules: one binary, one module a subject under `tests/engine/`.

#[path = "engine/allocations.rs"]
mod allocations;
#[path = "engine/cases.rs"]
mod cases;
#[path = "engine/conformance.rs"]
mod conformance;
#[path = "engine/damage.rs"]
mod damage;
#[path = "engine/damaged_models.rs"]
mod damaged_models;
#[path = "engine/delegates.rs"]
mod delegates;
#[path = "engine/drawn.rs"]
mod drawn;
#[path = "engine/faults.rs"]
mod faults;
#[path = "engine/golden.rs"]
mod golden;
#[path = "engine/gpu.rs"]
mod gpu;
#[path = "engine/hostile.rs"]
mod hostile;
#[path = "engine/indices.rs"]
mod indices;
#[path = "engine/layers.rs"]
mod layers;
#[path = "engine/loops.rs"]
mod loops;
#[path = "engine/models.rs"]
mod models;
#[path = "engine/odd_numbers.rs"]
mod odd_numbers;
#[path = "engine/operators.rs"]
mod operators;
#[path = "engine/partition.rs"]
mod partition;
#[path = "engine/plans.rs"]
mod plans;
#[path = "engine/program.rs"]
mod program;
#[path = "engine/quantize.rs"]
mod quantize;
#[path = "engine/resize.rs"]
mod resize;
#[path = "engine/schema.rs"]
mod schema;
#[path = "engine/selfie.rs"]
mod selfie;
#[path = "engine/sessions.rs"]
mod sessions;
#[path = "engine/shaders.rs"]
mod shaders;
#[path = "engine/sharing.rs"]
mod sharing;
#[path = "engine/snapshot.rs"]
mod snapshot;
#[path = "engine/source.rs"]
mod source;
#[path = "engine/test_data.rs"]
mod test_data;
#[path = "engine/tflite.rs"]
mod tflite;
#[path = "engine/tune.rs"]
mod tune;
