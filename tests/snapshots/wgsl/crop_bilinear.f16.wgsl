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
  matrix_offset: i32,
  matrix_w: i32,
  matrix_h: i32,
  matrix_s: i32,
  matrix_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  half: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 8u;
override WGY: u32 = 8u;
override WGZ: u32 = 1u;
fn matrix_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.matrix_offset + (l * params.matrix_h + y) * params.matrix_w + x];
  return Acc4(texel);
}
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f16[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f16>(v);
}
// One invocation computes one texel of the crop. Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈slices / WGZ⌉.
// src [1, h, w, c]; matrix [1, 4, 4], a row in each texel, whose first two rows map (x, y, 0, 1) to a place in src.
// Places are computed in f32 whatever numbers are accumulated in.

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s { return; }
  let center = vec2<f32>(f32(x), f32(y)) + params.half;
  let row_x = vec4<f32>(matrix_load(0, 0, 0));
  let row_y = vec4<f32>(matrix_load(1, 0, 0));
  let place = vec2<f32>(dot(row_x.xy, center) + row_x.w, dot(row_y.xy, center) + row_y.w) - params.half;
  let last = vec2<f32>(f32(params.src_w - 1), f32(params.src_h - 1));
  if !(all(place >= vec2<f32>(0.0)) && all(place <= last)) {
    dst_store(x, y, l, Acc4(0.0));
    return;
  }
  let corner = vec2<i32>(place);
  let next = min(corner + 1, vec2<i32>(last));
  let part = place - vec2<f32>(corner);
  let right = Acc4(Acc(part.x));
  let below = Acc4(Acc(part.y));
  let upper = mix(src_load(corner.x, corner.y, l), src_load(next.x, corner.y, l), right);
  let lower = mix(src_load(corner.x, next.y, l), src_load(next.x, next.y, l), right);
  dst_store(x, y, l, mix(upper, lower, below));
}
