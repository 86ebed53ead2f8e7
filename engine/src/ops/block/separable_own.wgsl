// One invocation computes TX pixels of TS output slices; slice by slice of the input it computes its pixels' depthwise
// results and adds what they give to each output.
// Grid: tiles numbered row by row, `row` invocations in each of its rows × ⌈batches · ⌈slices / TS⌉ / WGZ⌉.
// Depthwise weights: for each slice a texel of bias, then one for each of KH × KW taps. Pointwise weights: for each group
// of TS output slices: TS bias texels, then for each input slice, each of the TS slices, each input lane a texel.
// src [n, h, w, c] is read with zeros outside, in steps SY and SX, taps DY and DX apart.

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let tile = i32(id.x) + i32(id.y) * params.row;
  let columns = (params.dst_w + TX - 1) / TX;
  let x0 = tile % columns * TX;
  let y0 = tile / columns;
  let groups = (params.dst_s + TS - 1) / TS;
  let batch = i32(id.z) / groups;
  let group = i32(id.z) - batch * groups;
  if y0 >= params.dst_h || batch >= params.dst_n { return; }
  let from_x = x0 * SX - params.left;
  let from_y = y0 * SY - params.top;
#for q in 0..(TX-1)*SX+(KW-1)*DX+1
  let tap_x$q$ = clamp(from_x + $q$, 0, params.src_w - 1);
  let in_x$q$ = tap_x$q$ == from_x + $q$;
#end
#for b in 0..KH
  let tap_y$b$ = clamp(from_y + $(b*DY), 0, params.src_h - 1);
  let in_y$b$ = tap_y$b$ == from_y + $(b*DY);
#end
  var at = group * params.group_texels;
#for s in 0..TS
#for i in 0..TX
  var acc_$s$_$i$ = pointwise_load(at + $s);
#end
#end
  at += TS;
  for (var k = 0; k < params.src_s; k++) {
    let l = batch * params.src_s + k;
    let first_tap = k * $(1+KH*KW);
#for i in 0..TX
    var d$i = depthwise_load(first_tap);
#end
#for b in 0..KH
    {
#for q in 0..(TX-1)*SX+(KW-1)*DX+1
      let v$q$ = select(Acc4(0.0), src_load(tap_x$q$, tap_y$b$, l), in_x$q$ && in_y$b$);
#end
#for a in 0..KW
      {
        let w = depthwise_load(first_tap + $(1+b*KW+a));
#for i in 0..TX
        d$i = fma(v$(i*SX+a*DX), w, d$i);
#end
      }
#end
    }
#end
#for i in 0..TX
    let m$i = between(x0 + $i, y0, l, d$i);
#end
#for s in 0..TS
    {
      let w0 = pointwise_load(at + 4 * $s);
      let w1 = pointwise_load(at + 4 * $s + 1);
      let w2 = pointwise_load(at + 4 * $s + 2);
      let w3 = pointwise_load(at + 4 * $s + 3);
#for i in 0..TX
      acc_$s$_$i$ = fma(Acc4(m$i$.x), w0, acc_$s$_$i$);
      acc_$s$_$i$ = fma(Acc4(m$i$.y), w1, acc_$s$_$i$);
      acc_$s$_$i$ = fma(Acc4(m$i$.z), w2, acc_$s$_$i$);
      acc_$s$_$i$ = fma(Acc4(m$i$.w), w3, acc_$s$_$i$);
#end
    }
#end
    at += 4 * TS;
  }
  let out = batch * params.dst_s + group * TS;
#for s in 0..TS
  if group * TS + $s < params.dst_s {
#for i in 0..TX
    dst_store(x0 + $i, y0, out + $s, acc_$s$_$i$);
#end
  }
#end
}
