//! Fetching a model from its publisher: whole or not at all.
//!
//! The bytes go to a file `NAME.tflite.part` beside the model's place. A transfer that was cut goes on where it ended
//! if the server can do that, and begins anew if it cannot. Only a file of the pinned size and SHA-256 gets the model's
//! name. Nothing is ever fetched unless someone asked for this model.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use super::shelf::file_name;
use super::{Entry, hash_of, hex, http};
use crate::platform::folders::folders;

/// How often a transfer that was cut is taken up again before the user has to.
const ATTEMPTS: usize = 3;

/// What is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where from.
    pub address: String,
    /// The file's length.
    pub bytes: u64,
    /// The file's hash, in hexadecimal.
    pub sha256: String,
    /// The file's name, without folders.
    pub file: String,
}

impl Wanted {
    /// What the card of a model that the program does not carry says.
    pub fn of(entry: &Entry) -> Result<Self> {
        let card = entry.card()?;
        let address = card.address.with_context(|| format!("the model {} is here already", entry.name))?;
        Ok(Self { address, bytes: card.bytes, sha256: card.sha256, file: file_name(entry) })
    }
}

/// How a transfer goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// To its end.
    On,
    /// No further; what has come is kept for another time.
    Stop,
}

/// The user's folder for models; none on a system that names no home.
pub fn models_folder() -> Option<PathBuf> {
    folders().map(|folders| folders.data.join("models"))
}

/// Fetches a file into a folder and gives its path. `progress` hears how many bytes are there and says whether to go
/// on. A file that is there already and whole is not fetched again.
pub fn fetch(wanted: &Wanted, folder: &Path, mut progress: impl FnMut(u64) -> Go) -> Result<PathBuf> {
    let target = folder.join(&wanted.file);
    if is_whole(&target, wanted) {
        return Ok(target);
    }
    fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let part = Part::open(&folder.join(format!("{}.part", wanted.file)))?;
    for attempt in 1..=ATTEMPTS {
        let before = part.len()?;
        match part.extend(wanted, &mut progress) {
            Ok(()) => {
                part.become_file(wanted, &target)?;
                return Ok(target);
            }
            Err(Failure::Cut) if attempt < ATTEMPTS && part.len()? > before => {}
            Err(Failure::Cut) => bail!(
                "the transfer was cut after {} of {} bytes; asked for again, it goes on from there",
                part.len()?,
                wanted.bytes
            ),
            Err(Failure::Final(error)) => return Err(error),
        }
    }
    bail!("the transfer was cut again and again; asked for later, it goes on from where it ended")
}

fn is_whole(path: &Path, wanted: &Wanted) -> bool {
    let same_length = fs::metadata(path).is_ok_and(|metadata| metadata.len() == wanted.bytes);
    same_length && fs::read(path).is_ok_and(|bytes| hash_of(&bytes) == wanted.sha256)
}

/// Why a transfer ended before its end.
enum Failure {
    /// The connection did; another may go on from there.
    Cut,
    /// Trying again would not help.
    Final(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Final(error)
    }
}

/// The file that grows, locked against a second program that fetches the same.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path);
        let file = file.with_context(|| format!("the file {} cannot be made", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: path.to_path_buf(), file }),
            Err(TryLockError::WouldBlock) => bail!("another program is fetching {} now", path.display()),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("the file {} cannot be locked", path.display()))
            }
        }
    }

    fn len(&self) -> Result<u64> {
        let metadata = self.file.metadata();
        Ok(metadata.with_context(|| format!("the file {} is gone", self.path.display()))?.len())
    }

    fn clear(&self) -> Result<()> {
        self.file.set_len(0).with_context(|| format!("the file {} cannot be emptied", self.path.display()))
    }

    /// Appends what is missing.
    fn extend(&self, wanted: &Wanted, progress: &mut impl FnMut(u64) -> Go) -> Result<(), Failure> {
        if self.len()? > wanted.bytes {
            self.clear()?;
        }
        let mut have = self.len()?;
        if have == wanted.bytes {
            return Ok(());
        }
        let reply = http::get(&wanted.address, have)?;
        if reply.first != have {
            ensure_final(reply.first == 0, "the server sends another part of the file than was asked for")?;
            self.clear()?;
            have = 0;
        }
        if let Some(total) = reply.total
            && total != wanted.bytes
        {
            self.clear()?;
            let (address, bytes) = (&wanted.address, wanted.bytes);
            return Err(anyhow::anyhow!("{address} has {total} bytes, the model has {bytes}").into());
        }
        let mut body = reply.body;
        let mut piece = vec![0; 64 << 10];
        while have < wanted.bytes {
            if progress(have) == Go::Stop {
                return Err(anyhow::anyhow!("stopped after {have} of {} bytes", wanted.bytes).into());
            }
            let most = piece.len().min(usize::try_from(wanted.bytes - have).unwrap_or(usize::MAX));
            match body.read(&mut piece[..most]) {
                Ok(0) => return Err(Failure::Cut),
                Ok(count) => self.write(&piece[..count])?,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    log::info!("the transfer of {} was cut: {error}", wanted.address);
                    return Err(Failure::Cut);
                }
            }
            have = self.len()?;
        }
        progress(have);
        Ok(())
    }

    fn write(&self, bytes: &[u8]) -> Result<()> {
        (&self.file).write_all(bytes).map_err(|error| {
            let room = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
            // What has come would only take more of the room.
            let _ = fs::remove_file(&self.path);
            let folder = self.path.parent().unwrap_or(&self.path).display();
            match room {
                true => anyhow::anyhow!("there is no room for the model in {folder}"),
                false => anyhow::anyhow!("the file {} cannot be written: {error}", self.path.display()),
            }
        })
    }

    /// Gives the file the model's name, if it is the model.
    fn become_file(mut self, wanted: &Wanted, target: &Path) -> Result<()> {
        let hash = self.hash()?;
        if hash != wanted.sha256 {
            self.clear()?;
            bail!(
                "what {} sent is not the model: its SHA-256 is {hash}, not {}",
                wanted.address,
                wanted.sha256
            );
        }
        let written = self.file.sync_all().and_then(|()| fs::rename(&self.path, target));
        written.with_context(|| format!("the model cannot be put at {}", target.display()))
    }

    fn hash(&mut self) -> Result<String> {
        let mut digest = Sha256::new();
        let mut piece = vec![0; 64 << 10];
        self.file.seek(SeekFrom::Start(0))?;
        loop {
            match self.file.read(&mut piece)? {
                0 => return Ok(hex(&digest.finalize())),
                count => digest.update(&piece[..count]),
            }
        }
    }
}

fn ensure_final(holds: bool, sentence: &'static str) -> Result<()> {
    ensure!(holds, sentence);
    Ok(())
}
