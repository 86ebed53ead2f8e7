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
  group_texels: i32,
  kernel_h: i32,
  kernel_w: i32,
  stride_y: i32,
  stride_x: i32,
  top: i32,
  left: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 2u;
override WGY: u32 = 8u;
override WGZ: u32 = 4u;
const TX: i32 = 4;
const TS: i32 = 2;
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
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, false, false)); }
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One invocation computes TX pixels SX apart in a row × TS output slices. Output pixels of one phase — the same place
// modulo the steps — need the same taps, so that every invocation of a work-group with WGZ = 1 reads the same weights.
// Grid: ⌈⌈w / SX⌉ / (WGX·TX)⌉ × ⌈⌈h / SY⌉ / WGY⌉ × ⌈batches · ⌈slices / TS⌉ · SY·SX / WGZ⌉.
// Weights: for each group of TS output slices: TS bias texels, then for each tap row-major, each input slice, each of the
// TS slices: four texels, one for each input lane, holding the four output lanes.
// src [n, h, w, c] is read with zeros outside.

fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  let at_x = clamp(x, 0, params.src_w - 1);
  let at_y = clamp(y, 0, params.src_h - 1);
  return select(Acc4(0.0), src_load(at_x, at_y, l), at_x == x && at_y == y);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let groups = (params.dst_s + TS - 1) / TS;
  let phase = i32(id.z) % (params.stride_y * params.stride_x);
  let phase_y = phase / params.stride_x;
  let phase_x = phase - phase_y * params.stride_x;
  let layer = i32(id.z) / (params.stride_y * params.stride_x);
  let batch = layer / groups;
  let group = layer - batch * groups;
  let column = i32(id.x) * TX;
  let row = i32(id.y);
  let x0 = column * params.stride_x + phase_x;
  let y0 = row * params.stride_y + phase_y;
  if x0 >= params.dst_w || y0 >= params.dst_h || batch >= params.dst_n { return; }
  let base = group * params.group_texels;
  var acc_0_0 = weights_load(base + 0);
  var acc_0_1 = weights_load(base + 0);
  var acc_0_2 = weights_load(base + 0);
  var acc_0_3 = weights_load(base + 0);
  var acc_1_0 = weights_load(base + 1);
  var acc_1_1 = weights_load(base + 1);
  var acc_1_2 = weights_load(base + 1);
  var acc_1_3 = weights_load(base + 1);
  for (var ky = (phase_y + params.top) % params.stride_y; ky < params.kernel_h; ky += params.stride_y) {
    let y = row + (phase_y + params.top - ky) / params.stride_y;
    for (var kx = (phase_x + params.left) % params.stride_x; kx < params.kernel_w; kx += params.stride_x) {
      let x = column + (phase_x + params.left - kx) / params.stride_x;
      var at = base + TS + (ky * params.kernel_w + kx) * params.src_s * 4 * TS;
      for (var s = 0; s < params.src_s; s++) {
        let v_0 = tap(x + 0, y, batch * params.src_s + s);
        let v_1 = tap(x + 1, y, batch * params.src_s + s);
        let v_2 = tap(x + 2, y, batch * params.src_s + s);
        let v_3 = tap(x + 3, y, batch * params.src_s + s);
        {
          let w0 = weights_load(at + 4 * 0);
          let w1 = weights_load(at + 4 * 0 + 1);
          let w2 = weights_load(at + 4 * 0 + 2);
          let w3 = weights_load(at + 4 * 0 + 3);
          acc_0_0 = fma(Acc4(v_0.x), w0, acc_0_0);
          acc_0_0 = fma(Acc4(v_0.y), w1, acc_0_0);
          acc_0_0 = fma(Acc4(v_0.z), w2, acc_0_0);
          acc_0_0 = fma(Acc4(v_0.w), w3, acc_0_0);
          acc_0_1 = fma(Acc4(v_1.x), w0, acc_0_1);
          acc_0_1 = fma(Acc4(v_1.y), w1, acc_0_1);
          acc_0_1 = fma(Acc4(v_1.z), w2, acc_0_1);
          acc_0_1 = fma(Acc4(v_1.w), w3, acc_0_1);
          acc_0_2 = fma(Acc4(v_2.x), w0, acc_0_2);
          acc_0_2 = fma(Acc4(v_2.y), w1, acc_0_2);
          acc_0_2 = fma(Acc4(v_2.z), w2, acc_0_2);
          acc_0_2 = fma(Acc4(v_2.w), w3, acc_0_2);
          acc_0_3 = fma(Acc4(v_3.x), w0, acc_0_3);
          acc_0_3 = fma(Acc4(v_3.y), w1, acc_0_3);
          acc_0_3 = fma(Acc4(v_3.z), w2, acc_0_3);
          acc_0_3 = fma(Acc4(v_3.w), w3, acc_0_3);
        }
        {
          let w0 = weights_load(at + 4 * 1);
          let w1 = weights_load(at + 4 * 1 + 1);
          let w2 = weights_load(at + 4 * 1 + 2);
          let w3 = weights_load(at + 4 * 1 + 3);
          acc_1_0 = fma(Acc4(v_0.x), w0, acc_1_0);
          acc_1_0 = fma(Acc4(v_0.y), w1, acc_1_0);
          acc_1_0 = fma(Acc4(v_0.z), w2, acc_1_0);
          acc_1_0 = fma(Acc4(v_0.w), w3, acc_1_0);
          acc_1_1 = fma(Acc4(v_1.x), w0, acc_1_1);
          acc_1_1 = fma(Acc4(v_1.y), w1, acc_1_1);
          acc_1_1 = fma(Acc4(v_1.z), w2, acc_1_1);
          acc_1_1 = fma(Acc4(v_1.w), w3, acc_1_1);
          acc_1_2 = fma(Acc4(v_2.x), w0, acc_1_2);
          acc_1_2 = fma(Acc4(v_2.y), w1, acc_1_2);
          acc_1_2 = fma(Acc4(v_2.z), w2, acc_1_2);
          acc_1_2 = fma(Acc4(v_2.w), w3, acc_1_2);
          acc_1_3 = fma(Acc4(v_3.x), w0, acc_1_3);
          acc_1_3 = fma(Acc4(v_3.y), w1, acc_1_3);
          acc_1_3 = fma(Acc4(v_3.z), w2, acc_1_3);
          acc_1_3 = fma(Acc4(v_3.w), w3, acc_1_3);
        }
        at += 4 * TS;
      }
    }
  }
  let out = batch * params.dst_s + group * TS;
  if group * TS + 0 < params.dst_s {
    dst_store(x0 + 0 * params.stride_x, y0, out + 0, acc_0_0);
    dst_store(x0 + 1 * params.stride_x, y0, out + 0, acc_0_1);
    dst_store(x0 + 2 * params.stride_x, y0, out + 0, acc_0_2);
    dst_store(x0 + 3 * params.stride_x, y0, out + 0, acc_0_3);
  }
  if group * TS + 1 < params.dst_s {
    dst_store(x0 + 0 * params.stride_x, y0, out + 1, acc_1_0);
    dst_store(x0 + 1 * params.stride_x, y0, out + 1, acc_1_1);
    dst_store(x0 + 2 * params.stride_x, y0, out + 1, acc_1_2);
    dst_store(x0 + 3 * params.stride_x, y0, out + 1, acc_1_3);
  }
}
