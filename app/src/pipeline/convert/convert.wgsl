// One fragment makes one pixel of the shown picture: red, green and blue in 0..1, upright, alpha 1. The vertex stage
// turns and mirrors the picture. A target smaller than the picture by a whole factor gets the mean of as many pixels.
// Preceded by fullscreen.wgsl and source.wgsl.

struct Turned {
    @builtin(position) position: vec4<f32>,
    // In pixels of the stored picture.
    @location(0) stored: vec2<f32>,
}

@vertex
fn turned(@builtin(vertex_index) index: u32) -> Turned {
    let corner = corner(index);
    return Turned(corner.position, stored_from_shown(corner.uv * vec2<f32>(source.shown_size)));
}

@fragment
fn convert(corner: Turned) -> @location(0) vec4<f32> {
    let count = max(vec2<i32>(round(fwidth(corner.stored))), vec2<i32>(1));
    let first = corner.stored - 0.5 * vec2<f32>(count - 1);
    let last = source.stored_size - 1;
    var sum = vec3<f32>(0.0);
    for (var y = 0; y < count.y; y++) {
        for (var x = 0; x < count.x; x++) {
            let pixel = vec2<i32>(floor(first + vec2<f32>(vec2<i32>(x, y))));
            sum += source_sample(clamp(pixel, vec2<i32>(0), last));
        }
    }
    return vec4<f32>(rgb_from_sample(sum / f32(count.x * count.y)), 1.0);
}
