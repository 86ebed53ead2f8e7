// One invocation makes one texel of the network's input; the grid covers `size`, 8 × 8 a workgroup.
// Texel (x, y) lies at index y * size.x + x: red, green, blue in the network's range, and 0.
// The filter is the mean over the texel's footprint in the frame, which is never narrower than a pixel:
// an area filter when shrinking and a bilinear one when enlarging. Texels whose center lies outside the
// frame are black.
// Preceded by source.wgsl.

struct Prepare {
    // x, y, width, height of the part of the shown picture that the input covers, in pixels.
    crop: vec4<f32>,
    size: vec2<u32>,
    // value = rgb * scale + bias
    scale: f32,
    bias: f32,
    // Channels are raised to this power, 1 or less, to brighten a dark picture.
    gamma: f32,
    // 1 when `person` says which part the input covers.
    closely: u32,
    padding: vec2<u32>,
}

@group(0) @binding(4) var<uniform> prepare: Prepare;
@group(0) @binding(5) var<storage, read_write> texels_f32: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> texels_f16: array<vec2<u32>>;
// The head of `struct Person` of person.wgsl: what the network saw, what it is to see next.
@group(0) @binding(6) var<uniform> person: array<vec4<f32>, 4>;

fn input_rgb(texel: vec2<u32>) -> vec3<f32> {
    let crop = select(prepare.crop, person[1], prepare.closely == 1u);
    let footprint = crop.zw / vec2<f32>(prepare.size);
    let center = crop.xy + (vec2<f32>(texel) + 0.5) * footprint;
    let frame = vec2<f32>(source.shown_size);
    if any(center < vec2<f32>(0.0)) || any(center >= frame) {
        return vec3<f32>(0.0);
    }
    let width = max(footprint, vec2<f32>(1.0));
    let low = center - 0.5 * width;
    let high = center + 0.5 * width;
    let first = vec2<i32>(floor(low));
    let end = vec2<i32>(ceil(high));
    let last = source.shown_size - 1;
    var sum = vec3<f32>(0.0);
    for (var y = first.y; y < end.y; y++) {
        let height = min(f32(y + 1), high.y) - max(f32(y), low.y);
        for (var x = first.x; x < end.x; x++) {
            let weight = height * (min(f32(x + 1), high.x) - max(f32(x), low.x));
            let shown = vec2<f32>(clamp(vec2<i32>(x, y), vec2<i32>(0), last)) + 0.5;
            sum += weight * source_sample_near(vec2<i32>(stored_from_shown(shown)));
        }
    }
    return rgb_from_sample(sum / (width.x * width.y));
}

fn input_texel(texel: vec2<u32>) -> vec3<f32> {
    let rgb = input_rgb(texel);
    let bright = select(pow(rgb, vec3<f32>(prepare.gamma)), rgb, prepare.gamma == 1.0);
    return bright * prepare.scale + prepare.bias;
}

@compute @workgroup_size(8, 8)
fn prepare_f32(@builtin(global_invocation_id) id: vec3<u32>) {
    if any(id.xy >= prepare.size) {
        return;
    }
    texels_f32[id.y * prepare.size.x + id.x] = vec4<f32>(input_texel(id.xy), 0.0);
}

@compute @workgroup_size(8, 8)
fn prepare_f16(@builtin(global_invocation_id) id: vec3<u32>) {
    if any(id.xy >= prepare.size) {
        return;
    }
    let value = input_texel(id.xy);
    texels_f16[id.y * prepare.size.x + id.x] =
        vec2<u32>(pack2x16float(value.xy), pack2x16float(vec2<f32>(value.z, 0.0)));
}
