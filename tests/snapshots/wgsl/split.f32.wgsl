alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
struct Params {
  src_offset: i32,
  src_w: i32,
  src_h: i32,
  src_s: i32,
  src_n: i32,
  dst_0_offset: i32,
  dst_0_w: i32,
  dst_0_h: i32,
  dst_0_s: i32,
  dst_0_n: i32,
  dst_1_offset: i32,
  dst_1_w: i32,
  dst_1_h: i32,
  dst_1_s: i32,
  dst_1_n: i32,
  extent_0: i32,
  extent_1: i32,
  channels_0: i32,
  channels_1: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 8u;
override WGY: u32 = 8u;
override WGZ: u32 = 1u;
const OUTPUTS: i32 = 2;
const AXIS: i32 = 3;
const UNSTACKS: i32 = 0;
const WHOLE: i32 = 1;
const FROM_N: i32 = 1;
const FROM_Y: i32 = 2;
const FROM_X: i32 = 3;
const FROM_C: i32 = 3;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_1_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_1_w || y >= params.dst_1_h || l >= params.dst_1_s * params.dst_1_n { return; }
  var v = value;
  arena_f32[params.dst_1_offset + (l * params.dst_1_h + y) * params.dst_1_w + x] = vec4<f32>(v);
}
fn dst_0_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_0_w || y >= params.dst_0_h || l >= params.dst_0_s * params.dst_0_n { return; }
  var v = value;
  arena_f32[params.dst_0_offset + (l * params.dst_0_h + y) * params.dst_0_w + x] = vec4<f32>(v);
}
// One of the four channels of a texel.
fn lane(v: Acc4, at: i32) -> Acc {
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// One invocation computes one texel of one of OUTPUTS results, which stand one after the other in src along coordinate AXIS (0 n,
// 1 y, 2 x, 3 c). UNSTACKS: each result lacks that coordinate; coordinate a of src is coordinate FROM_a of the result.
// Grid: ⌈most columns / WGX⌉ × ⌈most rows / WGY⌉ × ⌈layers of all results / WGZ⌉. WHOLE: texels of the results are whole texels of
// src.

// The place in src of place o of the result that begins at `begin`.
fn place(o: vec4<i32>, begin: i32) -> vec4<i32> {
  var p = o;
  p[AXIS] += begin;
  return p;
}

fn fetch(p: vec4<i32>) -> Acc4 {
  return src_load(p.z, p.y, p.x * params.src_s + p.w / 4);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  var l = i32(id.z);
  var begin = 0;
  if l >= 0 && l < params.dst_0_s * params.dst_0_n && x < params.dst_0_w && y < params.dst_0_h {
    let n = l / params.dst_0_s;
    let c = (l - n * params.dst_0_s) * 4;
    dst_0_store(x, y, l, fetch(place(vec4<i32>(n, y, x, c), begin)));
  }
  l -= params.dst_0_s * params.dst_0_n;
  begin += params.extent_0;
  if l >= 0 && l < params.dst_1_s * params.dst_1_n && x < params.dst_1_w && y < params.dst_1_h {
    let n = l / params.dst_1_s;
    let c = (l - n * params.dst_1_s) * 4;
    dst_1_store(x, y, l, fetch(place(vec4<i32>(n, y, x, c), begin)));
  }
  l -= params.dst_1_s * params.dst_1_n;
  begin += params.extent_1;
}
