//! The models that the program knows: those it carries with it, and those it can fetch. Each has its card.
//!
//! A card lies beside its model in `models/`, or alone in `models/downloads/` when the model is fetched from its
//! publisher at the user's wish; [`download`] does that, [`Shelf`] says which models are at hand.

pub mod download;
mod http;
mod shelf;

use std::borrow::Cow;
use std::str::FromStr;

use anyhow::{Context, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use shelf::{Item, Place, Shelf};

/// A model of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its file's name without the extension; the command line takes it too.
    pub name: &'static str,
    carried: bool,
    /// The `.tflite` file, where the program holds it; empty for a model that is fetched.
    #[cfg(not(target_os = "android"))]
    held: &'static [u8],
    /// The card, in TOML.
    card: &'static str,
}

/// What a card says of its model.
#[derive(Clone, Debug, Deserialize)]
pub struct Card {
    /// What people read.
    pub title: String,
    /// What the model is for.
    pub task: CardTask,
    /// The same in one sentence.
    pub about: String,
    /// The file's length.
    pub bytes: u64,
    /// The file's hash, in hexadecimal.
    pub sha256: String,
    /// The license's SPDX name.
    pub license: String,
    /// Who holds the rights.
    pub copyright: String,
    /// Where the file was published.
    pub origin: String,
    /// The address to fetch it from; none for a model that the program carries.
    pub address: Option<String>,
    /// By whose word this address gives this file.
    pub pinned: Option<String>,
    /// The picture that the network takes.
    pub input: CardInput,
    /// The classes' names, in the order of the scores. A name of “???” stands for no class.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Of a segmentation's classes those that are kept until the user chooses others.
    #[serde(default)]
    pub keep: Vec<String>,
    /// For boxes, the grids of anchors in the order of the outputs.
    #[serde(default)]
    pub anchors: Vec<CardAnchors>,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum CardTask {
    /// A person, hair or things, pixel by pixel.
    Segmentation,
    /// Boxes around faces.
    FaceDetection,
    /// Points on one face.
    FaceLandmarks,
    /// The joints of bodies.
    Pose,
    /// Boxes around things.
    Objects,
    /// What the picture as a whole shows.
    Classification,
    /// Distances.
    Depth,
}

impl CardTask {
    /// What a list calls models of this kind.
    pub fn title(self) -> &'static str {
        match self {
            Self::Segmentation => "Segmentation",
            Self::FaceDetection => "Faces",
            Self::FaceLandmarks => "Face contour",
            Self::Pose => "Body pose",
            Self::Objects => "Boxes",
            Self::Classification => "Classification",
            Self::Depth => "Depth",
        }
    }
}

impl FromStr for Card {
    type Err = toml::de::Error;

    /// Reads a card's text.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        toml::from_str(text)
    }
}

/// The picture that a network takes.
#[derive(Clone, Debug, Deserialize)]
pub struct CardInput {
    /// The value of black.
    pub low: f32,
    /// The value of white.
    pub high: f32,
    /// How a picture of another aspect is brought to the network's.
    pub fit: CardFit,
}

/// How a picture of another aspect is brought to a network's.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum CardFit {
    /// Squeezed.
    Stretch,
    /// Whole, with bars.
    Letterbox,
    /// The middle part.
    Center,
    /// A part that another network finds.
    Crop,
}

/// A grid of anchors: at each cell's center `count` of them.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct CardAnchors {
    /// A cell's side, in pixels of the network's input.
    pub stride: u32,
    /// Anchors a cell.
    pub count: u32,
}

macro_rules! carried {
    ($name:literal) => {
        Entry {
            name: $name,
            carried: true,
            #[cfg(not(target_os = "android"))]
            held: include_bytes!(concat!("../../../models/", $name, ".tflite")),
            card: include_str!(concat!("../../../models/", $name, ".toml")),
        }
    };
}

macro_rules! fetched {
    ($name:literal) => {
        Entry {
            name: $name,
            carried: false,
            #[cfg(not(target_os = "android"))]
            held: &[],
            card: include_str!(concat!("../../../models/downloads/", $name, ".toml")),
        }
    };
}

