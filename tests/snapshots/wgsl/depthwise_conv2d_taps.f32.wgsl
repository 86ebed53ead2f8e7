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
  top: i32,
  left: i32,
  kernel_h: i32,
  kernel_w: i32,
  stride_y: i32,
  stride_x: i32,
  dilation_y: i32,
  dilation_x: i32,
  multiplier: i32,
  src_c: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 64u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const TX: i32 = 1;
const TY: i32 = 1;
const MULTIPLIED: i32 = 0;
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
// One invocation computes TX pixels of one slice, tap by tap.
// Grid: tiles numbered row by row, `row` invocations in each of its rows × ⌈layers / WGZ⌉.
// Weights: for each slice a texel of bias, then one for each tap, row-major. src [n, h, w, c] is read with zeros outside.
// MULTIPLIED: output channel o reads input channel ⌊o / multiplier⌋, so that the four lanes lie in at most two texels.

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
  let y0 = tile / columns;
  let l = i32(id.z);
  if y0 >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let slice = l % params.dst_s;
  var at = slice * (1 + params.kernel_h * params.kernel_w);
  let bias = weights_load(at);
  var acc0 = bias;
  for (var ky = 0; ky < params.kernel_h; ky++) {
    let y = y0 * params.stride_y + ky * params.dilation_y - params.top;
    for (var kx = 0; kx < params.kernel_w; kx++) {
      at += 1;
      let w = weights_load(at);
      {
        let x = (x0 + 0) * params.stride_x + kx * params.dilation_x - params.left;
        let v = tap(x, y, l);
        acc0 = fma(v, w, acc0);
      }
    }
  }
  dst_store(x0 + 0, y0, l, acc0);
}
