// One invocation finds, for each of the four pixels of one texel of dst, the first place of the greatest (LEAST: the least) number
// along coordinate AXIS of src (0 n, 1 y, 2 x, 3 c). dst lacks that coordinate: coordinate a of src is coordinate FROM_a of dst.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.

fn better(a: Acc, b: Acc) -> bool {
#if LEAST
  return a < b;
#else
  return a > b;
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
#for k in 0..4
  var place$k = 0;
  {
    let o = vec4<i32>(n, y, x, min(c + $k, params.channels - 1));
    var p = vec4<i32>(o[FROM_N], o[FROM_Y], o[FROM_X], o[FROM_C]);
    p[AXIS] = 0;
    var best = Acc(0.0);
#if CHANNELS
    for (var s = 0; s < params.src_s; s++) {
      let v = src_load(p.z, p.y, p.x * params.src_s + s);
#for j in 0..4
      if 4 * s + $j < params.extent && ((s == 0 && $j == 0) || better(v[$j], best)) {
        best = v[$j];
        place$k = 4 * s + $j;
      }
#end
    }
#else
    for (var at = 0; at < params.extent; at++) {
      p[AXIS] = at;
      let v = lane(src_load(p.z, p.y, p.x * params.src_s + p.w / 4), p.w & 3);
      if at == 0 || better(v, best) {
        best = v;
        place$k = at;
      }
    }
#endif
  }
#end
  dst_store(x, y, l, Acc4(Acc(place0), Acc(place1), Acc(place2), Acc(place3)));
}
