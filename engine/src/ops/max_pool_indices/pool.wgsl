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
