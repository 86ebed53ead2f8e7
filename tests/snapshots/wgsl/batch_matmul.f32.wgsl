alias Acc = f32;
alias Acc4 = vec4<f32>;
@group(0) @binding(1) var<storage, read_write> arena_f32: array<vec4<f32>>;
struct Params {
  a_offset: i32,
  a_w: i32,
  a_h: i32,
  a_s: i32,
  a_n: i32,
  b_offset: i32,
  b_w: i32,
  b_h: i32,
  b_s: i32,
  b_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  k: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 1u;
override WGY: u32 = 1u;
override WGZ: u32 = 8u;
const TS: i32 = 1;
const ADJ_X: i32 = 0;
const ADJ_Y: i32 = 0;
fn b_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.b_offset + (l * params.b_h + y) * params.b_w + x];
  return Acc4(texel);
}
fn a_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.a_offset + (l * params.a_h + y) * params.a_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, false, false, false)); }
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One invocation computes four rows × TS slices of four columns of one product: matrices are images whose rows of
// elements are pixels. Grid: ⌈⌈m / 4⌉ / WGX⌉ × ⌈⌈slices / TS⌉ / WGY⌉ × ⌈n · h / WGZ⌉.
// ADJ_X: a is given as [k, m]; ADJ_Y: b as [n, k]: four texels are transposed in registers.
// An operand of fewer batches is read at its last one.

// Four rows of a, each with the four lanes of slice s of k.
fn rows_of_a(m0: i32, y: i32, layer: i32, s: i32) -> mat4x4<Acc> {
  let last = params.a_w - 1;
  return mat4x4<Acc>(
    a_load(m0, y, layer + s),
    a_load(min(m0 + 1, last), y, layer + s),
    a_load(min(m0 + 2, last), y, layer + s),
    a_load(min(m0 + 3, last), y, layer + s),
  );
}

// The four lanes of slice s of k, each with four columns of b.
fn columns_of_b(slice: i32, y: i32, layer: i32, s: i32) -> mat4x4<Acc> {
  let last = params.k - 1;
  let zero = Acc4(0.0);
  let at = layer + min(slice, params.b_s - 1);
  return mat4x4<Acc>(
    b_load(4 * s, y, at),
    select(zero, b_load(min(4 * s + 1, last), y, at), 4 * s + 1 <= last),
    select(zero, b_load(min(4 * s + 2, last), y, at), 4 * s + 2 <= last),
    select(zero, b_load(min(4 * s + 3, last), y, at), 4 * s + 3 <= last),
  );
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
  var acc_0_0 = Acc4(0.0);
  var acc_0_1 = Acc4(0.0);
  var acc_0_2 = Acc4(0.0);
  var acc_0_3 = Acc4(0.0);
  for (var s = 0; s < (params.k + 3) / 4; s++) {
    let a = rows_of_a(m0, y_a, layer_a, s);
    let b0 = columns_of_b(slice + 0, y_b, layer_b, s);
    acc_0_0 += b0 * a[0];
    acc_0_1 += b0 * a[1];
    acc_0_2 += b0 * a[2];
    acc_0_3 += b0 * a[3];
  }
  if slice + 0 < params.dst_s {
    dst_store(m0 + 0, y, batch * params.dst_s + slice + 0, acc_0_0);
    dst_store(m0 + 1, y, batch * params.dst_s + slice + 0, acc_0_1);
    dst_store(m0 + 2, y, batch * params.dst_s + slice + 0, acc_0_2);
    dst_store(m0 + 3, y, batch * params.dst_s + slice + 0, acc_0_3);
  }
}
