alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
struct Params {
  src_offset: i32,
  src_w: i32,
  src_h: i32,
  src_s: i32,
  src_n: i32,
  matrix_offset: i32,
  matrix_w: i32,
  matrix_h: i32,
  matrix_s: i32,
  matrix_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 64u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
fn matrix_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.matrix_offset + (l * params.matrix_h + y) * params.matrix_w + x];
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
// One invocation moves one landmark. Grid: ⌈h · w / WGX⌉.
// src [1, h, w, 2 or 3]: a landmark in each texel; matrix [1, 4, 4], a row in each texel.

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = i32(id.x);
  let y = i / params.dst_w;
  let x = i - y * params.dst_w;
  if y >= params.dst_h { return; }
  let row_x = matrix_load(0, 0, 0);
  let row_y = matrix_load(1, 0, 0);
  let point = src_load(x, y, 0);
  let shift = Acc(params.scale);
  let moved_x = row_x.x * point.x + row_x.y * point.y + row_x.w * shift;
  let moved_y = row_y.x * point.x + row_y.y * point.y + row_y.w * shift;
  dst_store(x, y, 0, Acc4(moved_x, moved_y, point.z, point.w));
}
