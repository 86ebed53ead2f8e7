//! Every kernel of every case, in every dialect, is valid WGSL and is translated to each backend's language.

use matte_engine::ops::case::Case;
use matte_engine::ops::chain::nhwc;
use matte_engine::ops::{Operand, Operands, cases};
use matte_engine::tensor::TensorType;
use matte_engine::wgsl::{Binding, Choice, Dialect, Elem, Kernel, expand};
use naga::back::{glsl, hlsl, msl, spv};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use std::collections::BTreeSet;

const F32: Dialect = Dialect { native_f16: false, f16_arithmetic: false };
const NATIVE: Dialect = Dialect { native_f16: true, f16_arithmetic: false };
const HALF: Dialect = Dialect { native_f16: true, f16_arithmetic: true };

/// The ways a kernel is expanded: its name in a message, its dialect, how texels are stored.
const VARIANTS: [(&str, Dialect, Elem); 4] = [
    ("f32", F32, Elem::F32),
    ("f16 packed", F32, Elem::F16),
    ("f16", NATIVE, Elem::F16),
    ("f16 arithmetic", HALF, Elem::F16),
];

/// The operands of a case with its outputs' inferred types.
struct Operation<'a> {
    case: &'a Case,
    outputs: Vec<TensorType>,
}

impl<'a> Operation<'a> {
    fn new(case: &'a Case) -> Self {
        let mut operation = Self { case, outputs: case.outputs.clone() };
        let shapes = case.op.infer(&operation.operands());
        let shapes = shapes.unwrap_or_else(|refusal| panic!("{}: {}", case.name, refusal.0));
        assert_eq!(shapes.len(), operation.outputs.len(), "{}: outputs", case.name);
        for (ty, shape) in operation.outputs.iter_mut().zip(shapes) {
            *ty = ty.with_shape(shape.unwrap_or_default());
        }
        operation
    }

    fn operands(&self) -> Operands<'_> {
        let operand = |given: &'a matte_engine::ops::case::Given| Operand {
            ty: given.tensor.ty(),
            constant: given.constant.then_some(&given.tensor),
            dynamic: false,
        };
        Operands {
            inputs: self.case.inputs.iter().map(|given| given.as_ref().map(operand)).collect(),
            outputs: self.outputs.iter().collect(),
        }
    }

    /// The kernels the operator offers, each with its choice.
    fn kernels(&self) -> Vec<(Choice, Kernel)> {
        let operands = self.operands();
        let Ok(choices) = self.case.op.gpu(&operands) else { return Vec::new() };
        assert!(!choices.is_empty(), "{}: a kernel without choices", self.case.name);
        let distinct: BTreeSet<&Choice> = choices.iter().collect();
        assert_eq!(distinct.len(), choices.len(), "{}: a choice is listed twice", self.case.name);
        let described = |choice: Choice| {
            let kernel = self.case.op.gpu_kernel(&operands, &choice);
            let kernel =
                kernel.unwrap_or_else(|refusal| panic!("{} {choice}: {}", self.case.name, refusal.0));
            (choice, kernel)
        };
        choices.into_iter().map(described).collect()
    }

    fn wgsl(&self, kernel: &Kernel, dialect: Dialect, elem: Elem) -> String {
        let binding = |name: &str, ty: &TensorType, constant: bool| {
            let shape = nhwc(&ty.shape).expect("a GPU kernel takes ranks up to 4");
            let slices = shape[3].div_ceil(4);
            Binding {
                name: name.into(),
                elem,
                shape,
                full: [true; 4],
                slices,
                constant,
                chain: String::new(),
            }
        };
        let operands = self.operands();
        let load = |&(name, index): &(&str, usize)| {
            let operand = operands.input(index).expect("a slot names an input that is there");
            binding(name, operand.ty, operand.constant.is_some())
        };
        let loads: Vec<Binding> = kernel.inputs.iter().map(load).collect();
        let store = |(index, name): (usize, &&str)| binding(name, &self.outputs[index], false);
        let stores: Vec<Binding> = kernel.outputs.iter().enumerate().map(store).collect();
        let constants: Vec<(String, Elem)> =
            kernel.constants.iter().map(|constant| (constant.name.to_string(), elem)).collect();
        expand(kernel, dialect, &loads, &stores, &constants).expect("the kernel expands").wgsl
    }
}

