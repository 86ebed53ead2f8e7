// One invocation makes four bytes of a picture as other programs take it, from its red, green and blue; the grid
// covers ROW × n words, 8 × 8 a workgroup. Formulas of ITU-R BT.601-7 and BT.709-6, limited range. Chroma is the
// mean of the pixels that share it.

const ROW = 4096u;

struct Pack {
    size: vec2<u32>,
    // 0 I420, 1 YUYV.
    arrangement: u32,
    bytes: u32,
    // The shares of red and of blue in the luma.
    red: f32,
    blue: f32,
}

@group(0) @binding(0) var<uniform> pack: Pack;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var<storage, read_write> words: array<u32>;

fn color_at(x: u32, y: u32) -> vec3<f32> {
    return textureLoad(picture, min(vec2<u32>(x, y), pack.size - 1u), 0).xyz;
}

fn luma_of(color: vec3<f32>) -> f32 {
    return pack.red * color.x + (1.0 - pack.red - pack.blue) * color.y + pack.blue * color.z;
}

fn luma_byte(x: u32, y: u32) -> u32 {
    return u32(floor(16.5 + 219.0 * luma_of(color_at(x, y))));
}

// Chroma of the pixels from (x, y) that lie in the picture, two wide and `rows` high; `which` is 0 for U, 1 for V.
fn chroma_byte(x: u32, y: u32, rows: u32, which: u32) -> u32 {
    let end = min(vec2<u32>(x + 2u, y + rows), pack.size);
    var sum = vec3<f32>(0.0);
    for (var row = y; row < end.y; row++) {
        for (var column = x; column < end.x; column++) {
            sum += color_at(column, row);
        }
    }
    let color = sum / f32((end.x - x) * (end.y - y));
    let luma = luma_of(color);
    let value = select(
        (color.z - luma) / (2.0 * (1.0 - pack.blue)),
        (color.x - luma) / (2.0 * (1.0 - pack.red)),
        which == 1u,
    );
    return u32(clamp(floor(128.5 + 224.0 * value), 0.0, 255.0));
}

fn planar_byte(index: u32) -> u32 {
    let luma_bytes = pack.size.x * pack.size.y;
    if index < luma_bytes {
        return luma_byte(index % pack.size.x, index / pack.size.x);
    }
    let half = (pack.size + 1u) / 2u;
    let at = index - luma_bytes;
    let which = select(0u, 1u, at >= half.x * half.y);
    let place = at - which * half.x * half.y;
    return chroma_byte(2u * (place % half.x), 2u * (place / half.x), 2u, which);
}

fn paired_byte(index: u32) -> u32 {
    let stride = 4u * ((pack.size.x + 1u) / 2u);
    let x = index % stride;
    let y = index / stride;
    if (x & 1u) == 0u {
        return luma_byte(x / 2u, y);
    }
    return chroma_byte(2u * (x / 4u), y, 1u, (x >> 1u) & 1u);
}

@compute @workgroup_size(8, 8)
fn pack_words(@builtin(global_invocation_id) id: vec3<u32>) {
    let first = 4u * (id.y * ROW + id.x);
    if first >= pack.bytes {
        return;
    }
    var word = 0u;
    for (var part = 0u; part < 4u; part++) {
        let index = first + part;
        if index >= pack.bytes {
            break;
        }
        var value = 0u;
        if pack.arrangement == 0u {
            value = planar_byte(index);
        } else {
            value = paired_byte(index);
        }
        word |= value << (8u * part);
    }
    words[first / 4u] = word;
}
