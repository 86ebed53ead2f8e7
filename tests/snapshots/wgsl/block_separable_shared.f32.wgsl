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
  top: i32,
  left: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 16u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const TX: i32 = 16;
const TS: i32 = 1;
const KH: i32 = 3;
const KW: i32 = 3;
const SY: i32 = 2;
const SX: i32 = 2;
const DY: i32 = 1;
const DX: i32 = 1;
const PW: i32 = 8;
const PH: i32 = 2;
const CHUNK: i32 = 6;
const LANES: i32 = 16;
const ROWS: i32 = 1;
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
// One work-group computes PW × PH pixels of LANES · TS output slices, one invocation TX of the pixels for TS slices. For
// CHUNK input slices at a time all invocations compute depthwise results into work-group memory, four pixels of a row
// each, and then add what they give to the outputs.
// Grid: ⌈w / PW⌉ × ⌈h / PH⌉ × batches · ⌈slices / (LANES · TS)⌉. WGX = LANES, WGY = ROWS, PW · PH = ROWS · TX.
// Depthwise weights: for each slice a texel of bias, then one for each of KH × KW taps. Pointwise weights: a texel of
// bias for each output slice, then for each input channel one for each output slice: neighbors read neighboring texels.
// src [n, h, w, c] is read with zeros outside, in steps SY and SX, taps DY and DX apart.

var<workgroup> shared_texels: array<Acc4, 96>;

fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  let at_x = clamp(x, 0, params.src_w - 1);
  let at_y = clamp(y, 0, params.src_h - 1);
  return select(Acc4(0.0), src_load(at_x, at_y, l), at_x == x && at_y == y);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(local_invocation_id) local: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let lane = i32(local.x);
  let row = 0;
  let x0 = i32(group.x) * PW;
  let y0 = i32(group.y) * PH;
  let groups = (params.dst_s + 15) / 16;
  let batch = i32(group.z) / groups;
  let first = (i32(group.z) - batch * groups) * 16 + lane;
  let slice0 = min(first + 0, params.dst_s - 1);
  var acc_0_0 = pointwise_load(slice0);
  var acc_0_1 = pointwise_load(slice0);
  var acc_0_2 = pointwise_load(slice0);
  var acc_0_3 = pointwise_load(slice0);
  var acc_0_4 = pointwise_load(slice0);
  var acc_0_5 = pointwise_load(slice0);
  var acc_0_6 = pointwise_load(slice0);
  var acc_0_7 = pointwise_load(slice0);
  var acc_0_8 = pointwise_load(slice0);
  var acc_0_9 = pointwise_load(slice0);
  var acc_0_10 = pointwise_load(slice0);
  var acc_0_11 = pointwise_load(slice0);
  var acc_0_12 = pointwise_load(slice0);
  var acc_0_13 = pointwise_load(slice0);
  var acc_0_14 = pointwise_load(slice0);
  var acc_0_15 = pointwise_load(slice0);
  for (var chunk = 0; chunk < params.src_s; chunk += CHUNK) {
    workgroupBarrier();
    for (var item = row * LANES + lane; item < 24; item += 16) {
      let k = chunk + item / 4;
      let quad = item % 4 * 4;
      if k < params.src_s {
        let x = x0 + quad % PW;
        let y = y0 + quad / PW;
        let l = batch * params.src_s + k;
        let from_x = x * SX - params.left;
        let from_y = y * SY - params.top;
        let first_tap = k * 10;
        var d0 = depthwise_load(first_tap);
        var d1 = depthwise_load(first_tap);
        var d2 = depthwise_load(first_tap);
        var d3 = depthwise_load(first_tap);
        {
          let tap_y = from_y + 0;
          let v0 = tap(from_x + 0, tap_y, l);
          let v1 = tap(from_x + 1, tap_y, l);
          let v2 = tap(from_x + 2, tap_y, l);
          let v3 = tap(from_x + 3, tap_y, l);
          let v4 = tap(from_x + 4, tap_y, l);
          let v5 = tap(from_x + 5, tap_y, l);
          let v6 = tap(from_x + 6, tap_y, l);
          let v7 = tap(from_x + 7, tap_y, l);
          let v8 = tap(from_x + 8, tap_y, l);
          {
            let w = depthwise_load(first_tap + 1);
            d0 = fma(v0, w, d0);
            d1 = fma(v2, w, d1);
            d2 = fma(v4, w, d2);
            d3 = fma(v6, w, d3);
          }
          {
            let w = depthwise_load(first_tap + 2);
            d0 = fma(v1, w, d0);
            d1 = fma(v3, w, d1);
            d2 = fma(v5, w, d2);
            d3 = fma(v7, w, d3);
          }
          {
            let w = depthwise_load(first_tap + 3);
            d0 = fma(v2, w, d0);
            d1 = fma(v4, w, d1);
            d2 = fma(v6, w, d2);
            d3 = fma(v8, w, d3);
          }
        }
        {
          let tap_y = from_y + 1;
          let v0 = tap(from_x + 0, tap_y, l);
          let v1 = tap(from_x + 1, tap_y, l);
          let v2 = tap(from_x + 2, tap_y, l);
          let v3 = tap(from_x + 3, tap_y, l);
          let v4 = tap(from_x + 4, tap_y, l);
          let v5 = tap(from_x + 5, tap_y, l);
          let v6 = tap(from_x + 6, tap_y, l);
          let v7 = tap(from_x + 7, tap_y, l);
          let v8 = tap(from_x + 8, tap_y, l);
          {
            let w = depthwise_load(first_tap + 4);
            d0 = fma(v0, w, d0);
            d1 = fma(v2, w, d1);
            d2 = fma(v4, w, d2);
            d3 = fma(v6, w, d3);
          }
          {
            let w = depthwise_load(first_tap + 5);
            d0 = fma(v1, w, d0);
            d1 = fma(v3, w, d1);
            d2 = fma(v5, w, d2);
            d3 = fma(v7, w, d3);
          }
          {
            let w = depthwise_load(first_tap + 6);
            d0 = fma(v2, w, d0);
            d1 = fma(v4, w, d1);
            d2 = fma(v6, w, d2);
            d3 = fma(v8, w, d3);
          }
        }
        {
          let tap_y = from_y + 2;
          let v0 = tap(from_x + 0, tap_y, l);
          let v1 = tap(from_x + 1, tap_y, l);
          let v2 = tap(from_x + 2, tap_y, l);
          let v3 = tap(from_x + 3, tap_y, l);
          let v4 = tap(from_x + 4, tap_y, l);
          let v5 = tap(from_x + 5, tap_y, l);
          let v6 = tap(from_x + 6, tap_y, l);
          let v7 = tap(from_x + 7, tap_y, l);
          let v8 = tap(from_x + 8, tap_y, l);
          {
            let w = depthwise_load(first_tap + 7);
            d0 = fma(v0, w, d0);
            d1 = fma(v2, w, d1);
            d2 = fma(v4, w, d2);
            d3 = fma(v6, w, d3);
          }
          {
            let w = depthwise_load(first_tap + 8);
            d0 = fma(v1, w, d0);
            d1 = fma(v3, w, d1);
            d2 = fma(v5, w, d2);
            d3 = fma(v7, w, d3);
          }
          {
            let w = depthwise_load(first_tap + 9);
            d0 = fma(v2, w, d0);
            d1 = fma(v4, w, d1);
            d2 = fma(v6, w, d2);
            d3 = fma(v8, w, d3);
          }
        }
        shared_texels[item * 4 + 0] = between(x + 0, y, l, d0);
        shared_texels[item * 4 + 1] = between(x + 1, y, l, d1);
        shared_texels[item * 4 + 2] = between(x + 2, y, l, d2);
        shared_texels[item * 4 + 3] = between(x + 3, y, l, d3);
      }
    }
    workgroupBarrier();
    let count = min(CHUNK, params.src_s - chunk);
    for (var k = 0; k < count; k++) {
      let base = k * 16 + row * TX;
      let m0 = shared_texels[base + 0];
      let m1 = shared_texels[base + 1];
      let m2 = shared_texels[base + 2];
      let m3 = shared_texels[base + 3];
      let m4 = shared_texels[base + 4];
      let m5 = shared_texels[base + 5];
      let m6 = shared_texels[base + 6];
      let m7 = shared_texels[base + 7];
      let m8 = shared_texels[base + 8];
      let m9 = shared_texels[base + 9];
      let m10 = shared_texels[base + 10];
      let m11 = shared_texels[base + 11];
      let m12 = shared_texels[base + 12];
      let m13 = shared_texels[base + 13];
      let m14 = shared_texels[base + 14];
      let m15 = shared_texels[base + 15];
      let at = params.dst_s * (1 + 4 * (chunk + k));
      {
        let w0 = pointwise_load(at + slice0);
        let w1 = pointwise_load(at + params.dst_s + slice0);
        let w2 = pointwise_load(at + 2 * params.dst_s + slice0);
        let w3 = pointwise_load(at + 3 * params.dst_s + slice0);
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
        acc_0_4 = fma(Acc4(m4.x), w0, acc_0_4);
        acc_0_4 = fma(Acc4(m4.y), w1, acc_0_4);
        acc_0_4 = fma(Acc4(m4.z), w2, acc_0_4);
        acc_0_4 = fma(Acc4(m4.w), w3, acc_0_4);
        acc_0_5 = fma(Acc4(m5.x), w0, acc_0_5);
        acc_0_5 = fma(Acc4(m5.y), w1, acc_0_5);
        acc_0_5 = fma(Acc4(m5.z), w2, acc_0_5);
        acc_0_5 = fma(Acc4(m5.w), w3, acc_0_5);
        acc_0_6 = fma(Acc4(m6.x), w0, acc_0_6);
        acc_0_6 = fma(Acc4(m6.y), w1, acc_0_6);
        acc_0_6 = fma(Acc4(m6.z), w2, acc_0_6);
        acc_0_6 = fma(Acc4(m6.w), w3, acc_0_6);
        acc_0_7 = fma(Acc4(m7.x), w0, acc_0_7);
        acc_0_7 = fma(Acc4(m7.y), w1, acc_0_7);
        acc_0_7 = fma(Acc4(m7.z), w2, acc_0_7);
        acc_0_7 = fma(Acc4(m7.w), w3, acc_0_7);
        acc_0_8 = fma(Acc4(m8.x), w0, acc_0_8);
        acc_0_8 = fma(Acc4(m8.y), w1, acc_0_8);
        acc_0_8 = fma(Acc4(m8.z), w2, acc_0_8);
        acc_0_8 = fma(Acc4(m8.w), w3, acc_0_8);
        acc_0_9 = fma(Acc4(m9.x), w0, acc_0_9);
        acc_0_9 = fma(Acc4(m9.y), w1, acc_0_9);
        acc_0_9 = fma(Acc4(m9.z), w2, acc_0_9);
        acc_0_9 = fma(Acc4(m9.w), w3, acc_0_9);
        acc_0_10 = fma(Acc4(m10.x), w0, acc_0_10);
        acc_0_10 = fma(Acc4(m10.y), w1, acc_0_10);
        acc_0_10 = fma(Acc4(m10.z), w2, acc_0_10);
        acc_0_10 = fma(Acc4(m10.w), w3, acc_0_10);
        acc_0_11 = fma(Acc4(m11.x), w0, acc_0_11);
        acc_0_11 = fma(Acc4(m11.y), w1, acc_0_11);
        acc_0_11 = fma(Acc4(m11.z), w2, acc_0_11);
        acc_0_11 = fma(Acc4(m11.w), w3, acc_0_11);
        acc_0_12 = fma(Acc4(m12.x), w0, acc_0_12);
        acc_0_12 = fma(Acc4(m12.y), w1, acc_0_12);
        acc_0_12 = fma(Acc4(m12.z), w2, acc_0_12);
        acc_0_12 = fma(Acc4(m12.w), w3, acc_0_12);
        acc_0_13 = fma(Acc4(m13.x), w0, acc_0_13);
        acc_0_13 = fma(Acc4(m13.y), w1, acc_0_13);
        acc_0_13 = fma(Acc4(m13.z), w2, acc_0_13);
        acc_0_13 = fma(Acc4(m13.w), w3, acc_0_13);
        acc_0_14 = fma(Acc4(m14.x), w0, acc_0_14);
        acc_0_14 = fma(Acc4(m14.y), w1, acc_0_14);
        acc_0_14 = fma(Acc4(m14.z), w2, acc_0_14);
        acc_0_14 = fma(Acc4(m14.w), w3, acc_0_14);
        acc_0_15 = fma(Acc4(m15.x), w0, acc_0_15);
        acc_0_15 = fma(Acc4(m15.y), w1, acc_0_15);
        acc_0_15 = fma(Acc4(m15.z), w2, acc_0_15);
        acc_0_15 = fma(Acc4(m15.w), w3, acc_0_15);
      }
    }
  }
  if first + 0 < params.dst_s {
    dst_store(x0 + (row * TX + 0) % PW, y0 + (row * TX + 0) / PW, batch * params.dst_s + first + 0, acc_0_0);
    dst_store(x0 + (row * TX + 1) % PW, y0 + (row * TX + 1) / PW, batch * params.dst_s + first + 0, acc_0_1);
    dst_store(x0 + (row * TX + 2) % PW, y0 + (row * TX + 2) / PW, batch * params.dst_s + first + 0, acc_0_2);
    dst_store(x0 + (row * TX + 3) % PW, y0 + (row * TX + 3) / PW, batch * params.dst_s + first + 0, acc_0_3);
    dst_store(x0 + (row * TX + 4) % PW, y0 + (row * TX + 4) / PW, batch * params.dst_s + first + 0, acc_0_4);
    dst_store(x0 + (row * TX + 5) % PW, y0 + (row * TX + 5) / PW, batch * params.dst_s + first + 0, acc_0_5);
    dst_store(x0 + (row * TX + 6) % PW, y0 + (row * TX + 6) / PW, batch * params.dst_s + first + 0, acc_0_6);
    dst_store(x0 + (row * TX + 7) % PW, y0 + (row * TX + 7) / PW, batch * params.dst_s + first + 0, acc_0_7);
    dst_store(x0 + (row * TX + 8) % PW, y0 + (row * TX + 8) / PW, batch * params.dst_s + first + 0, acc_0_8);
    dst_store(x0 + (row * TX + 9) % PW, y0 + (row * TX + 9) / PW, batch * params.dst_s + first + 0, acc_0_9);
    dst_store(x0 + (row * TX + 10) % PW, y0 + (row * TX + 10) / PW, batch * params.dst_s + first + 0, acc_0_10);
    dst_store(x0 + (row * TX + 11) % PW, y0 + (row * TX + 11) / PW, batch * params.dst_s + first + 0, acc_0_11);
    dst_store(x0 + (row * TX + 12) % PW, y0 + (row * TX + 12) / PW, batch * params.dst_s + first + 0, acc_0_12);
    dst_store(x0 + (row * TX + 13) % PW, y0 + (row * TX + 13) / PW, batch * params.dst_s + first + 0, acc_0_13);
    dst_store(x0 + (row * TX + 14) % PW, y0 + (row * TX + 14) / PW, batch * params.dst_s + first + 0, acc_0_14);
    dst_store(x0 + (row * TX + 15) % PW, y0 + (row * TX + 15) / PW, batch * params.dst_s + first + 0, acc_0_15);
  }
}
