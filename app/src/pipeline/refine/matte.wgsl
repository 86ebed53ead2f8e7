// One fragment makes one pixel of the full-size matte: the mask brought to the frame's size, then the
// matte curve. Where the picture changes from pixel to pixel, at clear edges and in hair, the value follows the
// color and is nearly the matte already: the ramp is gentle. Where it does not, the value is only as sure as
// the network: the ramp is steep, and the color is taken from the neighbors too, so that the camera's noise
// does not show in the matte.
// Preceded by fullscreen.wgsl and refine.wgsl.

@group(0) @binding(0) var<uniform> refine: Refine;
@group(0) @binding(1) var frame: texture_2d<f32>;
@group(0) @binding(2) var guide: texture_2d<f32>;
@group(0) @binding(3) var<storage, read> means: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> bounds: array<u32>;

fn color_at(pixel: vec2<i32>) -> vec3<f32> {
    return textureLoad(frame, clamp(pixel, vec2<i32>(0), refine.frame_size - 1), 0).xyz;
}

// The color that the matte is read from, and how clearly the picture changes there, 0..1.
struct Look {
    color: vec3<f32>,
    clear: f32,
}

fn look_at(pixel: vec2<i32>) -> Look {
    let center = color_at(pixel);
    let left = color_at(pixel - vec2<i32>(1, 0));
    let right = color_at(pixel + vec2<i32>(1, 0));
    let above = color_at(pixel - vec2<i32>(0, 1));
    let below = color_at(pixel + vec2<i32>(0, 1));
    let across = 0.5 * (right - left);
    let down = 0.5 * (below - above);
    let clear = smoothstep(0.0003, 0.003, dot(across, across) + dot(down, down));
    let mean = 0.2 * (center + left + right + above + below);
    return Look(mix(mean, center, clear), clear);
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

fn guided(pixel: vec2<i32>, color: vec3<f32>) -> f32 {
    let cell = cell_of(pixel);
    let top = mix(mean_model(cell.low.x, cell.low.y), mean_model(cell.high.x, cell.low.y), cell.part.x);
    let bottom = mix(mean_model(cell.low.x, cell.high.y), mean_model(cell.high.x, cell.high.y), cell.part.x);
    let model = mix(top, bottom, cell.part.y);
    return dot(model.xyz, color - 0.5) + model.w;
}

// The most and the least that the matte may be at a pixel.
fn bounds_at(pixel: vec2<i32>) -> vec2<f32> {
    let cell = cell_of(pixel);
    let top = mix(bound(cell.low.x, cell.low.y), bound(cell.high.x, cell.low.y), cell.part.x);
    let bottom = mix(bound(cell.low.x, cell.high.y), bound(cell.high.x, cell.high.y), cell.part.x);
    return mix(top, bottom, cell.part.y);
}

fn bound(x: i32, y: i32) -> vec2<f32> {
    return unpack2x16unorm(bounds[y * refine.guide_size.x + x]);
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
fn joint_bilateral(pixel: vec2<i32>, color: vec3<f32>) -> f32 {
    const SPACE = -1.0 / (2.0 * 3.0 * 3.0);
    const RANGE = -1.0 / (2.0 * 0.05 * 0.05);
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

fn upsampled(pixel: vec2<i32>, color: vec3<f32>) -> f32 {
    switch refine.upsampling {
        case 1u: { return guided(pixel, color); }
        case 2u: { return joint_bilateral(pixel, color); }
        default: { return bilinear(pixel); }
    }
}

@fragment
fn make_matte(corner: Corner) -> @location(0) vec4<f32> {
    let pixel = vec2<i32>(corner.position.xy);
    let look = look_at(pixel);
    let low = mix(0.25, 0.15, look.clear);
    var matte = clamp((upsampled(pixel, look.color) - low) / (1.0 - 2.0 * low), 0.0, 1.0);
    if refine.upsampling == 1u {
        let limits = bounds_at(pixel);
        matte = max(min(matte, limits.x), limits.y);
    }
    return vec4<f32>(matte, 0.0, 0.0, 1.0);
}
