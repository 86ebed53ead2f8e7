// One invocation computes one texel of one of OUTPUTS results, which stand one after the other in src along coordinate AXIS (0 n,
// 1 y, 2 x, 3 c). UNSTACKS: each result lacks that coordinate; coordinate a of src is coordinate FROM_a of the result.
// Grid: ⌈most columns / WGX⌉ × ⌈most rows / WGY⌉ × ⌈layers of all results / WGZ⌉. WHOLE: texels of the results are whole texels of
// src.

// The place in src of place o of the result that begins at `begin`.
fn place(o: vec4<i32>, begin: i32) -> vec4<i32> {
#if UNSTACKS
  var p = vec4<i32>(o[FROM_N], o[FROM_Y], o[FROM_X], o[FROM_C]);
  p[AXIS] = begin;
#else
  var p = o;
  p[AXIS] += begin;
#endif
  return p;
}

fn fetch(p: vec4<i32>) -> Acc4 {
  return src_load(p.z, p.y, p.x * params.src_s + p.w / 4);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  var l = i32(id.z);
  var begin = 0;
#for i in 0..OUTPUTS
  if l >= 0 && l < params.dst_$i$_s * params.dst_$i$_n && x < params.dst_$i$_w && y < params.dst_$i$_h {
    let n = l / params.dst_$i$_s;
    let c = (l - n * params.dst_$i$_s) * 4;
#if WHOLE
    dst_$i$_store(x, y, l, fetch(place(vec4<i32>(n, y, x, c), begin)));
#else
#for k in 0..4
    let p$k = place(vec4<i32>(n, y, x, min(c + $k, params.channels_$i$ - 1)), begin);
    let v$k = lane(fetch(p$k), p$k$.w & 3);
#end
    dst_$i$_store(x, y, l, Acc4(v0, v1, v2, v3));
#endif
  }
  l -= params.dst_$i$_s * params.dst_$i$_n;
  begin += params.extent_$i$;
#end
}
