// One invocation computes TX × TY pixels of one slice with a window of KH × KW taps, steps SY and SX; what it reads of a
// row of the input serves all taps and outputs that need it.
// Grid: tiles numbered row by row, `row` invocations in each of its rows × ⌈layers / WGZ⌉.
// Weights: for each slice a texel of bias, then one for each tap, row-major. src [n, h, w, c] is read with zeros outside.

fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  let at_x = clamp(x, 0, params.src_w - 1);
  let at_y = clamp(y, 0, params.src_h - 1);
  return select(Acc4(0.0), src_load(at_x, at_y, l), at_x == x && at_y == y);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let tile = i32(id.x) + i32(id.y) * params.row;
  let columns = (params.dst_w + TX - 1) / TX;
  let x0 = tile % columns * TX;
  let y0 = tile / columns * TY;
  let l = i32(id.z);
  if y0 >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let from_x = x0 * SX - params.left;
  let from_y = y0 * SY - params.top;
  let at = (l % params.dst_s) * (1 + KH * KW);
  let bias = weights_load(at);
#for j in 0..TY
#for i in 0..TX
  var acc_$j$_$i$ = bias;
#end
#end
#if HOIST
#for b in 0..KH
#for a in 0..KW
  let w_$b$_$a$ = weights_load(at + $(1+b*KW+a));
#end
#end
#endif
#for r in 0..(TY-1)*SY+KH
  {
    let y = from_y + $r;
#for q in 0..(TX-1)*SX+KW
    let v$q$ = tap(from_x + $q$, y, l);
#end
#for j in 0..TY
#if $r-$j*SY >= 0 && $r-$j*SY < KH
#for a in 0..KW
    {
#if HOIST
      let w = w_$(r-j*SY)_$a$;
#else
      let w = weights_load(at + $(1+(r-j*SY)*KW+a));
#endif
#for i in 0..TX
      acc_$j$_$i$ = fma(v$(i*SX+a), w, acc_$j$_$i$);
#end
    }
#end
#endif
#end
  }
#end
#for j in 0..TY
#for i in 0..TX
  dst_store(x0 + $i, y0 + $j, l, acc_$j$_$i$);
#end
#end
}
