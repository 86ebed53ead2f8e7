alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
struct Params {
  src_offset: i32,
  src_w: i32,
  src_h: i32,
  src_s: i32,
  src_n: i32,
  indices_offset: i32,
  indices_w: i32,
  indices_h: i32,
  indices_s: i32,
  indices_n: i32,
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
override WGX: u32 = 8u;
override WGY: u32 = 8u;
override WGZ: u32 = 1u;
fn indices_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.indices_offset + (l * params.indices_h + y) * params.indices_w + x];
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
// One invocation computes one texel of the image: of the windows over it the last one whose greatest number lies there
// gives that number, none gives zero. Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let at_x = x + params.left;
  let at_y = y + params.top;
  let x0 = max((at_x - params.kernel_w + params.stride_x) / params.stride_x, 0);
  let y0 = max((at_y - params.kernel_h + params.stride_y) / params.stride_y, 0);
  let x1 = min(at_x / params.stride_x, params.src_w - 1);
  let y1 = min(at_y / params.stride_y, params.src_h - 1);
  var value = Acc4(0.0);
  for (var from_y = y0; from_y <= y1; from_y++) {
    for (var from_x = x0; from_x <= x1; from_x++) {
      let tap = (at_y - from_y * params.stride_y) * params.kernel_w + at_x - from_x * params.stride_x;
      let index = vec4<i32>(vec4<f32>(indices_load(from_x, from_y, l)));
      value = select(value, src_load(from_x, from_y, l), index == vec4<i32>(tap));
    }
  }
  dst_store(x, y, l, value);
}
