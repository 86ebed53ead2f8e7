enable f16;
alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(2) var<storage, read_write> arena_f16: array<vec4<f16>>;
struct Params {
  src_0_offset: i32,
  src_0_w: i32,
  src_0_h: i32,
  src_0_s: i32,
  src_0_n: i32,
  src_1_offset: i32,
  src_1_w: i32,
  src_1_h: i32,
  src_1_s: i32,
  src_1_n: i32,
  src_2_offset: i32,
  src_2_w: i32,
  src_2_h: i32,
  src_2_s: i32,
  src_2_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  extent_0: i32,
  extent_1: i32,
  extent_2: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 4u;
override WGY: u32 = 4u;
override WGZ: u32 = 4u;
const INPUTS: i32 = 3;
const AXIS: i32 = 0;
const STACKS: i32 = 1;
const WHOLE: i32 = 1;
const FROM_Y: i32 = 1;
const FROM_X: i32 = 2;
const FROM_C: i32 = 3;
fn src_2_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_2_offset + (l * params.src_2_h + y) * params.src_2_w + x];
  return Acc4(texel);
}
fn src_1_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_1_offset + (l * params.src_1_h + y) * params.src_1_w + x];
  return Acc4(texel);
}
fn src_0_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_0_offset + (l * params.src_0_h + y) * params.src_0_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f16[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f16>(v);
}
// One of the four channels of a texel.
fn lane(v: Acc4, at: i32) -> Acc {
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// One invocation computes one texel of dst, which INPUTS operands make up one after the other along coordinate AXIS (0 n, 1 y,
// 2 x, 3 c). STACKS: each operand lacks that coordinate; its own a is coordinate FROM_a of dst. Otherwise its others are dst's.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉. WHOLE: texels of dst are whole texels of an operand.

// The place in an operand of place o in dst; `at` is the coordinate along AXIS, counted from the operand's first.
fn place(o: vec4<i32>, at: i32) -> vec4<i32> {
  return vec4<i32>(0, o[FROM_Y], o[FROM_X], o[FROM_C]);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  var begin = 0;
  var v = Acc4(0.0);
  {
    let o = vec4<i32>(n, y, x, c);
    let at = o[AXIS] - begin;
    if at >= 0 && at < params.extent_0 {
      let p = place(o, at);
      v = src_0_load(p.z, p.y, p.x * params.src_0_s + p.w / 4);
    }
  }
  begin += params.extent_0;
  {
    let o = vec4<i32>(n, y, x, c);
    let at = o[AXIS] - begin;
    if at >= 0 && at < params.extent_1 {
      let p = place(o, at);
      v = src_1_load(p.z, p.y, p.x * params.src_1_s + p.w / 4);
    }
  }
  begin += params.extent_1;
  {
    let o = vec4<i32>(n, y, x, c);
    let at = o[AXIS] - begin;
    if at >= 0 && at < params.extent_2 {
      let p = place(o, at);
      v = src_2_load(p.z, p.y, p.x * params.src_2_s + p.w / 4);
    }
  }
  begin += params.extent_2;
  dst_store(x, y, l, v);
}
