//! A folder of pictures, shown one after the other, again and again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Info, Position, Source, is_picture, picture};
use crate::pipeline::frame::Frame;

/// How long each picture is shown: less than a source may be silent.
const EACH: Duration = Duration::from_millis(2500);

/// The pictures of a folder, in the order of their names.
pub struct Album {
    folder: PathBuf,
    pictures: Vec<PathBuf>,
    next: usize,
    sequence: u64,
    due: Option<Instant>,
}

impl Album {
    /// Lists the folder; one without pictures is an error.
    pub fn open(folder: &Path) -> Result<Self> {
        let entries =
            folder.read_dir().with_context(|| format!("the folder {} cannot be read", folder.display()))?;
        let mut pictures: Vec<_> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_file() && is_picture(path))
            .collect();
        pictures.sort();
        if pictures.is_empty() {
            bail!("the folder {} holds no pictures", folder.display());
        }
        Ok(Self { folder: folder.into(), pictures, next: 0, sequence: 0, due: None })
    }

    /// The pictures' files, in their order.
    pub fn pictures(&self) -> &[PathBuf] {
        &self.pictures
    }
}

impl Source for Album {
    fn info(&self) -> Info {
        let name = self.folder.file_name().unwrap_or(self.folder.as_os_str()).to_string_lossy().into_owned();
        Info { name, detail: format!("{} pictures", self.pictures.len()), live: false }
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A file that cannot be read any more is passed over.
    fn next(&mut self) -> Result<Option<Frame>> {
        let mut failure = None;
        for _ in 0..self.pictures.len() {
            let path = &self.pictures[self.next % self.pictures.len()];
            self.next = (self.next + 1) % self.pictures.len();
            match picture::frame_of(path) {
                Ok(mut frame) => {
                    frame.sequence = self.sequence;
                    self.sequence += 1;
                    self.due = Some(Instant::now() + EACH);
                    return Ok(Some(frame));
                }
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(None), Err)
    }

    fn position(&self) -> Option<Position> {
        let shown = (self.next + self.pictures.len() - 1) % self.pictures.len();
        let time = |pictures: usize| EACH.saturating_mul(u32::try_from(pictures).unwrap_or(u32::MAX));
        Some(Position { at: time(shown), length: time(self.pictures.len()) })
    }

    fn seek(&mut self, to: Duration) -> Result<()> {
        self.next = (to.as_millis() / EACH.as_millis()) as usize % self.pictures.len();
        self.due = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    #[test]
    fn pictures_come_in_the_order_of_their_names_and_begin_anew() {
        let folder = std::env::temp_dir().join(format!("matte-album-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        assert!(Album::open(&folder).is_err(), "an empty folder");
        for (name, red) in [("b.png", 2), ("a.png", 1), ("c.png", 3)] {
            RgbaImage::from_pixel(2 + red, 2, Rgba([red as u8, 0, 0, 255]))
                .save(folder.join(name))
                .expect("saved");
        }
        std::fs::write(folder.join("notes.txt"), "no picture").expect("saved");
        let mut album = Album::open(&folder).expect("a folder of pictures");
        assert_eq!(album.info().detail, "3 pictures");
        let red = |album: &mut Album| album.next().expect("a picture").expect("a picture").data()[0];
        assert_eq!([red(&mut album), red(&mut album), red(&mut album), red(&mut album)], [1, 2, 3, 1]);
        assert!(album.due().is_some_and(|due| due > Instant::now()), "a picture stays for a while");
        album.seek(2 * EACH).expect("a place in the folder");
        assert!(album.due().is_none(), "another place is shown at once");
        assert_eq!(red(&mut album), 3);
        std::fs::remove_file(folder.join("a.png")).expect("removed");
        assert_eq!(red(&mut album), 2, "what is gone is passed over");
        assert_eq!(album.position(), Some(Position { at: EACH, length: 3 * EACH }));
        std::fs::remove_dir_all(&folder).expect("cleared away");
    }
}
