//! Every shader is valid and can be written for every family of drivers.

use matte::pipeline::shaders;
use naga::back::{glsl, hlsl, msl, spv};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

/// What every device has: WebGPU's base, where `pack2x16float` belongs to.
const BASE: Capabilities = Capabilities::SHADER_FLOAT16_IN_FLOAT32;

/// The module without what other entry points alone use, as a driver gets it.
fn of_entry_point(
    module: &naga::Module,
    info: &ModuleInfo,
    entry: &naga::EntryPoint,
) -> (naga::Module, ModuleInfo) {
    let overrides = naga::back::PipelineConstants::default();
    let (module, info) = naga::back::pipeline_constants::process_overrides(
        module,
        info,
        Some((entry.stage, &entry.name)),
        &overrides,
    )
    .expect("there are no overrides");
    (module.into_owned(), info.into_owned())
}

fn write_glsl(name: &str, module: &naga::Module, info: &ModuleInfo, entry: &naga::EntryPoint) {
    let options = glsl::Options {
        version: glsl::Version::Embedded { version: 310, is_webgl: false },
        ..Default::default()
    };
    let pipeline =
        glsl::PipelineOptions { shader_stage: entry.stage, entry_point: entry.name.clone(), multiview: None };
    let mut text = String::new();
    let written = glsl::Writer::new(
        &mut text,
        module,
        info,
        &options,
        &pipeline,
        naga::proc::BoundsCheckPolicies::default(),
    )
    .and_then(|mut writer| writer.write());
    assert!(written.is_ok(), "{name} {}: GLSL ES 3.1: {:?}", entry.name, written.err());
}

/// The parsed and checked module.
fn valid(name: &str, source: &str) -> (naga::Module, ModuleInfo) {
    let parsed = naga::front::wgsl::parse_str(source).map_err(|error| error.emit_to_string(source));
    let module = parsed.map_err(|error| format!("{name}: {error}")).expect("the shader is WGSL");
    let info = Validator::new(ValidationFlags::all(), BASE)
        .validate(&module)
        .map_err(|error| format!("{name}: {}", error.emit_to_string(source)))
        .expect("the shader is valid");
    (module, info)
}

#[test]
fn every_shader_is_valid_for_every_family_of_drivers() {
    for (name, source) in shaders() {
        let (module, info) = valid(name, &source);
        assert!(!module.entry_points.is_empty());
        for entry in &module.entry_points {
            let (module, info) = of_entry_point(&module, &info, entry);
            let spirv = spv::write_vec(&module, &info, &spv::Options::default(), None);
            assert!(spirv.is_ok(), "{name} {}: SPIR-V: {:?}", entry.name, spirv.err());
            let metal = msl::write_string(&module, &info, &Default::default(), &Default::default());
            assert!(metal.is_ok(), "{name} {}: MSL: {:?}", entry.name, metal.err());
            let mut text = String::new();
            let options = hlsl::Options::default();
            let pipeline = hlsl::PipelineOptions { entry_point: Some((entry.stage, entry.name.clone())) };
            let written = hlsl::Writer::new(&mut text, &options, &pipeline).write(&module, &info, None);
            assert!(written.is_ok(), "{name} {}: HLSL: {:?}", entry.name, written.err());
            write_glsl(name, &module, &info, entry);
        }
    }
}

#[test]
fn no_stage_needs_more_than_four_storage_buffers_or_textures() {
    for (name, source) in shaders() {
        let (module, info) = valid(name, &source);
        for (index, entry) in module.entry_points.iter().enumerate() {
            let used = |test: &dyn Fn(&naga::GlobalVariable) -> bool| {
                let uses = info.get_entry_point(index);
                module
                    .global_variables
                    .iter()
                    .filter(|(handle, variable)| !uses[*handle].is_empty() && test(variable))
                    .count()
            };
            let buffers = used(&|v| matches!(v.space, naga::AddressSpace::Storage { .. }));
            let images = used(&|v| {
                matches!(
                    module.types[v.ty].inner,
                    naga::TypeInner::Image { class: naga::ImageClass::Storage { .. }, .. }
                )
            });
            assert!(buffers <= 4 && images <= 4, "{name} {}: {buffers} buffers, {images} images", entry.name);
        }
    }
}
