//! Every variant of every GPU kernel that the operators' cases can choose: valid WGSL, and writable for Vulkan, Metal,
//! DirectX 12 and OpenGL ES 3.1, on a machine without a GPU.

use crate::cases::model;
use crate::snapshot;
use matte_engine::graph::NodeId;
use matte_engine::ops::cases;
use matte_engine::plan::{Choices, Dispatch, Plan, Target};
use matte_engine::wgsl::{Choice, Dialect, Elem};
use naga::back::{glsl, hlsl, msl, pipeline_constants, spv};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Module, ShaderStage};
use std::collections::{BTreeMap, BTreeSet};

/// Storage and arithmetic as sessions choose them: f32; halves packed in words; native halves; halves throughout.
const TARGETS: [(Elem, bool, bool); 4] =
    [(Elem::F32, false, false), (Elem::F16, false, false), (Elem::F16, true, false), (Elem::F16, true, true)];

/// A dispatch of a case's plan.
pub struct Variant {
    /// The case and what was asked for, for messages.
    pub name: String,
    pub dialect: Dialect,
    pub dispatch: Dispatch,
}

/// The dispatches of every case with every kernel that applies, in the order of the cases.
pub fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for case in cases() {
        let model = model(&case).expect("the case is a model");
        let graph = &model.graphs[0];
        let kernels = case.op.gpu(&graph.operands(&graph.nodes[0])).unwrap_or_default();
        let distinct: BTreeSet<&Choice> = kernels.iter().collect();
        assert_eq!(distinct.len(), kernels.len(), "{}: a choice is listed twice", case.name);
        let heuristic = Choices::new();
        let chosen = kernels.into_iter().map(|choice| Choices::from([(NodeId(0), choice)]));
        for choices in [heuristic].into_iter().chain(chosen) {
            for (elem, native_f16, f16_arithmetic) in TARGETS {
                let dialect = Dialect { native_f16, f16_arithmetic };
                let target = Target::new(dialect, elem);
                let plan = Plan::gpu(graph, &target, &choices).expect("the case has a plan");
                let dispatches = plan.steps.into_iter().filter_map(|planned| planned.dispatch);
                variants.extend(dispatches.map(|dispatch| {
                    let name = format!("{}, {}", case.name, dispatch.shader.label);
                    Variant { name, dialect, dispatch }
                }));
            }
        }
    }
    variants
}

/// The module with its overrides at their defaults, as a backend without overrides needs it.
pub fn parsed(wgsl: &str, dialect: Dialect) -> Result<(Module, ModuleInfo), String> {
    let module = naga::front::wgsl::parse_str(wgsl).map_err(|error| error.emit_to_string(wgsl))?;
    let capabilities = if dialect.native_f16 { Capabilities::SHADER_FLOAT16 } else { Capabilities::empty() };
    // Packing two halves into a word is no use of the half type.
    let capabilities = capabilities | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    let info = validator.validate(&module).map_err(|error| error.emit_to_string(wgsl))?;
    let entry = Some((ShaderStage::Compute, "main"));
    let (module, info) = pipeline_constants::process_overrides(&module, &info, entry, &Default::default())
        .map_err(|error| error.to_string())?;
    Ok((module.into_owned(), info.into_owned()))
}

fn write_spirv(module: &Module, info: &ModuleInfo) -> Result<(), String> {
    let pipeline = spv::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: "main".into() };
    let words = spv::write_vec(module, info, &spv::Options::default(), Some(&pipeline));
    words.map(|_| ()).map_err(|error| format!("SPIR-V: {error}"))
}

fn write_msl(module: &Module, info: &ModuleInfo) -> Result<(), String> {
    let options = msl::Options { lang_version: (2, 1), ..Default::default() };
    let written = msl::write_string(module, info, &options, &Default::default());
    written.map(|_| ()).map_err(|error| format!("MSL: {error}"))
}

