// One fragment makes one pixel of a matte whose edge is moved or softened: the least, the greatest or the
// mean value over 16 directions on two rings and the center.
// Preceded by fullscreen.wgsl.

struct Edge {
    // The outer ring's radius in pixels.
    radius: f32,
    // 0 mean, 1 least, 2 greatest.
    rule: u32,
}

@group(0) @binding(0) var<uniform> edge: Edge;
@group(0) @binding(1) var edge_sampler: sampler;
@group(0) @binding(2) var matte: texture_2d<f32>;

@fragment
fn move_edge(corner: Corner) -> @location(0) vec4<f32> {
    let pixel = 1.0 / vec2<f32>(textureDimensions(matte));
    let center = textureSampleLevel(matte, edge_sampler, corner.uv, 0.0).x;
    var least = center;
    var greatest = center;
    var sum = center;
    for (var index = 0; index < 16; index++) {
        let angle = f32(index) * 0.39269908;
        let radius = edge.radius * select(0.5, 1.0, (index & 1) == 0);
        let away = radius * vec2<f32>(cos(angle), sin(angle));
        let value = textureSampleLevel(matte, edge_sampler, corner.uv + away * pixel, 0.0).x;
        least = min(least, value);
        greatest = max(greatest, value);
        sum += value;
    }
    switch edge.rule {
        case 1u: { return vec4<f32>(least, 0.0, 0.0, 1.0); }
        case 2u: { return vec4<f32>(greatest, 0.0, 0.0, 1.0); }
        default: { return vec4<f32>(sum / 17.0, 0.0, 0.0, 1.0); }
    }
}
