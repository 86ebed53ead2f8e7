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
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  extent: i32,
  lines_w: i32,
  lines_h: i32,
  lines_l: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 32u;
override WGY: u32 = 1u;
override WGZ: u32 = 1u;
const AXIS: i32 = 3;
const CHANNELS: i32 = 1;
const EXCLUSIVE: i32 = 0;
const REVERSE: i32 = 0;
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
// One invocation adds up the lines of one texel of src along coordinate AXIS (0 n, 1 y, 2 x, 3 c), in f32: in the order of places,
// REVERSE from the last one; EXCLUSIVE sums end before their place.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉ of a tensor whose lines have one place.
@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.lines_w || y >= params.lines_h || l >= params.lines_l { return; }
  var sum = 0.0;
  for (var step = 0; step < params.dst_s; step++) {
    let layer = l * params.dst_s + select(step, params.dst_s - 1 - step, REVERSE != 0);
    let v = vec4<f32>(src_load(x, y, layer));
    var sums = vec4<f32>();
    {
      let longer = sum + v[0];
      sums[0] = select(longer, sum, EXCLUSIVE != 0);
      sum = longer;
    }
    {
      let longer = sum + v[1];
      sums[1] = select(longer, sum, EXCLUSIVE != 0);
      sum = longer;
    }
    {
      let longer = sum + v[2];
      sums[2] = select(longer, sum, EXCLUSIVE != 0);
      sum = longer;
    }
    {
      let longer = sum + v[3];
      sums[3] = select(longer, sum, EXCLUSIVE != 0);
      sum = longer;
    }
    dst_store(x, y, layer, Acc4(sums));
  }
}
