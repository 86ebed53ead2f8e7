//! What is kept from one start to the next: a TOML file with a version in the user's settings folder.
//!
//! A file that cannot be read is set aside under another name and said so, and everything is as at first. Names that
//! are missing take their usual values, so that a file of an older program serves too.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Error, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Backend, Engine, Look, Options, Precision, Theme};
use crate::catalogue::Shelf;
use crate::platform::folders::folders;
use crate::platform::whole::WholeFile;
use crate::render::Wish;
use crate::segment::processors;

/// The file's version; a newer file is set aside.
const VERSION: u32 = 1;

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    /// The file's version.
    pub version: u32,
    /// A part of the wanted adapter's name.
    pub adapter: String,
    /// Whether the network runs on the processor.
    pub on_cpu: bool,
    /// Whether the GPU computes with halves.
    pub half: bool,
    /// The threads of the processor; all of them without this.
    pub threads: Option<usize>,
    /// The network: a name of the catalogue, or a file.
    pub model: String,
    /// The colors of the controls.
    pub theme: Theme,
    /// Whether the figures lie over the picture.
    pub figures: bool,
    /// Whether the finer controls are shown.
    pub advanced: bool,
    /// Whether the quality holds a frame rate by itself.
    pub automatic: bool,
    /// The frame rate that it holds.
    pub target: f32,
    /// How the picture looks.
    pub look: Look,
}

impl Default for Saved {
    fn default() -> Self {
        Self {
            version: VERSION,
            adapter: String::new(),
            on_cpu: false,
            half: cfg!(target_os = "android"),
            threads: None,
            model: String::new(),
            theme: Theme::default(),
            figures: false,
            advanced: false,
            automatic: false,
            target: 30.0,
            look: Look::default(),
        }
    }
}

impl Saved {
    /// Reads the file; a missing one gives the usual values. A sentence says if it had to be set aside.
    pub fn read(place: &Path) -> (Self, Option<String>) {
        let text = match fs::read_to_string(place) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (Self::default(), None),
            Err(error) => return (Self::default(), Some(aside(place, &error.into()))),
        };
        match text.parse() {
            Ok(saved) => (saved, None),
            Err(error) => (Self::default(), Some(aside(place, &error))),
        }
    }

    /// Writes the file, whole or not at all.
    pub fn write(&self, place: &Path) -> Result<()> {
        let named = || format!("the settings {} cannot be written", place.display());
        let text = toml::to_string(self).with_context(named)?;
        WholeFile::put(place, text.as_bytes()).with_context(named)
    }
}

impl Options {
    /// As the program was left, by the settings' file at `place`.
    pub fn kept(place: Option<PathBuf>, mut shelf: Shelf) -> Self {
        let (saved, notice) = place.as_deref().map_or_else(Default::default, Saved::read);
        let engine = Engine {
            backend: if saved.on_cpu { Backend::Cpu } else { Backend::Gpu },
            precision: if saved.half { Precision::F16 } else { Precision::F32 },
            threads: saved.threads.map_or_else(processors, |kept| kept.clamp(1, processors())),
            model: shelf.index_here(&saved.model).unwrap_or_default(),
        };
        Self {
            look: saved.look.clone(),
            engine,
            shelf: Some(shelf),
            adapter: Wish { name: saved.adapter.clone() },
            overlay: saved.figures,
            saved,
            place,
            notice,
            ..Self::default()
        }
    }
}

impl FromStr for Saved {
    type Err = Error;

    /// Reads the file's text.
    fn from_str(text: &str) -> Result<Self> {
        let saved: Saved = toml::from_str(text).context("the file is damaged")?;
        ensure!(saved.version <= VERSION, "the file is of a newer version of Matte");
        let look = &saved.look;
        let parts = [
            look.strength,
            look.highlights,
            look.edge,
            look.feather,
            look.smoothing.value,
            look.refinement.value,
            look.wrap.value,
            look.wipe.value,
        ];
        ensure!(parts.iter().all(|part| (0.0..=1.0).contains(part)), "the file holds values out of range");
        ensure!((1.0..=240.0).contains(&saved.target), "the file holds values out of range");
        Ok(Saved { version: VERSION, ..saved })
    }
}

/// Gives a file that is of no use another name, and says so.
fn aside(place: &Path, error: &Error) -> String {
    let other = place.with_extension("toml.damaged");
    match fs::rename(place, &other) {
        Ok(()) => {
            format!("The settings could not be read ({error:#}) and were set aside as {}", other.display())
        }
        Err(_) => format!("The settings {} could not be read: {error:#}", place.display()),
    }
}

/// Where the settings lie on this system, if it names a place for them.
pub fn settings_place() -> Option<PathBuf> {
    folders().map(|folders| folders.settings.join("settings.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Effect;

    fn place(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("matte-settings-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        folder.join("settings.toml")
    }

    #[test]
    fn what_is_written_is_read() {
        let place = place("kept");
        let look = Look {
            effect: Effect::Gradient,
            strength: 0.25,
            focus: Some([0.5, 0.25]),
            picture: Some("/a/b.png".into()),
            ..Look::default()
        };
        let saved =
            Saved { theme: Theme::Light, threads: Some(3), automatic: true, look, ..Saved::default() };
        saved.write(&place).expect("a writable folder");
        assert_eq!(Saved::read(&place), (saved, None));
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_said_so() {
        for (name, text) in [
            ("no-toml", "look = [["),
            ("newer", "version = 99"),
            ("range", "[look]\nstrength = 7.0"),
            ("effect", "[look]\neffect = \"sparkles\""),
        ] {
            let place = place(name);
            fs::write(&place, text).expect("a writable folder");
            let (saved, notice) = Saved::read(&place);
            assert_eq!(saved, Saved::default(), "{name}");
            assert!(notice.is_some_and(|notice| notice.contains("set aside")), "{name}");
            assert!(!place.exists() && place.with_extension("toml.damaged").exists(), "{name}");
            assert_eq!(Saved::read(&place), (Saved::default(), None), "{name}: the next start is quiet");
        }
    }

    #[test]
    fn names_that_are_missing_take_their_usual_values() {
        let saved = str::parse::<Saved>("version = 1\n[look]\neffect = \"portrait\"").expect("a short file");
        assert_eq!(saved.look, Look { effect: Effect::Portrait, ..Look::default() });
    }
}
