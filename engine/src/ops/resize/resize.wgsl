// One invocation computes one texel from the nearest texel of src (NEAREST) or from its four neighbors.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉. Places are f32 whatever Acc is.

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let last = vec2<i32>(params.src_w - 1, params.src_h - 1);
  let scaled = (vec2<f32>(f32(x), f32(y)) + vec2<f32>(params.shift)) * vec2<f32>(params.scale_x, params.scale_y);
#if NEAREST
#if ROUNDED
  let at = min(vec2<i32>(floor(scaled + vec2<f32>(0.5))), last);
#else
  let at = min(vec2<i32>(floor(scaled)), last);
#endif
  dst_store(x, y, l, src_load(at.x, at.y, l));
#else
  let place = max(scaled - vec2<f32>(params.shift), vec2<f32>(0.0));
  let low = min(vec2<i32>(floor(place)), last);
  let high = min(low + vec2<i32>(1), last);
  let weight = place - vec2<f32>(low);
  let upper = mix(src_load(low.x, low.y, l), src_load(high.x, low.y, l), Acc4(Acc(weight.x)));
  let lower = mix(src_load(low.x, high.y, l), src_load(high.x, high.y, l), Acc4(Acc(weight.x)));
  dst_store(x, y, l, mix(upper, lower, Acc4(Acc(weight.y))));
#endif
}
