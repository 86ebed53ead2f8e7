//! The networks that the program carries with it, each with its card.

use anyhow::{Context, Result};
use serde::Deserialize;

/// A bundled network.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its file's name without the extension; the command line takes it too.
    pub name: &'static str,
    /// The `.tflite` file.
    pub bytes: &'static [u8],
    /// The card beside the file, in TOML.
    card: &'static str,
}

/// What a card says that running the network needs.
#[derive(Clone, Debug, Deserialize)]
pub struct Card {
    /// What people read.
    pub title: String,
    /// The picture that the network takes.
    pub input: CardInput,
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
}

/// The values of black and white of every model that comes with the project, by its file's name without the extension.
const CARDS: [(&str, &str); 5] = [
    ("face_detection_short_range", include_str!("../../models/face_detection_short_range.toml")),
    ("face_landmark", include_str!("../../models/face_landmark.toml")),
    ("posenet_mobilenet_v1_075_257", include_str!("../../models/posenet_mobilenet_v1_075_257.toml")),
    ("selfie_segmentation", include_str!("../../models/selfie_segmentation.toml")),
    ("selfie_segmentation_landscape", include_str!("../../models/selfie_segmentation_landscape.toml")),
];

/// The values of black and white of a model that comes with the project.
pub fn range_of(name: &str) -> Option<(f32, f32)> {
    #[derive(Deserialize)]
    struct Input {
        low: f32,
        high: f32,
    }
    #[derive(Deserialize)]
    struct Ranged {
        input: Input,
    }
    let (_, card) = CARDS.iter().find(|(known, _)| *known == name)?;
    let card: Ranged = toml::from_str(card).ok()?;
    Some((card.input.low, card.input.high))
}

macro_rules! entry {
    ($name:literal) => {
        Entry {
            name: $name,
            bytes: include_bytes!(concat!("../../models/", $name, ".tflite")),
            card: include_str!(concat!("../../models/", $name, ".toml")),
        }
    };
}

/// The networks that part a person from the background, the usual one first.
pub const SEGMENTERS: [Entry; 2] = [entry!("selfie_segmentation"), entry!("selfie_segmentation_landscape")];

impl Entry {
    /// The card.
    pub fn card(&self) -> Result<Card> {
        toml::from_str(self.card).with_context(|| format!("the card of the model {} is damaged", self.name))
    }
}

/// The place of a network in [`SEGMENTERS`], by its name.
pub fn index_of(name: &str) -> Result<usize> {
    SEGMENTERS.iter().position(|entry| entry.name == name).with_context(|| {
        let names: Vec<_> = SEGMENTERS.iter().map(|entry| entry.name).collect();
        format!("no bundled model is called “{name}”; there are: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_says_what_running_needs() {
        for entry in SEGMENTERS {
            let card = entry.card().expect("a valid card");
            assert!(card.input.low < card.input.high && !card.title.is_empty());
        }
        assert!(CARDS.iter().all(|(name, _)| range_of(name).is_some_and(|(low, high)| low < high)));
        assert_eq!(range_of("nobody"), None);
        assert_eq!(index_of("selfie_segmentation_landscape").expect("bundled"), 1);
        assert!(index_of("nobody").is_err());
    }
}
