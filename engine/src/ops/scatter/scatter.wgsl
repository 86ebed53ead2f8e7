// One invocation computes one texel of dst from all `places` of the operand of indices: the numbers of `up` whose places are its
// own, added up in f32 in their order (ADDS), or the last of them, `other` where there is none. A place outside dst is nobody's.
// A place is DEPTH coordinates of dst from FIRST on (0 n, 1 y, 2 x, 3 c; CHANNELS where c is one of them): the lanes of one texel,
// or, LISTED, one number of the list. Coordinate a of `up` is coordinate UP_a of dst, from 4 on the batch, row and column of the
// place among the places; 7 stands for a zero.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.
@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  let o = vec4<f32>(vec4<i32>(n, y, x, c));
#if ADDS
  var v = vec4<f32>();
#else
  var v = vec4<f32>(f32(other_load(0, 0, 0).x));
#endif
  for (var at = 0; at < params.places; at++) {
#if LISTED
    let place = vec4<i32>(0, 0, at, 0);
    let p = vec4<f32>(number_at(vec4<i32>(0, 0, 0, at)), 0.0, 0.0, 0.0);
#else
    let row = at / params.by_w;
    let place = vec4<i32>(row / params.by_h, row % params.by_h, at % params.by_w, 0);
    let p = by_load(place.z, place.y, place.x);
#endif
    var mine = vec4<bool>(true);
#for i in 0..DEPTH
#if CHANNELS&&i==DEPTH-1
    mine = mine & (vec4<f32>(p[$i]) == vec4<f32>(o.w, o.w + 1.0, o.w + 2.0, o.w + 3.0));
#else
    mine = mine & vec4<bool>(p[$i] == o[FIRST + $i]);
#endif
#end
    if !any(mine) { continue; }
    let all_of = array<i32, 8>(n, y, x, c, place.x, place.y, place.z, 0);
    let u = vec4<i32>(all_of[UP_N], all_of[UP_Y], all_of[UP_X], all_of[UP_C]);
    let texel = vec4<f32>(up_load(u.z, u.y, u.x * params.up_s + u.w / 4));
#if CHANNELS
    let number = vec4<f32>(number_of(texel, u.w & 3));
#else
    let number = texel;
#endif
#if ADDS
    v += select(vec4<f32>(), number, mine);
#else
    v = select(v, number, mine);
#endif
  }
  dst_store(x, y, l, Acc4(v));
}
