// One invocation computes one texel of dst: of the part where it lies over dst, of src elsewhere. The corner holds RANK coordinates,
// those from FIRST on (0 n, 1 y, 2 x, 3 c), moved so that the part fits. WHOLE: the part has all channels.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.
@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  let part = vec4<i32>(params.part_n, params.part_h, params.part_w, params.part_channels);
  let room = vec4<i32>(params.dst_n, params.dst_h, params.dst_w, params.channels) - part;
  var corner = vec4<i32>();
  let named = by_load(0, 0, 0);
#for i in 0..RANK
  corner[FIRST + $i] = i32(clamp(named[$i], 0.0, f32(room[FIRST + $i])));
#end
  var v = src_load(x, y, l);
#if WHOLE
  let p = vec4<i32>(n, y, x, c) - corner;
  if all(p >= vec4<i32>()) && all(p < part) { v = part_load(p.z, p.y, p.x * params.part_s + p.w / 4); }
#else
#for k in 0..4
  {
    let p = vec4<i32>(n, y, x, c + $k) - corner;
    if all(p >= vec4<i32>()) && all(p < part) {
      v[$k] = lane(part_load(p.z, p.y, p.x * params.part_s + p.w / 4), p.w & 3);
    }
  }
#end
#endif
  dst_store(x, y, l, v);
}
