// One invocation adds up the lines of one texel of src along coordinate AXIS (0 n, 1 y, 2 x, 3 c), in f32: in the order of places,
// REVERSE from the last one; EXCLUSIVE sums end before their place.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉ of a tensor whose lines have one place.
@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.lines_w || y >= params.lines_h || l >= params.lines_l { return; }
#if CHANNELS
  var sum = 0.0;
  for (var step = 0; step < params.dst_s; step++) {
    let layer = l * params.dst_s + select(step, params.dst_s - 1 - step, REVERSE != 0);
    let v = vec4<f32>(src_load(x, y, layer));
    var sums = vec4<f32>();
#for k in 0..4
    {
      let longer = sum + v[$(k+REVERSE*(3-2*k))];
      sums[$(k+REVERSE*(3-2*k))] = select(longer, sum, EXCLUSIVE != 0);
      sum = longer;
    }
#end
    dst_store(x, y, layer, Acc4(sums));
  }
#else
  var sum = vec4<f32>();
  for (var step = 0; step < params.extent; step++) {
    let at = select(step, params.extent - 1 - step, REVERSE != 0);
#if AXIS
    let p = vec3<i32>(x + select(0, at, AXIS == 2), y + select(0, at, AXIS == 1), l);
#else
    let p = vec3<i32>(x, y, l + at * params.dst_s);
#endif
    let longer = sum + vec4<f32>(src_load(p.x, p.y, p.z));
    dst_store(p.x, p.y, p.z, Acc4(select(longer, sum, EXCLUSIVE != 0)));
    sum = longer;
  }
#endif
}
