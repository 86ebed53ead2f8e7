// The background as a lens draws it, at half the picture's size and in linear light. One fragment makes one texel.
// `defocus` gives each texel its color and its circle of confusion, in texels: positive behind the focus, negative
// before it, 0 on the person. `gather_far` and `gather_near` collect, over a disk of golden angles, the texels whose
// circle reaches the middle; the weights go with the colors, so that the person's never leak.
// Preceded by fullscreen.wgsl.

struct Bokeh {
    // x, y, width, height of the part of the picture that the depth covers, in pixels.
    crop: vec4<f32>,
    frame_size: vec2<f32>,
    // The largest circle's radius in texels.
    radius: f32,
    // How much bright spots outweigh the rest, 0..1.
    highlights: f32,
    // 1 when there is a depth.
    has_depth: u32,
    // 1 when the person stays sharp whatever their depth.
    locked: u32,
    padding: vec2<u32>,
}

struct Lens {
    far: f32,
    near: f32,
    focus: f32,
    padding: f32,
}

const TAPS = 43;
const GOLDEN_ANGLE = 2.3999632;
// Depths this near to the focus, as a part of the whole range, are sharp.
const SHARP = 0.06;

@group(0) @binding(0) var<uniform> bokeh: Bokeh;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var matte: texture_2d<f32>;
@group(0) @binding(3) var depth: texture_2d<f32>;
@group(0) @binding(4) var<storage, read> lens: Lens;
@group(0) @binding(5) var defocused: texture_2d<f32>;

