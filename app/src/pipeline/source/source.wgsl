// Reads the raw planes of the frame: `source_sample` gives the stored values at a pixel, `rgb_from_sample`
// makes red, green and blue of them. Chroma of half size is centered between its luma samples;
// `source_sample` interpolates it bilinearly, `source_sample_near` takes the nearest one, which is as good
// where a mean over many pixels follows.

struct Source {
    // Rows of the affine map from a sample to red, green and blue: dot(row.xyz, sample) + row.w.
    red: vec4<f32>,
    green: vec4<f32>,
    blue: vec4<f32>,
    // From the shown to the stored picture, in pixels: turn * place + origin.
    turn: mat2x2<f32>,
    origin: vec2<f32>,
    stored_size: vec2<i32>,
    shown_size: vec2<i32>,
    // Luma pixels per chroma sample, in x and y, and the chroma samples of the picture.
    chroma_step: vec2<i32>,
    chroma_size: vec2<i32>,
    // 0 YUYV, 1 UYVY, 2 NV12, 3 NV21, 4 planar YUV, 5 RGB or BGR, 6 RGBA, 7 gray.
    arrangement: u32,
}

@group(0) @binding(0) var<uniform> source: Source;
@group(0) @binding(1) var plane0: texture_2d<f32>;
@group(0) @binding(2) var plane1: texture_2d<f32>;
@group(0) @binding(3) var plane2: texture_2d<f32>;

// These have no luma; their color is read as it is stored.
fn is_rgb() -> bool {
    return source.arrangement == 5u || source.arrangement == 6u;
}

fn stored_rgb(pixel: vec2<i32>) -> vec3<f32> {
    if source.arrangement == 6u {
        return textureLoad(plane0, pixel, 0).xyz;
    }
    let first = vec2<i32>(3 * pixel.x, pixel.y);
    return vec3<f32>(
        textureLoad(plane0, first, 0).x,
        textureLoad(plane0, first + vec2<i32>(1, 0), 0).x,
        textureLoad(plane0, first + vec2<i32>(2, 0), 0).x,
    );
}

fn luma_at(pixel: vec2<i32>) -> f32 {
    if source.arrangement > 1u {
        return textureLoad(plane0, pixel, 0).x;
    }
    let pair = textureLoad(plane0, vec2<i32>(pixel.x / 2, pixel.y), 0);
    let both = select(pair.yw, pair.xz, source.arrangement == 0u);
    return select(both.x, both.y, (pixel.x & 1) == 1);
}

fn chroma_at(place: vec2<i32>) -> vec2<f32> {
    let at = clamp(place, vec2<i32>(0), source.chroma_size - 1);
    switch source.arrangement {
        case 0u: { return textureLoad(plane0, at, 0).yw; }
        case 1u: { return textureLoad(plane0, at, 0).xz; }
        case 2u: { return textureLoad(plane1, at, 0).xy; }
        case 3u: { return textureLoad(plane1, at, 0).yx; }
        case 4u: { return vec2<f32>(textureLoad(plane1, at, 0).x, textureLoad(plane2, at, 0).x); }
        default: { return vec2<f32>(128.0 / 255.0); }
    }
}

fn source_sample_near(pixel: vec2<i32>) -> vec3<f32> {
    if is_rgb() {
        return stored_rgb(pixel);
    }
    return vec3<f32>(luma_at(pixel), chroma_at(pixel / source.chroma_step));
}

fn source_sample(pixel: vec2<i32>) -> vec3<f32> {
    if is_rgb() {
        return stored_rgb(pixel);
    }
    if all(source.chroma_step == vec2<i32>(1)) {
        return vec3<f32>(luma_at(pixel), chroma_at(pixel));
    }
    let at = (vec2<f32>(pixel) + 0.5) / vec2<f32>(source.chroma_step) - 0.5;
    let base = vec2<i32>(floor(at));
    let part = at - floor(at);
    var chroma = mix(chroma_at(base), chroma_at(base + vec2<i32>(1, 0)), part.x);
    if source.chroma_step.y == 2 {
        let below = base + vec2<i32>(0, 1);
        let lower = mix(chroma_at(below), chroma_at(below + vec2<i32>(1, 0)), part.x);
        chroma = mix(chroma, lower, part.y);
    }
    return vec3<f32>(luma_at(pixel), chroma);
}

fn rgb_from_sample(sample: vec3<f32>) -> vec3<f32> {
    let homogeneous = vec4<f32>(sample, 1.0);
    let rgb = vec3<f32>(
        dot(source.red, homogeneous),
        dot(source.green, homogeneous),
        dot(source.blue, homogeneous),
    );
    return clamp(rgb, vec3<f32>(0.0), vec3<f32>(1.0));
}

// The place in the stored picture of a place in the shown one, both in pixels; centers of pixels lie at halves.
fn stored_from_shown(shown: vec2<f32>) -> vec2<f32> {
    return source.turn * shown + source.origin;
}
