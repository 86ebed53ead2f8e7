//! Small files in a folder of the user's, for what would take long to find out again.
//!
//! A file is worth what its *stamp* says: the device, its driver and whatever else its content holds for. One with another
//! stamp, of another version, cut short or damaged reads as absent, and is replaced by the next write. A write replaces the
//! file at once or not at all. Nothing here fails: without a folder that can be written to, everything is found out anew.

use std::fs;
use std::path::{Path, PathBuf};

/// The first line of every file.
const MAGIC: &str = "matte store 1";

/// A folder with stamped files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Files in this folder, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The content of the file `name`, if it is whole and has this stamp.
    pub fn read(&self, name: &str, stamp: &str) -> Option<Vec<u8>> {
        let bytes = fs::read(self.folder.join(name)).ok()?;
        let mut parts = bytes.splitn(4, |&byte| byte == b'\n');
        let mut line = || std::str::from_utf8(parts.next()?).ok();
        let whole = line()? == MAGIC && line()? == one_line(stamp);
        let sum = line()?.to_string();
        let content = parts.next()?;
        (whole && sum == checksum(content)).then(|| content.to_vec())
    }

    /// Writes the file `name`, and says whether that went well.
    pub fn write(&self, name: &str, stamp: &str, content: &[u8]) -> bool {
        let mut bytes = format!("{MAGIC}\n{}\n{}\n", one_line(stamp), checksum(content)).into_bytes();
        bytes.extend_from_slice(content);
        let part = self.folder.join(format!("{name}.{}.part", std::process::id()));
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&part, bytes))
            .and_then(|()| fs::rename(&part, self.folder.join(name)));
        if written.is_err() {
            // What is left of a write that failed is of no use, and may not be there.
            let _ = fs::remove_file(&part);
        }
        written.is_ok()
    }
}

/// The 64-bit FNV-1a hash (Fowler, Noll and Vo) of the parts, each ended by a zero.
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let part = |hash, part: &'a [u8]| step(part.iter().fold(hash, step), &0);
    parts.into_iter().fold(0xcbf2_9ce4_8422_2325, part)
}

fn checksum(content: &[u8]) -> String {
    format!("{} bytes {:016x}", content.len(), fingerprint([content]))
}

fn one_line(stamp: &str) -> String {
    stamp.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::Store;
    use std::fs;

    #[test]
    fn only_a_whole_file_with_its_stamp_is_read() {
        let folder = std::env::temp_dir().join(format!("matte-store-{}", std::process::id()));
        let store = Store::new(&folder);
        assert_eq!(store.read("a", "driver 1"), None);
        assert!(
            store.write("a", "driver 1", b"one\ntwo\n\n") && store.write("a", "driver\n1", b"three\nfour")
        );
        assert_eq!(store.read("a", "driver\n1"), Some(b"three\nfour".to_vec()));
        assert_eq!(store.read("a", "driver 2"), None);
        let whole = fs::read(folder.join("a")).expect("it was written");
        for end in 0..whole.len() {
            fs::write(folder.join("a"), &whole[..end]).expect("writable");
            assert_eq!(store.read("a", "driver 1"), None, "{end} of {} bytes", whole.len());
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(folder.join("a"), changed).expect("writable");
            assert_eq!(store.read("a", "driver 1"), None, "byte {at}");
        }
        assert!(store.write("a", "driver 1", b"") && store.read("a", "driver 1") == Some(Vec::new()));
        fs::remove_dir_all(&folder).expect("it exists");
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_keeps_nothing() {
        let file = std::env::temp_dir().join(format!("matte-store-file-{}", std::process::id()));
        fs::write(&file, b"no folder").expect("writable");
        let store = Store::new(&file);
        assert!(!store.write("a", "", b"x"));
        assert_eq!(store.read("a", ""), None);
        fs::remove_file(&file).expect("it exists");
    }
}
