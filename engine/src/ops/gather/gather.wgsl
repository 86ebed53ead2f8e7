// DEPTH coordinates of src from FIRST on (0 n, 1 y, 2 x, 3 c) are indices: those that stand in the operand of indices at coordinates
// BY_a of dst, the i-th i channels further. Coordinate a of the others is coordinate FROM_a of dst; 4 stands for a zero. An index
// outside src names no place.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let o = array<i32, 5>(n, y, x, c, 0);
  let extents = vec4<i32>(params.src_n, params.src_h, params.src_w, params.src_channels);
  var p = vec4<i32>(o[FROM_N], o[FROM_Y], o[FROM_X], o[FROM_C]);
#for i in 0..DEPTH
  let at_$i = index_at(vec4<i32>(o[BY_N], o[BY_Y], o[BY_X], o[BY_C] + $i), extents[FIRST + $i]);
  p[FIRST + $i] = at_$i;
#end
#for i in 0..DEPTH
  if at_$i < 0 { return vec4<i32>(-1, 0, 0, 0); }
#end
  return p;
}

