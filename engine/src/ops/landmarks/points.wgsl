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
