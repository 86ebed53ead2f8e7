// One workgroup finds the nearest and the farthest depth of a picture, less 2 percent at each end, and the
// depth that is in focus, and lets all three follow smoothly. Depth is in meters; the lens works with its inverse.
// 256 invocations.

struct Focus {
    // x, y, width, height of the part of the picture that the depth covers, in pixels.
    crop: vec4<f32>,
    frame_size: vec2<f32>,
    // The place that was tapped, in 0..1 of the picture as it is shown; negative without one.
    tap: vec2<f32>,
    mirror: u32,
    // 1 when the lens holds what an earlier picture of the source said.
    has_past: u32,
    padding: vec2<u32>,
}

struct Lens {
    // Inverse depths: far, near, in focus.
    far: f32,
    near: f32,
    focus: f32,
    padding: f32,
}

@group(0) @binding(0) var<uniform> focus: Focus;
@group(0) @binding(1) var depth: texture_2d<f32>;
@group(0) @binding(2) var matte: texture_2d<f32>;
@group(0) @binding(3) var<storage, read_write> lens: Lens;
// The head of `struct Person` of person.wgsl: the shown part third.
@group(0) @binding(4) var<uniform> framing: array<vec4<f32>, 4>;

const BINS = 256u;

var<workgroup> lows: array<f32, 256>;
var<workgroup> highs: array<f32, 256>;
var<workgroup> sums: array<vec2<f32>, 256>;
var<workgroup> histogram: array<atomic<u32>, 256>;

fn inverse_at(texel: vec2<u32>) -> f32 {
    return 1.0 / max(textureLoad(depth, texel, 0).x, 0.1);
}

// How much of a depth texel belongs to the subject: the matte there, or the tapped place's surroundings.
fn subject_at(texel: vec2<u32>, size: vec2<u32>) -> f32 {
    let place = focus.crop.xy + (vec2<f32>(texel) + 0.5) / vec2<f32>(size) * focus.crop.zw;
    if focus.tap.x >= 0.0 {
        let shown = vec2<f32>(select(focus.tap.x, 1.0 - focus.tap.x, focus.mirror == 1u), focus.tap.y);
        let tapped = ((shown - 0.5) / framing[2].z + framing[2].xy) * focus.frame_size;
        return select(0.0, 1.0, distance(place, tapped) < 0.03 * focus.frame_size.y + focus.crop.z / f32(size.x));
    }
    let pixel = vec2<i32>(place / focus.frame_size * vec2<f32>(textureDimensions(matte)));
    let last = vec2<i32>(textureDimensions(matte)) - 1;
    return smoothstep(0.5, 0.9, textureLoad(matte, clamp(pixel, vec2<i32>(0), last), 0).x);
}

// The inverse depth below which `part` of all values lie.
fn percentile(part: f32, count: u32, low: f32, high: f32) -> f32 {
    let wanted = u32(part * f32(count));
    var seen = 0u;
    for (var bin = 0u; bin < BINS; bin++) {
        seen += atomicLoad(&histogram[bin]);
        if seen > wanted {
            return mix(low, high, (f32(bin) + 0.5) / f32(BINS));
        }
    }
    return high;
}

@compute @workgroup_size(256)
fn find_focus(@builtin(local_invocation_index) index: u32) {
    let size = textureDimensions(depth);
    let count = size.x * size.y;
    var low = 1e9;
    var high = 0.0;
    var sum = vec2<f32>(0.0);
    for (var at = index; at < count; at += 256u) {
        let texel = vec2<u32>(at % size.x, at / size.x);
        let value = inverse_at(texel);
        low = min(low, value);
        high = max(high, value);
        sum += subject_at(texel, size) * vec2<f32>(value, 1.0);
    }
    lows[index] = low;
    highs[index] = high;
    sums[index] = sum;
    atomicStore(&histogram[index], 0u);
    workgroupBarrier();
    for (var step = 128u; step > 0u; step /= 2u) {
        if index < step {
            lows[index] = min(lows[index], lows[index + step]);
            highs[index] = max(highs[index], highs[index + step]);
            sums[index] += sums[index + step];
        }
        workgroupBarrier();
    }
    let scale = f32(BINS) / max(highs[0] - lows[0], 1e-6);
    for (var at = index; at < count; at += 256u) {
        let value = inverse_at(vec2<u32>(at % size.x, at / size.x));
        atomicAdd(&histogram[min(u32((value - lows[0]) * scale), BINS - 1u)], 1u);
    }
    workgroupBarrier();
    if index == 0u {
        let far = percentile(0.02, count, lows[0], highs[0]);
        let near = max(percentile(0.98, count, lows[0], highs[0]), far + 1e-4);
        let aim = select(near, sums[0].x / max(sums[0].y, 1e-6), sums[0].y > 0.0);
        let keep = select(0.0, 0.8, focus.has_past == 1u);
        lens.far = mix(far, lens.far, keep);
        lens.near = mix(near, lens.near, keep);
        lens.focus = mix(aim, lens.focus, keep);
    }
}
