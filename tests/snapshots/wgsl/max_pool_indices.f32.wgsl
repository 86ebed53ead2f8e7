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
  indices_offset: i32,
  indices_w: i32,
  indices_h: i32,
  indices_s: i32,
  indices_n: i32,
  kernel_h: i32,
  kernel_w: i32,
  stride_y: i32,
  stride_x: i32,
  top: i32,
  left: i32,
  margin: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 4u;
override WGY: u32 = 4u;
override WGZ: u32 = 2u;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn indices_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.indices_w || y >= params.indices_h || l >= params.indices_s * params.indices_n { return; }
  var v = value;
  arena_f32[params.indices_offset + (l * params.indices_h + y) * params.indices_w + x] = vec4<f32>(v);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One invocation computes one texel of greatest numbers and one of the indices of their taps.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉. Indices are f32 whatever Acc is.

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let left = x * params.stride_x - params.left;
  let top = y * params.stride_y - params.top;
  let x0 = max(left, 0);
  let y0 = max(top, 0);
  let x1 = min(left + params.kernel_w, params.src_w);
  let y1 = min(top + params.kernel_h, params.src_h);
  var best = src_load(x0, y0, l);
  var index = vec4<f32>(f32((y0 - top) * params.kernel_w + x0 - left));
  for (var at_y = y0; at_y < y1; at_y++) {
    for (var at_x = x0; at_x < x1; at_x++) {
      let v = src_load(at_x, at_y, l);
      let tap = f32((at_y - top) * params.kernel_w + at_x - left);
      let greater = v > best;
      best = select(best, v, greater);
      index = select(index, vec4<f32>(tap), greater);
    }
  }
  dst_store(x, y, l, best);
  indices_store(x, y, l, Acc4(index + vec4<f32>(params.margin)));
}
