// One fragment makes one pixel of the full-size matte: the mask brought to the frame's size, then the
// matte curve, which is hard at clear edges and soft where the picture is busy, as in hair.
// Preceded by fullscreen.wgsl and refine.wgsl.

@group(0) @binding(0) var<uniform> refine: Refine;
@group(0) @binding(1) var frame: texture_2d<f32>;
@group(0) @binding(2) var guide: texture_2d<f32>;
@group(0) @binding(3) var<storage, read> means: array<vec4<f32>>;

fn color_at(pixel: vec2<i32>) -> vec3<f32> {
    return textureLoad(frame, clamp(pixel, vec2<i32>(0), refine.frame_size - 1), 0).xyz;
}

// The four guide texels around a pixel, and the pixel's place between them.
struct Cell {
    low: vec2<i32>,
    high: vec2<i32>,
    part: vec2<f32>,
}

fn cell_of(pixel: vec2<i32>) -> Cell {
    let at = (vec2<f32>(pixel) + 0.5) / f32(refine.factor) - 0.5;
    let base = floor(at);
    let last = refine.guide_size - 1;
    return Cell(
        clamp(vec2<i32>(base), vec2<i32>(0), last),
        clamp(vec2<i32>(base) + 1, vec2<i32>(0), last),
        at - base,
    );
}

fn mean_model(x: i32, y: i32) -> vec4<f32> {
    return means[y * refine.guide_size.x + x];
}

fn guided(pixel: vec2<i32>) -> f32 {
    let cell = cell_of(pixel);
    let top = mix(mean_model(cell.low.x, cell.low.y), mean_model(cell.high.x, cell.low.y), cell.part.x);
    let bottom = mix(mean_model(cell.low.x, cell.high.y), mean_model(cell.high.x, cell.high.y), cell.part.x);
    let model = mix(top, bottom, cell.part.y);
    return dot(model.xyz, color_at(pixel) - 0.5) + model.w;
}

fn bilinear(pixel: vec2<i32>) -> f32 {
    let cell = cell_of(pixel);
    let top = mix(
        textureLoad(guide, cell.low, 0).w,
        textureLoad(guide, vec2<i32>(cell.high.x, cell.low.y), 0).w,
        cell.part.x,
    );
    let bottom = mix(
        textureLoad(guide, vec2<i32>(cell.low.x, cell.high.y), 0).w,
        textureLoad(guide, cell.high, 0).w,
        cell.part.x,
    );
    return mix(top, bottom, cell.part.y);
}

// Joint bilateral upsampling (Kopf et al. 2007) over 5 × 5 guide texels, every second one, with
// d² = L² + 3 |chroma|² as the distance of colors.
fn joint_bilateral(pixel: vec2<i32>) -> f32 {
    const SPACE = -1.0 / (2.0 * 3.0 * 3.0);
    const RANGE = -1.0 / (2.0 * 0.05 * 0.05);
    let color = color_at(pixel);
    let at = (vec2<f32>(pixel) + 0.5) / f32(refine.factor) - 0.5;
    let middle = vec2<i32>(round(at));
    var sum = vec2<f32>(1e-9 * bilinear(pixel), 1e-9);
    for (var y = -4; y <= 4; y += 2) {
        for (var x = -4; x <= 4; x += 2) {
            let tap = middle + vec2<i32>(x, y);
            let texel = textureLoad(guide, clamp(tap, vec2<i32>(0), refine.guide_size - 1), 0);
            let difference = color - texel.xyz;
            let light = luma(difference);
            let chroma = difference - light;
            let away = vec2<f32>(tap) - at;
            let distance = light * light + 3.0 * dot(chroma, chroma);
            sum += exp(SPACE * dot(away, away) + RANGE * distance) * vec2<f32>(texel.w, 1.0);
        }
    }
    return sum.x / sum.y;
}

fn upsampled(pixel: vec2<i32>) -> f32 {
    switch refine.upsampling {
        case 1u: { return guided(pixel); }
        case 2u: { return joint_bilateral(pixel); }
        default: { return bilinear(pixel); }
    }
}

fn matte_curve(pixel: vec2<i32>, value: f32) -> f32 {
    let dx = 0.5 * (color_at(pixel + vec2<i32>(1, 0)) - color_at(pixel - vec2<i32>(1, 0)));
    let dy = 0.5 * (color_at(pixel + vec2<i32>(0, 1)) - color_at(pixel - vec2<i32>(0, 1)));
    let clear = smoothstep(0.001, 0.02, dot(dx, dx) + dot(dy, dy));
    let low = mix(0.15, 0.35, clear);
    let high = mix(0.85, 0.65, clear);
    return smoothstep(low, high, value);
}

@fragment
fn make_matte(corner: Corner) -> @location(0) vec4<f32> {
    let pixel = vec2<i32>(corner.position.xy);
    return vec4<f32>(matte_curve(pixel, upsampled(pixel)), 0.0, 0.0, 1.0);
}
