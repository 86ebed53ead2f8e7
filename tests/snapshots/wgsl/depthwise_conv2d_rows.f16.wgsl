enable f16;
alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(2) var<storage, read_write> arena_f16: array<vec4<f16>>;
@group(0) @binding(4) var<storage, read> weights_f16: array<vec4<f16>>;
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
  row: i32,
  top: i32,
  left: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 64u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const TX: i32 = 1;
const TY: i32 = 1;
const KH: i32 = 3;
const KW: i32 = 3;
const SY: i32 = 1;
const SX: i32 = 1;
const HOIST: i32 = 1;
fn weights_load(i: i32) -> Acc4 {
  let texel = weights_f16[params.weights_offset + i];
  return Acc4(texel);
}
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f16[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f16>(v);
}
// One invocation computes TX × TY pixels of one slice with a window of KH × KW taps, steps SY and SX; what it reads of a
// row of the input serves all taps and outputs that need it.
// Grid: tiles numbered row by row, `row` invocations in each of its rows × ⌈layers / WGZ⌉.
// Weights: for each slice a texel of bias, then one for each tap, row-major. src [n, h, w, c] is read with zeros outside.

fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  let at_x = clamp(x, 0, params.src_w - 1);
  let at_y = clamp(y, 0, params.src_h - 1);
  return select(Acc4(0.0), src_load(at_x, at_y, l), at_x == x && at_y == y);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let tile = i32(id.x) + i32(id.y) * params.row;
  let columns = (params.dst_w + TX - 1) / TX;
  let x0 = tile % columns * TX;
  let y0 = tile / columns * TY;
  let l = i32(id.z);
  if y0 >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let from_x = x0 * SX - params.left;
  let from_y = y0 * SY - params.top;
  let at = (l % params.dst_s) * (1 + KH * KW);
  let bias = weights_load(at);
  var acc_0_0 = bias;
  let w_0_0 = weights_load(at + 1);
  let w_0_1 = weights_load(at + 2);
  let w_0_2 = weights_load(at + 3);
  let w_1_0 = weights_load(at + 4);
  let w_1_1 = weights_load(at + 5);
  let w_1_2 = weights_load(at + 6);
  let w_2_0 = weights_load(at + 7);
  let w_2_1 = weights_load(at + 8);
  let w_2_2 = weights_load(at + 9);
  {
    let y = from_y + 0;
    let v0 = tap(from_x + 0, y, l);
    let v1 = tap(from_x + 1, y, l);
    let v2 = tap(from_x + 2, y, l);
    {
      let w = w_0_0;
      acc_0_0 = fma(v0, w, acc_0_0);
    }
    {
      let w = w_0_1;
      acc_0_0 = fma(v1, w, acc_0_0);
    }
    {
      let w = w_0_2;
      acc_0_0 = fma(v2, w, acc_0_0);
    }
  }
  {
    let y = from_y + 1;
    let v0 = tap(from_x + 0, y, l);
    let v1 = tap(from_x + 1, y, l);
    let v2 = tap(from_x + 2, y, l);
    {
      let w = w_1_0;
      acc_0_0 = fma(v0, w, acc_0_0);
    }
    {
      let w = w_1_1;
      acc_0_0 = fma(v1, w, acc_0_0);
    }
    {
      let w = w_1_2;
      acc_0_0 = fma(v2, w, acc_0_0);
    }
  }
  {
    let y = from_y + 2;
    let v0 = tap(from_x + 0, y, l);
    let v1 = tap(from_x + 1, y, l);
    let v2 = tap(from_x + 2, y, l);
    {
      let w = w_2_0;
      acc_0_0 = fma(v0, w, acc_0_0);
    }
    {
      let w = w_2_1;
      acc_0_0 = fma(v1, w, acc_0_0);
    }
    {
      let w = w_2_2;
      acc_0_0 = fma(v2, w, acc_0_0);
    }
  }
  dst_store(x0 + 0, y0 + 0, l, acc_0_0);
}
