// One fragment makes one pixel of the shown result. `uv` runs over the picture as it is shown; a mirrored
// picture is read from right to left, its replacement is not.
// Preceded by fullscreen.wgsl and mask.wgsl.

struct Compose {
    // The replacement's color at the top and at the bottom.
    top: vec4<f32>,
    bottom: vec4<f32>,
    // The size to which the network's crop refers.
    source_size: vec2<f32>,
    // Pixels of the target that the picture covers.
    shown_size: vec2<f32>,
    // The part of the replacement picture that shows, around its middle.
    backdrop_part: vec2<f32>,
    // The replacement picture's levels of detail: sharp, for light wrap, and as it is shown.
    backdrop_level: f32,
    backdrop_wrap_level: f32,
    backdrop_soft_level: f32,
    // 0 composite, 1 matte, 2 the network's mask, 3 the frame, 4 the chart in `far`, 5 the matte's edge.
    view: u32,
    // 0 blurred frame, 1 gradient, 2 picture, 3 checkerboard, 4 nothing, 5 bokeh, 6 gray frame, 7 outlined frame.
    replacement: u32,
    // Where the frame ends and the result begins, in 0..1 from the left; negative without a wipe.
    wipe: f32,
    light_wrap: f32,
    // Switches: 1 for on.
    recovery: u32,
    mirror: u32,
    // 1 when the target encodes sRGB itself.
    linear_target: u32,
    // Samples a side of each shown pixel: 2 when the frame is shrunk.
    samples: u32,
    strength: f32,
    // The outline's width, as a part of the frame's height.
    outline: f32,
}

@group(0) @binding(0) var<uniform> compose: Compose;
@group(0) @binding(1) var smooth_sampler: sampler;
@group(0) @binding(2) var frame: texture_2d<f32>;
@group(0) @binding(3) var matte: texture_2d<f32>;
@group(0) @binding(4) var blurred: texture_2d<f32>;
@group(0) @binding(5) var nearby: texture_2d<f32>;
@group(0) @binding(6) var backdrop: texture_2d<f32>;
@group(0) @binding(7) var mask: texture_2d<f32>;
@group(0) @binding(8) var far: texture_2d<f32>;
@group(0) @binding(9) var near: texture_2d<f32>;
// The head of `struct Person` of person.wgsl: what the network saw first, the shown part third.
@group(0) @binding(10) var<uniform> person: array<vec4<f32>, 4>;

fn frame_uv(uv: vec2<f32>) -> vec2<f32> {
    let shown = vec2<f32>(select(uv.x, 1.0 - uv.x, compose.mirror == 1u), uv.y);
    return (shown - 0.5) / person[2].z + person[2].xy;
}

fn matte_at(uv: vec2<f32>) -> f32 {
    return textureSampleLevel(matte, smooth_sampler, frame_uv(uv), 0.0).x;
}

fn frame_at(uv: vec2<f32>) -> vec3<f32> {
    return textureSampleLevel(frame, smooth_sampler, frame_uv(uv), 0.0).xyz;
}

fn unpremultiplied(color: vec4<f32>) -> vec3<f32> {
    return color.xyz / max(color.w, 1e-5);
}

fn blurred_at(uv: vec2<f32>) -> vec3<f32> {
    return unpremultiplied(textureSampleLevel(blurred, smooth_sampler, frame_uv(uv), 0.0));
}

fn gradient_at(uv: vec2<f32>) -> vec3<f32> {
    return mix(compose.top.xyz, compose.bottom.xyz, uv.y);
}

// Nine taps around the place hide the squares of a coarse level.
fn backdrop_at(uv: vec2<f32>, level: f32) -> vec3<f32> {
    let inside = (uv - 0.5) * compose.backdrop_part + 0.5;
    if level <= compose.backdrop_level {
        return textureSampleLevel(backdrop, smooth_sampler, inside, level).xyz;
    }
    let texel = exp2(level) / vec2<f32>(textureDimensions(backdrop));
    var sum = vec3<f32>(0.0);
    for (var index = 0; index < 9; index++) {
        let step = vec2<f32>(f32(index % 3 - 1), f32(index / 3 - 1));
        let weight = (2.0 - abs(step.x)) * (2.0 - abs(step.y)) / 16.0;
        sum += weight * textureSampleLevel(backdrop, smooth_sampler, inside + 0.75 * step * texel, level).xyz;
    }
    return sum;
}

