// One invocation computes TX pixels of one slice, tap by tap.
// Grid: tiles numbered row by row, `row` invocations in each of its rows × ⌈layers / WGZ⌉.
// Weights: for each slice a texel of bias, then one for each tap, row-major. src [n, h, w, c] is read with zeros outside.
// MULTIPLIED: output channel o reads input channel ⌊o / multiplier⌋, so that the four lanes lie in at most two texels.

fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  let at_x = clamp(x, 0, params.src_w - 1);
  let at_y = clamp(y, 0, params.src_h - 1);
  return select(Acc4(0.0), src_load(at_x, at_y, l), at_x == x && at_y == y);
}

#if MULTIPLIED
fn lane(a: Acc4, b: Acc4, i: i32) -> Acc {
  let v = select(a, b, i >= 4);
  let pair = select(v.xy, v.zw, (i & 2) != 0);
  return select(pair.x, pair.y, (i & 1) != 0);
}
#endif

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
#if MULTIPLIED
  let base = (l / params.dst_s) * params.src_s;
  let c = min((vec4<i32>(slice * 4) + vec4<i32>(0, 1, 2, 3)) / params.multiplier, vec4<i32>(params.src_c - 1));
  let first = c.x / 4;
  let last = c.w / 4;
  let place = c - 4 * first;
#endif
  let bias = weights_load(at);
#for i in 0..TX
  var acc$i = bias;
#end
  for (var ky = 0; ky < params.kernel_h; ky++) {
    let y = y0 * params.stride_y + ky * params.dilation_y - params.top;
    for (var kx = 0; kx < params.kernel_w; kx++) {
      at += 1;
      let w = weights_load(at);
#for i in 0..TX
      {
        let x = (x0 + $i) * params.stride_x + kx * params.dilation_x - params.left;
#if MULTIPLIED
        let a = tap(x, y, base + first);
        let b = tap(x, y, base + last);
        let v = Acc4(lane(a, b, place.x), lane(a, b, place.y), lane(a, b, place.z), lane(a, b, place.w));
#else
        let v = tap(x, y, l);
#endif
        acc$i = fma(v, w, acc$i);
      }
#end
    }
  }
#for i in 0..TX
  dst_store(x0 + $i, y0, l, acc$i);
#end
}
