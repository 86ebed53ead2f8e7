// One invocation makes one number of a plane from a network's output; the grid covers `size`, 8 × 8 a workgroup.
// The output's first batch is [h, w, c]; its texel `slice * h * w + y * w + x` holds four channels.
// Preceded by the function `texel_at(index: u32) -> vec4<f32>`, which reads one texel.

struct Plane {
    // h, w and c of the output.
    shape: vec3<u32>,
    // 0 share of the kept classes by softmax, 1 the same of probabilities, 2 mean over the channels,
    // 3 every number of the output in its order.
    rule: u32,
    size: vec2<u32>,
    padding: vec2<u32>,
    // A bit for each class that is kept.
    kept: array<vec4<u32>, 2>,
}

@group(0) @binding(0) var<uniform> plane: Plane;
@group(0) @binding(2) var result: texture_storage_2d<r32float, write>;

fn channel_at(pixel: u32, channel: u32) -> f32 {
    return texel_at((channel / 4u) * plane.shape.x * plane.shape.y + pixel)[channel % 4u];
}

fn is_kept(channel: u32) -> bool {
    let word = plane.kept[channel / 128u][(channel / 32u) % 4u];
    return ((word >> (channel % 32u)) & 1u) == 1u;
}

fn kept_share(pixel: u32) -> f32 {
    var largest = 0.0;
    if plane.rule == 0u {
        largest = channel_at(pixel, 0u);
        for (var channel = 1u; channel < plane.shape.z; channel++) {
            largest = max(largest, channel_at(pixel, channel));
        }
    }
    var sum = 0.0;
    var kept = 0.0;
    for (var channel = 0u; channel < plane.shape.z; channel++) {
        var weight = channel_at(pixel, channel);
        if plane.rule == 0u {
            weight = exp(weight - largest);
        }
        sum += weight;
        if is_kept(channel) {
            kept += weight;
        }
    }
    return kept / max(sum, 1e-20);
}

fn mean(pixel: u32) -> f32 {
    var sum = 0.0;
    for (var channel = 0u; channel < plane.shape.z; channel++) {
        sum += channel_at(pixel, channel);
    }
    return sum / f32(plane.shape.z);
}

fn number(index: u32) -> f32 {
    let all = plane.shape.x * plane.shape.y * plane.shape.z;
    let held = min(index, all - 1u);
    return channel_at(held / plane.shape.z, held % plane.shape.z);
}

@compute @workgroup_size(8, 8)
fn plane_number(@builtin(global_invocation_id) id: vec3<u32>) {
    if any(id.xy >= plane.size) {
        return;
    }
    let index = id.y * plane.size.x + id.x;
    var value = 0.0;
    switch plane.rule {
        case 0u, 1u: { value = kept_share(index); }
        case 2u: { value = mean(index); }
        default: { value = number(index); }
    }
    textureStore(result, id.xy, vec4<f32>(value, 0.0, 0.0, 0.0));
}
