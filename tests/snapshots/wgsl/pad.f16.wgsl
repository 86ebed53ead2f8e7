enable f16;
alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(2) var<storage, read_write> arena_f16: array<vec4<f16>>;
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
  before_n: i32,
  before_y: i32,
  before_x: i32,
  before_c: i32,
  src_channels: i32,
  edge: i32,
  channels: i32,
  fill: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 8u;
override WGY: u32 = 8u;
override WGZ: u32 = 1u;
const MIRRORS: i32 = 0;
const WHOLE: i32 = 1;
const FILLS: i32 = 1;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f16[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f16>(v);
}
// One of the four channels of a texel.
fn lane(v: Acc4, at: i32) -> Acc {
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// dst has before_a more places than src in front of coordinate a, and others behind. MIRRORS: those hold what src holds as far
// inside the edge; params.edge is 1 where the edge itself is repeated. Otherwise they hold params.fill.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let p = vec4<i32>(n, y, x, c) - vec4<i32>(params.before_n, params.before_y, params.before_x, params.before_c);
  let extent = vec4<i32>(params.src_n, params.src_h, params.src_w, params.src_channels);
  let inside = all(p >= vec4<i32>(0)) && all(p < extent);
  return select(vec4<i32>(-1), p, inside);
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
