// One fragment makes one pixel of the shown result. `uv` runs over the picture as it is shown; a mirrored
// picture is read from right to left, its replacement is not.
// Preceded by fullscreen.wgsl and mask.wgsl.

struct Compose {
    // x, y, width, height of what the network saw, in pixels of the frame.
    crop: vec4<f32>,
    // The replacement's color at the top and at the bottom.
    top: vec4<f32>,
    bottom: vec4<f32>,
    frame_size: vec2<f32>,
    // Pixels of the target that the picture covers.
    shown_size: vec2<f32>,
    // The part of the replacement picture that shows, around its middle.
    backdrop_part: vec2<f32>,
    // The replacement picture's level of detail: as it is shown, and for light wrap.
    backdrop_level: f32,
    backdrop_wrap_level: f32,
    // 0 composite, 1 matte, 2 the network's mask, 3 the frame.
    view: u32,
    // 0 blurred frame, 1 gradient, 2 picture, 3 checkerboard, 4 nothing.
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
}

@group(0) @binding(0) var<uniform> compose: Compose;
@group(0) @binding(1) var smooth_sampler: sampler;
@group(0) @binding(2) var frame: texture_2d<f32>;
@group(0) @binding(3) var matte: texture_2d<f32>;
@group(0) @binding(4) var blurred: texture_2d<f32>;
@group(0) @binding(5) var nearby: texture_2d<f32>;
@group(0) @binding(6) var backdrop: texture_2d<f32>;
@group(0) @binding(7) var mask: texture_2d<f32>;

fn frame_uv(uv: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(select(uv.x, 1.0 - uv.x, compose.mirror == 1u), uv.y);
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

fn backdrop_at(uv: vec2<f32>, level: f32) -> vec3<f32> {
    let inside = (uv - 0.5) * compose.backdrop_part + 0.5;
    return textureSampleLevel(backdrop, smooth_sampler, inside, level).xyz;
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
        case 2u: { return vec4<f32>(backdrop_at(uv, compose.backdrop_level), 1.0); }
        case 3u: { return vec4<f32>(checkerboard_at(uv), 1.0); }
        default: { return vec4<f32>(0.0); }
    }
}

// The light that the replacement throws around the person's edge.
fn light_at(uv: vec2<f32>) -> vec3<f32> {
    switch compose.replacement {
        case 0u: { return blurred_at(uv); }
        case 1u: { return gradient_at(uv); }
        case 2u: { return backdrop_at(uv, compose.backdrop_wrap_level); }
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
    let alpha = textureSampleLevel(matte, smooth_sampler, frame_uv(uv), 0.0).x;
    let behind = replacement_at(uv);
    let share = (1.0 - alpha) * behind.w;
    let opacity = alpha + share;
    var color = (foreground(uv, frame_at(uv), alpha) + share * behind.xyz) / max(opacity, 1e-5);
    if compose.light_wrap > 0.0 {
        let band = smoothstep(0.25, 0.45, alpha) * (1.0 - smoothstep(0.55, 0.75, alpha));
        color = 1.0 - (1.0 - color) * (1.0 - light_at(uv) * band * compose.light_wrap);
    }
    return vec4<f32>(color, opacity);
}

fn view_at(uv: vec2<f32>) -> vec4<f32> {
    switch compose.view {
        case 0u: { return composite(uv); }
        case 1u: {
            let alpha = textureSampleLevel(matte, smooth_sampler, frame_uv(uv), 0.0).x;
            return vec4<f32>(vec3<f32>(alpha), 1.0);
        }
        case 2u: {
            let value = mask_at(frame_uv(uv) * compose.frame_size, compose.crop);
            return vec4<f32>(vec3<f32>(value), 1.0);
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
