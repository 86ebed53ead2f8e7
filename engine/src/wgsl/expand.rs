//! From a kernel's description and its operands' layout to WGSL.

use super::{Dialect, Elem, Inline, Kernel, Scalar, preprocess};
use crate::error::Result;
use std::fmt::Write;

/// A tensor as a kernel sees it: where its numbers are and what rides on the access.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The slot's name in the source.
    pub name: String,
    /// How texels are stored.
    pub elem: Elem,
    /// The shape as `[n, h, w, c]`.
    pub shape: [usize; 4],
    /// For each of n, h, w, c: whether a load follows that coordinate; where not, the extent is 1 and the element is
    /// spread.
    pub full: [bool; 4],
    /// The slices of the tensor it is spread over; its own where it is not spread.
    pub slices: usize,
    /// Whether the tensor is a constant among the weights instead of a range of the arena.
    pub constant: bool,
    /// WGSL statements that change `v: Acc4` at `(x, y, l)`: a prologue on a load, an epilogue on a store.
    pub chain: String,
    /// Whether a load gives f32 whatever numbers are accumulated in: it reads indices.
    pub exact: bool,
}

/// A number of a shader's uniform block; offsets are known once memory is planned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamValue {
    /// A number the model fixes.
    Scalar(Scalar),
    /// The first texel of a binding, counted in texels of its own size: loads first, then stores.
    Tensor(usize),
    /// The first texel of a constant.
    Constant(usize),
}

/// WGSL with what its uniform block holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Shader {
    /// The variant's name; equal names and texts share a pipeline.
    pub label: String,
    /// The text; its entry point is `main`.
    pub wgsl: String,
    /// The uniform block's numbers, four bytes each, in order.
    pub params: Vec<ParamValue>,
}

impl Shader {
    /// Whether the kernel may run with any work-group: its invocations know nothing of each other.
    pub fn has_free_workgroup(&self) -> bool {
        let shared = ["workgroup_id", "num_workgroups", "local_invocation", "var<workgroup>", "subgroup"];
        !shared.iter().any(|word| self.wgsl.contains(word))
    }
}

/// Writes the shader of `kernel`. `loads` are its input slots followed by what chains read, `stores` its output slots
/// followed by the values that chains tap; `constants` names each constant (the kernel's, then the chains') and says
/// how it is stored; `inlines` are the functions its source calls.
pub fn expand(
    kernel: &Kernel,
    dialect: Dialect,
    loads: &[Binding],
    stores: &[Binding],
    constants: &[(String, Elem)],
    inlines: &[Inline],
) -> Result<Shader> {
    let mut params = Params::default();
    for (index, binding) in loads.iter().chain(stores).enumerate() {
        params.tensor(binding, index);
    }
    for (index, (name, _)) in constants.iter().enumerate() {
        params.push(format!("{name}_offset"), "i32", ParamValue::Constant(index));
    }
    for &(name, value) in &kernel.params {
        let ty = if matches!(value, Scalar::I32(_)) { "i32" } else { "f32" };
        params.push(name.to_string(), ty, ParamValue::Scalar(value));
    }
    let mut wgsl = header(dialect, loads.iter().chain(stores), constants);
    let _ = write!(
        wgsl,
        "struct Params {{\n{}}}\n@group(0) @binding(0) var<uniform> params: Params;\n",
        params.text
    );
    let [x, y, z] = kernel.choice.workgroup;
    let _ = writeln!(wgsl, "override WGX: u32 = {x}u;\noverride WGY: u32 = {y}u;\noverride WGZ: u32 = {z}u;");
    for &(name, value) in &kernel.defines {
        let _ = writeln!(wgsl, "const {name}: i32 = {value};");
    }
    constants.iter().for_each(|(name, elem)| constant_access(&mut wgsl, name, *elem, dialect));
    loads.iter().rev().for_each(|binding| load_access(&mut wgsl, binding, dialect));
    stores.iter().rev().for_each(|binding| store_access(&mut wgsl, binding, dialect));
    inlines.iter().for_each(|inline| inline_function(&mut wgsl, inline));
    wgsl.push_str(&preprocess(kernel.source, &kernel.defines)?);
    Ok(Shader { label: label(kernel, dialect, loads, stores), wgsl, params: params.values })
}

