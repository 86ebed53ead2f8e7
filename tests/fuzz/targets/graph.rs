//! Bytes → graph: an error or a graph that verifies, in memory that the file and its shapes answer for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use matte_engine::Model;
use matte_fuzz::memory;

/// What a graph of a few nodes takes however small its file is.
const SLACK: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let (model, peak) = memory::peak(|| Model::from_bytes(bytes.to_vec()));
    let mut honest = 2 * bytes.len() + SLACK;
    if let Ok(model) = &model {
        let values = model.graphs.iter().flat_map(|graph| &graph.values);
        honest += values.filter(|value| value.constant.is_some()).map(|value| value.ty.bytes()).sum::<usize>();
        for graph in &model.graphs {
            assert!(graph.verify().is_ok());
        }
    }
    assert!(peak <= honest, "{peak} bytes were taken at once for a file of {}", bytes.len());
});
