alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights_f32: array<vec4<f32>>;
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
  weights_offset: i32,
  rows: i32,
  row_texels: i32,
  out_slices: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 2u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const TX: i32 = 1;
const PARTS: i32 = 1;
const THREADS: i32 = 2;
const ROW_W: i32 = 0;
const ROW_H: i32 = 0;
const KEEP: i32 = 0;
fn weights_load(i: i32) -> Acc4 {
  let texel = weights_f32[params.weights_offset + i];
  return Acc4(texel);
}
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One invocation computes TX rows of one output slice. With PARTS > 1 the WGY = PARTS invocations of a column of the
// work-group share the input's texels and their sums meet in work-group memory.
// Grid: ⌈slices / WGX⌉ × ⌈⌈rows / TX⌉ / WGY⌉ × 1; with PARTS > 1 ⌈slices / WGX⌉ × ⌈rows / TX⌉ × 1.
// A row is what lies behind one (n, y, x) of src where only channels are summed, behind one (n, y) where columns are too
// (ROW_W), behind one n where rows are (ROW_W and ROW_H).
// Weights: a texel of bias for each output slice; then for each input texel of a row and each of its lanes, for each
// output slice: four output lanes. Neighbors read neighboring texels.


struct Row { x: i32, y: i32, layer: i32 }

fn row_at(r: i32) -> Row {
  let x = r % params.src_w;
  let rest = r / params.src_w;
  return Row(x, rest % params.src_h, (rest / params.src_h) * params.src_s);
}

fn row_load(row: Row, x: i32, y: i32, s: i32) -> Acc4 {
  return src_load(row.x + x, row.y + y, row.layer + s);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
) {
  let part = 0;
  let r0 = i32(id.y) * TX;
  let slice = min(i32(id.x), params.out_slices - 1);
  let row0 = row_at(min(r0 + 0, params.rows - 1));
  var acc0 = Acc4(0.0);
  if part == 0 {
    let bias = weights_load(slice);
    acc0 = bias;
  }
  for (var k = part; k < params.row_texels; k += PARTS) {
    let s = k;
    let x = 0;
    let y = 0;
    let at = params.out_slices * (1 + 4 * k) + slice;
    let w0 = weights_load(at);
    let w1 = weights_load(at + params.out_slices);
    let w2 = weights_load(at + 2 * params.out_slices);
    let w3 = weights_load(at + 3 * params.out_slices);
    {
      let v = row_load(row0, x, y, s);
      acc0 = fma(Acc4(v.x), w0, acc0);
      acc0 = fma(Acc4(v.y), w1, acc0);
      acc0 = fma(Acc4(v.z), w2, acc0);
      acc0 = fma(Acc4(v.w), w3, acc0);
    }
  }
  if i32(id.x) >= params.out_slices { return; }
  if r0 + 0 < params.rows {
    dst_store(r0 + 0, 0, slice, acc0);
  }
}
