enable f16;
alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(2) var<storage, read_write> arena_f16: array<vec4<f16>>;
@group(0) @binding(4) var<storage, read> weights_f16: array<vec4<f16>>;
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
  subset_offset: i32,
  left: i32,
  right: i32,
  subset_texels: i32,
  target_rotation: f32,
  scale_x: f32,
  scale_y: f32,
  half_w: f32,
  half_h: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 64u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const LANES: i32 = 64;
fn subset_load(i: i32) -> Acc4 {
  let texel = weights_f16[params.subset_offset + i];
  return Acc4(texel);
}
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f16[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f16>(v);
}
// One work-group computes the matrix: its invocations share the subset's landmarks, then the first four write a row each.
// Grid: one work-group. src [1, 1, landmarks, 3]: a landmark in each texel; dst [1, 4, 4]: a row in each texel.
// subset: four indices of landmarks in each texel, the last one repeated. All is computed in f32.

var<workgroup> bounds: array<vec4<f32>, LANES>;

fn landmark(index: i32) -> vec2<f32> {
  return vec4<f32>(src_load(index, 0, 0)).xy;
}

fn turned(point: vec2<f32>, cosine: f32, sine: f32) -> vec2<f32> {
  return vec2<f32>(point.x * cosine - point.y * sine, point.x * sine + point.y * cosine);
}

// Least x and y, then greatest x and y.
fn joined(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(min(a.xy, b.xy), max(a.zw, b.zw));
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(local_invocation_index) index: u32) {
  let lane = i32(index);
  let line = landmark(params.right) - landmark(params.left);
  let angle = params.target_rotation - atan2(line.y, line.x);
  let cosine = cos(angle);
  let sine = sin(angle);
  var own = vec4<f32>(3.0e38, 3.0e38, -3.0e38, -3.0e38);
  for (var i = lane; i < params.subset_texels; i += LANES) {
    let indices = vec4<i32>(subset_load(i));
    let point0 = turned(landmark(indices[0]), cosine, sine);
    own = joined(own, vec4<f32>(point0, point0));
    let point1 = turned(landmark(indices[1]), cosine, sine);
    own = joined(own, vec4<f32>(point1, point1));
    let point2 = turned(landmark(indices[2]), cosine, sine);
    own = joined(own, vec4<f32>(point2, point2));
    let point3 = turned(landmark(indices[3]), cosine, sine);
    own = joined(own, vec4<f32>(point3, point3));
  }
  bounds[lane] = own;
  workgroupBarrier();
  for (var half = LANES / 2; half > 0; half /= 2) {
    if lane < half { bounds[lane] = joined(bounds[lane], bounds[lane + half]); }
    workgroupBarrier();
  }
  let box = bounds[0];
  let middle = turned((box.xy + box.zw) * 0.5, cosine, -sine);
  let scale = (box.zw - box.xy) * vec2<f32>(params.scale_x, params.scale_y);
  let x = vec2<f32>(cosine * scale.x, sine * scale.y);
  let y = vec2<f32>(-sine * scale.x, cosine * scale.y);
  let center = vec2<f32>(params.half_w, params.half_h);
  switch lane {
    case 0: { dst_store(0, 0, 0, Acc4(vec4<f32>(x, 0.0, middle.x - dot(x, center)))); }
    case 1: { dst_store(1, 0, 0, Acc4(vec4<f32>(y, 0.0, middle.y - dot(y, center)))); }
    case 2: { dst_store(2, 0, 0, Acc4(0.0, 0.0, 1.0, 0.0)); }
    case 3: { dst_store(3, 0, 0, Acc4(0.0, 0.0, 0.0, 1.0)); }
    default: {}
  }
}
