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
  divisor: f32,
  src_c: i32,
  dst_c: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 1u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const FOLD: i32 = 0;
const SQUARE: i32 = 0;
const ROOT: i32 = 0;
const MEAN: i32 = 1;
const R0: i32 = 0;
const R1: i32 = 1;
const R2: i32 = 1;
const R3: i32 = 0;
const P0: i32 = 0;
const P1: i32 = 0;
const P2: i32 = 0;
const STEP_X: i32 = 1;
const STEP_Y: i32 = 1;
const STEP_S: i32 = 1;
const TREE: i32 = 0;
const THREADS: i32 = 1;
const LANES: i32 = 1;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, false, false, false)); }
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One invocation computes one texel of the output — with TREE one work-group, whose invocations share the elements and
// fold their parts in work-group memory. Folding is f32 whatever Acc is.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉ of the output; with TREE w × h × layers work-groups.
// R0 R1 R2 R3: whether n, h, w, c of src is reduced. P0 P1 P2: the output's dimension that a kept n, h, w became.
// FOLD: 0 sum, 1 maximum, 2 minimum, 3 product. Where c is reduced, LANES lanes of the output are computed one by one.


fn fold(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  return a + b;
}

fn element(x: i32, y: i32, s: i32, n: i32) -> vec4<f32> {
  var v = vec4<f32>(src_load(x, y, n * params.src_s + s));
  return v;
}

// Folds what invocation t of the work-group is to fold for place (at0, at1, at2, at3) of the output.
fn folded(at0: i32, at1: i32, at2: i32, at3: i32, t: vec3<i32>) -> vec4<f32> {
  let n0 = at0;
  let n1 = n0 + 1;
  let y0 = 0;
  let y1 = params.src_h;
  let x0 = 0;
  let x1 = params.src_w;
  let s0 = at3;
  let s1 = s0 + 1;
  var v = vec4<f32>(0.0);
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


fn finished(v: vec4<f32>) -> Acc4 {
  return Acc4(v / params.divisor);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let at = vec3<i32>(id);
  let t = vec3<i32>(0);
  if at.x >= params.dst_w || at.y >= params.dst_h || at.z >= params.dst_s * params.dst_n { return; }
  let batch = at.z / params.dst_s;
  let slice = at.z - batch * params.dst_s;
  let part = folded(batch, at.y, at.x, slice, t);
  let result = finished(part);
  dst_store(at.x, at.y, at.z, result);
}
