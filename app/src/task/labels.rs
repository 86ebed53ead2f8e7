//! The names of a model's classes: files of names packed behind the model, as TensorFlow's metadata tools do it, or
//! lying beside it.

use std::path::Path;

/// The end of a ZIP archive's directory, its entries there, and the entries themselves.
const END: &[u8] = b"PK\x05\x06";
const LISTED: &[u8] = b"PK\x01\x02";
const STORED: u16 = 0;

/// The names in the first text file, uncompressed, of the archive at a model's end; none without one.
pub fn packed_labels(bytes: &[u8]) -> Option<Vec<String>> {
    let end = bytes.len().checked_sub(22)?;
    let from = end.saturating_sub(usize::from(u16::MAX));
    let at = (from..=end).rev().find(|&at| bytes[at..].starts_with(END))?;
    let count = short(bytes, at + 10)?;
    let (length, start) = (long(bytes, at + 12)?, long(bytes, at + 16)?);
    // Behind a model the archive's offsets count from the model's first byte or from the archive's.
    let directory = at.checked_sub(length)?;
    let base = directory.checked_sub(start)?;
    let mut entry = directory;
    for _ in 0..count {
        if !bytes.get(entry..)?.starts_with(LISTED) {
            return None;
        }
        let (method, size) = (short(bytes, entry + 10)?, long(bytes, entry + 20)?);
        let name_length = usize::from(short(bytes, entry + 28)?);
        let rest = usize::from(short(bytes, entry + 30)?) + usize::from(short(bytes, entry + 32)?);
        let name = bytes.get(entry + 46..entry + 46 + name_length)?;
        if method == STORED && name.ends_with(b".txt") {
            let local = base.checked_add(long(bytes, entry + 42)?)?;
            let skipped = usize::from(short(bytes, local + 26)?) + usize::from(short(bytes, local + 28)?);
            let first = local.checked_add(30 + skipped)?;
            return Some(lines(bytes.get(first..first.checked_add(size)?)?));
        }
        entry += 46 + name_length + rest;
    }
    None
}

/// The names, one a line, in `NAME.txt` beside `NAME.tflite`, or in `labels.txt` there.
pub fn labels_beside(model: &Path) -> Option<Vec<String>> {
    let files = [model.with_extension("txt"), model.with_file_name("labels.txt")];
    files.iter().find_map(|file| std::fs::read(file).ok()).map(|bytes| lines(&bytes))
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(|line| line.trim().to_owned()).collect()
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    let value = u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?);
    usize::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::SEGMENTERS;

    #[test]
    fn names_behind_a_model_are_found() {
        assert_eq!(packed_labels(&SEGMENTERS[0].bytes().expect("carried")), Some(vec!["selfie".to_owned()]));
    }

    #[test]
    fn no_prefix_of_a_model_is_a_trap() {
        let bytes = SEGMENTERS[0].bytes().expect("carried");
        assert!((bytes.len() - 400..bytes.len()).all(|length| packed_labels(&bytes[..length]).is_none()));
        assert_eq!(packed_labels(b""), None);
        assert_eq!(packed_labels(&[0; 22]), None);
    }
}
