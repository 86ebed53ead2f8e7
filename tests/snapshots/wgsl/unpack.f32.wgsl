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
  dst_2_offset: i32,
  dst_2_w: i32,
  dst_2_h: i32,
  dst_2_s: i32,
  dst_2_n: i32,
  dst_3_offset: i32,
  dst_3_w: i32,
  dst_3_h: i32,
  dst_3_s: i32,
  dst_3_n: i32,
  dst_4_offset: i32,
  dst_4_w: i32,
  dst_4_h: i32,
  dst_4_s: i32,
  dst_4_n: i32,
  dst_5_offset: i32,
  dst_5_w: i32,
  dst_5_h: i32,
  dst_5_s: i32,
  dst_5_n: i32,
  extent_0: i32,
  extent_1: i32,
  extent_2: i32,
  extent_3: i32,
  extent_4: i32,
  extent_5: i32,
  channels_0: i32,
  channels_1: i32,
  channels_2: i32,
  channels_3: i32,
  channels_4: i32,
  channels_5: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 2u;
override WGY: u32 = 2u;
override WGZ: u32 = 16u;
const OUTPUTS: i32 = 6;
const AXIS: i32 = 3;
const UNSTACKS: i32 = 1;
const WHOLE: i32 = 0;
const FROM_N: i32 = 1;
const FROM_Y: i32 = 2;
const FROM_X: i32 = 3;
const FROM_C: i32 = 3;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_5_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_5_w || y >= params.dst_5_h || l >= params.dst_5_s * params.dst_5_n { return; }
  var v = value;
  if l % params.dst_5_s == params.dst_5_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f32[params.dst_5_offset + (l * params.dst_5_h + y) * params.dst_5_w + x] = vec4<f32>(v);
}
fn dst_4_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_4_w || y >= params.dst_4_h || l >= params.dst_4_s * params.dst_4_n { return; }
  var v = value;
  if l % params.dst_4_s == params.dst_4_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f32[params.dst_4_offset + (l * params.dst_4_h + y) * params.dst_4_w + x] = vec4<f32>(v);
}
fn dst_3_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_3_w || y >= params.dst_3_h || l >= params.dst_3_s * params.dst_3_n { return; }
  var v = value;
  if l % params.dst_3_s == params.dst_3_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f32[params.dst_3_offset + (l * params.dst_3_h + y) * params.dst_3_w + x] = vec4<f32>(v);
}
fn dst_2_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_2_w || y >= params.dst_2_h || l >= params.dst_2_s * params.dst_2_n { return; }
  var v = value;
  if l % params.dst_2_s == params.dst_2_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f32[params.dst_2_offset + (l * params.dst_2_h + y) * params.dst_2_w + x] = vec4<f32>(v);
}
fn dst_1_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_1_w || y >= params.dst_1_h || l >= params.dst_1_s * params.dst_1_n { return; }
  var v = value;
  if l % params.dst_1_s == params.dst_1_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f32[params.dst_1_offset + (l * params.dst_1_h + y) * params.dst_1_w + x] = vec4<f32>(v);
}
fn dst_0_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_0_w || y >= params.dst_0_h || l >= params.dst_0_s * params.dst_0_n { return; }
  var v = value;
  if l % params.dst_0_s == params.dst_0_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
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
  var p = vec4<i32>(o[FROM_N], o[FROM_Y], o[FROM_X], o[FROM_C]);
  p[AXIS] = begin;
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
    let p0 = place(vec4<i32>(n, y, x, min(c + 0, params.channels_0 - 1)), begin);
    let v0 = lane(fetch(p0), p0.w & 3);
    let p1 = place(vec4<i32>(n, y, x, min(c + 1, params.channels_0 - 1)), begin);
    let v1 = lane(fetch(p1), p1.w & 3);
    let p2 = place(vec4<i32>(n, y, x, min(c + 2, params.channels_0 - 1)), begin);
    let v2 = lane(fetch(p2), p2.w & 3);
    let p3 = place(vec4<i32>(n, y, x, min(c + 3, params.channels_0 - 1)), begin);
    let v3 = lane(fetch(p3), p3.w & 3);
    dst_0_store(x, y, l, Acc4(v0, v1, v2, v3));
  }
  l -= params.dst_0_s * params.dst_0_n;
  begin += params.extent_0;
  if l >= 0 && l < params.dst_1_s * params.dst_1_n && x < params.dst_1_w && y < params.dst_1_h {
    let n = l / params.dst_1_s;
    let c = (l - n * params.dst_1_s) * 4;
    let p0 = place(vec4<i32>(n, y, x, min(c + 0, params.channels_1 - 1)), begin);
    let v0 = lane(fetch(p0), p0.w & 3);
    let p1 = place(vec4<i32>(n, y, x, min(c + 1, params.channels_1 - 1)), begin);
    let v1 = lane(fetch(p1), p1.w & 3);
    let p2 = place(vec4<i32>(n, y, x, min(c + 2, params.channels_1 - 1)), begin);
    let v2 = lane(fetch(p2), p2.w & 3);
    let p3 = place(vec4<i32>(n, y, x, min(c + 3, params.channels_1 - 1)), begin);
    let v3 = lane(fetch(p3), p3.w & 3);
    dst_1_store(x, y, l, Acc4(v0, v1, v2, v3));
  }
  l -= params.dst_1_s * params.dst_1_n;
  begin += params.extent_1;
  if l >= 0 && l < params.dst_2_s * params.dst_2_n && x < params.dst_2_w && y < params.dst_2_h {
    let n = l / params.dst_2_s;
    let c = (l - n * params.dst_2_s) * 4;
    let p0 = place(vec4<i32>(n, y, x, min(c + 0, params.channels_2 - 1)), begin);
    let v0 = lane(fetch(p0), p0.w & 3);
    let p1 = place(vec4<i32>(n, y, x, min(c + 1, params.channels_2 - 1)), begin);
    let v1 = lane(fetch(p1), p1.w & 3);
    let p2 = place(vec4<i32>(n, y, x, min(c + 2, params.channels_2 - 1)), begin);
    let v2 = lane(fetch(p2), p2.w & 3);
    let p3 = place(vec4<i32>(n, y, x, min(c + 3, params.channels_2 - 1)), begin);
    let v3 = lane(fetch(p3), p3.w & 3);
    dst_2_store(x, y, l, Acc4(v0, v1, v2, v3));
  }
  l -= params.dst_2_s * params.dst_2_n;
  begin += params.extent_2;
  if l >= 0 && l < params.dst_3_s * params.dst_3_n && x < params.dst_3_w && y < params.dst_3_h {
    let n = l / params.dst_3_s;
    let c = (l - n * params.dst_3_s) * 4;
    let p0 = place(vec4<i32>(n, y, x, min(c + 0, params.channels_3 - 1)), begin);
    let v0 = lane(fetch(p0), p0.w & 3);
    let p1 = place(vec4<i32>(n, y, x, min(c + 1, params.channels_3 - 1)), begin);
    let v1 = lane(fetch(p1), p1.w & 3);
    let p2 = place(vec4<i32>(n, y, x, min(c + 2, params.channels_3 - 1)), begin);
    let v2 = lane(fetch(p2), p2.w & 3);
    let p3 = place(vec4<i32>(n, y, x, min(c + 3, params.channels_3 - 1)), begin);
    let v3 = lane(fetch(p3), p3.w & 3);
    dst_3_store(x, y, l, Acc4(v0, v1, v2, v3));
  }
  l -= params.dst_3_s * params.dst_3_n;
  begin += params.extent_3;
  if l >= 0 && l < params.dst_4_s * params.dst_4_n && x < params.dst_4_w && y < params.dst_4_h {
    let n = l / params.dst_4_s;
    let c = (l - n * params.dst_4_s) * 4;
    let p0 = place(vec4<i32>(n, y, x, min(c + 0, params.channels_4 - 1)), begin);
    let v0 = lane(fetch(p0), p0.w & 3);
    let p1 = place(vec4<i32>(n, y, x, min(c + 1, params.channels_4 - 1)), begin);
    let v1 = lane(fetch(p1), p1.w & 3);
    let p2 = place(vec4<i32>(n, y, x, min(c + 2, params.channels_4 - 1)), begin);
    let v2 = lane(fetch(p2), p2.w & 3);
    let p3 = place(vec4<i32>(n, y, x, min(c + 3, params.channels_4 - 1)), begin);
    let v3 = lane(fetch(p3), p3.w & 3);
    dst_4_store(x, y, l, Acc4(v0, v1, v2, v3));
  }
  l -= params.dst_4_s * params.dst_4_n;
  begin += params.extent_4;
  if l >= 0 && l < params.dst_5_s * params.dst_5_n && x < params.dst_5_w && y < params.dst_5_h {
    let n = l / params.dst_5_s;
    let c = (l - n * params.dst_5_s) * 4;
    let p0 = place(vec4<i32>(n, y, x, min(c + 0, params.channels_5 - 1)), begin);
    let v0 = lane(fetch(p0), p0.w & 3);
    let p1 = place(vec4<i32>(n, y, x, min(c + 1, params.channels_5 - 1)), begin);
    let v1 = lane(fetch(p1), p1.w & 3);
    let p2 = place(vec4<i32>(n, y, x, min(c + 2, params.channels_5 - 1)), begin);
    let v2 = lane(fetch(p2), p2.w & 3);
    let p3 = place(vec4<i32>(n, y, x, min(c + 3, params.channels_5 - 1)), begin);
    let v3 = lane(fetch(p3), p3.w & 3);
    dst_5_store(x, y, l, Acc4(v0, v1, v2, v3));
  }
  l -= params.dst_5_s * params.dst_5_n;
  begin += params.extent_5;
}
