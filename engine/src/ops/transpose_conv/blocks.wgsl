// Windows as large as their steps, SY × SX, which meet without overlap: one invocation spreads TX input pixels to their
// blocks of the output × TS output slices, so that each input texel is read once.
// Grid: ⌈⌈w / SX⌉ / (WGX·TX)⌉ × ⌈⌈h / SY⌉ / WGY⌉ × ⌈batches · ⌈slices / TS⌉ / WGZ⌉.
// Weights: for each group of TS output slices: TS bias texels, then for each tap row-major, each input slice, each of the
// TS slices: four texels, one for each input lane, holding the four output lanes.
// src [n, h, w, c] is read with zeros outside.

fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  let at_x = min(x, params.src_w - 1);
  let at_y = min(y, params.src_h - 1);
  return select(Acc4(0.0), src_load(at_x, at_y, l), at_x == x && at_y == y);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x0 = i32(id.x) * TX;
  let y0 = i32(id.y);
  let groups = (params.dst_s + TS - 1) / TS;
  let batch = i32(id.z) / groups;
  let group = i32(id.z) - batch * groups;
  if x0 * SX >= params.dst_w || y0 * SY >= params.dst_h || batch >= params.dst_n { return; }
  let base = group * params.group_texels;
#for s in 0..TS
  let bias$s = weights_load(base + $s);
#for t in 0..SY*SX
#for i in 0..TX
  var acc_$s$_$t$_$i$ = bias$s;
#end
#end
#end
  for (var s = 0; s < params.src_s; s++) {
#for i in 0..TX
    let v_$i$ = tap(x0 + $i, y0, batch * params.src_s + s);
#end
#for t in 0..SY*SX
#for s in 0..TS
    {
      let at = base + TS + ($t * params.src_s + s) * 4 * TS + 4 * $s;
      let w0 = weights_load(at);
      let w1 = weights_load(at + 1);
      let w2 = weights_load(at + 2);
      let w3 = weights_load(at + 3);
#for i in 0..TX
      acc_$s$_$t$_$i$ = fma(Acc4(v_$i$.x), w0, acc_$s$_$t$_$i$);
      acc_$s$_$t$_$i$ = fma(Acc4(v_$i$.y), w1, acc_$s$_$t$_$i$);
      acc_$s$_$t$_$i$ = fma(Acc4(v_$i$.z), w2, acc_$s$_$t$_$i$);
      acc_$s$_$t$_$i$ = fma(Acc4(v_$i$.w), w3, acc_$s$_$t$_$i$);
#end
    }
#end
#end
  }
  let out = batch * params.dst_s + group * TS;
#for s in 0..TS
  if group * TS + $s < params.dst_s {
#for t in 0..SY*SX
#for i in 0..TX
    dst_store((x0 + $i) * SX + $(t-t/SX*SX), y0 * SY + $(t/SX), out + $s, acc_$s$_$t$_$i$);
#end
#end
  }
#end
}
