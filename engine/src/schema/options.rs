//! A builtin operator's options: one table of [`layout`](super::layout), its fields found by name.

use super::{
    Bytes, Error, Result,
    flatbuffer::Table,
    layout::{self, Field, Kind, Layout},
};

/// What a field of an options table holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number without fraction; a truth value is 0 or 1.
    Int(i64),
    /// A number.
    Float(f32),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Bytes),
    /// Numbers without fraction.
    Ints(Vec<i64>),
    /// Numbers.
    Floats(Vec<f32>),
}

/// An operator's options: a table of one of the schema's two unions.
///
/// A field that the file leaves out has its default. Fields that the schema does not name are listed by slot in
/// [`unknown`](Self::unknown): what they change cannot be known.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    id: u8,
    layout: Option<&'static Layout>,
    values: Vec<Option<Value>>,
    unknown: Vec<u16>,
}

impl Options {
    /// The options table called `name` in the schema with the given fields, the others left out.
    ///
    /// An error where the schema has no such table, or the table no such field of the value's type.
    pub fn new(name: &str, fields: &[(&str, Value)]) -> Result<Self> {
        let layout = layout::by_name(name);
        let layout =
            layout.ok_or_else(|| Error::Options { table: "schema", wanted: format!("table {name}") })?;
        let mut options = Self::empty(layout);
        for (field, value) in fields {
            let (slot, _) = options.field(field, |kind| value.fits(kind))?;
            options.values[slot] = Some(value.clone());
        }
        Ok(options)
    }

    /// These options with another value of one field. An error where the table has no such field of the value's type.
    pub fn with(mut self, field: &str, value: Value) -> Result<Self> {
        let (slot, _) = self.field(field, |kind| value.fits(kind))?;
        self.values[slot] = Some(value);
        Ok(self)
    }

    /// The options that `table` holds as number `id` of `union`. Bytes are ranges of `file`.
    pub(super) fn read(union: &'static [Layout], id: u8, table: &Table<'_>, file: &Bytes) -> Result<Self> {
        let Some(layout) = layout::by_id(union, id) else {
            return Ok(Self { id, layout: None, values: Vec::new(), unknown: table.slots().collect() });
        };
        let mut options = Self::empty(layout);
        for (slot, field) in (0..).zip(layout.fields) {
            options.values[usize::from(slot)] = Value::read(field, slot, table, file)?;
        }
        options.unknown = table.slots().filter(|&slot| usize::from(slot) >= layout.fields.len()).collect();
        Ok(options)
    }

    fn empty(layout: &'static Layout) -> Self {
        Self {
            id: layout.id,
            layout: Some(layout),
            values: vec![None; layout.fields.len()],
            unknown: Vec::new(),
        }
    }

    /// The table's number in its union.
    pub fn id(&self) -> u8 {
        self.id
    }

    /// The table's name in the schema, or a stand-in for one that the schema does not name.
    pub fn name(&self) -> &'static str {
        self.layout.map_or("of an unknown table", |layout| layout.name)
    }

    /// The table in the schema, if the schema names it.
    pub fn layout(&self) -> Option<&'static Layout> {
        self.layout
    }

    /// The slots that hold values which the schema does not name.
    pub fn unknown(&self) -> &[u16] {
        &self.unknown
    }

    /// Each field of the table with its value, in the order of the slots; none where the file leaves it out.
    pub fn fields(&self) -> impl Iterator<Item = (&'static Field, Option<&Value>)> {
        let fields = self.layout.map_or(&[][..], |layout| layout.fields);
        fields.iter().zip(self.values.iter().map(Option::as_ref))
    }

    /// The integer, code or truth value called `field`.
    pub fn int(&self, field: &str) -> Result<i64> {
        let (slot, found) = self.field(field, Kind::is_int)?;
        match &self.values[slot] {
            Some(Value::Int(value)) => Ok(*value),
            _ => Ok(found.default),
        }
    }

    /// The truth value called `field`.
    pub fn bool(&self, field: &str) -> Result<bool> {
        Ok(self.int(field)? != 0)
    }

    /// The floating-point number called `field`.
    pub fn float(&self, field: &str) -> Result<f32> {
        let (slot, found) = self.field(field, |kind| kind == Kind::F32)?;
        match &self.values[slot] {
            Some(Value::Float(value)) => Ok(*value),
            _ => Ok(found.default as f32),
        }
    }

    /// The integers or truth values called `field`; empty where the file leaves them out.
    pub fn ints(&self, field: &str) -> Result<&[i64]> {
        let (slot, _) = self.field(field, Kind::is_ints)?;
        match &self.values[slot] {
            Some(Value::Ints(values)) => Ok(values),
            _ => Ok(&[]),
        }
    }

    /// The floating-point numbers called `field`; empty where the file leaves them out.
    pub fn floats(&self, field: &str) -> Result<&[f32]> {
        let (slot, _) = self.field(field, |kind| kind == Kind::F32s)?;
        match &self.values[slot] {
            Some(Value::Floats(values)) => Ok(values),
            _ => Ok(&[]),
        }
    }

    /// The text called `field`; empty where the file leaves it out.
    pub fn text(&self, field: &str) -> Result<&str> {
        let (slot, _) = self.field(field, |kind| kind == Kind::Text)?;
        match &self.values[slot] {
            Some(Value::Text(value)) => Ok(value),
            _ => Ok(""),
        }
    }

    /// The bytes called `field`; empty where the file leaves them out.
    pub fn bytes(&self, field: &str) -> Result<Bytes> {
        let (slot, _) = self.field(field, |kind| kind == Kind::Bytes)?;
        match &self.values[slot] {
            Some(Value::Bytes(value)) => Ok(value.clone()),
            _ => Ok(Bytes::default()),
        }
    }

    fn field(&self, name: &str, fits: impl Fn(Kind) -> bool) -> Result<(usize, &'static Field)> {
        let fields = self.layout.map_or(&[][..], |layout| layout.fields);
        let found = fields.iter().enumerate().find(|(_, field)| field.name == name && fits(field.kind));
        found.ok_or_else(|| Error::Options {
            table: self.name(),
            wanted: format!("field {name} of this type"),
        })
    }
}

