// Lines, dots, plates and letters over the picture. Six vertices make a rectangle around each mark; its fragments
// know their distance from the mark's edge and blend over one pixel. Positions are pixels of the picture's place.

struct Marks {
    // Width and height of the place in pixels.
    size: vec2<f32>,
    // 1 when the target encodes sRGB itself.
    linear_target: u32,
    padding: u32,
}

@group(0) @binding(0) var<uniform> marks: Marks;
@group(0) @binding(1) var letters: texture_2d<f32>;
@group(0) @binding(2) var letters_sampler: sampler;

struct Mark {
    // Both ends of a line, or two corners.
    @location(0) ends: vec4<f32>,
    // The part of the letters' texture, in 0..1: its two corners.
    @location(1) letter: vec4<f32>,
    @location(2) color: vec4<f32>,
    // 0 a line of half its width with round ends, 1 a plate with round corners, 2 a letter.
    @location(3) kind: u32,
    @location(4) radius: f32,
}

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) at: vec2<f32>,
    @location(1) @interpolate(flat) ends: vec4<f32>,
    @location(2) letter: vec2<f32>,
    @location(3) @interpolate(flat) color: vec4<f32>,
    @location(4) @interpolate(flat) kind: u32,
    @location(5) @interpolate(flat) radius: f32,
}

@vertex
fn place_mark(mark: Mark, @builtin(vertex_index) index: u32) -> Corner {
    let low = min(mark.ends.xy, mark.ends.zw);
    let high = max(mark.ends.xy, mark.ends.zw);
    let reach = select(mark.radius + 1.0, 0.0, mark.kind == 2u);
    let part = vec2<f32>(f32(index == 1u || index == 2u || index == 4u), f32(index == 2u || index == 4u || index == 5u));
    let at = mix(low - reach, high + reach, part);
    let unit = at / marks.size;
    let position = vec4<f32>(2.0 * unit.x - 1.0, 1.0 - 2.0 * unit.y, 0.0, 1.0);
    return Corner(position, at, mark.ends, mix(mark.letter.xy, mark.letter.zw, part), mark.color, mark.kind, mark.radius);
}

fn distance_from_line(at: vec2<f32>, first: vec2<f32>, last: vec2<f32>) -> f32 {
    let along = last - first;
    let part = clamp(dot(at - first, along) / max(dot(along, along), 1e-6), 0.0, 1.0);
    return length(at - first - part * along);
}

@fragment
fn paint_mark(corner: Corner) -> @location(0) vec4<f32> {
    let written = textureSampleLevel(letters, letters_sampler, corner.letter, 0.0).x;
    var cover = written;
    if corner.kind == 0u {
        cover = corner.radius + 0.5 - distance_from_line(corner.at, corner.ends.xy, corner.ends.zw);
    } else if corner.kind == 1u {
        let inside = clamp(corner.at, min(corner.ends.xy, corner.ends.zw), max(corner.ends.xy, corner.ends.zw));
        cover = corner.radius + 0.5 - length(corner.at - inside);
    }
    var color = corner.color.xyz;
    if marks.linear_target == 1u {
        color = pow(color, vec3<f32>(2.2));
    }
    return vec4<f32>(color, corner.color.w * clamp(cover, 0.0, 1.0));
}
