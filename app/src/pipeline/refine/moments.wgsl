// The color guided filter's linear model (He, Sun, Tang 2010; fast form He, Sun 2015, arXiv 1505.00996):
// in the window around each guide texel the mask is a·I + b, where
//     a = (Σ + εU)⁻¹ (mean(I p) − mean(I) mean(p)),   b = mean(p) − a·mean(I).
// Windows have 2 radius + 1 texels a side; the guide's edge texels are repeated beyond its edges.
//
// `sum_rows` makes the sums along x, `solve` those along y, a and b, and the bounds: what the matte may be at
// most and at least, because windows reach farther than a network errs. An invocation slides over a strip of
// STRIP texels, along x in `sum_rows` (grid: strips × rows) and along y in `solve` (grid: columns × strips),
// 8 × 8 invocations a workgroup.
// Preceded by refine.wgsl.

const STRIP = 8;

@group(0) @binding(0) var<uniform> refine: Refine;
@group(0) @binding(1) var guide: texture_2d<f32>;
// Three vectors a texel: (I, p), (I p, r²), (r g, r b, g², g b); b² lies in `row_tails`.
@group(0) @binding(2) var<storage, read_write> row_sums: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> row_tails: array<f32>;
@group(0) @binding(4) var<storage, read_write> models: array<vec4<f32>>;

// The bounds of each texel: the upper one in the low half, the lower one in the high half, both in 0..1.
@group(0) @binding(5) var<storage, read_write> bounds: array<u32>;

struct Moments {
    first: vec4<f32>,
    mixed: vec4<f32>,
    second: vec4<f32>,
    tail: f32,
}

fn added(m: Moments, n: Moments, sign: f32) -> Moments {
    return Moments(
        m.first + sign * n.first,
        m.mixed + sign * n.mixed,
        m.second + sign * n.second,
        m.tail + sign * n.tail,
    );
}

fn moments_of(x: i32, y: i32) -> Moments {
    let texel = textureLoad(guide, vec2<i32>(clamp(x, 0, refine.guide_size.x - 1), y), 0);
    let color = texel.xyz - 0.5;
    return Moments(
        vec4<f32>(color, texel.w),
        vec4<f32>(color * texel.w, color.x * color.x),
        vec4<f32>(color.x * color.yz, color.y * color.yz),
        color.z * color.z,
    );
}

fn row_moments(x: i32, y: i32) -> Moments {
    let index = clamp(y, 0, refine.guide_size.y - 1) * refine.guide_size.x + x;
    return Moments(row_sums[3 * index], row_sums[3 * index + 1], row_sums[3 * index + 2], row_tails[index]);
}

@compute @workgroup_size(8, 8)
fn sum_rows(@builtin(global_invocation_id) id: vec3<u32>) {
    let first = i32(id.x) * STRIP;
    let y = i32(id.y);
    if first >= refine.guide_size.x || y >= refine.guide_size.y {
        return;
    }
    var sum = moments_of(first - refine.radius, y);
    for (var x = first - refine.radius + 1; x <= first + refine.radius; x++) {
        sum = added(sum, moments_of(x, y), 1.0);
    }
    for (var x = first; x < min(first + STRIP, refine.guide_size.x); x++) {
        let index = y * refine.guide_size.x + x;
        row_sums[3 * index] = sum.first;
        row_sums[3 * index + 1] = sum.mixed;
        row_sums[3 * index + 2] = sum.second;
        row_tails[index] = sum.tail;
        sum = added(sum, moments_of(x + refine.radius + 1, y), 1.0);
        sum = added(sum, moments_of(x - refine.radius, y), -1.0);
    }
}

fn model_of(sum: Moments) -> vec4<f32> {
    let scale = 1.0 / f32((2 * refine.radius + 1) * (2 * refine.radius + 1));
    let color = sum.first.xyz * scale;
    let mask = sum.first.w * scale;
    let covariance = sum.mixed.xyz * scale - color * mask;
    // Σ + εU, which is symmetric: its six values.
    let rr = sum.mixed.w * scale - color.x * color.x + refine.epsilon;
    let rg = sum.second.x * scale - color.x * color.y;
    let rb = sum.second.y * scale - color.x * color.z;
    let gg = sum.second.z * scale - color.y * color.y + refine.epsilon;
    let gb = sum.second.w * scale - color.y * color.z;
    let bb = sum.tail * scale - color.z * color.z + refine.epsilon;
    let inverse = mat3x3<f32>(
        vec3<f32>(gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg),
        vec3<f32>(rb * gb - rg * bb, rr * bb - rb * rb, rg * rb - rr * gb),
        vec3<f32>(rg * gb - rb * gg, rg * rb - rr * gb, rr * gg - rg * rg),
    );
    let determinant = rr * inverse[0].x + rg * inverse[0].y + rb * inverse[0].z;
    let a = (inverse * covariance) / determinant;
    return vec4<f32>(a, mask - dot(a, color));
}

fn mask_near(x: i32, y: i32) -> f32 {
    return textureLoad(guide, clamp(vec2<i32>(x, y), vec2<i32>(0), refine.guide_size - 1), 0).w;
}

// Where no mask value within three texels speaks for a person the matte is 0, and where none speaks against
// one it is 1.
fn bounds_of(x: i32, y: i32) -> u32 {
    let a = vec4<f32>(mask_near(x - 3, y), mask_near(x + 3, y), mask_near(x, y - 3), mask_near(x, y + 3));
    let b = vec4<f32>(
        mask_near(x - 2, y - 2),
        mask_near(x + 2, y - 2),
        mask_near(x - 2, y + 2),
        mask_near(x + 2, y + 2),
    );
    let center = mask_near(x, y);
    let most = max(a, b);
    let least = min(a, b);
    let greatest = max(max(max(most.x, most.y), max(most.z, most.w)), center);
    let smallest = min(min(min(least.x, least.y), min(least.z, least.w)), center);
    let upper = smoothstep(0.02, 0.3, greatest);
    let lower = 1.0 - smoothstep(0.02, 0.3, 1.0 - smallest);
    return pack2x16unorm(vec2<f32>(upper, lower));
}

@compute @workgroup_size(8, 8)
fn solve(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = i32(id.x);
    let first = i32(id.y) * STRIP;
    if x >= refine.guide_size.x || first >= refine.guide_size.y {
        return;
    }
    var sum = row_moments(x, first - refine.radius);
    for (var y = first - refine.radius + 1; y <= first + refine.radius; y++) {
        sum = added(sum, row_moments(x, y), 1.0);
    }
    for (var y = first; y < min(first + STRIP, refine.guide_size.y); y++) {
        models[y * refine.guide_size.x + x] = model_of(sum);
        bounds[y * refine.guide_size.x + x] = bounds_of(x, y);
        sum = added(sum, row_moments(x, y + refine.radius + 1), 1.0);
        sum = added(sum, row_moments(x, y - refine.radius), -1.0);
    }
}
