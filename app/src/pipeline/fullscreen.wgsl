// Vertex stage of the pipeline's render passes: one triangle that covers the target.
// `uv` runs from (0, 0) at the top left to (1, 1) at the bottom right.

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

fn corner(index: u32) -> Corner {
    let uv = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    return Corner(vec4<f32>(2.0 * uv.x - 1.0, 1.0 - 2.0 * uv.y, 0.0, 1.0), uv);
}

@vertex
fn fullscreen(@builtin(vertex_index) index: u32) -> Corner {
    return corner(index);
}