/// The carried networks that part a person from the background, the usual one first.
pub const SEGMENTERS: [Entry; 2] =
    [carried!("selfie_segmentation"), carried!("selfie_segmentation_landscape")];

/// Every model, those that part a person first.
pub const ENTRIES: [Entry; 13] = [
    SEGMENTERS[0],
    SEGMENTERS[1],
    fetched!("hair_segmentation"),
    fetched!("deeplabv3_257"),
    carried!("posenet_mobilenet_v1_075_257"),
    carried!("face_landmark"),
    fetched!("face_landmark_with_attention"),
    FACES_NEAR,
    fetched!("face_detection_full_range_sparse"),
    fetched!("ssd_mobilenet_v1_coco_quant"),
    fetched!("mobilenet_v1_0.25"),
    fetched!("mobilenet_v1_0.25_quant"),
    fetched!("fastdepth"),
];

/// The network that finds the face on which another one then places points.
pub const FACES_NEAR: Entry = carried!("face_detection_short_range");

impl Entry {
    /// The card.
    pub fn card(&self) -> Result<Card> {
        self.card.parse().with_context(|| format!("the card of the model {} is damaged", self.name))
    }

    /// Whether the program carries the file with it.
    pub fn is_carried(&self) -> bool {
        self.carried
    }

    /// Where a carried file lies in the repository, and in the program's package.
    pub fn path(&self) -> String {
        format!("models/{}.tflite", self.name)
    }

    /// The content of a carried file.
    #[cfg(not(target_os = "android"))]
    pub fn bytes(&self) -> Result<Cow<'static, [u8]>> {
        Ok(Cow::Borrowed(self.held))
    }

    /// The content of a carried file, read from the program's package.
    #[cfg(target_os = "android")]
    pub fn bytes(&self) -> Result<Cow<'static, [u8]>> {
        crate::platform::packed(&self.path()).map(Cow::Owned)
    }
}

/// The entry of a name.
pub fn entry_of(name: &str) -> Result<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name).with_context(|| {
        let names: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
        format!("no model of the catalogue is called “{name}”; there are: {}", names.join(", "))
    })
}

/// The entry that a file is, by its content, whatever its name.
pub fn recognized(bytes: &[u8]) -> Option<&'static Entry> {
    let hash = hash_of(bytes);
    ENTRIES.iter().find(|entry| {
        let same = |card: Card| card.bytes == bytes.len() as u64 && card.sha256 == hash;
        entry.card().is_ok_and(same)
    })
}

/// The SHA-256 of bytes, in hexadecimal.
pub fn hash_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_says_what_running_needs() {
        for entry in ENTRIES {
            let card = entry.card().expect("a valid card");
            assert!(card.input.low < card.input.high && !card.title.is_empty() && !card.about.is_empty());
            assert!(!card.license.is_empty() && !card.copyright.is_empty() && !card.origin.is_empty());
            assert!(card.keep.iter().all(|class| card.labels.contains(class)), "{}", entry.name);
        }
    }

    #[test]
    fn a_model_is_either_carried_or_pinned() {
        for entry in ENTRIES {
            let card = entry.card().expect("a valid card");
            assert_eq!(card.address.is_none(), entry.is_carried(), "{}", entry.name);
            assert_eq!(card.address.is_some(), card.pinned.is_some(), "{}", entry.name);
            assert!(card.address.is_none_or(|address| address.starts_with("https://")), "{}", entry.name);
            assert_eq!(card.sha256.len(), 64, "{}", entry.name);
            if entry.is_carried() {
                assert_eq!(hash_of(&entry.bytes().expect("carried")), card.sha256, "{}", entry.name);
            }
        }
    }

    #[test]
    fn entries_are_found_by_name_and_by_content() {
        assert!(entry_of("nobody").is_err());
        for entry in ENTRIES {
            assert_eq!(entry_of(entry.name).expect("known").name, entry.name);
        }
        assert_eq!(
            recognized(&FACES_NEAR.bytes().expect("carried")).map(|entry| entry.name),
            Some(FACES_NEAR.name)
        );
        assert!(recognized(b"something else").is_none());
    }
}
