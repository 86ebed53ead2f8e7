//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file that is written beside its place and moved there when it is complete. Dropping it before that
/// leaves nothing behind, and whatever was there before stays.
pub struct WholeFile {
    file: Option<BufWriter<File>>,
    unfinished: PathBuf,
    place: PathBuf,
}

impl WholeFile {
    /// Begins a file that will appear at `place`.
    pub fn create(place: &Path) -> Result<Self> {
        let failed = || format!("the file {} cannot be written", place.display());
        let name = place.file_name().with_context(failed)?.to_string_lossy();
        let unfinished = place.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = BufWriter::new(File::create(&unfinished).with_context(failed)?);
        Ok(Self { file: Some(file), unfinished, place: place.into() })
    }

    /// Puts the complete file in its place, once the disk has it.
    pub fn finish(mut self) -> Result<()> {
        let synced = self.file().and_then(|file| file.flush().and_then(|()| file.get_ref().sync_all()));
        self.appear(synced)
    }

    fn appear(mut self, written: io::Result<()>) -> Result<()> {
        let flushed = written.and_then(|()| self.flush());
        // Closed first: not every system moves an open file.
        self.file = None;
        flushed
            .and_then(|()| fs::rename(&self.unfinished, &self.place))
            .with_context(|| format!("the file {} cannot be written", self.place.display()))
    }

    /// Puts `bytes` at `place`, whose folder is made if there is none. The disk may have them later, which a power
    /// failure would show and the end of the program does not.
    pub fn put(place: &Path, bytes: &[u8]) -> Result<()> {
        let failed = || format!("the file {} cannot be written", place.display());
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).with_context(failed)?;
        }
        let mut file = Self::create(place)?;
        let written = file.write_all(bytes);
        file.appear(written)
    }

    fn file(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

impl Seek for WholeFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(to)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        // After `finish` there is nothing to remove; otherwise the leftover is not worth another error.
        let _ = fs::remove_file(&self.unfinished);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("matte-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    }

    #[test]
    fn a_file_appears_when_it_is_finished_and_not_before() {
        let folder = folder("output");
        let place = folder.join("result.txt");
        let mut output = WholeFile::create(&place).expect("a writable folder");
        output.write_all(b"whole").expect("space");
        assert!(!place.exists());
        output.finish().expect("moved");
        assert_eq!(fs::read(&place).expect("there"), b"whole");
        let mut broken_off = WholeFile::create(&place).expect("a writable folder");
        broken_off.write_all(b"half").expect("space");
        drop(broken_off);
        assert_eq!(fs::read(&place).expect("still there"), b"whole");
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 1, "nothing is left behind");
        fs::remove_dir_all(&folder).expect("cleared away");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = WholeFile::create(Path::new("no/such/folder/result.png")).err().expect("no such folder");
        assert!(format!("{error:#}").contains("no/such/folder/result.png"));
    }
}
