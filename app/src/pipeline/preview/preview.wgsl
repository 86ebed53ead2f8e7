// A small picture of the frame, or of its matte: the mean of 4 × 4 samples over each texel's footprint. One
// fragment makes one texel.
// Preceded by fullscreen.wgsl.

@group(0) @binding(0) var preview_sampler: sampler;
@group(0) @binding(1) var large: texture_2d<f32>;

fn mean_at(uv: vec2<f32>) -> vec4<f32> {
    let footprint = vec2<f32>(abs(dpdx(uv.x)), abs(dpdy(uv.y)));
    var sum = vec4<f32>(0.0);
    for (var index = 0; index < 16; index++) {
        let step = (vec2<f32>(f32(index % 4), f32(index / 4)) - 1.5) * 0.25;
        sum += textureSampleLevel(large, preview_sampler, uv + step * footprint, 0.0);
    }
    return sum / 16.0;
}

@fragment
fn shrink_picture(corner: Corner) -> @location(0) vec4<f32> {
    return mean_at(corner.uv);
}
