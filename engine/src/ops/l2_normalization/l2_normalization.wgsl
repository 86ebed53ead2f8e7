// One invocation computes one pixel — with PARTS > 1 one work-group of PARTS invocations, which share the slices and sum
// the squares in work-group memory. Numbers are f32 whatever Acc is.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈batches / WGZ⌉; with PARTS > 1 w × h × batches work-groups.

#if PARTS > 1
var<workgroup> parts: array<f32, PARTS>;
#endif

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
  var sum = 0.0;
  for (var s = part; s < params.src_s; s += PARTS) {
    let v = vec4<f32>(src_load(at.x, at.y, base + s));
    sum += dot(v, v);
  }
#if PARTS > 1
  parts[index] = sum;
  for (var half = u32(PARTS) / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if index < half { parts[index] += parts[index + half]; }
  }
  workgroupBarrier();
  sum = parts[0];
#endif
  let norm = max(sqrt(sum), params.least);
  for (var s = part; s < params.src_s; s += PARTS) {
    dst_store(at.x, at.y, at.z * params.dst_s + s, Acc4(vec4<f32>(src_load(at.x, at.y, base + s)) / norm));
  }
}