fn srgb_from_linear(color: vec3<f32>) -> vec3<f32> {
    let low = color * 12.92;
    let high = 1.055 * pow(max(color, vec3<f32>(0.0)), vec3<f32>(1.0 / 2.4)) - 0.055;
    return select(high, low, color <= vec3<f32>(0.0031308));
}

// The frame where it is in focus, the gathered background elsewhere and around the person.
fn bokeh_at(uv: vec2<f32>) -> vec3<f32> {
    let behind = textureSampleLevel(far, smooth_sampler, frame_uv(uv), 0.0);
    let soft = max(behind.w, smoothstep(0.0, 0.1, matte_at(uv)));
    return mix(frame_at(uv), srgb_from_linear(behind.xyz), soft);
}

fn luma_of(color: vec3<f32>) -> f32 {
    return dot(color, vec3<f32>(0.299, 0.587, 0.114));
}

fn gray_at(uv: vec2<f32>) -> vec3<f32> {
    let color = frame_at(uv);
    return mix(color, vec3<f32>(luma_of(color)), compose.strength);
}

// The frame with the line's color where the person is near.
fn outlined_at(uv: vec2<f32>) -> vec3<f32> {
    let aspect = compose.shown_size.y / compose.shown_size.x;
    var near_person = 0.0;
    for (var index = 0; index < 12; index++) {
        let angle = f32(index) * 0.5235988;
        let away = compose.outline * vec2<f32>(cos(angle) * aspect, sin(angle));
        near_person = max(near_person, matte_at(uv + away));
    }
    return mix(frame_at(uv), compose.top.xyz, smoothstep(0.35, 0.65, near_person));
}

fn checkerboard_at(uv: vec2<f32>) -> vec3<f32> {
    let square = vec2<i32>(floor(uv * compose.shown_size / 12.0));
    return vec3<f32>(select(0.55, 0.75, ((square.x + square.y) & 1) == 0));
}

// What stands behind the person: color and opacity.
fn replacement_at(uv: vec2<f32>) -> vec4<f32> {
    switch compose.replacement {
        case 0u: { return vec4<f32>(blurred_at(uv), 1.0); }
        case 1u: { return vec4<f32>(gradient_at(uv), 1.0); }
        case 2u: { return vec4<f32>(backdrop_at(uv, compose.backdrop_soft_level), 1.0); }
        case 5u: { return vec4<f32>(bokeh_at(uv), 1.0); }
        case 6u: { return vec4<f32>(gray_at(uv), 1.0); }
        case 7u: { return vec4<f32>(outlined_at(uv), 1.0); }
        case 3u: { return vec4<f32>(checkerboard_at(uv), 1.0); }
        default: { return vec4<f32>(0.0); }
    }
}

// The light that the replacement throws around the person's edge.
fn light_at(uv: vec2<f32>) -> vec3<f32> {
    switch compose.replacement {
        case 0u: { return blurred_at(uv); }
        case 1u: { return gradient_at(uv); }
        case 2u: { return backdrop_at(uv, max(compose.backdrop_wrap_level, compose.backdrop_soft_level)); }
        case 5u: { return bokeh_at(uv); }
        default: { return vec3<f32>(0.0); }
    }
}

