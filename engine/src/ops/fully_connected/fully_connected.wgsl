// One invocation computes TX rows of one output slice. With PARTS > 1 the WGY = PARTS invocations of a column of the
// work-group share the input's texels and their sums meet in work-group memory.
// Grid: ⌈slices / WGX⌉ × ⌈⌈rows / TX⌉ / WGY⌉ × 1; with PARTS > 1 ⌈slices / WGX⌉ × ⌈rows / TX⌉ × 1.
// A row is what lies behind one (n, y, x) of src where only channels are summed, behind one (n, y) where columns are too
// (ROW_W), behind one n where rows are (ROW_W and ROW_H).
// Weights: a texel of bias for each output slice; then for each input texel of a row and each of its lanes, for each
// output slice: four output lanes. Neighbors read neighboring texels.

#if PARTS > 1
var<workgroup> sums: array<Acc4, THREADS>;
#endif

struct Row { x: i32, y: i32, layer: i32 }

fn row_at(r: i32) -> Row {
#if ROW_W
  let x = 0;
  let rest = r;
#else
  let x = r % params.src_w;
  let rest = r / params.src_w;
#endif
#if ROW_H
  return Row(x, 0, rest * params.src_s);
#else
  return Row(x, rest % params.src_h, (rest / params.src_h) * params.src_s);
#endif
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
#if PARTS > 1
  let part = i32(local.y);
  let r0 = i32(group.y) * TX;
#else
  let part = 0;
  let r0 = i32(id.y) * TX;
#endif
  let slice = min(i32(id.x), params.out_slices - 1);
#for i in 0..TX
  let row$i = row_at(min(r0 + $i, params.rows - 1));
  var acc$i = Acc4(0.0);
#end
  if part == 0 {
    let bias = weights_load(slice);
#for i in 0..TX
    acc$i = bias;
#end
  }
  for (var k = part; k < params.row_texels; k += PARTS) {
#if ROW_W
    let s = k % params.src_s;
    let pixel = k / params.src_s;
    let y = pixel / params.src_w;
    let x = pixel - y * params.src_w;
#else
    let s = k;
    let x = 0;
    let y = 0;
#endif
    let at = params.out_slices * (1 + 4 * k) + slice;
    let w0 = weights_load(at);
    let w1 = weights_load(at + params.out_slices);
    let w2 = weights_load(at + 2 * params.out_slices);
    let w3 = weights_load(at + 3 * params.out_slices);
#for i in 0..TX
    {
      let v = row_load(row$i, x, y, s);
      acc$i = fma(Acc4(v.x), w0, acc$i);
      acc$i = fma(Acc4(v.y), w1, acc$i);
      acc$i = fma(Acc4(v.z), w2, acc$i);
      acc$i = fma(Acc4(v.w), w3, acc$i);
    }
#end
  }
#if PARTS > 1
  let column = i32(local.x) * PARTS;
#for i in 0..TX
  workgroupBarrier();
  sums[column + part] = acc$i;
  for (var half = PARTS / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if part < half { sums[column + part] += sums[column + part + half]; }
  }
  if part == 0 { acc$i = sums[column]; }
#end
  if part > 0 { return; }
#endif
  if i32(id.x) >= params.out_slices { return; }
#for i in 0..TX
  if r0 + $i < params.rows {
#if KEEP
    dst_store(row$i$.x, row$i$.y, row$i$.layer / params.src_s * params.dst_s + slice, acc$i);
#else
    dst_store(r0 + $i, 0, slice, acc$i);
#endif
  }
#end
}
