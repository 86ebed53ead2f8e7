use super::{Activation, Op, Padding, Refusal, Verdict};
use crate::schema::Options;
use crate::tensor::TensorType;

/// An operator as the file describes it.
pub struct Source<'a> {
    /// The builtin operator's name such as `CONV_2D`, or a custom operator's own.
    pub name: &'a str,
    /// The operator's version.
    pub version: i64,
    /// The options table, if the file has one.
    pub options: Option<&'a Options>,
    /// A custom operator's options.
    pub custom_options: &'a [u8],
    /// The types of values inside the operator, which some recurrent ones list for their quantization.
    pub intermediates: &'a [TensorType],
}

impl Source<'_> {
    /// An integer of the options table; `default` where the operator has no table.
    pub fn int(&self, field: &str, default: i64) -> Verdict<i64> {
        Ok(self.options.map(|options| options.int(field)).transpose()?.unwrap_or(default))
    }

    /// A truth value of the options table; false where the operator has no table.
    pub fn bool(&self, field: &str) -> Verdict<bool> {
        Ok(self.options.map(|options| options.bool(field)).transpose()?.unwrap_or(false))
    }

    /// A real of the options table; `default` where the operator has no table.
    pub fn float(&self, field: &str, default: f32) -> Verdict<f32> {
        Ok(self.options.map(|options| options.float(field)).transpose()?.unwrap_or(default))
    }

    /// A number of steps, taps or the like: a positive integer; one where the operator has no table.
    pub fn extent(&self, field: &str) -> Verdict<usize> {
        let value = self.int(field, 1)?;
        usize::try_from(value)
            .ok()
            .filter(|&value| (1..=i32::MAX as usize).contains(&value))
            .ok_or_else(|| Refusal::new(format!("its {field} is {value}, it should be at least 1")))
    }

    /// The fused activation.
    pub fn activation(&self) -> Verdict<Activation> {
        Ok(match self.int("fused_activation_function", 0)? {
            0 => Activation::None,
            1 => Activation::Relu,
            2 => Activation::ReluN1To1,
            3 => Activation::Relu6,
            4 => Activation::Tanh,
            5 => Activation::SignBit,
            other => return Err(Refusal::new(format!("its fused activation {other} is unknown"))),
        })
    }

    /// The first N numbers of a custom operator's options that are a plain structure of i32.
    pub fn custom_words<const N: usize>(&self) -> Verdict<[i32; N]> {
        let words = self.custom_options.chunks_exact(4).take(N);
        let words: Vec<i32> =
            words.map(|word| i32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        words.try_into().map_err(|_| {
            let bytes = self.custom_options.len();
            Refusal::new(format!("its options have {bytes} bytes, they should have {} or more", 4 * N))
        })
    }

    /// A number of steps or taps in a custom operator's options.
    pub fn custom_extent(word: i32) -> Verdict<usize> {
        usize::try_from(word)
            .ok()
            .filter(|&extent| extent > 0)
            .ok_or_else(|| Refusal::new(format!("its options hold {word}, where at least 1 is expected")))
    }

    /// The padding scheme in a custom operator's options, where 1 is same and 2 valid.
    pub fn custom_padding(word: i32) -> Verdict<Padding> {
        match word {
            1 => Ok(Padding::Same),
            2 => Ok(Padding::Valid),
            other => Err(Refusal::new(format!("its padding scheme {other} is unknown"))),
        }
    }

    /// The padding scheme.
    pub fn padding(&self) -> Verdict<Padding> {
        match self.int("padding", 0)? {
            0 => Ok(Padding::Same),
            1 => Ok(Padding::Valid),
            other => Err(Refusal::new(format!("its padding scheme {other} is unknown"))),
        }
    }
}

/// The operator that `source` describes.
pub fn decode(source: &Source) -> Verdict<Op> {
    for family in super::FAMILIES {
        if let Some(op) = family(source)? {
            return Ok(op);
        }
    }
    Err(Refusal::new("the engine does not have this operator"))
}
