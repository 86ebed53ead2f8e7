// One invocation computes one texel of the output — with TREE one work-group, whose invocations share the elements and
// fold their parts in work-group memory. Folding is f32 whatever Acc is.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉ of the output; with TREE w × h × layers work-groups.
// R0 R1 R2 R3: whether n, h, w, c of src is reduced. P0 P1 P2: the output's dimension that a kept n, h, w became.
// FOLD: 0 sum, 1 maximum, 2 minimum, 3 product. Where c is reduced, LANES lanes of the output are computed one by one.

#if TREE
var<workgroup> parts: array<vec4<f32>, THREADS>;
#endif

fn fold(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
#if FOLD == 0
  return a + b;
#endif
#if FOLD == 1
  return max(a, b);
#endif
#if FOLD == 2
  return min(a, b);
#endif
#if FOLD == 3
  return a * b;
#endif
}

fn element(x: i32, y: i32, s: i32, n: i32) -> vec4<f32> {
  var v = vec4<f32>(src_load(x, y, n * params.src_s + s));
#if R3 && FOLD
  let past = vec4<i32>(4 * s) + vec4<i32>(0, 1, 2, 3) >= vec4<i32>(params.src_c);
#if FOLD == 3
  v = select(v, vec4<f32>(1.0), past);
#else
  v = select(v, vec4<f32>(v.x), past);
#endif
#endif
#if SQUARE
  return v * v;
#else
  return v;
#endif
}

// Folds what invocation t of the work-group is to fold for place (at0, at1, at2, at3) of the output.
fn folded(at0: i32, at1: i32, at2: i32, at3: i32, t: vec3<i32>) -> vec4<f32> {
#if R0
  let n0 = 0;
  let n1 = params.src_n;
#else
  let n0 = at$(P0);
  let n1 = n0 + 1;
#endif
#if R1
  let y0 = 0;
  let y1 = params.src_h;
#else
  let y0 = at$(P1);
  let y1 = y0 + 1;
#endif
#if R2
  let x0 = 0;
  let x1 = params.src_w;
#else
  let x0 = at$(P2);
  let x1 = x0 + 1;
#endif
#if R3
  let s0 = 0;
  let s1 = params.src_s;
#else
  let s0 = at3;
  let s1 = s0 + 1;
#endif
#if FOLD == 0
  var v = vec4<f32>(0.0);
#endif
#if FOLD == 3
  var v = vec4<f32>(1.0);
#endif
#if FOLD == 1 || FOLD == 2
  var v = element(x0, y0, s0, n0);
#endif
  for (var n = n0; n < n1; n++) {
    for (var s = s0 + t.z; s < s1; s += STEP_S) {
      for (var y = y0 + t.y; y < y1; y += STEP_Y) {
        for (var x = x0 + t.x; x < x1; x += STEP_X) {
          v = fold(v, element(x, y, s, n));
        }
      }
    }
  }
  return v;
}

#if TREE
// All parts of the work-group, folded.
fn gathered(part: vec4<f32>, index: u32) -> vec4<f32> {
  workgroupBarrier();
  parts[index] = part;
  workgroupBarrier();
  for (var half = u32(THREADS) / 2u; half > 0u; half /= 2u) {
    if index < half { parts[index] = fold(parts[index], parts[index + half]); }
    workgroupBarrier();
  }
  return parts[0];
}
#endif

fn finished(v: vec4<f32>) -> Acc4 {
#if ROOT
  return Acc4(sqrt(v / params.divisor));
#else
#if MEAN
  return Acc4(v / params.divisor);
#else
  return Acc4(v);
#endif
#endif
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
#if TREE
  let at = vec3<i32>(group);
  let t = vec3<i32>(local);
#else
  let at = vec3<i32>(id);
  let t = vec3<i32>(0);
  if at.x >= params.dst_w || at.y >= params.dst_h || at.z >= params.dst_s * params.dst_n { return; }
#endif
  let batch = at.z / params.dst_s;
  let slice = at.z - batch * params.dst_s;
#if R3
#for k in 0..4
#if $k < LANES
  let part$k = folded(batch, at.y, at.x, min(4 * slice + $k, params.dst_c - 1), t);
#if TREE
  let all$k = gathered(part$k, index);
#else
  let all$k = part$k;
#endif
  let both$k = fold(all$k, all$k$.zwxy);
  let r$k = fold(both$k, both$k$.yxwz).x;
#else
  let r$k = 0.0;
#endif
#end
  let result = finished(vec4<f32>(r0, r1, r2, r3));
#else
  let part = folded(batch, at.y, at.x, slice, t);
#if TREE
  let result = finished(gathered(part, index));
#else
  let result = finished(part);
#endif
#endif
#if TREE
  if index == 0u { dst_store(at.x, at.y, at.z, result); }
#else
  dst_store(at.x, at.y, at.z, result);
#endif
}
