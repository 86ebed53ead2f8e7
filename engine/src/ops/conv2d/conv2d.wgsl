// One invocation computes TX × TY pixels of TS output slices: a register tile of TX·TY·TS texels.
// Grid: tiles numbered row by row, `row` invocations in each of its rows × ⌈batches · ⌈slices / TS⌉ / WGZ⌉. Every invocation
// of a work-group with WGZ = 1 reads the same weights, so that they are scalar or broadcast loads.
// Weights: for each group of TS output slices: TS bias texels, then for each tap row-major, each input slice, each of the
// TS slices: four texels, one for each input lane, holding the four output lanes.
// src [n, h, w, c] is read with zeros outside.

#if !POINTWISE
fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  if x < 0 || y < 0 || x >= params.src_w || y >= params.src_h { return Acc4(0.0); }
  return src_load(x, y, l);
}
#endif

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let tile = i32(id.x) + i32(id.y) * params.row;
  let columns = (params.dst_w + TX - 1) / TX;
  let x0 = tile % columns * TX;
  let y0 = tile / columns * TY;
  let groups = (params.dst_s + TS - 1) / TS;
  let batch = i32(id.z) / groups;
  let group = i32(id.z) - batch * groups;
  if y0 >= params.dst_h || batch >= params.dst_n { return; }
  let layer = batch * params.src_s;
  var at = group * params.group_texels;
#for s in 0..TS
#for j in 0..TY
#for i in 0..TX
  var acc_$s$_$j$_$i$ = weights_load(at + $s);
#end
#end
#end
  at += TS;
#if POINTWISE
#for i in 0..TX
  let px$i = min(x0 + $i, params.dst_w - 1) * params.stride_x;
#end
#for j in 0..TY
  let py$j = min(y0 + $j, params.dst_h - 1) * params.stride_y;
#end
#else
  for (var ky = 0; ky < params.kernel_h; ky++) {
  for (var kx = 0; kx < params.kernel_w; kx++) {
#for i in 0..TX
  let px$i = (x0 + $i) * params.stride_x + kx * params.dilation_x - params.left;
#end
#for j in 0..TY
  let py$j = (y0 + $j) * params.stride_y + ky * params.dilation_y - params.top;
#end
#endif
  for (var s = 0; s < params.src_s; s++) {
#for j in 0..TY
#for i in 0..TX
#if POINTWISE
    let v_$j$_$i$ = src_load(px$i, py$j, layer + s);
#else
    let v_$j$_$i$ = tap(px$i, py$j, layer + s);
#endif
#end
#end
#for s in 0..TS
    {
      let w0 = weights_load(at + 4 * $s);
      let w1 = weights_load(at + 4 * $s + 1);
      let w2 = weights_load(at + 4 * $s + 2);
      let w3 = weights_load(at + 4 * $s + 3);
#for j in 0..TY
#for i in 0..TX
      acc_$s$_$j$_$i$ = fma(Acc4(v_$j$_$i$.x), w0, acc_$s$_$j$_$i$);
      acc_$s$_$j$_$i$ = fma(Acc4(v_$j$_$i$.y), w1, acc_$s$_$j$_$i$);
      acc_$s$_$j$_$i$ = fma(Acc4(v_$j$_$i$.z), w2, acc_$s$_$j$_$i$);
      acc_$s$_$j$_$i$ = fma(Acc4(v_$j$_$i$.w), w3, acc_$s$_$j$_$i$);
#end
#end
    }
#end
    at += 4 * TS;
  }
#if !POINTWISE
  }
  }
#endif
  let out = batch * params.dst_s + group * TS;
#for s in 0..TS
  if group * TS + $s < params.dst_s {
#for j in 0..TY
#for i in 0..TX
    dst_store(x0 + $i, y0 + $j, out + $s, acc_$s$_$j$_$i$);
#end
#end
  }
#end
}
