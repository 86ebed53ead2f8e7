//! Matte.
use matte::app::*;
fn main() -> anyhow::Result<()> {
    env_logger::init();
    run(Options {
        source: Choice::Automatic,
        look: Look::default(),
        engine: Engine { backend: Backend::Gpu, precision: Precision::F32, threads: 2, model: 0 },
        adapter: Default::default(),
        overlay: true,
        size: (1180, 720),
        frames: None,
        screenshot: None,
    })
}
