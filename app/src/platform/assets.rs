//! Files that lie in the program's package, as Android's lie beside the program and not in it.
//!
//! A package tells how long a file is and then gives its bytes in whatever pieces it likes; what came is checked
//! against what was told.

use std::io::Read;

use anyhow::{Context, Result, ensure};

/// The longest file that is read whole, in bytes.
const LONGEST: u64 = 256 << 20;

/// Holds files by their paths, with `/` between the names of folders.
pub trait Package {
    /// An open file.
    type File: Read;

    /// Opens a file and tells its length in bytes; none if there is no such file.
    fn open(&self, path: &str) -> Option<(u64, Self::File)>;
}

/// The content of a file.
pub fn read(package: &impl Package, path: &str) -> Result<Vec<u8>> {
    let (length, file) = package.open(path).with_context(|| format!("the program's package lacks {path}"))?;
    ensure!(length <= LONGEST, "{path} in the program's package claims to have {length} bytes");
    let mut bytes = Vec::with_capacity(usize::try_from(length)?);
    file.take(length + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{path} in the program's package cannot be read"))?;
    ensure!(
        bytes.len() as u64 == length,
        "{path} in the program's package is damaged: {length} bytes were promised, {} came",
        if bytes.len() as u64 > length { "more".into() } else { bytes.len().to_string() }
    );
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io;
    use std::path::Path;

    /// The repository, read as a package is.
    struct Repository;

    impl Package for Repository {
        type File = File;

        fn open(&self, path: &str) -> Option<(u64, File)> {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
            let file = File::open(root.join(path)).ok()?;
            Some((file.metadata().ok()?.len(), file))
        }
    }

    /// One file of zeros that comes a few bytes at a time, after interruptions, and may be shorter or longer than told
    /// or break.
    #[derive(Clone, Copy)]
    struct Zeros {
        told: u64,
        left: usize,
        interrupted: bool,
        breaks: bool,
    }

    impl Package for Zeros {
        type File = Self;

        fn open(&self, path: &str) -> Option<(u64, Self)> {
            (path == "models/zeros").then_some((self.told, *self))
        }
    }

    impl Read for Zeros {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if self.breaks && self.left < 5 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let count = buffer.len().min(3).min(self.left);
            buffer[..count].fill(0);
            self.left -= count;
            Ok(count)
        }
    }

    fn zeros(told: u64, left: usize) -> Zeros {
        Zeros { told, left, interrupted: false, breaks: false }
    }

    #[test]
    fn every_carried_model_is_read_whole_by_its_path() {
        for entry in crate::catalogue::ENTRIES.iter().filter(|entry| entry.is_carried()) {
            let bytes = read(&Repository, &entry.path()).expect("the model lies in the repository");
            assert!(bytes == *entry.bytes().expect("the program holds it"), "{}", entry.name);
        }
    }

    #[test]
    fn pieces_and_interruptions_make_no_difference() {
        assert_eq!(read(&zeros(1000, 1000), "models/zeros").expect("all of it"), vec![0; 1000]);
        assert!(read(&zeros(0, 0), "models/zeros").expect("nothing").is_empty());
    }

    #[test]
    fn what_is_missing_short_long_or_broken_is_named() {
        let said = |zeros: Zeros, path| format!("{:#}", read(&zeros, path).expect_err("a bad file"));
        assert!(said(zeros(10, 10), "models/nothing").contains("lacks models/nothing"));
        assert!(said(zeros(10, 7), "models/zeros").contains("10 bytes were promised, 7 came"));
        assert!(said(zeros(10, 11), "models/zeros").contains("10 bytes were promised, more came"));
        assert!(said(zeros(u64::MAX, 1), "models/zeros").contains("claims to have"));
        let broken = Zeros { breaks: true, ..zeros(10, 10) };
        assert!(
            said(broken, "models/zeros").contains("models/zeros in the program's package cannot be read")
        );
    }
}
