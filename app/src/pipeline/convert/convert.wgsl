// One fragment makes one pixel of the shown picture: red, green and blue in 0..1, upright, alpha 1.
// Preceded by fullscreen.wgsl and source.wgsl.

@fragment
fn convert(corner: Corner) -> @location(0) vec4<f32> {
    let pixel = stored_from_shown(vec2<i32>(corner.position.xy));
    return vec4<f32>(rgb_from_sample(source_sample(pixel)), 1.0);
}
