// One invocation computes four rows × TS slices of four columns of one product: matrices are images whose rows of
// elements are pixels. Grid: ⌈⌈m / 4⌉ / WGX⌉ × ⌈⌈slices / TS⌉ / WGY⌉ × ⌈n · h / WGZ⌉.
// ADJ_X: a is given as [k, m]; ADJ_Y: b as [n, k]: four texels are transposed in registers.
// An operand of fewer batches is read at its last one.

// Four rows of a, each with the four lanes of slice s of k.
fn rows_of_a(m0: i32, y: i32, layer: i32, s: i32) -> mat4x4<Acc> {
#if ADJ_X
  let last = params.k - 1;
  let zero = Acc4(0.0);
  let slice = layer + m0 / 4;
  return transpose(mat4x4<Acc>(
    a_load(4 * s, y, slice),
    select(zero, a_load(min(4 * s + 1, last), y, slice), 4 * s + 1 <= last),
    select(zero, a_load(min(4 * s + 2, last), y, slice), 4 * s + 2 <= last),
    select(zero, a_load(min(4 * s + 3, last), y, slice), 4 * s + 3 <= last),
  ));
#else
  let last = params.a_w - 1;
  return mat4x4<Acc>(
    a_load(m0, y, layer + s),
    a_load(min(m0 + 1, last), y, layer + s),
    a_load(min(m0 + 2, last), y, layer + s),
    a_load(min(m0 + 3, last), y, layer + s),
  );
#endif
}

// The four lanes of slice s of k, each with four columns of b.
fn columns_of_b(slice: i32, y: i32, layer: i32, s: i32) -> mat4x4<Acc> {
#if ADJ_Y
  let last = params.b_w - 1;
  let n0 = 4 * slice;
  return transpose(mat4x4<Acc>(
    b_load(min(n0, last), y, layer + s),
    b_load(min(n0 + 1, last), y, layer + s),
    b_load(min(n0 + 2, last), y, layer + s),
    b_load(min(n0 + 3, last), y, layer + s),
  ));
#else
  let last = params.k - 1;
  let zero = Acc4(0.0);
  let at = layer + min(slice, params.b_s - 1);
  return mat4x4<Acc>(
    b_load(4 * s, y, at),
    select(zero, b_load(min(4 * s + 1, last), y, at), 4 * s + 1 <= last),
    select(zero, b_load(min(4 * s + 2, last), y, at), 4 * s + 2 <= last),
    select(zero, b_load(min(4 * s + 3, last), y, at), 4 * s + 3 <= last),
  );
#endif
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let m0 = i32(id.x) * 4;
  let slice = i32(id.y) * TS;
  let y = i32(id.z) % params.dst_h;
  let batch = i32(id.z) / params.dst_h;
  if m0 >= params.dst_w || slice >= params.dst_s || batch >= params.dst_n { return; }
  let layer_a = min(batch, params.a_n - 1) * params.a_s;
  let layer_b = min(batch, params.b_n - 1) * params.b_s;
  let y_a = min(y, params.a_h - 1);
  let y_b = min(y, params.b_h - 1);
#for t in 0..TS
#for i in 0..4
  var acc_$t$_$i$ = Acc4(0.0);
#end
#end
  for (var s = 0; s < (params.k + 3) / 4; s++) {
    let a = rows_of_a(m0, y_a, layer_a, s);
#for t in 0..TS
    let b$t = columns_of_b(slice + $t, y_b, layer_b, s);
#for i in 0..4
    acc_$t$_$i$ += b$t * a[$i];
#end
#end
  }
#for t in 0..TS
  if slice + $t < params.dst_s {
#for i in 0..4
    dst_store(m0 + $i, y, batch * params.dst_s + slice + $t, acc_$t$_$i$);
#end
  }
#end
}
