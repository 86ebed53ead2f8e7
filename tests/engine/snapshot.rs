//! Text that is reviewed like code: what the engine prints is compared with files under `tests/snapshots/`.
//! `MATTE_UPDATE_SNAPSHOTS=1 cargo test …` writes them anew.

use crate::source;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Compares `text` with the snapshot `name` (`"folder/name.wgsl"`).
pub fn check(name: &str, text: &str) {
    let result = if updating() { write(&folder(), name, text) } else { compare(&folder(), name, text) };
    assert!(result.is_ok(), "{}", result.err().unwrap_or_default());
}

/// Compares each text with its snapshot under `group`, and finds snapshots there that nothing prints any more.
pub fn check_all(group: &str, texts: impl IntoIterator<Item = (String, String)>) {
    let mut printed = BTreeSet::new();
    let mut wrong = Vec::new();
    for (name, text) in texts {
        let path = format!("{group}/{name}");
        let result =
            if updating() { write(&folder(), &path, &text) } else { compare(&folder(), &path, &text) };
        wrong.extend(result.err());
        assert!(printed.insert(name), "two texts are named {path}");
    }
    for name in names_in(&folder().join(group)).difference(&printed) {
        if updating() {
            fs::remove_file(folder().join(group).join(name)).expect("an old snapshot can be removed");
        } else {
            wrong.push(format!("{group}/{name}: nothing prints this snapshot any more"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn folder() -> PathBuf {
    source::root().join("tests/snapshots")
}

fn updating() -> bool {
    std::env::var_os("MATTE_UPDATE_SNAPSHOTS").is_some_and(|value| value == "1")
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = folder.join(name);
    let parent = path.parent().expect("a snapshot lies in a folder");
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| format!("{name}: {error}"))
}

fn compare(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let hint = "MATTE_UPDATE_SNAPSHOTS=1 writes it anew";
    let stored = fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}; {hint}"))?;
    let stored = stored.replace("\r\n", "\n");
    if stored == text {
        return Ok(());
    }
    let differing = stored.lines().zip(text.lines()).position(|(old, new)| old != new);
    let line = differing.unwrap_or_else(|| stored.lines().count().min(text.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    Err(format!("{name}, line {}: stored\n    {}\nnow\n    {}\n{hint}", line + 1, at(&stored), at(text)))
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeSet::new() };
    entries
        .map(|entry| entry.expect("the entry is readable").file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_snapshot_equals_what_was_written_and_shows_the_first_difference() {
    let folder = std::env::temp_dir().join(format!("matte-snapshot-{}", std::process::id()));
    write(&folder, "a/b.txt", "one\ntwo\n").expect("the snapshot is written");
    assert_eq!(compare(&folder, "a/b.txt", "one\ntwo\n"), Ok(()));
    let error = compare(&folder, "a/b.txt", "one\nthree\n").expect_err("the texts differ");
    assert!(error.contains("line 2") && error.contains("two") && error.contains("three"), "{error}");
    assert!(compare(&folder, "a/b.txt", "one\n").is_err(), "a missing line is a difference");
    assert!(compare(&folder, "a/c.txt", "one\n").is_err(), "a missing file is a difference");
    fs::remove_dir_all(folder).expect("the folder is removed");
    check("snapshot/example.txt", "A snapshot is text.\n");
    check_all("snapshot", [("example.txt".to_owned(), "A snapshot is text.\n".to_owned())]);
}
