//! Damage to the models that come with the project: whatever is cut off or overwritten, a file ends in a graph that
//! verifies or in an error.

use crate::damage::Random;
use crate::source;
use matte_engine::Model;
use matte_engine::schema::{self, Bytes};
use std::ops::Range;
use std::path::PathBuf;
use std::{fs, thread};

/// How many prefixes and how many mutations of each model are read, in a usual run. `MATTE_DAMAGE=all` reads every
/// prefix and 100,000 mutations.
const USUAL: usize = 2_000;
const ALL_MUTATIONS: usize = 100_000;

fn everything() -> bool {
    std::env::var_os("MATTE_DAMAGE").is_some_and(|value| value == "all")
}

/// The project's models, each with its name.
fn models() -> Vec<(String, Vec<u8>)> {
    let folder = fs::read_dir(source::root().join("models")).expect("the models are there");
    let paths = folder.map(|entry| entry.expect("the entry is readable").path());
    let mut models: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "tflite")).collect();
    models.sort();
    assert!(models.len() >= 5);
    let name = |path: &PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    models.iter().map(|path| (name(path), fs::read(path).expect("the model is readable"))).collect()
}

/// The graphs are counted; each verifies.
fn is_a_graph(bytes: impl Into<Bytes>) -> bool {
    let Ok(model) = Model::from_bytes(bytes) else { return false };
    assert!(model.graphs.iter().all(|graph| graph.verify().is_ok()));
    true
}

/// Counts what `is_counted` finds among the numbers of `range`, on two threads.
fn count(range: Range<usize>, is_counted: impl Fn(usize) -> bool + Sync) -> usize {
    let half = |odd| range.clone().skip(odd).step_by(2).filter(|&number| is_counted(number)).count();
    thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        half(0) + other.join().expect("no panic")
    })
}

#[test]
fn every_prefix_of_a_bundled_model_is_an_error_or_a_graph() {
    for (name, bytes) in models() {
        let whole = Bytes::from(bytes);
        let step = if everything() { 1 } else { whole.len().div_ceil(USUAL) };
        let prefix = |number: usize| whole.slice(0..number * step).expect("a prefix");
        let read = count(0..whole.len().div_ceil(step), |number| is_a_graph(prefix(number)));
        println!("{name}: {} prefixes, {read} are graphs", whole.len().div_ceil(step));
        // Only a last few bytes, which pad or end a text, may be missing unnoticed.
        assert!(read <= 16);
    }
}

/// The places of a model that are in none of its constants, which are most of the file and in which nothing can be wrong.
fn places_outside_constants(whole: &Bytes) -> Vec<usize> {
    let file = schema::read(whole.clone()).expect("the model reads");
    let start = whole.as_ptr() as usize;
    let mut is_constant = vec![false; whole.len()];
    for buffer in file.buffers.iter().filter(|buffer| !buffer.is_empty()) {
        let at = buffer.as_ptr() as usize - start;
        is_constant[at..at + buffer.len()].fill(true);
    }
    (0..whole.len() - 8).filter(|&at| !is_constant[at]).collect()
}

#[test]
fn every_mutation_of_a_bundled_model_is_an_error_or_a_graph() {
    let mutations = if everything() { ALL_MUTATIONS } else { USUAL };
    for (name, bytes) in models() {
        let places = places_outside_constants(&Bytes::from(bytes.clone()));
        let read = count(0..mutations, |number| {
            let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ ((number as u64) << 20));
            let mut damaged = bytes.clone();
            match number / 2 % 4 {
                0 => random.damage(&mut damaged),
                _ => random.damage_at(&mut damaged, |random| places[random.below(places.len())]),
            }
            is_a_graph(damaged)
        });
        println!("{name}: {mutations} mutations, {read} are graphs");
        assert!(read > mutations / 20 && read < mutations);
    }
}
