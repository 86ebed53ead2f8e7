//! The models that come with the project are the files their cards describe.

use crate::source;
use matte_engine::schema::{self, SubGraph, TensorType};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fs;

/// What `models/NAME.toml` says of `models/NAME.tflite`; `models/README.md` explains the fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    name: String,
    title: String,
    about: String,
    task: Task,
    bytes: u64,
    sha256: String,
    license: String,
    copyright: String,
    origin: String,
    changes: Option<String>,
    input: Input,
    outputs: Vec<Output>,
    #[serde(default)]
    anchors: Vec<Anchors>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Task {
    Segmentation,
    FaceDetection,
    FaceLandmarks,
    Pose,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    tensor: String,
    shape: [usize; 4],
    channels: String,
    low: f32,
    high: f32,
    fit: Fit,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fit {
    Stretch,
    Letterbox,
    Crop,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    tensor: String,
    shape: Vec<usize>,
    layout: String,
    values: String,
    about: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchors {
    stride: usize,
    count: usize,
}

fn cards() -> Vec<Card> {
    let folder = source::root().join("models");
    let mut cards = Vec::new();
    for entry in fs::read_dir(&folder).expect("models/ is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).expect("the card is readable");
            let card: Result<Card, _> = toml::from_str(&text);
            let card = card
                .map_err(|error| format!("{}: {error}", path.display()))
                .expect("the card is well formed");
            assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(card.name.as_str()));
            cards.push(card);
        }
    }
    cards.sort_by(|a, b| a.name.cmp(&b.name));
    cards
}

#[test]
fn every_model_has_a_card_and_is_the_file_it_describes() {
    let cards = cards();
    for card in &cards {
        let path = source::root().join(format!("models/{}.tflite", card.name));
        let bytes = fs::read(&path).expect("the model is readable");
        assert_eq!(bytes.len() as u64, card.bytes, "{}", card.name);
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, card.sha256, "{}", card.name);
        let file = schema::read(bytes).expect("the model is well formed");
        let graph = &file.subgraphs[0];
        assert_eq!(described(graph, &graph.inputs), [(card.input.tensor.clone(), card.input.shape.to_vec())]);
        let outputs = card.outputs.iter().map(|output| (output.tensor.clone(), output.shape.clone()));
        assert_eq!(described(graph, &graph.outputs), outputs.collect::<Vec<_>>(), "{}", card.name);
    }
    let files = fs::read_dir(source::root().join("models")).expect("models/ is readable");
    let models = files.filter(|entry| {
        let entry = entry.as_ref().expect("the entry is readable");
        entry.path().extension().is_some_and(|extension| extension == "tflite")
    });
    assert_eq!(models.count(), cards.len(), "a model without a card");
}

/// Names and shapes of a file's inputs or outputs, which are all of 32-bit floats.
fn described(graph: &SubGraph, indices: &[i32]) -> Vec<(String, Vec<usize>)> {
    let tensors = indices.iter().map(|index| &graph.tensors[*index as usize]);
    tensors
        .map(|tensor| {
            assert_eq!(tensor.kind, TensorType::FLOAT32, "{}", tensor.name);
            (tensor.name.clone(), tensor.shape.iter().map(|size| *size as usize).collect())
        })
        .collect()
}

#[test]
fn cards_are_complete_and_free_to_pass_on() {
    for card in cards() {
        let name = &card.name;
        assert_eq!(card.license, "Apache-2.0", "{name}");
        let texts = [&card.title, &card.about, &card.copyright, &card.origin, &card.input.tensor];
        assert!(texts.iter().all(|text| !text.is_empty()), "{name}");
        assert!(card.changes.as_ref().is_none_or(|text| text.ends_with('.')), "{name}");
        assert_eq!(card.input.channels, "rgb", "{name}");
        assert_eq!((card.input.shape[0], card.input.shape[3]), (1, 3), "{name}");
        assert!(card.input.low < card.input.high, "{name}");
        for output in &card.outputs {
            assert!(["probability", "logit", "pixels"].contains(&output.values.as_str()), "{name}");
            assert!(output.about.ends_with('.') && !output.tensor.is_empty(), "{name}");
            assert!(output.shape.iter().all(|size| *size > 0), "{name}");
        }
        check_outputs_against_input(&card);
    }
}

/// What each task's outputs must look like for its input.
fn check_outputs_against_input(card: &Card) {
    let [_, height, width, _] = card.input.shape;
    let layouts: Vec<&str> = card.outputs.iter().map(|output| output.layout.as_str()).collect();
    match card.task {
        Task::Segmentation => {
            assert_eq!(layouts, ["mask"], "{}", card.name);
            assert_eq!(card.outputs[0].shape, [1, height, width, 1], "{}", card.name);
        }
        Task::FaceDetection => {
            assert_eq!(layouts, ["boxes", "scores"], "{}", card.name);
            let cells = |stride: usize| height.div_ceil(stride) * width.div_ceil(stride);
            let anchors: usize = card.anchors.iter().map(|entry| cells(entry.stride) * entry.count).sum();
            assert!(card.outputs.iter().all(|output| output.shape[1] == anchors), "{}", card.name);
            assert!(matches!(card.input.fit, Fit::Letterbox), "{}", card.name);
        }
        Task::FaceLandmarks => {
            assert_eq!(layouts, ["points-xyz", "scores"], "{}", card.name);
            assert_eq!(card.outputs[0].shape.last(), Some(&(468 * 3)), "{}", card.name);
            assert!(matches!(card.input.fit, Fit::Crop | Fit::Stretch), "{}", card.name);
        }
        Task::Pose => {
            assert_eq!(layouts, ["heatmap", "displacements-forward", "offsets", "displacements-backward"]);
            assert_eq!(card.outputs[0].shape[3] * 2, card.outputs[2].shape[3], "{}", card.name);
        }
    }
}
