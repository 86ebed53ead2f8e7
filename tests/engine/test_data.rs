//! Files for tests that are too big for the repository: `MATTE_TEST_DATA`, or `../shared` beside the repository.

use crate::source;
use std::{env, fs, path::PathBuf};

/// The folder with more files, or none after a line that says which test skips what.
pub fn folder(test: &str) -> Option<PathBuf> {
    let folder = match env::var_os("MATTE_TEST_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => source::root().join("../shared"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: {test}: there is no folder {}; MATTE_TEST_DATA names another", folder.display());
    None
}

/// The models of the repository and, where they are, those of the folder with more files, in order of their paths.
pub fn models(test: &str) -> Vec<PathBuf> {
    let mut folders = vec![source::root().join("models")];
    if let Some(folder) = folder(test) {
        let kinds = ["bundle", "conformance", "perf", "reference"];
        folders.extend(kinds.map(|kind| folder.join("models").join(kind)));
    }
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "tflite"));
    paths.sort();
    paths
}
