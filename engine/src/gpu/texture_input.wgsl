// One invocation samples one texel of the network's input: src inside `crop`, resized, with 0…1 mapped to the range.
// When the input is smaller than the crop, 2×2 bilinear samples spread over the texel's footprint are averaged.
// Grid: ⌈w / 8⌉ × ⌈h / 8⌉. Layout of dst: texel y · w + x.

struct Params {
  crop_origin: vec2<f32>,
  crop_size: vec2<f32>,
  size: vec2<f32>,
  low: f32,
  span: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var src: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
#if HALVES
@group(0) @binding(3) var<storage, read_write> dst: array<vec2<u32>>;
#else
@group(0) @binding(3) var<storage, read_write> dst: array<vec4<f32>>;
#endif

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = vec2<f32>(id.xy);
  if any(at >= params.size) { return; }
  var sum = vec3<f32>(0.0);
  for (var i = 0; i < 4; i++) {
    let tap = vec2<f32>(f32(i & 1), f32(i >> 1u)) * 0.5 + 0.25;
    let place = params.crop_origin + (at + tap) / params.size * params.crop_size;
    sum += textureSampleLevel(src, linear, place, 0.0).rgb;
  }
  let value = vec4<f32>(sum * 0.25 * params.span + params.low, 0.0);
  let index = id.y * u32(params.size.x) + id.x;
#if HALVES
  dst[index] = vec2<u32>(pack2x16float(value.xy), pack2x16float(value.zw));
#else
  dst[index] = value;
#endif
}
