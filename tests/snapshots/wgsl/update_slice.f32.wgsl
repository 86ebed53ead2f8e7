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
  part_offset: i32,
  part_w: i32,
  part_h: i32,
  part_s: i32,
  part_n: i32,
  by_offset: i32,
  by_w: i32,
  by_h: i32,
  by_s: i32,
  by_n: i32,
  dst_offset: i32,
  dst_w: i32,
  dst_h: i32,
  dst_s: i32,
  dst_n: i32,
  channels: i32,
  part_channels: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 4u;
override WGY: u32 = 4u;
override WGZ: u32 = 4u;
const FIRST: i32 = 3;
const RANK: i32 = 1;
const WHOLE: i32 = 0;
fn by_load(x: i32, y: i32, l: i32) -> vec4<f32> {
  let texel = weights_f32[params.by_offset + (l * params.by_h + y) * params.by_w + x];
  return texel;
}
fn part_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.part_offset + (l * params.part_h + y) * params.part_w + x];
  return Acc4(texel);
}
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f32[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, true, true, false)); }
  arena_f32[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f32>(v);
}
// One of the four channels of a texel.
fn lane(v: Acc4, at: i32) -> Acc {
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// One invocation computes one texel of dst: of the part where it lies over dst, of src elsewhere. The corner holds RANK coordinates,
// those from FIRST on (0 n, 1 y, 2 x, 3 c), moved so that the part fits. WHOLE: the part has all channels.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.
@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  let part = vec4<i32>(params.part_n, params.part_h, params.part_w, params.part_channels);
  let room = vec4<i32>(params.dst_n, params.dst_h, params.dst_w, params.channels) - part;
  var corner = vec4<i32>();
  let named = by_load(0, 0, 0);
  corner[FIRST + 0] = i32(clamp(named[0], 0.0, f32(room[FIRST + 0])));
  var v = src_load(x, y, l);
  {
    let p = vec4<i32>(n, y, x, c + 0) - corner;
    if all(p >= vec4<i32>()) && all(p < part) {
      v[0] = lane(part_load(p.z, p.y, p.x * params.part_s + p.w / 4), p.w & 3);
    }
  }
  {
    let p = vec4<i32>(n, y, x, c + 1) - corner;
    if all(p >= vec4<i32>()) && all(p < part) {
      v[1] = lane(part_load(p.z, p.y, p.x * params.part_s + p.w / 4), p.w & 3);
    }
  }
  {
    let p = vec4<i32>(n, y, x, c + 2) - corner;
    if all(p >= vec4<i32>()) && all(p < part) {
      v[2] = lane(part_load(p.z, p.y, p.x * params.part_s + p.w / 4), p.w & 3);
    }
  }
  {
    let p = vec4<i32>(n, y, x, c + 3) - corner;
    if all(p >= vec4<i32>()) && all(p < part) {
      v[3] = lane(part_load(p.z, p.y, p.x * params.part_s + p.w / 4), p.w & 3);
    }
  }
  dst_store(x, y, l, v);
}
