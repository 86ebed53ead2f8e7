// One invocation computes TX pixels SX apart in a row × TS output slices. Output pixels of one phase — the same place
// modulo the steps — need the same taps, so that every invocation of a work-group with WGZ = 1 reads the same weights.
// Grid: ⌈⌈w / SX⌉ / (WGX·TX)⌉ × ⌈⌈h / SY⌉ / WGY⌉ × ⌈batches · ⌈slices / TS⌉ · SY·SX / WGZ⌉.
// Weights: for each group of TS output slices: TS bias texels, then for each tap row-major, each input slice, each of the
// TS slices: four texels, one for each input lane, holding the four output lanes.
// src [n, h, w, c] is read with zeros outside.

fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  let at_x = clamp(x, 0, params.src_w - 1);
  let at_y = clamp(y, 0, params.src_h - 1);
  return select(Acc4(0.0), src_load(at_x, at_y, l), at_x == x && at_y == y);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let groups = (params.dst_s + TS - 1) / TS;
  let phase = i32(id.z) % (params.stride_y * params.stride_x);
  let phase_y = phase / params.stride_x;
  let phase_x = phase - phase_y * params.stride_x;
  let layer = i32(id.z) / (params.stride_y * params.stride_x);
  let batch = layer / groups;
  let group = layer - batch * groups;
  let column = i32(id.x) * TX;
  let row = i32(id.y);
  let x0 = column * params.stride_x + phase_x;
  let y0 = row * params.stride_y + phase_y;
  if x0 >= params.dst_w || y0 >= params.dst_h || batch >= params.dst_n { return; }
  let base = group * params.group_texels;
#for s in 0..TS
#for i in 0..TX
  var acc_$s$_$i$ = weights_load(base + $s);
#end
#end
  for (var ky = (phase_y + params.top) % params.stride_y; ky < params.kernel_h; ky += params.stride_y) {
    let y = row + (phase_y + params.top - ky) / params.stride_y;
    for (var kx = (phase_x + params.left) % params.stride_x; kx < params.kernel_w; kx += params.stride_x) {
      let x = column + (phase_x + params.left - kx) / params.stride_x;
      var at = base + TS + (ky * params.kernel_w + kx) * params.src_s * 4 * TS;
      for (var s = 0; s < params.src_s; s++) {
#for i in 0..TX
        let v_$i$ = tap(x + $i, y, batch * params.src_s + s);
#end
#for s in 0..TS
        {
          let w0 = weights_load(at + 4 * $s);
          let w1 = weights_load(at + 4 * $s + 1);
          let w2 = weights_load(at + 4 * $s + 2);
          let w3 = weights_load(at + 4 * $s + 3);
#for i in 0..TX
          acc_$s$_$i$ = fma(Acc4(v_$i$.x), w0, acc_$s$_$i$);
          acc_$s$_$i$ = fma(Acc4(v_$i$.y), w1, acc_$s$_$i$);
          acc_$s$_$i$ = fma(Acc4(v_$i$.z), w2, acc_$s$_$i$);
          acc_$s$_$i$ = fma(Acc4(v_$i$.w), w3, acc_$s$_$i$);
#end
        }
#end
        at += 4 * TS;
      }
    }
  }
  let out = batch * params.dst_s + group * TS;
#for s in 0..TS
  if group * TS + $s < params.dst_s {
#for i in 0..TX
    dst_store(x0 + $i * params.stride_x, y0, out + $s, acc_$s$_$i$);
#end
  }
#end
}
