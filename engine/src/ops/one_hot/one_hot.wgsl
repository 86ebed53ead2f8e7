// One invocation computes one texel of dst: on where the index at the other coordinates is coordinate AXIS (0 n, 1 y, 2 x, 3 c),
// off elsewhere. The index stands at coordinates BY_a of dst; 4 stands for a zero.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.
@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  let on = on_load(0, 0, 0).x;
  let off = off_load(0, 0, 0).x;
#for k in 0..4
  let o_$k = array<i32, 5>(n, y, x, min(c + $k, params.channels - 1), 0);
  let at_$k = index_at(vec4<i32>(o_$k$[BY_N], o_$k$[BY_Y], o_$k$[BY_X], o_$k$[BY_C]), params.depth);
  let v_$k = select(off, on, at_$k == o_$k$[AXIS]);
#end
  dst_store(x, y, l, Acc4(v_0, v_1, v_2, v_3));
}