fn linear_from_srgb(color: vec3<f32>) -> vec3<f32> {
    let low = color / 12.92;
    let high = pow((color + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, color <= vec3<f32>(0.04045));
}

fn color_near(place: vec2<f32>) -> vec3<f32> {
    let last = vec2<i32>(textureDimensions(picture)) - 1;
    let pixel = vec2<i32>(place / bokeh.frame_size * vec2<f32>(textureDimensions(picture)));
    return textureLoad(picture, clamp(pixel, vec2<i32>(0), last), 0).xyz;
}

// 0 for the farthest, 1 for the nearest: the depth around a place, weighted by how alike the colors are there.
fn nearness(place: vec2<f32>, color: vec3<f32>) -> f32 {
    let size = vec2<i32>(textureDimensions(depth));
    let texel = bokeh.crop.zw / vec2<f32>(size);
    let at = (place - bokeh.crop.xy) / texel - 0.5;
    let middle = vec2<i32>(round(at));
    var sum = vec2<f32>(0.0);
    for (var y = -2; y <= 2; y++) {
        for (var x = -2; x <= 2; x++) {
            let tap = clamp(middle + vec2<i32>(x, y), vec2<i32>(0), size - 1);
            let there = bokeh.crop.xy + (vec2<f32>(tap) + 0.5) * texel;
            let difference = color - color_near(there);
            let away = vec2<f32>(tap) - at;
            let weight = exp(-0.5 * dot(away, away) - 60.0 * dot(difference, difference)) + 1e-6;
            sum += weight * vec2<f32>(1.0 / max(textureLoad(depth, tap, 0).x, 0.1), 1.0);
        }
    }
    return clamp((sum.x / sum.y - lens.far) / (lens.near - lens.far), 0.0, 1.0);
}

fn person_near(first: vec2<i32>) -> f32 {
    let last = vec2<i32>(textureDimensions(matte)) - 1;
    var most = 0.0;
    for (var index = 0; index < 4; index++) {
        let pixel = min(first + vec2<i32>(index & 1, index >> 1u), last);
        most = max(most, textureLoad(matte, pixel, 0).x);
    }
    return most;
}

@fragment
fn defocus(corner: Corner) -> @location(0) vec4<f32> {
    let first = 2 * vec2<i32>(corner.position.xy);
    let last = vec2<i32>(textureDimensions(picture)) - 1;
    var color = vec3<f32>(0.0);
    var seen = vec3<f32>(0.0);
    for (var index = 0; index < 4; index++) {
        let pixel = textureLoad(picture, min(first + vec2<i32>(index & 1, index >> 1u), last), 0).xyz;
        color += 0.25 * linear_from_srgb(pixel);
        seen += 0.25 * pixel;
    }
    let background = 1.0 - smoothstep(0.0, 0.25, person_near(first));
    if bokeh.has_depth == 0u {
        return vec4<f32>(color, bokeh.radius * background);
    }
    let place = (vec2<f32>(first) + 1.0) / vec2<f32>(textureDimensions(picture)) * bokeh.frame_size;
    let focus = clamp((lens.focus - lens.far) / (lens.near - lens.far), 0.0, 1.0);
    let away = focus - nearness(place, seen);
    let circle = bokeh.radius * smoothstep(0.0, 0.5, abs(away) - SHARP) * sign(away);
    return vec4<f32>(color, circle * select(1.0, background, bokeh.locked == 1u));
}

// One texel of the disk around another: its color, its circle and its distance.
struct Tap {
    color: vec3<f32>,
    circle: f32,
    away: f32,
}

fn tap_of(texel: vec2<i32>, index: i32) -> Tap {
    let away = bokeh.radius * sqrt((f32(index) + 0.5) / f32(TAPS));
    let angle = f32(index) * GOLDEN_ANGLE;
    let last = vec2<i32>(textureDimensions(defocused)) - 1;
    let at = texel + vec2<i32>(round(away * vec2<f32>(cos(angle), sin(angle))));
    let value = textureLoad(defocused, clamp(at, vec2<i32>(0), last), 0);
    return Tap(value.xyz, value.w, away);
}

fn weight_of_light(color: vec3<f32>) -> f32 {
    let light = dot(color, vec3<f32>(0.2126, 0.7152, 0.0722));
    return 1.0 + 12.0 * bokeh.highlights * light * light * light;
}

// Color of what lies behind the focus, and how sharp the middle is not, 0..1.
@fragment
fn gather_far(corner: Corner) -> @location(0) vec4<f32> {
    let texel = vec2<i32>(corner.position.xy);
    let middle = textureLoad(defocused, texel, 0);
    var sum = 1e-4 * vec4<f32>(middle.xyz, 1.0);
    for (var index = 0; index < TAPS; index++) {
        let tap = tap_of(texel, index);
        let weight = clamp(tap.circle - tap.away + 1.0, 0.0, 1.0) * weight_of_light(tap.color);
        sum += weight * vec4<f32>(tap.color, 1.0);
    }
    return vec4<f32>(sum.xyz / sum.w, smoothstep(1.0, 2.0, middle.w));
}

// Color of what lies before the focus, and how much of the middle it covers, 0..1.
@fragment
fn gather_near(corner: Corner) -> @location(0) vec4<f32> {
    let texel = vec2<i32>(corner.position.xy);
    var sum = vec4<f32>(0.0);
    var cover = 0.0;
    for (var index = 0; index < TAPS; index++) {
        let tap = tap_of(texel, index);
        let reach = clamp(-tap.circle - tap.away + 1.0, 0.0, 1.0);
        let weight = reach * weight_of_light(tap.color);
        sum += weight * vec4<f32>(tap.color, 1.0);
        cover += reach / f32(TAPS);
    }
    return vec4<f32>(sum.xyz / max(sum.w, 1e-5), smoothstep(0.0, 0.6, cover));
}

// How near everything is, as a gray picture.
@fragment
fn chart_depth(corner: Corner) -> @location(0) vec4<f32> {
    let place = corner.uv * bokeh.frame_size;
    if bokeh.has_depth == 0u {
        let last = vec2<i32>(textureDimensions(matte)) - 1;
        let pixel = vec2<i32>(corner.uv * vec2<f32>(textureDimensions(matte)));
        return vec4<f32>(vec3<f32>(textureLoad(matte, min(pixel, last), 0).x), 1.0);
    }
    return vec4<f32>(vec3<f32>(nearness(place, color_near(place))), 1.0);
}

// The circles of confusion: blue behind the focus, orange before it, black where it is sharp.
@fragment
fn chart_circles(corner: Corner) -> @location(0) vec4<f32> {
    let circle = textureLoad(defocused, vec2<i32>(corner.position.xy), 0).w / max(bokeh.radius, 1e-3);
    let color = select(vec3<f32>(1.0, 0.55, 0.2), vec3<f32>(0.25, 0.6, 1.0), circle > 0.0);
    return vec4<f32>(color * min(abs(circle), 1.0), 1.0);
}