fn write_hlsl(module: &Module, info: &ModuleInfo, dialect: Dialect) -> Result<(), String> {
    let shader_model = if dialect.native_f16 { hlsl::ShaderModel::V6_2 } else { hlsl::ShaderModel::V5_1 };
    let options = hlsl::Options { shader_model, ..Default::default() };
    let mut text = String::new();
    let pipeline = hlsl::PipelineOptions::default();
    let written = hlsl::Writer::new(&mut text, &options, &pipeline).write(module, info, None);
    written.map(|_| ()).map_err(|error| format!("HLSL: {error}"))
}

fn write_glsl(module: &Module, info: &ModuleInfo) -> Result<(), String> {
    let options = glsl::Options { version: glsl::Version::new_gles(310), ..Default::default() };
    let pipeline = glsl::PipelineOptions {
        shader_stage: ShaderStage::Compute,
        entry_point: "main".into(),
        multiview: None,
    };
    let mut text = String::new();
    let mut writer = glsl::Writer::new(&mut text, module, info, &options, &pipeline, Default::default())
        .map_err(|error| format!("GLSL ES 3.1: {error}"))?;
    writer.write().map(|_| ()).map_err(|error| format!("GLSL ES 3.1: {error}"))
}

/// What every device can do: `wgpu`'s downlevel limits.
fn check_limits(dispatch: &Dispatch, module: &Module) -> Result<(), String> {
    let limits = wgpu::Limits::downlevel_defaults();
    let invocations: u32 = dispatch.choice.workgroup.iter().product();
    if !(1..=limits.max_compute_invocations_per_workgroup).contains(&invocations) {
        return Err(format!("{invocations} invocations a work-group"));
    }
    if !dispatch.grid.iter().all(|groups| (1..=limits.max_compute_workgroups_per_dimension).contains(groups))
    {
        return Err(format!("a grid of {:?}", dispatch.grid));
    }
    let variables = || module.global_variables.iter().map(|(_, variable)| variable);
    let buffers =
        variables().filter(|variable| matches!(variable.space, AddressSpace::Storage { .. })).count();
    if buffers > limits.max_storage_buffers_per_shader_stage as usize {
        return Err(format!("{buffers} storage buffers"));
    }
    let shared = variables().filter(|variable| variable.space == AddressSpace::WorkGroup);
    let memory: u32 = shared.map(|variable| module.types[variable.ty].inner.size(module.to_ctx())).sum();
    if memory > limits.max_compute_workgroup_storage_size {
        return Err(format!("{memory} bytes of work-group memory"));
    }
    Ok(())
}

fn check(variant: &Variant) -> Result<(), String> {
    let dialect = variant.dialect;
    let (module, info) = parsed(&variant.dispatch.shader.wgsl, dialect)?;
    check_limits(&variant.dispatch, &module)?;
    write_spirv(&module, &info)?;
    write_msl(&module, &info)?;
    write_hlsl(&module, &info, dialect)?;
    // OpenGL ES has no half type: devices there get the packed form.
    if !dialect.native_f16 { write_glsl(&module, &info) } else { Ok(()) }
}

#[test]
fn every_variant_is_valid_for_every_api_within_its_least_limits() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for variant in variants() {
        let key =
            (variant.dispatch.shader.wgsl.clone(), variant.dispatch.grid, variant.dispatch.choice.workgroup);
        if seen.insert(key) {
            wrong.extend(check(&variant).err().map(|error| format!("{}: {error}", variant.name)));
        }
    }
    println!("{} variants", seen.len());
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), seen.len(), wrong.join("\n"));
}

/// The text of the first variant of each kernel, stored in f32 and in native halves: the others differ in tiles, packing
/// and what rides on them.
#[test]
fn the_text_of_each_kernel_is_as_reviewed() {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for Variant { dialect, dispatch, .. } in variants() {
        let elem = dispatch.shader.label.split('.').find(|part| part.starts_with('f'));
        match elem {
            Some(elem) if !dialect.f16_arithmetic && elem != "f16p" => {
                let name = format!("{}.{elem}.wgsl", dispatch.choice.kernel);
                texts.entry(name).or_insert(dispatch.shader.wgsl);
            }
            _ => {}
        }
    }
    snapshot::check_all("wgsl", texts);
}
