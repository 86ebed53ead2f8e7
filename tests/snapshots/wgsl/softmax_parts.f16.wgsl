enable f16;
alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(2) var<storage, read_write> arena_f16: array<vec4<f16>>;
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
  channels: i32,
  beta: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 64u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const PARTS: i32 = 64;
const LOGARITHM: i32 = 0;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, false, false, false)); }
  arena_f16[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f16>(v);
}
// One invocation computes one pixel — with PARTS > 1 one work-group of PARTS invocations, which share the slices and fold
// the greatest number and the sum in work-group memory. Numbers are f32 whatever Acc is.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈batches / WGZ⌉; with PARTS > 1 w × h × batches work-groups.

var<workgroup> parts: array<f32, PARTS>;

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
  let at = vec3<i32>(group);
  let part = i32(index);
  let base = at.z * params.src_s;
  var greatest = f32(src_load(at.x, at.y, base).x);
  for (var s = part; s < params.src_s; s += PARTS) {
    let v = vec4<f32>(src_load(at.x, at.y, base + s));
    let known = select(vec4<f32>(v.x), v, inside(s));
    greatest = max(greatest, max(max(known.x, known.y), max(known.z, known.w)));
  }
  parts[index] = greatest;
  for (var half = u32(PARTS) / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if index < half { parts[index] = max(parts[index], parts[index + half]); }
  }
  workgroupBarrier();
  greatest = parts[0];
  var sum = 0.0;
  for (var s = part; s < params.src_s; s += PARTS) {
    let v = vec4<f32>(src_load(at.x, at.y, base + s));
    let powers = exp((v - vec4<f32>(greatest)) * params.beta);
    sum += dot(select(vec4<f32>(0.0), powers, inside(s)), vec4<f32>(1.0));
  }
  workgroupBarrier();
  parts[index] = sum;
  for (var half = u32(PARTS) / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if index < half { parts[index] += parts[index + half]; }
  }
  workgroupBarrier();
  sum = parts[0];
  for (var s = part; s < params.src_s; s += PARTS) {
    let v = (vec4<f32>(src_load(at.x, at.y, base + s)) - vec4<f32>(greatest)) * params.beta;
    dst_store(at.x, at.y, at.z * params.dst_s + s, Acc4(exp(v) / sum));
  }
}
