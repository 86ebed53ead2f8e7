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
  radius: i32,
  bias: f32,
  alpha: f32,
  beta: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 4u;
override WGY: u32 = 4u;
override WGZ: u32 = 4u;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f16[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f16>(v);
}
// One invocation computes one texel from the channels at most `radius` from its four. Numbers are f32 whatever Acc is.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let slice = l % params.dst_s;
  let base = l - slice;
  let c = vec4<i32>(4 * slice) + vec4<i32>(0, 1, 2, 3);
  let first = max(c.x - params.radius, 0) / 4;
  let last = min((c.w + params.radius) / 4, params.src_s - 1);
  var sum = vec4<f32>(0.0);
  for (var s = first; s <= last; s++) {
    let v = vec4<f32>(src_load(x, y, base + s));
    let d = vec4<i32>(4 * s) - c;
    sum += select(vec4<f32>(0.0), vec4<f32>(v.x * v.x), abs(d) <= vec4<i32>(params.radius));
    sum += select(vec4<f32>(0.0), vec4<f32>(v.y * v.y), abs(d + 1) <= vec4<i32>(params.radius));
    sum += select(vec4<f32>(0.0), vec4<f32>(v.z * v.z), abs(d + 2) <= vec4<i32>(params.radius));
    sum += select(vec4<f32>(0.0), vec4<f32>(v.w * v.w), abs(d + 3) <= vec4<i32>(params.radius));
  }
  let factor = pow(vec4<f32>(params.bias) + params.alpha * sum, vec4<f32>(-params.beta));
  dst_store(x, y, l, Acc4(vec4<f32>(src_load(x, y, l)) * factor));
}
