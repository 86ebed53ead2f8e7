// One invocation makes one texel of the guide: the mean color of factor × factor pixels, and the mask
// interpolated at its center and smoothed in time. The grid covers the guide, 8 × 8 a workgroup.
// Preceded by refine.wgsl and mask.wgsl.

@group(0) @binding(0) var<uniform> refine: Refine;
@group(0) @binding(1) var frame: texture_2d<f32>;
@group(0) @binding(2) var mask: texture_2d<f32>;
@group(0) @binding(3) var past: texture_2d<f32>;
@group(0) @binding(4) var guide: texture_storage_2d<rgba16float, write>;
// `struct Person` of person.wgsl: what the network saw first, the grid of cells that count from the fifth on.
@group(0) @binding(5) var<uniform> person: array<vec4<f32>, 260>;

// 1 where the mask counts, 0 where a body is too small, for a position in pixels of the shown picture.
fn keep_at(position: vec2<f32>) -> f32 {
    let seen = person[0];
    let cell = clamp(vec2<i32>((position - seen.xy) / seen.zw * 32.0), vec2<i32>(0), vec2<i32>(31));
    let index = u32(cell.y * 32 + cell.x);
    return person[4u + index / 4u][index % 4u];
}

fn mean_color(texel: vec2<i32>) -> vec3<f32> {
    let last = refine.frame_size - 1;
    var sum = vec3<f32>(0.0);
    for (var y = 0; y < refine.factor; y++) {
        for (var x = 0; x < refine.factor; x++) {
            sum += textureLoad(frame, min(texel * refine.factor + vec2<i32>(x, y), last), 0).xyz;
        }
    }
    return sum / f32(refine.factor * refine.factor);
}

// Binary entropy in bits.
fn entropy(probability: f32) -> f32 {
    let p = clamp(probability, 1e-6, 1.0 - 1e-6);
    return -(p * log2(p) + (1.0 - p) * log2(1.0 - p));
}

// Sure pixels follow at once, unsure ones keep the past.
fn smoothed_by_entropy(before: f32, now: f32) -> f32 {
    let unsure = entropy(now);
    return now + (before - now) * unsure * unsure * refine.temporal_strength;
}

// Pixels whose luma moves, or whose mask jumps, follow at once; the others keep the past, sure or not.
fn smoothed_by_motion(before: vec4<f32>, now: vec4<f32>) -> f32 {
    let moved = smoothstep(0.03, 0.2, abs(luma(now.xyz) - luma(before.xyz)));
    let jumped = smoothstep(0.2, 0.5, abs(now.w - before.w));
    return now.w + (before.w - now.w) * refine.temporal_strength * (1.0 - max(moved, jumped));
}

@compute @workgroup_size(8, 8)
fn make_guide(@builtin(global_invocation_id) id: vec3<u32>) {
    let texel = vec2<i32>(id.xy);
    if any(texel >= refine.guide_size) {
        return;
    }
    // The last texel may cover pixels beyond the picture, where the network saw nobody.
    let frame_size = vec2<f32>(refine.frame_size);
    let center = min((vec2<f32>(texel) + 0.5) * f32(refine.factor), frame_size - 0.5);
    let place = center / frame_size * refine.source_size;
    var now = vec4<f32>(mean_color(texel), mask_at(place, person[0]) * keep_at(place));
    if refine.has_past == 1u {
        let before = textureLoad(past, texel, 0);
        switch refine.temporal {
            case 1u: { now.w = smoothed_by_entropy(before.w, now.w); }
            case 2u: { now.w = smoothed_by_motion(before, now); }
            default: {}
        }
    }
    textureStore(guide, texel, now);
}
