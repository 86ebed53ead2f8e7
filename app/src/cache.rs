//! The folder for what can be found out again: compiled pipelines, measured kernels.

use std::env;
use std::path::PathBuf;

/// `MATTE_CACHE` if it is set, an empty one keeping nothing; else the system's folder for a user's caches.
pub fn folder() -> Option<PathBuf> {
    match env::var_os("MATTE_CACHE") {
        Some(folder) => (!folder.is_empty()).then(|| folder.into()),
        None => Some(caches()?.join("matte")),
    }
}

fn caches() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    match env::consts::OS {
        "windows" => set("LOCALAPPDATA"),
        "macos" => Some(set("HOME")?.join("Library/Caches")),
        "android" => None,
        _ => set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache"))),
    }
}
