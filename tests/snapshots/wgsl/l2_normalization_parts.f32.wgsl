alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
struct Params {
  src_offset: i32,
  src_w: i32,
  src_h: i32,
  src_s: i32,
  src_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  least: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 64u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const PARTS: i32 = 64;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One invocation computes one pixel — with PARTS > 1 one work-group of PARTS invocations, which share the slices and sum
// the squares in work-group memory. Numbers are f32 whatever Acc is.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈batches / WGZ⌉; with PARTS > 1 w × h × batches work-groups.

var<workgroup> parts: array<f32, PARTS>;

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let at = vec3<i32>(group);
  let part = i32(index);
  let base = at.z * params.src_s;
  var sum = 0.0;
  for (var s = part; s < params.src_s; s += PARTS) {
    let v = vec4<f32>(src_load(at.x, at.y, base + s));
    sum += dot(v, v);
  }
  parts[index] = sum;
  for (var half = u32(PARTS) / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if index < half { parts[index] += parts[index + half]; }
  }
  workgroupBarrier();
  sum = parts[0];
  let norm = max(sqrt(sum), params.least);
  for (var s = part; s < params.src_s; s += PARTS) {
    dst_store(at.x, at.y, at.z * params.dst_s + s, Acc4(vec4<f32>(src_load(at.x, at.y, base + s)) / norm));
  }
}
