alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights_f32: array<vec4<f32>>;
struct Params {
  by_offset: i32,
  by_w: i32,
  by_h: i32,
  by_s: i32,
  by_n: i32,
  on_offset: i32,
  on_w: i32,
  on_h: i32,
  on_s: i32,
  on_n: i32,
  off_offset: i32,
  off_w: i32,
  off_h: i32,
  off_s: i32,
  off_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  channels: i32,
  depth: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 32u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const AXIS: i32 = 3;
const BY_N: i32 = 4;
const BY_Y: i32 = 4;
const BY_X: i32 = 4;
const BY_C: i32 = 2;
fn off_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = weights_f32[params.off_offset + (l * params.off_h + y) * params.off_w + x];
  return Acc4(texel);
}
fn on_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = weights_f32[params.on_offset + (l * params.on_h + y) * params.on_w + x];
  return Acc4(texel);
}
fn by_load(x: i32, y: i32, l: i32) -> vec4<f32> {
  let texel = arena_f32[params.by_offset + (l * params.by_h + y) * params.by_w + x];
  return texel;
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One of the four channels of a texel in f32.
fn number_of(v: vec4<f32>, at: i32) -> f32 {
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// The number that the operand of indices holds at place p (n, y, x, c).
fn number_at(p: vec4<i32>) -> f32 {
  return number_of(by_load(p.z, p.y, p.x * params.by_s + p.w / 4), p.w & 3);
}

// The same as an index; −1 where it is not from 0 below `extent`.
fn index_at(p: vec4<i32>, extent: i32) -> i32 {
  let number = number_at(p);
  if number >= 0.0 && number < f32(extent) { return i32(number); }
  return -1;
}

// One invocation computes one texel of dst: on where the index at the other coordinates is coordinate AXIS (0 n, 1 y, 2 x, 3 c),
// off elsewhere. The index stands at coordinates BY_a of dst; 4 stands for a zero.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.
@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  let on = on_load(0, 0, 0).x;
  let off = off_load(0, 0, 0).x;
  let o_0 = array<i32, 5>(n, y, x, min(c + 0, params.channels - 1), 0);
  let at_0 = index_at(vec4<i32>(o_0[BY_N], o_0[BY_Y], o_0[BY_X], o_0[BY_C]), params.depth);
  let v_0 = select(off, on, at_0 == o_0[AXIS]);
  let o_1 = array<i32, 5>(n, y, x, min(c + 1, params.channels - 1), 0);
  let at_1 = index_at(vec4<i32>(o_1[BY_N], o_1[BY_Y], o_1[BY_X], o_1[BY_C]), params.depth);
  let v_1 = select(off, on, at_1 == o_1[AXIS]);
  let o_2 = array<i32, 5>(n, y, x, min(c + 2, params.channels - 1), 0);
  let at_2 = index_at(vec4<i32>(o_2[BY_N], o_2[BY_Y], o_2[BY_X], o_2[BY_C]), params.depth);
  let v_2 = select(off, on, at_2 == o_2[AXIS]);
  let o_3 = array<i32, 5>(n, y, x, min(c + 3, params.channels - 1), 0);
  let at_3 = index_at(vec4<i32>(o_3[BY_N], o_3[BY_Y], o_3[BY_X], o_3[BY_C]), params.depth);
  let v_3 = select(off, on, at_3 == o_3[AXIS]);
  dst_store(x, y, l, Acc4(v_0, v_1, v_2, v_3));
}
