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
  scale_y: f32,
  scale_x: f32,
  shift: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 8u;
override WGY: u32 = 8u;
override WGZ: u32 = 1u;
const NEAREST: i32 = 0;
const ROUNDED: i32 = 0;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
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
  let place = max(scaled - vec2<f32>(params.shift), vec2<f32>(0.0));
  let low = min(vec2<i32>(floor(place)), last);
  let high = min(low + vec2<i32>(1), last);
  let weight = place - vec2<f32>(low);
  let upper = mix(src_load(low.x, low.y, l), src_load(high.x, low.y, l), Acc4(Acc(weight.x)));
  let lower = mix(src_load(low.x, high.y, l), src_load(high.x, high.y, l), Acc4(Acc(weight.x)));
  dst_store(x, y, l, mix(upper, lower, Acc4(Acc(weight.y))));
}
