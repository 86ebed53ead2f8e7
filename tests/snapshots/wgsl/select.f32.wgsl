alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
struct Params {
  in_0_offset: i32,
  in_0_w: i32,
  in_0_h: i32,
  in_0_s: i32,
  in_0_n: i32,
  in_1_offset: i32,
  in_1_w: i32,
  in_1_h: i32,
  in_1_s: i32,
  in_1_n: i32,
  in_2_offset: i32,
  in_2_w: i32,
  in_2_h: i32,
  in_2_s: i32,
  in_2_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 8u;
override WGY: u32 = 8u;
override WGZ: u32 = 1u;
const SPREAD_0: i32 = 0;
const SPREAD_1: i32 = 0;
const SPREAD_2: i32 = 0;
fn in_2_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.in_2_offset + (l * params.in_2_h + y) * params.in_2_w + x];
  return Acc4(texel);
}
fn in_1_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.in_1_offset + (l * params.in_1_h + y) * params.in_1_w + x];
  return Acc4(texel);
}
fn in_0_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.in_0_offset + (l * params.in_0_h + y) * params.in_0_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One invocation selects one texel: where the condition holds from the second operand, elsewhere from the third. Operands of
// extent 1 along a coordinate repeat there; SPREAD_i where that is the channel's.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.

fn operand_0(x: i32, y: i32, n: i32, s: i32) -> Acc4 {
  let layer = min(n, params.in_0_n - 1) * params.in_0_s + min(s, params.in_0_s - 1);
  let v = in_0_load(min(x, params.in_0_w - 1), min(y, params.in_0_h - 1), layer);
  return select(v, Acc4(v.x), SPREAD_0 != 0);
}
fn operand_1(x: i32, y: i32, n: i32, s: i32) -> Acc4 {
  let layer = min(n, params.in_1_n - 1) * params.in_1_s + min(s, params.in_1_s - 1);
  let v = in_1_load(min(x, params.in_1_w - 1), min(y, params.in_1_h - 1), layer);
  return select(v, Acc4(v.x), SPREAD_1 != 0);
}
fn operand_2(x: i32, y: i32, n: i32, s: i32) -> Acc4 {
  let layer = min(n, params.in_2_n - 1) * params.in_2_s + min(s, params.in_2_s - 1);
  let v = in_2_load(min(x, params.in_2_w - 1), min(y, params.in_2_h - 1), layer);
  return select(v, Acc4(v.x), SPREAD_2 != 0);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let s = l - n * params.dst_s;
  let holds = operand_0(x, y, n, s) != Acc4(0.0);
  dst_store(x, y, l, select(operand_2(x, y, n, s), operand_1(x, y, n, s), holds));
}
