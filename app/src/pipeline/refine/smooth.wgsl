// The mean of the linear models over the window of each guide texel, first along x, then along y.
// An invocation slides over a strip of STRIP texels, along x in `smooth_rows` (grid: strips × rows) and
// along y in `smooth_columns` (grid: columns × strips), 8 × 8 invocations a workgroup.
// Preceded by refine.wgsl.

const STRIP = 8;

@group(0) @binding(0) var<uniform> refine: Refine;
@group(0) @binding(1) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> means: array<vec4<f32>>;

fn model(x: i32, y: i32) -> vec4<f32> {
    let texel = clamp(vec2<i32>(x, y), vec2<i32>(0), refine.guide_size - 1);
    return models[texel.y * refine.guide_size.x + texel.x];
}

@compute @workgroup_size(8, 8)
fn smooth_rows(@builtin(global_invocation_id) id: vec3<u32>) {
    let first = i32(id.x) * STRIP;
    let y = i32(id.y);
    if first >= refine.guide_size.x || y >= refine.guide_size.y {
        return;
    }
    var sum = vec4<f32>(0.0);
    for (var x = first - refine.radius; x <= first + refine.radius; x++) {
        sum += model(x, y);
    }
    let scale = 1.0 / f32(2 * refine.radius + 1);
    for (var x = first; x < min(first + STRIP, refine.guide_size.x); x++) {
        means[y * refine.guide_size.x + x] = sum * scale;
        sum += model(x + refine.radius + 1, y) - model(x - refine.radius, y);
    }
}

@compute @workgroup_size(8, 8)
fn smooth_columns(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = i32(id.x);
    let first = i32(id.y) * STRIP;
    if x >= refine.guide_size.x || first >= refine.guide_size.y {
        return;
    }
    var sum = vec4<f32>(0.0);
    for (var y = first - refine.radius; y <= first + refine.radius; y++) {
        sum += model(x, y);
    }
    let scale = 1.0 / f32(2 * refine.radius + 1);
    for (var y = first; y < min(first + STRIP, refine.guide_size.y); y++) {
        means[y * refine.guide_size.x + x] = sum * scale;
        sum += model(x, y + refine.radius + 1) - model(x, y - refine.radius);
    }
}