/// The variant's one name: kernel and tunables, storage, what rides on it.
fn label(kernel: &Kernel, dialect: Dialect, loads: &[Binding], stores: &[Binding]) -> String {
    let elem = stores.first().map_or(Elem::F32, |binding| binding.elem);
    let mut label = format!("{}.{elem}", kernel.choice);
    if elem == Elem::F16 && !dialect.native_f16 {
        label.push('p');
    }
    if dialect.f16_arithmetic {
        label.push_str(".acc16");
    }
    if loads.iter().any(|binding| !binding.chain.is_empty()) {
        label.push_str(".pro");
    }
    if stores.iter().any(|binding| !binding.chain.is_empty()) {
        label.push_str(".epi");
    }
    label
}

#[derive(Default)]
struct Params {
    text: String,
    values: Vec<ParamValue>,
}

impl Params {
    fn push(&mut self, name: String, ty: &str, value: ParamValue) {
        let _ = writeln!(self.text, "  {name}: {ty},");
        self.values.push(value);
    }

    fn tensor(&mut self, binding: &Binding, index: usize) {
        let [n, h, w, c] = binding.shape;
        let name = &binding.name;
        self.push(format!("{name}_offset"), "i32", ParamValue::Tensor(index));
        for (suffix, extent) in [("w", w), ("h", h), ("s", c.div_ceil(4)), ("n", n)] {
            self.push(format!("{name}_{suffix}"), "i32", ParamValue::Scalar(extent.into()));
        }
        if !binding.full[3] {
            self.push(format!("{name}_spread"), "i32", ParamValue::Scalar(binding.slices.into()));
        }
    }
}

