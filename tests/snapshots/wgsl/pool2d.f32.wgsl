alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
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
  kernel_h: i32,
  kernel_w: i32,
  stride_y: i32,
  stride_x: i32,
  top: i32,
  left: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 2u;
override WGY: u32 = 4u;
override WGZ: u32 = 2u;
const TX: i32 = 2;
const AVERAGE: i32 = 1;
const L2: i32 = 0;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One invocation computes TX pixels of one slice: of what the window covers of src the mean (AVERAGE), the root of the
// mean of the squares (L2), otherwise the greatest. Sums are f32 whatever Acc is.
// Grid: ⌈w / (WGX·TX)⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.

fn pooled(x: i32, y: i32, l: i32) -> Acc4 {
  let left = x * params.stride_x - params.left;
  let top = y * params.stride_y - params.top;
  let x0 = clamp(left, 0, params.src_w - 1);
  let y0 = clamp(top, 0, params.src_h - 1);
  let x1 = min(left + params.kernel_w, params.src_w);
  let y1 = min(top + params.kernel_h, params.src_h);
  var sum = vec4<f32>(0.0);
  for (var at_y = y0; at_y < y1; at_y++) {
    for (var at_x = x0; at_x < x1; at_x++) {
      sum += vec4<f32>(src_load(at_x, at_y, l));
    }
  }
  let mean = sum / f32(max((x1 - x0) * (y1 - y0), 1));
  return Acc4(mean);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x) * TX;
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  dst_store(x + 0, y, l, pooled(x + 0, y, l));
  dst_store(x + 1, y, l, pooled(x + 1, y, l));
}
