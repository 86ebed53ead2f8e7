// One invocation computes one pixel — with PARTS > 1 one work-group of PARTS invocations, which share the slices and fold
// the greatest number and the sum in work-group memory. Numbers are f32 whatever Acc is.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈batches / WGZ⌉; with PARTS > 1 w × h × batches work-groups.

#if PARTS > 1
var<workgroup> parts: array<f32, PARTS>;
#endif

// The lanes of a texel that are channels.
fn inside(s: i32) -> vec4<bool> {
  return vec4<i32>(4 * s) + vec4<i32>(0, 1, 2, 3) < vec4<i32>(params.channels);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
#if PARTS > 1
  let at = vec3<i32>(group);
  let part = i32(index);
#else
  let at = vec3<i32>(id);
  let part = 0;
  if at.x >= params.dst_w || at.y >= params.dst_h || at.z >= params.dst_n { return; }
#endif
  let base = at.z * params.src_s;
  var greatest = f32(src_load(at.x, at.y, base).x);
  for (var s = part; s < params.src_s; s += PARTS) {
    let v = vec4<f32>(src_load(at.x, at.y, base + s));
    let known = select(vec4<f32>(v.x), v, inside(s));
    greatest = max(greatest, max(max(known.x, known.y), max(known.z, known.w)));
  }
#if PARTS > 1
  parts[index] = greatest;
  for (var half = u32(PARTS) / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if index < half { parts[index] = max(parts[index], parts[index + half]); }
  }
  workgroupBarrier();
  greatest = parts[0];
#endif
  var sum = 0.0;
  for (var s = part; s < params.src_s; s += PARTS) {
    let v = vec4<f32>(src_load(at.x, at.y, base + s));
    let powers = exp((v - vec4<f32>(greatest)) * params.beta);
    sum += dot(select(vec4<f32>(0.0), powers, inside(s)), vec4<f32>(1.0));
  }
#if PARTS > 1
  workgroupBarrier();
  parts[index] = sum;
  for (var half = u32(PARTS) / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if index < half { parts[index] += parts[index + half]; }
  }
  workgroupBarrier();
  sum = parts[0];
#endif
  for (var s = part; s < params.src_s; s += PARTS) {
    let v = (vec4<f32>(src_load(at.x, at.y, base + s)) - vec4<f32>(greatest)) * params.beta;
#if LOGARITHM
    dst_store(at.x, at.y, at.z * params.dst_s + s, Acc4(v - vec4<f32>(log(sum))));
#else
    dst_store(at.x, at.y, at.z * params.dst_s + s, Acc4(exp(v) / sum));
#endif
  }
}
