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
  first_offset: i32,
  second_offset: i32,
  inverse: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 64u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const THREADS: i32 = 64;
const LAYERS: i32 = 2;
const IN: i32 = 4;
const HIDDEN: i32 = 2;
const OUT: i32 = 4;
const IN_SHARE: i32 = 16;
const HIDDEN_SHARE: i32 = 32;
const OUT_SHARE: i32 = 16;
fn first_load(i: i32) -> Acc4 {
  let texel = weights_f16[params.first_offset + i];
  return Acc4(texel);
}
fn second_load(i: i32) -> Acc4 {
  let texel = weights_f16[params.second_offset + i];
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
fn pooled(x: i32, y: i32, l: i32, value: Acc4) -> Acc4 {
  var v = value;
  return v;
}
fn hidden(x: i32, y: i32, l: i32, value: Acc4) -> Acc4 {
  var v = value;
  v = max(v, Acc4(0.0));
  v = v * clamp(v * Acc(1.0 / 6.0) + 0.5, Acc4(0.0), Acc4(1.0));
  return v;
}
// One work-group computes one image: the mean of every slice, then one or two layers on the pixel it leaves. Invocations
// share a slice's sum, IN_SHARE, HIDDEN_SHARE and OUT_SHARE of them in turn; their sums meet in work-group memory.
// Grid: 1 × 1 × batches.
// Weights of a layer: a texel of bias for each output slice; then for each input channel one for each output slice.
// src [n, h, w, c] → dst [n, 1, 1, o], through IN slices of means and, with LAYERS > 1, HIDDEN slices of the first layer.

var<workgroup> sums: array<vec4<f32>, THREADS>;
var<workgroup> means: array<vec4<f32>, IN>;
var<workgroup> middle: array<vec4<f32>, HIDDEN>;

/// The sum over the `share` invocations that hold parts of it; all of the work-group calls it.
fn gathered(part: vec4<f32>, t: i32, share: i32) -> vec4<f32> {
  workgroupBarrier();
  sums[t] = part;
  for (var half = share / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if t % share < half { sums[t] += sums[t + half]; }
  }
  return sums[t];
}

/// The sum with the four lanes of `v` added, each by its weights.
fn weighted(v: vec4<f32>, a: Acc4, b: Acc4, c: Acc4, d: Acc4, sum: vec4<f32>) -> vec4<f32> {
  let low = fma(vec4<f32>(v.x), vec4<f32>(a), fma(vec4<f32>(v.y), vec4<f32>(b), sum));
  return fma(vec4<f32>(v.z), vec4<f32>(c), fma(vec4<f32>(v.w), vec4<f32>(d), low));
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(local_invocation_id) local: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let t = i32(local.x);
  let batch = i32(group.z);
  let pixels = params.src_w * params.src_h;
  for (var base = 0; base < IN; base += THREADS / IN_SHARE) {
    let slice = base + t / IN_SHARE;
    var part = vec4<f32>(0.0);
    if slice < IN {
      for (var pixel = t % IN_SHARE; pixel < pixels; pixel += IN_SHARE) {
        let y = pixel / params.src_w;
        part += vec4<f32>(src_load(pixel - y * params.src_w, y, batch * IN + slice));
      }
    }
    let sum = gathered(part, t, IN_SHARE);
    if slice < IN && t % IN_SHARE == 0 {
      means[slice] = vec4<f32>(pooled(0, 0, batch * IN + slice, Acc4(sum * params.inverse)));
    }
  }
  workgroupBarrier();
  for (var base = 0; base < HIDDEN; base += THREADS / HIDDEN_SHARE) {
    let slice = base + t / HIDDEN_SHARE;
    var part = vec4<f32>(0.0);
    if slice < HIDDEN {
      for (var k = t % HIDDEN_SHARE; k < IN; k += HIDDEN_SHARE) {
        let v = means[k];
        let at = HIDDEN * (1 + 4 * k) + slice;
        part = weighted(v, first_load(at), first_load(at + HIDDEN), first_load(at + 2 * HIDDEN), first_load(at + 3 * HIDDEN), part);
      }
    }
    let sum = gathered(part, t, HIDDEN_SHARE);
    if slice < HIDDEN && t % HIDDEN_SHARE == 0 {
      middle[slice] = vec4<f32>(hidden(0, 0, batch * HIDDEN + slice, Acc4(sum) + first_load(slice)));
    }
  }
  workgroupBarrier();
  for (var base = 0; base < OUT; base += THREADS / OUT_SHARE) {
    let slice = base + t / OUT_SHARE;
    var part = vec4<f32>(0.0);
    if slice < OUT {
      for (var k = t % OUT_SHARE; k < HIDDEN; k += OUT_SHARE) {
        let v = middle[k];
        let at = OUT * (1 + 4 * k) + slice;
        part = weighted(v, second_load(at), second_load(at + OUT), second_load(at + 2 * OUT), second_load(at + 3 * OUT), part);
      }
    }
    let sum = gathered(part, t, OUT_SHARE);
    if slice < OUT && t % OUT_SHARE == 0 {
      dst_store(0, 0, batch * OUT + slice, Acc4(sum) + second_load(slice));
    }
  }
}
