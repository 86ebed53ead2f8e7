use super::{Crop, CropVersion1, Landmarks};
use crate::ops::{Refusal, Source, Verdict};
use crate::schema::flexbuffer::{self, Value};

/// The operator that `source` names, with the options of its version.
pub fn decode(source: &Source) -> Verdict<Option<Landmarks>> {
    let (name, version) = (source.name, source.version);
    if !matches!(
        name,
        "Landmarks2TransformMatrix" | "TransformTensorBilinear" | "TransformTensor" | "TransformLandmarks"
    ) {
        return Ok(None);
    }
    if name == "TransformLandmarks" && version == 2 {
        return Ok(Some(Landmarks::Transform { dimensions: None, scale: 1.0 }));
    }
    let options = Map(flexbuffer::read(source.custom_options)?);
    Ok(Some(match (name, version) {
        ("Landmarks2TransformMatrix", 2) => Landmarks::Matrix(crop(&options)?),
        ("Landmarks2TransformMatrix", 1) => Landmarks::MatrixVersion1(crop_version_1(&options)?),
        ("TransformTensorBilinear", 2) => Landmarks::Bilinear {
            size: [options.extent("output_height")?, options.extent("output_width")?],
            half_pixel_centers: true,
        },
        ("TransformTensorBilinear" | "TransformTensor", 1) => {
            if options.0.get("mode").and_then(Value::as_text).is_some_and(|mode| mode != "bilinear") {
                return Err(Refusal::new("its mode is not bilinear"));
            }
            Landmarks::Bilinear { size: options.pair("output_size")?, half_pixel_centers: false }
        }
        ("TransformLandmarks", 1) => {
            let dimensions =
                if options.0.get("dimensions").is_some() { options.extent("dimensions")? } else { 3 };
            let scale = if options.0.get("scale").is_some() { options.real("scale")? } else { 1.0 };
            Landmarks::Transform { dimensions: Some(dimensions), scale }
        }
        _ => return Err(Refusal::new(format!("its version {version} is unknown"))),
    }))
}

fn crop(options: &Map) -> Verdict<Crop> {
    Ok(Crop {
        left: options.index("left_rotation_idx")?,
        right: options.index("right_rotation_idx")?,
        subset: options.indices("subset_idxs")?,
        target_rotation: options.real("target_rotation_radians")?,
        scale: [options.real("scale_y")?, options.real("scale_x")?],
        size: [options.extent("output_height")?, options.extent("output_width")?],
    })
}

fn crop_version_1(options: &Map) -> Verdict<CropVersion1> {
    if options.index("dimensions")? != 3 {
        return Err(Refusal::new("its landmarks should have three dimensions"));
    }
    Ok(CropVersion1 {
        left: options.index("left_rotation_idx")?,
        right: options.index("right_rotation_idx")?,
        subset: options.indices("subset")?,
        multiplier: options.real("bbox_size_multiplier")?,
        range: options.extent("landmarks_range")? as f32,
        input_size: options.pair("input_hw")?,
        size: options.pair("output_hw")?,
    })
}

/// A FlexBuffer's map.
struct Map(Value);

impl Map {
    fn value(&self, field: &str) -> Verdict<&Value> {
        self.0.get(field).ok_or_else(|| Refusal::new(format!("its option {field} is missing")))
    }

    fn real(&self, field: &str) -> Verdict<f32> {
        let value = self.value(field)?.as_float().map(|value| value as f32);
        value
            .filter(|value| value.is_finite())
            .ok_or_else(|| Refusal::new(format!("its option {field} is no number")))
    }

    fn index(&self, field: &str) -> Verdict<usize> {
        index(self.value(field)?, field)
    }

    fn extent(&self, field: &str) -> Verdict<usize> {
        let extent = self.index(field)?;
        match extent {
            1..=65536 => Ok(extent),
            _ => Err(Refusal::new(format!("its option {field} is {extent}"))),
        }
    }

    fn indices(&self, field: &str) -> Verdict<Vec<usize>> {
        let values = self.value(field)?.as_slice().filter(|values| !values.is_empty());
        let values = values.ok_or_else(|| Refusal::new(format!("its option {field} is no list")))?;
        values.iter().map(|value| index(value, field)).collect()
    }

    fn pair(&self, field: &str) -> Verdict<[usize; 2]> {
        match self.indices(field)?[..] {
            [a, b] if (1..=65536).contains(&a) && (1..=65536).contains(&b) => Ok([a, b]),
            _ => Err(Refusal::new(format!("its option {field} should be two extents"))),
        }
    }
}

fn index(value: &Value, field: &str) -> Verdict<usize> {
    let value = value.as_int().and_then(|value| u32::try_from(value).ok());
    value.map(|value| value as usize).ok_or_else(|| Refusal::new(format!("its option {field} is no index")))
}
