// One fragment colors one pixel of a chart: a plane's number between its smallest and largest, from dark blue to pale
// yellow. `uv` runs over the chart's place.
// Preceded by fullscreen.wgsl.

struct Tint {
    // The part of the place that the plane covers: x, y, width, height in units of the place.
    part: vec4<f32>,
    opacity: f32,
    // Switches: 1 for on. Inverted, small numbers are bright.
    inverted: u32,
    mirror: u32,
    // 1 when the target encodes sRGB itself.
    linear_target: u32,
}

@group(0) @binding(0) var<uniform> tint: Tint;
@group(0) @binding(1) var plane: texture_2d<f32>;
@group(0) @binding(2) var extent: texture_2d<f32>;

fn plane_at(inside: vec2<f32>) -> f32 {
    let size = vec2<i32>(textureDimensions(plane));
    let at = inside * vec2<f32>(size) - 0.5;
    let base = floor(at);
    let part = at - base;
    let last = size - 1;
    let low = clamp(vec2<i32>(base), vec2<i32>(0), last);
    let high = clamp(vec2<i32>(base) + 1, vec2<i32>(0), last);
    let top = mix(textureLoad(plane, low, 0).x, textureLoad(plane, vec2<i32>(high.x, low.y), 0).x, part.x);
    let bottom = mix(textureLoad(plane, vec2<i32>(low.x, high.y), 0).x, textureLoad(plane, high, 0).x, part.x);
    return mix(top, bottom, part.y);
}

fn heat(value: f32) -> vec3<f32> {
    let night = vec3<f32>(0.05, 0.05, 0.22);
    let violet = vec3<f32>(0.38, 0.12, 0.52);
    let red = vec3<f32>(0.82, 0.25, 0.36);
    let orange = vec3<f32>(0.97, 0.60, 0.25);
    let pale = vec3<f32>(0.99, 0.97, 0.75);
    let at = clamp(value, 0.0, 1.0) * 4.0;
    let low = mix(mix(night, violet, clamp(at, 0.0, 1.0)), red, clamp(at - 1.0, 0.0, 1.0));
    return mix(mix(low, orange, clamp(at - 2.0, 0.0, 1.0)), pale, clamp(at - 3.0, 0.0, 1.0));
}

@fragment
fn tint_chart(corner: Corner) -> @location(0) vec4<f32> {
    let uv = vec2<f32>(select(corner.uv.x, 1.0 - corner.uv.x, tint.mirror == 1u), corner.uv.y);
    let inside = (uv - tint.part.xy) / tint.part.zw;
    if any(inside < vec2<f32>(0.0)) || any(inside > vec2<f32>(1.0)) {
        discard;
    }
    let low = textureLoad(extent, vec2<i32>(0, 0), 0).x;
    let high = textureLoad(extent, vec2<i32>(1, 0), 0).x;
    var value = clamp((plane_at(inside) - low) / max(high - low, 1e-12), 0.0, 1.0);
    if tint.inverted == 1u {
        value = 1.0 - value;
    }
    var color = heat(value);
    if tint.linear_target == 1u {
        color = pow(color, vec3<f32>(2.2));
    }
    return vec4<f32>(color, tint.opacity);
}
