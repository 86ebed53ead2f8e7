alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
struct Params {
  src_offset: i32,
  src_w: i32,
  src_h: i32,
  src_s: i32,
  src_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  src_channels: i32,
  channels: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 1u;
override WGY: u32 = 1u;
override WGZ: u32 = 64u;
const WHOLE: i32 = 0;
const FILLS: i32 = 0;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, false, false, false)); }
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One of the four channels of a texel.
fn lane(v: Acc4, at: i32) -> Acc {
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// Elements keep their row-major order; params.channels are dst's channels.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let element = ((n * params.dst_h + y) * params.dst_w + x) * params.channels + c;
  let pixel = element / params.src_channels;
  let row = pixel / params.src_w;
  let batch = row / params.src_h;
  return vec4<i32>(
    batch,
    row - batch * params.src_h,
    pixel - row * params.src_w,
    element - pixel * params.src_channels,
  );
}

// One invocation computes one texel of dst. `source(n, y, x, c)` says what stands at channel c of pixel (x, y) of batch n of
// dst: batch, row, column, channel of src; a negative batch means params.fill.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉. WHOLE: texels of dst are whole texels of src; otherwise lanes are fetched one
// by one, neighbors from the same texel.

fn fetch(p: vec4<i32>) -> Acc4 {
  return src_load(p.z, p.y, p.x * params.src_s + p.w / 4);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  let p0 = source(n, y, x, min(c + 0, params.channels - 1));
  let v0 = lane(fetch(p0), p0.w & 3);
  let p1 = source(n, y, x, min(c + 1, params.channels - 1));
  let v1 = lane(fetch(p1), p1.w & 3);
  let p2 = source(n, y, x, min(c + 2, params.channels - 1));
  let v2 = lane(fetch(p2), p2.w & 3);
  let p3 = source(n, y, x, min(c + 3, params.channels - 1));
  let v3 = lane(fetch(p3), p3.w & 3);
  dst_store(x, y, l, Acc4(v0, v1, v2, v3));
}
