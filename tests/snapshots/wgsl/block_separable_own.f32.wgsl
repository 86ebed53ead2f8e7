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
  depthwise_offset: i32,
  pointwise_offset: i32,
  row: i32,
  group_texels: i32,
  top: i32,
  left: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 64u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const TX: i32 = 4;
const TS: i32 = 4;
const KH: i32 = 3;
const KW: i32 = 3;
const SY: i32 = 1;
const SX: i32 = 1;
const DY: i32 = 1;
const DX: i32 = 1;
fn depthwise_load(i: i32) -> Acc4 {
  let texel = weights_f32[params.depthwise_offset + i];
  return Acc4(texel);
}
fn pointwise_load(i: i32) -> Acc4 {
  let texel = weights_f32[params.pointwise_offset + i];
  return Acc4(texel);
}
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  v = max(v, Acc4(0.0));
  v = min(v, Acc4(6.0));
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
fn between(x: i32, y: i32, l: i32, value: Acc4) -> Acc4 {
  var v = value;
  v = max(v, Acc4(0.0));
  v = min(v, Acc4(6.0));
  return v;
}
// One invocation computes TX pixels of TS output slices; slice by slice of the input it computes its pixels' depthwise
// results and adds what they give to each output.
// Grid: tiles numbered row by row, `row` invocations in each of its rows × ⌈batches · ⌈slices / TS⌉ / WGZ⌉.
// Depthwise weights: for each slice a texel of bias, then one for each of KH × KW taps. Pointwise weights: for each group
// of TS output slices: TS bias texels, then for each input slice, each of the TS slices, each input lane a texel.
// src [n, h, w, c] is read with zeros outside, in steps SY and SX, taps DY and DX apart.

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let tile = i32(id.x) + i32(id.y) * params.row;
  let columns = (params.dst_w + TX - 1) / TX;
  let x0 = tile % columns * TX;
  let y0 = tile / columns;
  let groups = (params.dst_s + TS - 1) / TS;
  let batch = i32(id.z) / groups;
  let group = i32(id.z) - batch * groups;
  if y0 >= params.dst_h || batch >= params.dst_n { return; }
  let from_x = x0 * SX - params.left;
  let from_y = y0 * SY - params.top;
  let tap_x0 = clamp(from_x + 0, 0, params.src_w - 1);
  let in_x0 = tap_x0 == from_x + 0;
  let tap_x1 = clamp(from_x + 1, 0, params.src_w - 1);
  let in_x1 = tap_x1 == from_x + 1;
  let tap_x2 = clamp(from_x + 2, 0, params.src_w - 1);
  let in_x2 = tap_x2 == from_x + 2;
  let tap_x3 = clamp(from_x + 3, 0, params.src_w - 1);
  let in_x3 = tap_x3 == from_x + 3;
  let tap_x4 = clamp(from_x + 4, 0, params.src_w - 1);
  let in_x4 = tap_x4 == from_x + 4;
  let tap_x5 = clamp(from_x + 5, 0, params.src_w - 1);
  let in_x5 = tap_x5 == from_x + 5;
  let tap_y0 = clamp(from_y + 0, 0, params.src_h - 1);
  let in_y0 = tap_y0 == from_y + 0;
  let tap_y1 = clamp(from_y + 1, 0, params.src_h - 1);
  let in_y1 = tap_y1 == from_y + 1;
  let tap_y2 = clamp(from_y + 2, 0, params.src_h - 1);
  let in_y2 = tap_y2 == from_y + 2;
  var at = group * params.group_texels;
  var acc_0_0 = pointwise_load(at + 0);
  var acc_0_1 = pointwise_load(at + 0);
  var acc_0_2 = pointwise_load(at + 0);
  var acc_0_3 = pointwise_load(at + 0);
  var acc_1_0 = pointwise_load(at + 1);
  var acc_1_1 = pointwise_load(at + 1);
  var acc_1_2 = pointwise_load(at + 1);
  var acc_1_3 = pointwise_load(at + 1);
  var acc_2_0 = pointwise_load(at + 2);
  var acc_2_1 = pointwise_load(at + 2);
  var acc_2_2 = pointwise_load(at + 2);
  var acc_2_3 = pointwise_load(at + 2);
  var acc_3_0 = pointwise_load(at + 3);
  var acc_3_1 = pointwise_load(at + 3);
  var acc_3_2 = pointwise_load(at + 3);
  var acc_3_3 = pointwise_load(at + 3);
  at += TS;
  for (var k = 0; k < params.src_s; k++) {
    let l = batch * params.src_s + k;
    let first_tap = k * 10;
    var d0 = depthwise_load(first_tap);
    var d1 = depthwise_load(first_tap);
    var d2 = depthwise_load(first_tap);
    var d3 = depthwise_load(first_tap);
    {
      let v0 = select(Acc4(0.0), src_load(tap_x0, tap_y0, l), in_x0 && in_y0);
      let v1 = select(Acc4(0.0), src_load(tap_x1, tap_y0, l), in_x1 && in_y0);
      let v2 = select(Acc4(0.0), src_load(tap_x2, tap_y0, l), in_x2 && in_y0);
      let v3 = select(Acc4(0.0), src_load(tap_x3, tap_y0, l), in_x3 && in_y0);
      let v4 = select(Acc4(0.0), src_load(tap_x4, tap_y0, l), in_x4 && in_y0);
      let v5 = select(Acc4(0.0), src_load(tap_x5, tap_y0, l), in_x5 && in_y0);
      {
        let w = depthwise_load(first_tap + 1);
        d0 = fma(v0, w, d0);
        d1 = fma(v1, w, d1);
        d2 = fma(v2, w, d2);
        d3 = fma(v3, w, d3);
      }
      {
        let w = depthwise_load(first_tap + 2);
        d0 = fma(v1, w, d0);
        d1 = fma(v2, w, d1);
        d2 = fma(v3, w, d2);
        d3 = fma(v4, w, d3);
      }
      {
        let w = depthwise_load(first_tap + 3);
        d0 = fma(v2, w, d0);
        d1 = fma(v3, w, d1);
        d2 = fma(v4, w, d2);
        d3 = fma(v5, w, d3);
      }
    }
    {
      let v0 = select(Acc4(0.0), src_load(tap_x0, tap_y1, l), in_x0 && in_y1);
      let v1 = select(Acc4(0.0), src_load(tap_x1, tap_y1, l), in_x1 && in_y1);
      let v2 = select(Acc4(0.0), src_load(tap_x2, tap_y1, l), in_x2 && in_y1);
      let v3 = select(Acc4(0.0), src_load(tap_x3, tap_y1, l), in_x3 && in_y1);
      let v4 = select(Acc4(0.0), src_load(tap_x4, tap_y1, l), in_x4 && in_y1);
      let v5 = select(Acc4(0.0), src_load(tap_x5, tap_y1, l), in_x5 && in_y1);
      {
        let w = depthwise_load(first_tap + 4);
        d0 = fma(v0, w, d0);
        d1 = fma(v1, w, d1);
        d2 = fma(v2, w, d2);
        d3 = fma(v3, w, d3);
      }
      {
        let w = depthwise_load(first_tap + 5);
        d0 = fma(v1, w, d0);
        d1 = fma(v2, w, d1);
        d2 = fma(v3, w, d2);
        d3 = fma(v4, w, d3);
      }
      {
        let w = depthwise_load(first_tap + 6);
        d0 = fma(v2, w, d0);
        d1 = fma(v3, w, d1);
        d2 = fma(v4, w, d2);
        d3 = fma(v5, w, d3);
      }
    }
    {
      let v0 = select(Acc4(0.0), src_load(tap_x0, tap_y2, l), in_x0 && in_y2);
      let v1 = select(Acc4(0.0), src_load(tap_x1, tap_y2, l), in_x1 && in_y2);
      let v2 = select(Acc4(0.0), src_load(tap_x2, tap_y2, l), in_x2 && in_y2);
      let v3 = select(Acc4(0.0), src_load(tap_x3, tap_y2, l), in_x3 && in_y2);
      let v4 = select(Acc4(0.0), src_load(tap_x4, tap_y2, l), in_x4 && in_y2);
      let v5 = select(Acc4(0.0), src_load(tap_x5, tap_y2, l), in_x5 && in_y2);
      {
        let w = depthwise_load(first_tap + 7);
        d0 = fma(v0, w, d0);
        d1 = fma(v1, w, d1);
        d2 = fma(v2, w, d2);
        d3 = fma(v3, w, d3);
      }
      {
        let w = depthwise_load(first_tap + 8);
        d0 = fma(v1, w, d0);
        d1 = fma(v2, w, d1);
        d2 = fma(v3, w, d2);
        d3 = fma(v4, w, d3);
      }
      {
        let w = depthwise_load(first_tap + 9);
        d0 = fma(v2, w, d0);
        d1 = fma(v3, w, d1);
        d2 = fma(v4, w, d2);
        d3 = fma(v5, w, d3);
      }
    }
    let m0 = between(x0 + 0, y0, l, d0);
    let m1 = between(x0 + 1, y0, l, d1);
    let m2 = between(x0 + 2, y0, l, d2);
    let m3 = between(x0 + 3, y0, l, d3);
    {
      let w0 = pointwise_load(at + 4 * 0);
      let w1 = pointwise_load(at + 4 * 0 + 1);
      let w2 = pointwise_load(at + 4 * 0 + 2);
      let w3 = pointwise_load(at + 4 * 0 + 3);
      acc_0_0 = fma(Acc4(m0.x), w0, acc_0_0);
      acc_0_0 = fma(Acc4(m0.y), w1, acc_0_0);
      acc_0_0 = fma(Acc4(m0.z), w2, acc_0_0);
      acc_0_0 = fma(Acc4(m0.w), w3, acc_0_0);
      acc_0_1 = fma(Acc4(m1.x), w0, acc_0_1);
      acc_0_1 = fma(Acc4(m1.y), w1, acc_0_1);
      acc_0_1 = fma(Acc4(m1.z), w2, acc_0_1);
      acc_0_1 = fma(Acc4(m1.w), w3, acc_0_1);
      acc_0_2 = fma(Acc4(m2.x), w0, acc_0_2);
      acc_0_2 = fma(Acc4(m2.y), w1, acc_0_2);
      acc_0_2 = fma(Acc4(m2.z), w2, acc_0_2);
      acc_0_2 = fma(Acc4(m2.w), w3, acc_0_2);
      acc_0_3 = fma(Acc4(m3.x), w0, acc_0_3);
      acc_0_3 = fma(Acc4(m3.y), w1, acc_0_3);
      acc_0_3 = fma(Acc4(m3.z), w2, acc_0_3);
      acc_0_3 = fma(Acc4(m3.w), w3, acc_0_3);
    }
    {
      let w0 = pointwise_load(at + 4 * 1);
      let w1 = pointwise_load(at + 4 * 1 + 1);
      let w2 = pointwise_load(at + 4 * 1 + 2);
      let w3 = pointwise_load(at + 4 * 1 + 3);
      acc_1_0 = fma(Acc4(m0.x), w0, acc_1_0);
      acc_1_0 = fma(Acc4(m0.y), w1, acc_1_0);
      acc_1_0 = fma(Acc4(m0.z), w2, acc_1_0);
      acc_1_0 = fma(Acc4(m0.w), w3, acc_1_0);
      acc_1_1 = fma(Acc4(m1.x), w0, acc_1_1);
      acc_1_1 = fma(Acc4(m1.y), w1, acc_1_1);
      acc_1_1 = fma(Acc4(m1.z), w2, acc_1_1);
      acc_1_1 = fma(Acc4(m1.w), w3, acc_1_1);
      acc_1_2 = fma(Acc4(m2.x), w0, acc_1_2);
      acc_1_2 = fma(Acc4(m2.y), w1, acc_1_2);
      acc_1_2 = fma(Acc4(m2.z), w2, acc_1_2);
      acc_1_2 = fma(Acc4(m2.w), w3, acc_1_2);
      acc_1_3 = fma(Acc4(m3.x), w0, acc_1_3);
      acc_1_3 = fma(Acc4(m3.y), w1, acc_1_3);
      acc_1_3 = fma(Acc4(m3.z), w2, acc_1_3);
      acc_1_3 = fma(Acc4(m3.w), w3, acc_1_3);
    }
    {
      let w0 = pointwise_load(at + 4 * 2);
      let w1 = pointwise_load(at + 4 * 2 + 1);
      let w2 = pointwise_load(at + 4 * 2 + 2);
      let w3 = pointwise_load(at + 4 * 2 + 3);
      acc_2_0 = fma(Acc4(m0.x), w0, acc_2_0);
      acc_2_0 = fma(Acc4(m0.y), w1, acc_2_0);
      acc_2_0 = fma(Acc4(m0.z), w2, acc_2_0);
      acc_2_0 = fma(Acc4(m0.w), w3, acc_2_0);
      acc_2_1 = fma(Acc4(m1.x), w0, acc_2_1);
      acc_2_1 = fma(Acc4(m1.y), w1, acc_2_1);
      acc_2_1 = fma(Acc4(m1.z), w2, acc_2_1);
      acc_2_1 = fma(Acc4(m1.w), w3, acc_2_1);
      acc_2_2 = fma(Acc4(m2.x), w0, acc_2_2);
      acc_2_2 = fma(Acc4(m2.y), w1, acc_2_2);
      acc_2_2 = fma(Acc4(m2.z), w2, acc_2_2);
      acc_2_2 = fma(Acc4(m2.w), w3, acc_2_2);
      acc_2_3 = fma(Acc4(m3.x), w0, acc_2_3);
      acc_2_3 = fma(Acc4(m3.y), w1, acc_2_3);
      acc_2_3 = fma(Acc4(m3.z), w2, acc_2_3);
      acc_2_3 = fma(Acc4(m3.w), w3, acc_2_3);
    }
    {
      let w0 = pointwise_load(at + 4 * 3);
      let w1 = pointwise_load(at + 4 * 3 + 1);
      let w2 = pointwise_load(at + 4 * 3 + 2);
      let w3 = pointwise_load(at + 4 * 3 + 3);
      acc_3_0 = fma(Acc4(m0.x), w0, acc_3_0);
      acc_3_0 = fma(Acc4(m0.y), w1, acc_3_0);
      acc_3_0 = fma(Acc4(m0.z), w2, acc_3_0);
      acc_3_0 = fma(Acc4(m0.w), w3, acc_3_0);
      acc_3_1 = fma(Acc4(m1.x), w0, acc_3_1);
      acc_3_1 = fma(Acc4(m1.y), w1, acc_3_1);
      acc_3_1 = fma(Acc4(m1.z), w2, acc_3_1);
      acc_3_1 = fma(Acc4(m1.w), w3, acc_3_1);
      acc_3_2 = fma(Acc4(m2.x), w0, acc_3_2);
      acc_3_2 = fma(Acc4(m2.y), w1, acc_3_2);
      acc_3_2 = fma(Acc4(m2.z), w2, acc_3_2);
      acc_3_2 = fma(Acc4(m2.w), w3, acc_3_2);
      acc_3_3 = fma(Acc4(m3.x), w0, acc_3_3);
      acc_3_3 = fma(Acc4(m3.y), w1, acc_3_3);
      acc_3_3 = fma(Acc4(m3.z), w2, acc_3_3);
      acc_3_3 = fma(Acc4(m3.w), w3, acc_3_3);
    }
    at += 4 * TS;
  }
  let out = batch * params.dst_s + group * TS;
  if group * TS + 0 < params.dst_s {
    dst_store(x0 + 0, y0, out + 0, acc_0_0);
    dst_store(x0 + 1, y0, out + 0, acc_0_1);
    dst_store(x0 + 2, y0, out + 0, acc_0_2);
    dst_store(x0 + 3, y0, out + 0, acc_0_3);
  }
  if group * TS + 1 < params.dst_s {
    dst_store(x0 + 0, y0, out + 1, acc_1_0);
    dst_store(x0 + 1, y0, out + 1, acc_1_1);
    dst_store(x0 + 2, y0, out + 1, acc_1_2);
    dst_store(x0 + 3, y0, out + 1, acc_1_3);
  }
  if group * TS + 2 < params.dst_s {
    dst_store(x0 + 0, y0, out + 2, acc_2_0);
    dst_store(x0 + 1, y0, out + 2, acc_2_1);
    dst_store(x0 + 2, y0, out + 2, acc_2_2);
    dst_store(x0 + 3, y0, out + 2, acc_2_3);
  }
  if group * TS + 3 < params.dst_s {
    dst_store(x0 + 0, y0, out + 3, acc_3_0);
    dst_store(x0 + 1, y0, out + 3, acc_3_1);
    dst_store(x0 + 2, y0, out + 3, acc_3_2);
    dst_store(x0 + 3, y0, out + 3, acc_3_3);
  }
}
