//! Quantization after training: a file with its weights, and if wished its activations, in another form.
//!
//! A file is edited as a file ([`File`] → [`File`]), so that whatever is not touched stays as it was, and any runtime of
//! the format loads the result. The steps of [`convert`]:
//!
//! 1. [`prepared`]: a model whose activations are integers becomes one of reals, and one whose images are laid out
//!    `[n, c, h, w]` becomes one of `[n, h, w, c]` where that is asked for.
//! 2. The layers are listed: nodes with constant weights, found behind DEQUANTIZE and DENSIFY, nodes that share weights
//!    together.
//! 3. Each layer's weights are stored in the form that the [`Recipe`] says.
//!
//! Weights become integers by the rules of TensorFlow Lite's converter: from 1024 elements on, symmetric in ±127, one
//! scale for each output channel where the operator allows that; biases stay real; weights that some other node reads,
//! too, stay as they were.

mod compare;
mod edit;
mod integer;
mod layer;
mod layout;
mod measure;
mod observe;
mod real;
mod scale;
mod store;

pub use compare::{Comparison, Difference, Task};
pub use layer::Layer;
pub use measure::{Budget, Measured, convert as convert_measured};
pub use observe::{Range, Ranging, observe};
pub use scale::{Bits, Granularity, Integers};
pub use store::Form;

use crate::error::{Error, Result};
use crate::schema::File;
use edit::Editor;
use std::collections::BTreeMap;

/// Weights of fewer elements stay as they are: the converter's rule.
pub const MINIMUM: usize = 1024;

/// What the numbers of the weights are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// f32.
    Reals,
    /// Halves.
    Halves,
    /// Integers.
    Integers(Bits),
}

/// How layers with integer weights compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Activations become integers at run time.
    Dynamic,
    /// With reals.
    WeightOnly,
    /// Activations are integers with ranges seen in calibration.
    Static,
}

/// How a file is converted.
pub struct Recipe<'a> {
    /// What the weights become.
    pub weights: Weights,
    /// How layers with integer weights compute.
    pub mode: Mode,
    /// How many scales weights have.
    pub granularity: Granularity,
    /// Weights of fewer elements stay as they are when the others become integers.
    pub minimum: usize,
    /// Whether the layer of this name stays as it is.
    pub keep: &'a dyn Fn(&str) -> bool,
}

/// What became of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The layer's name: that of its first node's result.
    pub name: String,
    /// Its operator.
    pub operator: String,
    /// Elements of its largest weights.
    pub elements: usize,
    /// Bytes of its weights before.
    pub before: usize,
    /// In which form its weights are now.
    pub form: Form,
    /// Why, where it is not the form that was asked for.
    pub why: String,
}

impl Change {
    fn of(layer: &Layer, (form, why): (Form, String)) -> Self {
        Self {
            name: layer.name.clone(),
            operator: layer.operator.clone(),
            elements: layer.elements,
            before: layer.bytes,
            form,
            why,
        }
    }
}

impl Recipe<'_> {
    /// The form that the recipe wants for a layer, or why it stays.
    fn form(&self, layer: &Layer) -> Result<Form, String> {
        if (self.keep)(&layer.name) {
            return Err("it is kept".into());
        }
        if let Some(refusal) = &layer.refusal {
            return Err(refusal.clone());
        }
        match (self.weights, self.mode) {
            (Weights::Reals, _) => Ok(Form::Reals),
            (Weights::Halves, _) => Ok(Form::Halves),
            _ if layer.elements < self.minimum => Err(format!("it has fewer than {} elements", self.minimum)),
            (Weights::Integers(bits), Mode::Dynamic) => Ok(Form::Dynamic(bits)),
            (Weights::Integers(bits), _) => Ok(Form::Unpacked(bits)),
        }
    }
}

/// `file` with real activations and, if `nhwc`, its images in the order `[n, h, w, c]`.
pub fn prepared(file: File, nhwc: bool) -> Result<File> {
    let mut editor = Editor::new(file);
    real::activations(&mut editor)?;
    let mut editor = Editor::new(editor.finish());
    if nhwc {
        layout::pixels_from_planes(&mut editor)?;
    }
    Ok(editor.finish())
}

