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
  block_y: i32,
  block_x: i32,
  before_y: i32,
  before_x: i32,
  channels: i32,
  fill: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 4u;
override WGY: u32 = 4u;
override WGZ: u32 = 4u;
const WHOLE: i32 = 1;
const FILLS: i32 = 1;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One of the four channels of a texel.
fn lane(v: Acc4, at: i32) -> Acc {
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// Batch n of dst holds batch n % src_n of src at place n / src_n, row-major, of each block; zero stands outside of src.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let pixel = n / params.src_n;
  let row = pixel / params.block_x;
  let at_y = y * params.block_y + row - params.before_y;
  let at_x = x * params.block_x + pixel - row * params.block_x - params.before_x;
  let inside = at_y >= 0 && at_x >= 0 && at_y < params.src_h && at_x < params.src_w;
  return select(vec4<i32>(-1), vec4<i32>(n - pixel * params.src_n, at_y, at_x, c), inside);
}

// One invocation computes one texel of dst. `source(n, y, x, c)` says what stands at channel c of pixel (x, y) of batch n of
// dst: batch, row, column, channel of src; a negative batch means params.fill.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉. WHOLE: texels of dst are whole texels of src; otherwise lanes are fetched one
// by one, neighbors from the same texel.

fn fetch(p: vec4<i32>) -> Acc4 {
  if p.x < 0 { return Acc4(Acc(params.fill)); }
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
  dst_store(x, y, l, fetch(source(n, y, x, c)));
}
