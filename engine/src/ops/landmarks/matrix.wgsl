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
#for k in 0..4
    let point$k = turned(landmark(indices[$k]), cosine, sine);
    own = joined(own, vec4<f32>(point$k, point$k));
#end
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