/// The layers of a file.
pub fn layers(file: &File) -> Vec<Layer> {
    layer::layers(&Editor::new(file.clone()))
}

/// `file`, which is [`prepared`], with its weights in the form that the recipe says, and what became of each layer.
pub fn convert(file: File, recipe: &Recipe<'_>) -> Result<(File, Vec<Change>)> {
    with_forms(file, recipe.weights, recipe.granularity, |_, layer| recipe.form(layer))
}

/// `file`, which is [`prepared`], with activations of eight bits that have `ranges` by their tensors' indices, and what
/// became of each layer. Layers whose operator computes with reals only have integer weights behind a DEQUANTIZE.
pub fn convert_static(
    file: File,
    recipe: &Recipe<'_>,
    ranges: &BTreeMap<usize, Range>,
) -> Result<(File, Vec<Change>)> {
    if recipe.weights != Weights::Integers(Bits::Eight) {
        return Err(Error::invalid("activations that are integers go with weights of eight bits"));
    }
    let before = layers(&file);
    let mut editor = Editor::new(file);
    let nodes = integer::convert(&mut editor, ranges, recipe.granularity, recipe.keep)?;
    if nodes.iter().all(|(_, form)| *form == Form::AsTheyWere) {
        return Err(Error::invalid("no node of the model can compute with integers"));
    }
    let mut editor = Editor::new(editor.finish());
    let mut rest: BTreeMap<String, (Form, String)> = BTreeMap::new();
    for layer in layer::layers(&editor) {
        let form = Recipe { mode: Mode::WeightOnly, ..*recipe }.form(&layer);
        let stored = store_as(&mut editor, &layer, form, recipe.granularity)?;
        rest.insert(layer.name, stored);
    }
    store::store_rest(&mut editor, Form::AsTheyWere)?;
    let integers: BTreeMap<String, Form> =
        nodes.into_iter().filter(|(_, form)| *form == Form::Static).collect();
    let changes = before.iter().map(|layer| {
        let integer = integers.get(&layer.name).map(|&form| (form, String::new()));
        let unknown = || (Form::AsTheyWere, "it is not there any more".to_string());
        Change::of(layer, integer.or_else(|| rest.get(&layer.name).cloned()).unwrap_or_else(unknown))
    });
    Ok((editor.finish(), changes.collect()))
}

/// `file` with each layer's weights in the form that `form` gives, or as they were for the reason it gives.
pub fn with_forms(
    file: File,
    weights: Weights,
    granularity: Granularity,
    mut form: impl FnMut(usize, &Layer) -> Result<Form, String>,
) -> Result<(File, Vec<Change>)> {
    let mut editor = Editor::new(file);
    let layers = layer::layers(&editor);
    let mut changes = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let stored = store_as(&mut editor, layer, form(index, layer), granularity)?;
        changes.push(Change::of(layer, stored));
    }
    if matches!(weights, Weights::Integers(_)) && changes.iter().all(|change| change.form == Form::AsTheyWere)
    {
        return Err(nothing(&changes));
    }
    store::store_rest(
        &mut editor,
        match weights {
            Weights::Reals => Form::Reals,
            Weights::Halves => Form::Halves,
            Weights::Integers(_) => Form::AsTheyWere,
        },
    )?;
    Ok((editor.finish(), changes))
}

/// Stores a layer in a form, or leaves it for the reason given; tells the form in the end, and why.
fn store_as(
    editor: &mut Editor,
    layer: &Layer,
    form: Result<Form, String>,
    granularity: Granularity,
) -> Result<(Form, String)> {
    match form {
        Ok(form) => store::store(editor, layer, form, granularity),
        Err(why) => Ok((Form::AsTheyWere, why)),
    }
}

/// The error that no layer's weights can become integers.
fn nothing(changes: &[Change]) -> Error {
    let Some(largest) = changes.iter().max_by_key(|change| change.elements) else {
        return Error::invalid("the model has no weights to quantize");
    };
    Error::invalid(format!(
        "no weights of the model can be quantized; the largest are those of {} with {} elements: {}",
        largest.name, largest.elements, largest.why
    ))
}
