alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(2) var<storage, read_write> arena_f16: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read> weights_f16: array<vec2<u32>>;
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
  weights_offset: i32,
  group_texels: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 4u;
override WGY: u32 = 8u;
override WGZ: u32 = 2u;
const TX: i32 = 2;
const TS: i32 = 2;
const SY: i32 = 2;
const SX: i32 = 2;
fn weights_load(i: i32) -> Acc4 {
  let texel = weights_f16[params.weights_offset + i];
  return Acc4(vec4<f32>(unpack2x16float(texel.x), unpack2x16float(texel.y)));
}
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(vec4<f32>(unpack2x16float(texel.x), unpack2x16float(texel.y)));
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, false, false)); }
  arena_f16[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec2<u32>(pack2x16float(vec2<f32>(v.xy)), pack2x16float(vec2<f32>(v.zw)));
}
// Windows as large as their steps, SY × SX, which meet without overlap: one invocation spreads TX input pixels to their
// blocks of the output × TS output slices, so that each input texel is read once.
// Grid: ⌈⌈w / SX⌉ / (WGX·TX)⌉ × ⌈⌈h / SY⌉ / WGY⌉ × ⌈batches · ⌈slices / TS⌉ / WGZ⌉.
// Weights: for each group of TS output slices: TS bias texels, then for each tap row-major, each input slice, each of the
// TS slices: four texels, one for each input lane, holding the four output lanes.
// src [n, h, w, c] is read with zeros outside.

fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  let at_x = min(x, params.src_w - 1);
  let at_y = min(y, params.src_h - 1);
  return select(Acc4(0.0), src_load(at_x, at_y, l), at_x == x && at_y == y);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x0 = i32(id.x) * TX;
  let y0 = i32(id.y);
  let groups = (params.dst_s + TS - 1) / TS;
  let batch = i32(id.z) / groups;
  let group = i32(id.z) - batch * groups;
  if x0 * SX >= params.dst_w || y0 * SY >= params.dst_h || batch >= params.dst_n { return; }
  let base = group * params.group_texels;
  let bias0 = weights_load(base + 0);
  var acc_0_0_0 = bias0;
  var acc_0_0_1 = bias0;
  var acc_0_1_0 = bias0;
  var acc_0_1_1 = bias0;
  var acc_0_2_0 = bias0;
  var acc_0_2_1 = bias0;
  var acc_0_3_0 = bias0;
  var acc_0_3_1 = bias0;
  let bias1 = weights_load(base + 1);
  var acc_1_0_0 = bias1;
  var acc_1_0_1 = bias1;
  var acc_1_1_0 = bias1;
  var acc_1_1_1 = bias1;
  var acc_1_2_0 = bias1;
  var acc_1_2_1 = bias1;
  var acc_1_3_0 = bias1;
  var acc_1_3_1 = bias1;
  for (var s = 0; s < params.src_s; s++) {
    let v_0 = tap(x0 + 0, y0, batch * params.src_s + s);
    let v_1 = tap(x0 + 1, y0, batch * params.src_s + s);
    {
      let at = base + TS + (0 * params.src_s + s) * 4 * TS + 4 * 0;
      let w0 = weights_load(at);
      let w1 = weights_load(at + 1);
      let w2 = weights_load(at + 2);
      let w3 = weights_load(at + 3);
      acc_0_0_0 = fma(Acc4(v_0.x), w0, acc_0_0_0);
      acc_0_0_0 = fma(Acc4(v_0.y), w1, acc_0_0_0);
      acc_0_0_0 = fma(Acc4(v_0.z), w2, acc_0_0_0);
      acc_0_0_0 = fma(Acc4(v_0.w), w3, acc_0_0_0);
      acc_0_0_1 = fma(Acc4(v_1.x), w0, acc_0_0_1);
      acc_0_0_1 = fma(Acc4(v_1.y), w1, acc_0_0_1);
      acc_0_0_1 = fma(Acc4(v_1.z), w2, acc_0_0_1);
      acc_0_0_1 = fma(Acc4(v_1.w), w3, acc_0_0_1);
    }
    {
      let at = base + TS + (0 * params.src_s + s) * 4 * TS + 4 * 1;
      let w0 = weights_load(at);
      let w1 = weights_load(at + 1);
      let w2 = weights_load(at + 2);
      let w3 = weights_load(at + 3);
      acc_1_0_0 = fma(Acc4(v_0.x), w0, acc_1_0_0);
      acc_1_0_0 = fma(Acc4(v_0.y), w1, acc_1_0_0);
      acc_1_0_0 = fma(Acc4(v_0.z), w2, acc_1_0_0);
      acc_1_0_0 = fma(Acc4(v_0.w), w3, acc_1_0_0);
      acc_1_0_1 = fma(Acc4(v_1.x), w0, acc_1_0_1);
      acc_1_0_1 = fma(Acc4(v_1.y), w1, acc_1_0_1);
      acc_1_0_1 = fma(Acc4(v_1.z), w2, acc_1_0_1);
      acc_1_0_1 = fma(Acc4(v_1.w), w3, acc_1_0_1);
    }
    {
      let at = base + TS + (1 * params.src_s + s) * 4 * TS + 4 * 0;
      let w0 = weights_load(at);
      let w1 = weights_load(at + 1);
      let w2 = weights_load(at + 2);
      let w3 = weights_load(at + 3);
      acc_0_1_0 = fma(Acc4(v_0.x), w0, acc_0_1_0);
      acc_0_1_0 = fma(Acc4(v_0.y), w1, acc_0_1_0);
      acc_0_1_0 = fma(Acc4(v_0.z), w2, acc_0_1_0);
      acc_0_1_0 = fma(Acc4(v_0.w), w3, acc_0_1_0);
      acc_0_1_1 = fma(Acc4(v_1.x), w0, acc_0_1_1);
      acc_0_1_1 = fma(Acc4(v_1.y), w1, acc_0_1_1);
      acc_0_1_1 = fma(Acc4(v_1.z), w2, acc_0_1_1);
      acc_0_1_1 = fma(Acc4(v_1.w), w3, acc_0_1_1);
    }
    {
      let at = base + TS + (1 * params.src_s + s) * 4 * TS + 4 * 1;
      let w0 = weights_load(at);
      let w1 = weights_load(at + 1);
      let w2 = weights_load(at + 2);
      let w3 = weights_load(at + 3);
      acc_1_1_0 = fma(Acc4(v_0.x), w0, acc_1_1_0);
      acc_1_1_0 = fma(Acc4(v_0.y), w1, acc_1_1_0);
      acc_1_1_0 = fma(Acc4(v_0.z), w2, acc_1_1_0);
      acc_1_1_0 = fma(Acc4(v_0.w), w3, acc_1_1_0);
      acc_1_1_1 = fma(Acc4(v_1.x), w0, acc_1_1_1);
      acc_1_1_1 = fma(Acc4(v_1.y), w1, acc_1_1_1);
      acc_1_1_1 = fma(Acc4(v_1.z), w2, acc_1_1_1);
      acc_1_1_1 = fma(Acc4(v_1.w), w3, acc_1_1_1);
    }
    {
      let at = base + TS + (2 * params.src_s + s) * 4 * TS + 4 * 0;
      let w0 = weights_load(at);
      let w1 = weights_load(at + 1);
      let w2 = weights_load(at + 2);
      let w3 = weights_load(at + 3);
      acc_0_2_0 = fma(Acc4(v_0.x), w0, acc_0_2_0);
      acc_0_2_0 = fma(Acc4(v_0.y), w1, acc_0_2_0);
      acc_0_2_0 = fma(Acc4(v_0.z), w2, acc_0_2_0);
      acc_0_2_0 = fma(Acc4(v_0.w), w3, acc_0_2_0);
      acc_0_2_1 = fma(Acc4(v_1.x), w0, acc_0_2_1);
      acc_0_2_1 = fma(Acc4(v_1.y), w1, acc_0_2_1);
      acc_0_2_1 = fma(Acc4(v_1.z), w2, acc_0_2_1);
      acc_0_2_1 = fma(Acc4(v_1.w), w3, acc_0_2_1);
    }
    {
      let at = base + TS + (2 * params.src_s + s) * 4 * TS + 4 * 1;
      let w0 = weights_load(at);
      let w1 = weights_load(at + 1);
      let w2 = weights_load(at + 2);
      let w3 = weights_load(at + 3);
      acc_1_2_0 = fma(Acc4(v_0.x), w0, acc_1_2_0);
      acc_1_2_0 = fma(Acc4(v_0.y), w1, acc_1_2_0);
      acc_1_2_0 = fma(Acc4(v_0.z), w2, acc_1_2_0);
      acc_1_2_0 = fma(Acc4(v_0.w), w3, acc_1_2_0);
      acc_1_2_1 = fma(Acc4(v_1.x), w0, acc_1_2_1);
      acc_1_2_1 = fma(Acc4(v_1.y), w1, acc_1_2_1);
      acc_1_2_1 = fma(Acc4(v_1.z), w2, acc_1_2_1);
      acc_1_2_1 = fma(Acc4(v_1.w), w3, acc_1_2_1);
    }
    {
      let at = base + TS + (3 * params.src_s + s) * 4 * TS + 4 * 0;
      let w0 = weights_load(at);
      let w1 = weights_load(at + 1);
      let w2 = weights_load(at + 2);
      let w3 = weights_load(at + 3);
      acc_0_3_0 = fma(Acc4(v_0.x), w0, acc_0_3_0);
      acc_0_3_0 = fma(Acc4(v_0.y), w1, acc_0_3_0);
      acc_0_3_0 = fma(Acc4(v_0.z), w2, acc_0_3_0);
      acc_0_3_0 = fma(Acc4(v_0.w), w3, acc_0_3_0);
      acc_0_3_1 = fma(Acc4(v_1.x), w0, acc_0_3_1);
      acc_0_3_1 = fma(Acc4(v_1.y), w1, acc_0_3_1);
      acc_0_3_1 = fma(Acc4(v_1.z), w2, acc_0_3_1);
      acc_0_3_1 = fma(Acc4(v_1.w), w3, acc_0_3_1);
    }
    {
      let at = base + TS + (3 * params.src_s + s) * 4 * TS + 4 * 1;
      let w0 = weights_load(at);
      let w1 = weights_load(at + 1);
      let w2 = weights_load(at + 2);
      let w3 = weights_load(at + 3);
      acc_1_3_0 = fma(Acc4(v_0.x), w0, acc_1_3_0);
      acc_1_3_0 = fma(Acc4(v_0.y), w1, acc_1_3_0);
      acc_1_3_0 = fma(Acc4(v_0.z), w2, acc_1_3_0);
      acc_1_3_0 = fma(Acc4(v_0.w), w3, acc_1_3_0);
      acc_1_3_1 = fma(Acc4(v_1.x), w0, acc_1_3_1);
      acc_1_3_1 = fma(Acc4(v_1.y), w1, acc_1_3_1);
      acc_1_3_1 = fma(Acc4(v_1.z), w2, acc_1_3_1);
      acc_1_3_1 = fma(Acc4(v_1.w), w3, acc_1_3_1);
    }
  }
  let out = batch * params.dst_s + group * TS;
  if group * TS + 0 < params.dst_s {
    dst_store((x0 + 0) * SX + 0, y0 * SY + 0, out + 0, acc_0_0_0);
    dst_store((x0 + 1) * SX + 0, y0 * SY + 0, out + 0, acc_0_0_1);
    dst_store((x0 + 0) * SX + 1, y0 * SY + 0, out + 0, acc_0_1_0);
    dst_store((x0 + 1) * SX + 1, y0 * SY + 0, out + 0, acc_0_1_1);
    dst_store((x0 + 0) * SX + 0, y0 * SY + 1, out + 0, acc_0_2_0);
    dst_store((x0 + 1) * SX + 0, y0 * SY + 1, out + 0, acc_0_2_1);
    dst_store((x0 + 0) * SX + 1, y0 * SY + 1, out + 0, acc_0_3_0);
    dst_store((x0 + 1) * SX + 1, y0 * SY + 1, out + 0, acc_0_3_1);
  }
  if group * TS + 1 < params.dst_s {
    dst_store((x0 + 0) * SX + 0, y0 * SY + 0, out + 1, acc_1_0_0);
    dst_store((x0 + 1) * SX + 0, y0 * SY + 0, out + 1, acc_1_0_1);
    dst_store((x0 + 0) * SX + 1, y0 * SY + 0, out + 1, acc_1_1_0);
    dst_store((x0 + 1) * SX + 1, y0 * SY + 0, out + 1, acc_1_1_1);
    dst_store((x0 + 0) * SX + 0, y0 * SY + 1, out + 1, acc_1_2_0);
    dst_store((x0 + 1) * SX + 0, y0 * SY + 1, out + 1, acc_1_2_1);
    dst_store((x0 + 0) * SX + 1, y0 * SY + 1, out + 1, acc_1_3_0);
    dst_store((x0 + 1) * SX + 1, y0 * SY + 1, out + 1, acc_1_3_1);
  }
}