fn header<'a>(
    dialect: Dialect,
    tensors: impl Iterator<Item = &'a Binding>,
    constants: &[(String, Elem)],
) -> String {
    let mut text = String::new();
    if dialect.native_f16 {
        text.push_str("enable f16;\n");
    }
    let acc = if dialect.f16_arithmetic { "f16" } else { "f32" };
    let _ = writeln!(text, "alias Acc = {acc};\nalias Acc4 = vec4<{acc}>;");
    let half = if dialect.native_f16 { "vec4<f16>" } else { "vec2<u32>" };
    let (mut arena, mut weights) = ([false; 2], [false; 2]);
    tensors.for_each(|binding| {
        (if binding.constant { &mut weights } else { &mut arena })[binding.elem as usize] = true
    });
    constants.iter().for_each(|(_, elem)| weights[*elem as usize] = true);
    for (used, line) in [
        (arena[0], "@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;".to_string()),
        (arena[1], format!("@group(0) @binding(2) var<storage, read_write> arena_f16: array<{half}>;")),
        (weights[0], "@group(0) @binding(3) var<storage, read> weights_f32: array<vec4<f32>>;".to_string()),
        (weights[1], format!("@group(0) @binding(4) var<storage, read> weights_f16: array<{half}>;")),
    ] {
        if used {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// An expression of type Acc4 for a stored texel.
fn decoded(texel: &str, elem: Elem, dialect: Dialect) -> String {
    match elem {
        Elem::F16 if !dialect.native_f16 => {
            format!("Acc4(vec4<f32>(unpack2x16float({texel}.x), unpack2x16float({texel}.y)))")
        }
        _ => format!("Acc4({texel})"),
    }
}

/// An expression of the stored type for the variable `v`.
fn encoded(elem: Elem, dialect: Dialect) -> &'static str {
    match elem {
        Elem::F32 => "vec4<f32>(v)",
        Elem::F16 if dialect.native_f16 => "vec4<f16>(v)",
        Elem::F16 => "vec2<u32>(pack2x16float(vec2<f32>(v.xy)), pack2x16float(vec2<f32>(v.zw)))",
    }
}

fn constant_access(wgsl: &mut String, name: &str, elem: Elem, dialect: Dialect) {
    let value = decoded("texel", elem, dialect);
    let _ = writeln!(
        wgsl,
        "fn {name}_load(i: i32) -> Acc4 {{\n  let texel = weights_{elem}[params.{name}_offset + i];\n  return {value};\n}}"
    );
}

fn load_access(wgsl: &mut String, binding: &Binding, dialect: Dialect) {
    let Binding { name, elem, chain, constant, exact, .. } = binding;
    let (ty, mut value) = match exact {
        true => ("vec4<f32>", "texel".to_string()),
        false => ("Acc4", decoded("texel", *elem, dialect)),
    };
    if !binding.full[3] {
        value = format!("Acc4({value}.x)");
    }
    let buffer = if *constant { "weights" } else { "arena" };
    let index = texel_index(binding);
    let _ = writeln!(
        wgsl,
        "fn {name}_load(x: i32, y: i32, l: i32) -> {ty} {{\n  let texel = {buffer}_{elem}[{index}];"
    );
    let _ = match chain.is_empty() {
        true => writeln!(wgsl, "  return {value};\n}}"),
        false => writeln!(wgsl, "  var v = {value};\n{chain}{}  return v;\n}}", tail(binding)),
    };
}

/// The index of the texel at `(x, y, l)`, spread dimensions left out.
fn texel_index(binding: &Binding) -> String {
    let Binding { name, full: [n, h, w, c], .. } = binding;
    let (x, y) = (if *w { "x" } else { "0" }, if *h { "y" } else { "0" });
    let layer = match (n, c) {
        (true, true) => "l".to_string(),
        (false, true) => format!("(l % params.{name}_s)"),
        (true, false) => format!("(l / params.{name}_spread)"),
        (false, false) => "0".to_string(),
    };
    format!("params.{name}_offset + ({layer} * params.{name}_h + {y}) * params.{name}_w + {x}")
}

fn store_access(wgsl: &mut String, binding: &Binding, dialect: Dialect) {
    let Binding { name, elem, chain, .. } = binding;
    let value = encoded(*elem, dialect);
    let index = format!("params.{name}_offset + (l * params.{name}_h + y) * params.{name}_w + x");
    let inside =
        format!("x >= params.{name}_w || y >= params.{name}_h || l >= params.{name}_s * params.{name}_n");
    let _ = write!(
        wgsl,
        "fn {name}_store(x: i32, y: i32, l: i32, value: Acc4) {{\n  if {inside} {{ return; }}\n  var v = value;\n{chain}{}  arena_{elem}[{index}] = {value};\n}}\n",
        tail(binding)
    );
}

fn inline_function(wgsl: &mut String, inline: &Inline) {
    let Inline { name, body, shape, .. } = inline;
    let tail = match body.is_empty() {
        true => String::new(),
        false => tail_of(shape[3], &shape[3].div_ceil(4).to_string()),
    };
    let _ = writeln!(
        wgsl,
        "fn {name}(x: i32, y: i32, l: i32, value: Acc4) -> Acc4 {{\n  var v = value;\n{body}{tail}  return v;\n}}"
    );
}

/// The statement that zeroes the lanes past the last channel.
fn tail(binding: &Binding) -> String {
    tail_of(binding.shape[3], &format!("params.{}_s", binding.name))
}

/// The same for a tensor of so many channels, whose slices an expression counts.
fn tail_of(channels: usize, slices: &str) -> String {
    match channels % 4 {
        0 => String::new(),
        lanes => {
            let mask: Vec<&str> = (0..4).map(|lane| if lane < lanes { "true" } else { "false" }).collect();
            format!(
                "  if l % {slices} == {slices} - 1 {{ v = select(Acc4(0.0), v, vec4<bool>({})); }}\n",
                mask.join(", ")
            )
        }
    }
}