impl Value {
    fn read(field: &'static Field, slot: u16, table: &Table<'_>, file: &Bytes) -> Result<Option<Self>> {
        fn ints<T: Into<i64>>(values: Option<Vec<T>>) -> Option<Value> {
            values.map(|values| Value::Ints(values.into_iter().map(Into::into).collect()))
        }
        fn int<T: Into<i64>>(value: Option<T>) -> Option<Value> {
            value.map(|value| Value::Int(value.into()))
        }
        let name = field.name;
        Ok(match field.kind {
            Kind::Bool => int(table.present::<bool>(slot, name)?),
            Kind::I8 => int(table.present::<i8>(slot, name)?),
            Kind::I32 => int(table.present::<i32>(slot, name)?),
            Kind::U32 => int(table.present::<u32>(slot, name)?),
            Kind::I64 => int(table.present::<i64>(slot, name)?),
            Kind::F32 => table.present(slot, name)?.map(Value::Float),
            Kind::Text => table.present_text(slot, name)?.map(Value::Text),
            Kind::Bytes => table.range(slot, name, 1)?.and_then(|range| file.slice(range)).map(Value::Bytes),
            Kind::Bools => ints(table.present_vector::<bool>(slot, name)?),
            Kind::I32s => ints(table.present_vector::<i32>(slot, name)?),
            Kind::U32s => ints(table.present_vector::<u32>(slot, name)?),
            Kind::I64s => ints(table.present_vector::<i64>(slot, name)?),
            Kind::F32s => table.present_vector(slot, name)?.map(Value::Floats),
        })
    }

    /// Whether a field of this kind can hold the value without loss.
    fn fits(&self, kind: Kind) -> bool {
        match self {
            Self::Int(value) => kind.is_int() && kind.holds(*value),
            Self::Ints(values) => kind.is_ints() && values.iter().all(|&value| kind.holds(value)),
            Self::Float(_) => kind == Kind::F32,
            Self::Floats(_) => kind == Kind::F32s,
            Self::Text(_) => kind == Kind::Text,
            Self::Bytes(_) => kind == Kind::Bytes,
        }
    }
}

impl Kind {
    fn is_int(self) -> bool {
        matches!(self, Self::Bool | Self::I8 | Self::I32 | Self::U32 | Self::I64)
    }

    fn is_ints(self) -> bool {
        matches!(self, Self::Bools | Self::I32s | Self::U32s | Self::I64s)
    }

    fn holds(self, value: i64) -> bool {
        match self {
            Self::Bool | Self::Bools => (0..=1).contains(&value),
            Self::I8 => i8::try_from(value).is_ok(),
            Self::I32 | Self::I32s => i32::try_from(value).is_ok(),
            Self::U32 | Self::U32s => u32::try_from(value).is_ok(),
            Self::I64 | Self::I64s => true,
            Self::F32 | Self::F32s | Self::Text | Self::Bytes => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_their_defaults_and_their_types() {
        let options = Options::new("Conv2DOptions", &[("stride_w", Value::Int(2))]).expect("fields exist");
        assert_eq!(options.int("stride_w"), Ok(2));
        assert_eq!(options.int("stride_h"), Ok(0));
        assert_eq!(options.int("dilation_w_factor"), Ok(1));
        let dilated = options.clone().with("dilation_w_factor", Value::Int(3)).expect("the field exists");
        assert_eq!((dilated.int("dilation_w_factor"), dilated.int("stride_w")), (Ok(3), Ok(2)));
        assert!(options.clone().with("stride_w", Value::Float(1.0)).is_err());
        let error = options.float("stride_w").expect_err("stride_w is an integer").to_string();
        assert_eq!(error, "the options Conv2DOptions have no field stride_w of this type");
        assert!(
            Options::new("AddOptions", &[])
                .expect("the table exists")
                .bool("pot_scale_int16")
                .expect("a bool")
        );
    }

    #[test]
    fn values_that_a_field_cannot_hold_are_refused() {
        assert!(Options::new("MirrorPadOptions", &[("mode", Value::Int(200))]).is_err());
        assert!(Options::new("GeluOptions", &[("approximate", Value::Int(2))]).is_err());
        assert!(Options::new("NoOptions", &[]).is_err());
    }
}
