alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
struct Params {
  by_offset: i32,
  by_w: i32,
  by_h: i32,
  by_s: i32,
  by_n: i32,
  up_offset: i32,
  up_w: i32,
  up_h: i32,
  up_s: i32,
  up_n: i32,
  other_offset: i32,
  other_w: i32,
  other_h: i32,
  other_s: i32,
  other_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  places: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 4u;
override WGY: u32 = 4u;
override WGZ: u32 = 4u;
const ADDS: i32 = 0;
const LISTED: i32 = 1;
const FIRST: i32 = 3;
const DEPTH: i32 = 1;
const CHANNELS: i32 = 1;
const UP_N: i32 = 7;
const UP_Y: i32 = 7;
const UP_X: i32 = 7;
const UP_C: i32 = 7;
fn other_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.other_offset + (l * params.other_h + y) * params.other_w + x];
  return Acc4(texel);
}
fn up_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.up_offset + (l * params.up_h + y) * params.up_w + x];
  return Acc4(texel);
}
fn by_load(x: i32, y: i32, l: i32) -> vec4<f32> {
  let texel = arena_f32[params.by_offset + (l * params.by_h + y) * params.by_w + x];
  return texel;
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, false, false, false)); }
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

// One invocation computes one texel of dst from all `places` of the operand of indices: the numbers of `up` whose places are its
// own, added up in f32 in their order (ADDS), or the last of them, `other` where there is none. A place outside dst is nobody's.
// A place is DEPTH coordinates of dst from FIRST on (0 n, 1 y, 2 x, 3 c; CHANNELS where c is one of them): the lanes of one texel,
// or, LISTED, one number of the list. Coordinate a of `up` is coordinate UP_a of dst, from 4 on the batch, row and column of the
// place among the places; 7 stands for a zero.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.
@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  let o = vec4<f32>(vec4<i32>(n, y, x, c));
  var v = vec4<f32>(f32(other_load(0, 0, 0).x));
  for (var at = 0; at < params.places; at++) {
    let place = vec4<i32>(0, 0, at, 0);
    let p = vec4<f32>(number_at(vec4<i32>(0, 0, 0, at)), 0.0, 0.0, 0.0);
    var mine = vec4<bool>(true);
    mine = mine & (vec4<f32>(p[0]) == vec4<f32>(o.w, o.w + 1.0, o.w + 2.0, o.w + 3.0));
    if !any(mine) { continue; }
    let all_of = array<i32, 8>(n, y, x, c, place.x, place.y, place.z, 0);
    let u = vec4<i32>(all_of[UP_N], all_of[UP_Y], all_of[UP_X], all_of[UP_C]);
    let texel = vec4<f32>(up_load(u.z, u.y, u.x * params.up_s + u.w / 4));
    let number = vec4<f32>(number_of(texel, u.w & 3));
    v = select(v, number, mine);
  }
  dst_store(x, y, l, Acc4(v));
}
