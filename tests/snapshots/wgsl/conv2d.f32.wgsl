alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights_f32: array<vec4<f32>>;
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
  group_texels: i32,
  kernel_h: i32,
  kernel_w: i32,
  stride_y: i32,
  stride_x: i32,
  dilation_y: i32,
  dilation_x: i32,
  top: i32,
  left: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 64u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const TX: i32 = 1;
const TY: i32 = 1;
const TS: i32 = 1;
const POINTWISE: i32 = 1;
fn weights_load(i: i32) -> Acc4 {
  let texel = weights_f32[params.weights_offset + i];
  return Acc4(texel);
}
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One invocation computes TX × TY pixels of TS output slices: a register tile of TX·TY·TS texels.
// Grid: tiles numbered row by row, `row` invocations in each of its rows × ⌈batches · ⌈slices / TS⌉ / WGZ⌉. Every invocation
// of a work-group with WGZ = 1 reads the same weights, so that they are scalar or broadcast loads.
// Weights: for each group of TS output slices: TS bias texels, then for each tap row-major, each input slice, each of the
// TS slices: four texels, one for each input lane, holding the four output lanes.
// src [n, h, w, c] is read with zeros outside.


@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let tile = i32(id.x) + i32(id.y) * params.row;
  let columns = (params.dst_w + TX - 1) / TX;
  let x0 = tile % columns * TX;
  let y0 = tile / columns * TY;
  let groups = (params.dst_s + TS - 1) / TS;
  let batch = i32(id.z) / groups;
  let group = i32(id.z) - batch * groups;
  if y0 >= params.dst_h || batch >= params.dst_n { return; }
  let layer = batch * params.src_s;
  var at = group * params.group_texels;
  var acc_0_0_0 = weights_load(at + 0);
  at += TS;
  let px0 = min(x0 + 0, params.dst_w - 1) * params.stride_x;
  let py0 = min(y0 + 0, params.dst_h - 1) * params.stride_y;
  for (var s = 0; s < params.src_s; s++) {
    let v_0_0 = src_load(px0, py0, layer + s);
    {
      let w0 = weights_load(at + 4 * 0);
      let w1 = weights_load(at + 4 * 0 + 1);
      let w2 = weights_load(at + 4 * 0 + 2);
      let w3 = weights_load(at + 4 * 0 + 3);
      acc_0_0_0 = fma(Acc4(v_0_0.x), w0, acc_0_0_0);
      acc_0_0_0 = fma(Acc4(v_0_0.y), w1, acc_0_0_0);
      acc_0_0_0 = fma(Acc4(v_0_0.z), w2, acc_0_0_0);
      acc_0_0_0 = fma(Acc4(v_0_0.w), w3, acc_0_0_0);
    }
    at += 4 * TS;
  }
  let out = batch * params.dst_s + group * TS;
  if group * TS + 0 < params.dst_s {
    dst_store(x0 + 0, y0 + 0, out + 0, acc_0_0_0);
  }
}
