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
#if AVERAGE || L2
  var sum = vec4<f32>(0.0);
#else
  var best = src_load(x0, y0, l);
#endif
  for (var at_y = y0; at_y < y1; at_y++) {
    for (var at_x = x0; at_x < x1; at_x++) {
#if AVERAGE
      sum += vec4<f32>(src_load(at_x, at_y, l));
#else
#if L2
      let v = vec4<f32>(src_load(at_x, at_y, l));
      sum = fma(v, v, sum);
#else
      best = max(best, src_load(at_x, at_y, l));
#endif
#endif
    }
  }
#if AVERAGE || L2
  let mean = sum / f32(max((x1 - x0) * (y1 - y0), 1));
#if L2
  return Acc4(sqrt(mean));
#else
  return Acc4(mean);
#endif
#else
  return best;
#endif
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x) * TX;
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
#for i in 0..TX
  dst_store(x + $i, y, l, pooled(x + $i, y, l));
#end
}
