// One invocation computes one texel of dst, which INPUTS operands make up one after the other along coordinate AXIS (0 n, 1 y,
// 2 x, 3 c). STACKS: each operand lacks that coordinate; its own a is coordinate FROM_a of dst. Otherwise its others are dst's.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉. WHOLE: texels of dst are whole texels of an operand.

// The place in an operand of place o in dst; `at` is the coordinate along AXIS, counted from the operand's first.
fn place(o: vec4<i32>, at: i32) -> vec4<i32> {
#if STACKS
  return vec4<i32>(0, o[FROM_Y], o[FROM_X], o[FROM_C]);
#else
  var p = o;
  p[AXIS] = at;
  return p;
#endif
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  var begin = 0;
  var v = Acc4(0.0);
#for i in 0..INPUTS
#if WHOLE
  {
    let o = vec4<i32>(n, y, x, c);
    let at = o[AXIS] - begin;
    if at >= 0 && at < params.extent_$i$ {
      let p = place(o, at);
      v = src_$i$_load(p.z, p.y, p.x * params.src_$i$_s + p.w / 4);
    }
  }
#else
  if c + 3 >= begin && c < begin + params.extent_$i$ {
#for k in 0..4
    {
      let at = c + $k - begin;
      if at >= 0 && at < params.extent_$i$ {
        let p = place(vec4<i32>(n, y, x, c + $k), at);
        v[$k] = lane(src_$i$_load(p.z, p.y, p.x * params.src_$i$_s + p.w / 4), p.w & 3);
      }
    }
#end
  }
#endif
  begin += params.extent_$i$;
#end
  dst_store(x, y, l, v);
}