// The person's color times alpha. With recovery the old background's share is taken out: of a pixel
// I = α F + (1 − α) B, α F = I − (1 − α) B, where B is the masked mean of the background nearby. It stays
// within 0..α, so that nothing of the room shows where alpha is 0. Where alpha is small the difference is mostly
// the mean's error, and α I takes its place.
fn foreground(uv: vec2<f32>, color: vec3<f32>, alpha: f32) -> vec3<f32> {
    if compose.recovery == 0u {
        return alpha * color;
    }
    let room = textureSampleLevel(nearby, smooth_sampler, frame_uv(uv), 0.0);
    let known = smoothstep(0.002, 0.02, room.w);
    let rest = (1.0 - alpha) * mix(color, unpremultiplied(room), known);
    let recovered = clamp(color - rest, vec3<f32>(0.0), vec3<f32>(alpha));
    return mix(alpha * color, recovered, smoothstep(0.0, 0.4, alpha));
}

// Color with its alpha, not premultiplied.
fn composite(uv: vec2<f32>) -> vec4<f32> {
    let alpha = matte_at(uv);
    let behind = replacement_at(uv);
    let share = (1.0 - alpha) * behind.w;
    let opacity = alpha + share;
    var color = (foreground(uv, frame_at(uv), alpha) + share * behind.xyz) / max(opacity, 1e-5);
    if compose.light_wrap > 0.0 {
        let band = smoothstep(0.25, 0.45, alpha) * (1.0 - smoothstep(0.55, 0.75, alpha));
        color = 1.0 - (1.0 - color) * (1.0 - light_at(uv) * band * compose.light_wrap);
    }
    if compose.replacement == 5u {
        let before = textureSampleLevel(near, smooth_sampler, frame_uv(uv), 0.0);
        color = mix(color, srgb_from_linear(before.xyz), before.w);
    }
    return vec4<f32>(color, opacity);
}

fn view_at(uv: vec2<f32>) -> vec4<f32> {
    switch compose.view {
        case 0u: { return composite(uv); }
        case 1u: {
            return vec4<f32>(vec3<f32>(matte_at(uv)), 1.0);
        }
        case 2u: {
            let value = mask_at(frame_uv(uv) * compose.source_size, person[0]);
            return vec4<f32>(vec3<f32>(value), 1.0);
        }
        case 4u: { return vec4<f32>(textureSampleLevel(far, smooth_sampler, frame_uv(uv), 0.0).xyz, 1.0); }
        case 5u: {
            let alpha = matte_at(uv);
            return vec4<f32>(vec3<f32>(4.0 * alpha * (1.0 - alpha)), 1.0);
        }
        default: { return vec4<f32>(frame_at(uv), 1.0); }
    }
}

fn wiped(uv: vec2<f32>) -> vec4<f32> {
    if uv.x < compose.wipe {
        return vec4<f32>(frame_at(uv), 1.0);
    }
    return view_at(uv);
}

// The mean over the pixel, weighted by opacity.
fn sampled(uv: vec2<f32>) -> vec4<f32> {
    if compose.samples == 1u {
        return wiped(uv);
    }
    let step = 0.25 / compose.shown_size;
    var sum = vec4<f32>(0.0);
    for (var index = 0u; index < 4u; index++) {
        let side = vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0;
        let value = wiped(uv + side * step);
        sum += vec4<f32>(value.xyz * value.w, value.w);
    }
    return vec4<f32>(unpremultiplied(sum), 0.25 * sum.w);
}

fn linear_from_srgb(color: vec3<f32>) -> vec3<f32> {
    let low = color / 12.92;
    let high = pow((color + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, color <= vec3<f32>(0.04045));
}

@fragment
fn compose_picture(corner: Corner) -> @location(0) vec4<f32> {
    var color = sampled(corner.uv);
    if compose.wipe >= 0.0 {
        let distance = abs(corner.uv.x - compose.wipe) * compose.shown_size.x;
        let line = 1.0 - smoothstep(1.0, 1.75, distance);
        let shadow = 0.35 * (1.0 - smoothstep(1.0, 4.0, distance));
        color = vec4<f32>(mix(color.xyz * (1.0 - shadow), vec3<f32>(1.0), line), max(color.w, line));
    }
    if compose.linear_target == 1u {
        color = vec4<f32>(linear_from_srgb(color.xyz), color.w);
    }
    return color;
}
