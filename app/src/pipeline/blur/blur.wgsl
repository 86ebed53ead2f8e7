// The blurred background, without the person in it: a dual-Kawase pyramid (Bjørge, Siggraph 2015) over
// premultiplied (rgb · w, w), where w is near 1 in the background and near 0 on the person. Whoever samples
// the result divides by its alpha. Every stage is a render pass; one fragment makes one texel.
// Preceded by fullscreen.wgsl.

@group(0) @binding(0) var blur_sampler: sampler;
@group(0) @binding(1) var finer: texture_2d<f32>;
@group(0) @binding(2) var matte: texture_2d<f32>;

fn background_weight(matte: f32) -> f32 {
    return max(1.0 - smoothstep(0.0, 0.25, matte), 0.001);
}

// Half the frame's size: the mean of 2 × 2 pixels, weighted by the one with the most of the person in it.
@fragment
fn premultiply(corner: Corner) -> @location(0) vec4<f32> {
    let first = 2 * vec2<i32>(corner.position.xy);
    let last = vec2<i32>(textureDimensions(finer)) - 1;
    var sum = vec3<f32>(0.0);
    var most = 0.0;
    for (var y = 0; y < 2; y++) {
        for (var x = 0; x < 2; x++) {
            let pixel = min(first + vec2<i32>(x, y), last);
            most = max(most, textureLoad(matte, pixel, 0).x);
            sum += textureLoad(finer, pixel, 0).xyz;
        }
    }
    return background_weight(most) * vec4<f32>(0.25 * sum, 1.0);
}

fn tap(uv: vec2<f32>) -> vec4<f32> {
    return textureSampleLevel(finer, blur_sampler, uv, 0.0);
}

// To the next coarser level: the center and four diagonal neighbors, each a mean of 2 × 2 texels.
@fragment
fn shrink(corner: Corner) -> @location(0) vec4<f32> {
    let step = 1.0 / vec2<f32>(textureDimensions(finer));
    let diagonal = vec2<f32>(step.x, -step.y);
    let corners = tap(corner.uv - step) + tap(corner.uv + step) + tap(corner.uv - diagonal) + tap(corner.uv + diagonal);
    return 0.5 * tap(corner.uv) + 0.125 * corners;
}

// Back from a coarser level (bound as `finer`): a ring of eight taps, half and whole texels away.
@fragment
fn enlarge(corner: Corner) -> @location(0) vec4<f32> {
    let step = 0.5 / vec2<f32>(textureDimensions(finer));
    let x = vec2<f32>(2.0 * step.x, 0.0);
    let y = vec2<f32>(0.0, 2.0 * step.y);
    let diagonal = vec2<f32>(step.x, -step.y);
    let axes = tap(corner.uv - x) + tap(corner.uv + x) + tap(corner.uv - y) + tap(corner.uv + y);
    let corners = tap(corner.uv - step) + tap(corner.uv + step) + tap(corner.uv - diagonal) + tap(corner.uv + diagonal);
    return (axes + 2.0 * corners) / 12.0;
}
