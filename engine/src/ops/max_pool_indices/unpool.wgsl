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
