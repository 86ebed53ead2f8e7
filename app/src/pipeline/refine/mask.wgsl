// The network's mask `mask`, which the including shader binds, at a position of the shown picture in
// pixels, interpolated bilinearly. `crop` is what the network saw: x, y, width, height. Outside of it
// nobody is.

fn mask_at(position: vec2<f32>, crop: vec4<f32>) -> f32 {
    let inside = (position - crop.xy) / crop.zw;
    if any(inside < vec2<f32>(0.0)) || any(inside > vec2<f32>(1.0)) {
        return 0.0;
    }
    let size = vec2<i32>(textureDimensions(mask));
    let at = inside * vec2<f32>(size) - 0.5;
    let base = floor(at);
    let part = at - base;
    let last = size - 1;
    let low = clamp(vec2<i32>(base), vec2<i32>(0), last);
    let high = clamp(vec2<i32>(base) + 1, vec2<i32>(0), last);
    let top = mix(textureLoad(mask, low, 0).x, textureLoad(mask, vec2<i32>(high.x, low.y), 0).x, part.x);
    let bottom = mix(textureLoad(mask, vec2<i32>(low.x, high.y), 0).x, textureLoad(mask, high, 0).x, part.x);
    return clamp(mix(top, bottom, part.y), 0.0, 1.0);
}