#[test]
fn every_choice_of_every_case_is_valid_and_within_the_limits() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        let operation = Operation::new(&case);
        for (choice, kernel) in operation.kernels() {
            let invocations: u32 = choice.workgroup.iter().product();
            assert!((1..=256).contains(&invocations), "{} {choice}: {invocations} invocations", case.name);
            assert!(
                kernel.grid.iter().all(|&groups| (1..=65535).contains(&groups)),
                "{} {choice}",
                case.name
            );
            for constant in &kernel.constants {
                assert_eq!(constant.values.len() % 4, 0, "{} {choice}: half a texel", case.name);
            }
            for (variant, dialect, elem) in VARIANTS {
                let wgsl = operation.wgsl(&kernel, dialect, elem);
                if seen.insert(wgsl.clone()) {
                    validate(&wgsl).unwrap_or_else(|error| {
                        panic!("{} {choice} as {variant}: {error}\n{wgsl}", case.name)
                    });
                }
            }
        }
    }
    assert!(!seen.is_empty());
}

/// Parses, validates and translates a shader.
fn validate(wgsl: &str) -> Result<(), String> {
    let module = naga::front::wgsl::parse_str(wgsl).map_err(|error| error.emit_to_string(wgsl))?;
    let capabilities = Capabilities::SHADER_FLOAT16 | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    let info = Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .map_err(|error| error.emit_to_string(wgsl))?;
    let used = workgroup_memory(&module);
    if used > 16 << 10 {
        return Err(format!("it takes {used} bytes of workgroup memory"));
    }
    translate(&module, &info)
}

fn workgroup_memory(module: &naga::Module) -> u32 {
    let shared = |(_, variable): (_, &naga::GlobalVariable)| {
        let inner = &module.types[variable.ty].inner;
        (variable.space == naga::AddressSpace::WorkGroup).then(|| inner.size(module.to_ctx()))
    };
    module.global_variables.iter().filter_map(shared).sum()
}

fn translate(module: &naga::Module, info: &ModuleInfo) -> Result<(), String> {
    let constants = naga::back::PipelineConstants::default();
    let stage = naga::ShaderStage::Compute;
    let entry = (stage, "main");
    let (module, info) =
        naga::back::pipeline_constants::process_overrides(module, info, Some(entry), &constants)
            .map_err(|error| format!("overrides: {error}"))?;
    spv::write_vec(&module, &info, &spv::Options { lang_version: (1, 3), ..Default::default() }, None)
        .map_err(|error| format!("SPIR-V: {error}"))?;
    let mut metal = msl::Options { lang_version: (2, 4), fake_missing_bindings: true, ..Default::default() };
    metal.zero_initialize_workgroup_memory = true;
    msl::write_string(&module, &info, &metal, &Default::default())
        .map_err(|error| format!("MSL: {error}"))?;
    let direct3d = hlsl::Options { shader_model: hlsl::ShaderModel::V6_2, ..Default::default() };
    let mut text = String::new();
    hlsl::Writer::new(&mut text, &direct3d, &Default::default())
        .write(&module, &info, None)
        .map_err(|error| format!("HLSL: {error}"))?;
    if wants_native_halves(&module) {
        return Ok(());
    }
    let embedded = glsl::Options {
        version: glsl::Version::Embedded { version: 310, is_webgl: false },
        ..Default::default()
    };
    let pipeline = glsl::PipelineOptions { shader_stage: stage, entry_point: "main".into(), multiview: None };
    let mut text = String::new();
    glsl::Writer::new(&mut text, &module, &info, &embedded, &pipeline, Default::default())
        .and_then(|mut writer| writer.write())
        .map_err(|error| format!("GLSL: {error}"))?;
    Ok(())
}

fn wants_native_halves(module: &naga::Module) -> bool {
    let half = |inner: &naga::TypeInner| inner.scalar().is_some_and(|scalar| scalar == naga::Scalar::F16);
    module.types.iter().any(|(_, ty)| half(&ty.inner))
}
