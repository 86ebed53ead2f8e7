//! The models to choose from: the catalogue's, and files that the user has brought.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::download::models_folder;
use super::{Card, ENTRIES, Entry, recognized};

/// A model to choose, as lists show it.
#[derive(Clone, Debug)]
pub struct Item {
    /// What people read.
    pub title: String,
    /// Its entry in the catalogue, if it is one of them.
    pub entry: Option<Entry>,
    /// That entry's card.
    pub card: Option<Card>,
    /// Where its bytes are.
    pub place: Place,
}

/// Where a model's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the program.
    Carried,
    /// In a file.
    File(PathBuf),
    /// At its publisher.
    Away,
}

/// The models in the order of lists: the catalogue's, then the user's own files.
#[derive(Clone, Debug)]
pub struct Shelf {
    items: Vec<Item>,
}

impl Shelf {
    /// The catalogue, and which of its models lie in the user's folder.
    pub fn new() -> Result<Self> {
        let items = ENTRIES.iter().map(Item::of_entry).collect::<Result<_>>()?;
        Ok(Self { items })
    }

    /// Every model.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// A model by its index.
    pub fn item(&self, index: usize) -> Result<&Item> {
        self.items.get(index).with_context(|| format!("there is no model number {index}"))
    }

    /// The index of a catalogue's name or, for what is no such name, of a `.tflite` file, which is put on the shelf.
    pub fn index_of(&mut self, name: &str) -> Result<usize> {
        let named = |item: &Item| item.entry.is_some_and(|entry| entry.name == name);
        if let Some(index) = self.items.iter().position(named) {
            return Ok(index);
        }
        let path = Path::new(name);
        if path.is_file() {
            return self.add_file(path);
        }
        let names: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
        bail!("no model is called “{name}” and there is no such file; there are: {}", names.join(", "))
    }

    /// The same for what is on this machine: a model that has to be fetched first is an error that says how.
    pub fn index_here(&mut self, name: &str) -> Result<usize> {
        let index = self.index_of(name)?;
        let item = self.item(index)?;
        if item.place == Place::Away {
            item.bytes()?;
        }
        Ok(index)
    }

    /// Puts a file on the shelf, unless it is there, and gives its index. A file that is one of the catalogue's
    /// models is that model from now on.
    pub fn add_file(&mut self, path: &Path) -> Result<usize> {
        let bytes = read(path)?;
        let place = Place::File(path.to_path_buf());
        if let Some(entry) = recognized(&bytes) {
            let index =
                self.items.iter().position(|item| item.is(entry)).context("the catalogue is on the shelf")?;
            if self.items[index].place == Place::Away {
                self.items[index].place = place;
            }
            return Ok(index);
        }
        if let Some(index) = self.items.iter().position(|item| item.place == place) {
            return Ok(index);
        }
        let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        self.items.push(Item { title, entry: None, card: None, place });
        Ok(self.items.len() - 1)
    }

    /// Says that a model has been fetched into a file.
    pub fn fetched(&mut self, index: usize, path: PathBuf) {
        if let Some(item) = self.items.get_mut(index) {
            item.place = Place::File(path);
        }
    }
}

impl Item {
    fn of_entry(entry: &Entry) -> Result<Self> {
        let card = entry.card()?;
        let file = models_folder().map(|folder| folder.join(file_name(entry)));
        let place = match file {
            _ if entry.is_carried() => Place::Carried,
            Some(path) if path.is_file() => Place::File(path),
            _ => Place::Away,
        };
        Ok(Self { title: card.title.clone(), entry: Some(*entry), card: Some(card), place })
    }

    /// What [`Shelf::index_of`] finds it by.
    pub fn name(&self) -> String {
        match (self.entry, &self.place) {
            (Some(entry), _) => entry.name.into(),
            (None, Place::File(path)) => path.display().to_string(),
            (None, _) => self.title.clone(),
        }
    }

    /// Whether it is this entry of the catalogue.
    pub fn is(&self, entry: &Entry) -> bool {
        self.entry.is_some_and(|own| own.name == entry.name)
    }

    /// The `.tflite` file's bytes. A model that is still away is an error that says how it comes.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        match (&self.place, self.entry) {
            (Place::File(path), _) => read(path),
            (Place::Carried, Some(entry)) => Ok(entry.bytes()?.into_owned()),
            (_, Some(entry)) => {
                bail!("the model {} has to be fetched first: matte models get {}", entry.name, entry.name)
            }
            (_, None) => bail!("the model {} has no file", self.title),
        }
    }
}

/// A fetched model's file in the user's folder.
pub(super) fn file_name(entry: &Entry) -> String {
    format!("{}.tflite", entry.name)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("the model {} cannot be read", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::FACES_NEAR;

    #[test]
    fn a_file_is_told_by_its_content() {
        let folder = std::env::temp_dir().join(format!("matte-shelf-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let (known, foreign) = (folder.join("a.tflite"), folder.join("b.tflite"));
        std::fs::write(&known, FACES_NEAR.bytes().expect("carried")).expect("space");
        std::fs::write(&foreign, b"TFL3").expect("space");
        let mut shelf = Shelf::new().expect("a whole catalogue");
        let count = shelf.items().len();
        let index = shelf.add_file(&known).expect("a file");
        assert_eq!(shelf.items()[index].entry.map(|entry| entry.name), Some(FACES_NEAR.name));
        assert_eq!(shelf.add_file(&foreign).expect("a file"), count);
        assert_eq!(shelf.index_of(&foreign.to_string_lossy()).expect("a file"), count, "it is there already");
        assert!(shelf.index_of("nobody").is_err());
        std::fs::remove_dir_all(&folder).expect("the folder was made here");
    }
}
