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
  channels: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
override WGX: u32 = 4u;
override WGY: u32 = 4u;
override WGZ: u32 = 4u;
const LEAST: i32 = 0;
const AXIS: i32 = 3;
const CHANNELS: i32 = 1;
const FROM_N: i32 = 1;
const FROM_Y: i32 = 2;
const FROM_X: i32 = 3;
const FROM_C: i32 = 3;
fn src_load(x: i32, y: i32, l: i32) -> Acc4 {
  let texel = arena_f16[params.src_offset + (l * params.src_h + y) * params.src_w + x];
  return Acc4(texel);
}
fn dst_store(x: i32, y: i32, l: i32, value: Acc4) {
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  var v = value;
  if l % params.dst_s == params.dst_s - 1 { v = select(Acc4(0.0), v, vec4<bool>(true, false, false, false)); }
  arena_f16[params.dst_offset + (l * params.dst_h + y) * params.dst_w + x] = vec4<f16>(v);
}
// One of the four channels of a texel.
fn lane(v: Acc4, at: i32) -> Acc {
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// One invocation finds, for each of the four pixels of one texel of dst, the first place of the greatest (LEAST: the least) number
// along coordinate AXIS of src (0 n, 1 y, 2 x, 3 c). dst lacks that coordinate: coordinate a of src is coordinate FROM_a of dst.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.

fn better(a: Acc, b: Acc) -> bool {
  return a > b;
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
  var place0 = 0;
  {
    let o = vec4<i32>(n, y, x, min(c + 0, params.channels - 1));
    var p = vec4<i32>(o[FROM_N], o[FROM_Y], o[FROM_X], o[FROM_C]);
    p[AXIS] = 0;
    var best = Acc(0.0);
    for (var s = 0; s < params.src_s; s++) {
      let v = src_load(p.z, p.y, p.x * params.src_s + s);
      if 4 * s + 0 < params.extent && ((s == 0 && 0 == 0) || better(v[0], best)) {
        best = v[0];
        place0 = 4 * s + 0;
      }
      if 4 * s + 1 < params.extent && ((s == 0 && 1 == 0) || better(v[1], best)) {
        best = v[1];
        place0 = 4 * s + 1;
      }
      if 4 * s + 2 < params.extent && ((s == 0 && 2 == 0) || better(v[2], best)) {
        best = v[2];
        place0 = 4 * s + 2;
      }
      if 4 * s + 3 < params.extent && ((s == 0 && 3 == 0) || better(v[3], best)) {
        best = v[3];
        place0 = 4 * s + 3;
      }
    }
  }
  var place1 = 0;
  {
    let o = vec4<i32>(n, y, x, min(c + 1, params.channels - 1));
    var p = vec4<i32>(o[FROM_N], o[FROM_Y], o[FROM_X], o[FROM_C]);
    p[AXIS] = 0;
    var best = Acc(0.0);
    for (var s = 0; s < params.src_s; s++) {
      let v = src_load(p.z, p.y, p.x * params.src_s + s);
      if 4 * s + 0 < params.extent && ((s == 0 && 0 == 0) || better(v[0], best)) {
        best = v[0];
        place1 = 4 * s + 0;
      }
      if 4 * s + 1 < params.extent && ((s == 0 && 1 == 0) || better(v[1], best)) {
        best = v[1];
        place1 = 4 * s + 1;
      }
      if 4 * s + 2 < params.extent && ((s == 0 && 2 == 0) || better(v[2], best)) {
        best = v[2];
        place1 = 4 * s + 2;
      }
      if 4 * s + 3 < params.extent && ((s == 0 && 3 == 0) || better(v[3], best)) {
        best = v[3];
        place1 = 4 * s + 3;
      }
    }
  }
  var place2 = 0;
  {
    let o = vec4<i32>(n, y, x, min(c + 2, params.channels - 1));
    var p = vec4<i32>(o[FROM_N], o[FROM_Y], o[FROM_X], o[FROM_C]);
    p[AXIS] = 0;
    var best = Acc(0.0);
    for (var s = 0; s < params.src_s; s++) {
      let v = src_load(p.z, p.y, p.x * params.src_s + s);
      if 4 * s + 0 < params.extent && ((s == 0 && 0 == 0) || better(v[0], best)) {
        best = v[0];
        place2 = 4 * s + 0;
      }
      if 4 * s + 1 < params.extent && ((s == 0 && 1 == 0) || better(v[1], best)) {
        best = v[1];
        place2 = 4 * s + 1;
      }
      if 4 * s + 2 < params.extent && ((s == 0 && 2 == 0) || better(v[2], best)) {
        best = v[2];
        place2 = 4 * s + 2;
      }
      if 4 * s + 3 < params.extent && ((s == 0 && 3 == 0) || better(v[3], best)) {
        best = v[3];
        place2 = 4 * s + 3;
      }
    }
  }
  var place3 = 0;
  {
    let o = vec4<i32>(n, y, x, min(c + 3, params.channels - 1));
    var p = vec4<i32>(o[FROM_N], o[FROM_Y], o[FROM_X], o[FROM_C]);
    p[AXIS] = 0;
    var best = Acc(0.0);
    for (var s = 0; s < params.src_s; s++) {
      let v = src_load(p.z, p.y, p.x * params.src_s + s);
      if 4 * s + 0 < params.extent && ((s == 0 && 0 == 0) || better(v[0], best)) {
        best = v[0];
        place3 = 4 * s + 0;
      }
      if 4 * s + 1 < params.extent && ((s == 0 && 1 == 0) || better(v[1], best)) {
        best = v[1];
        place3 = 4 * s + 1;
      }
      if 4 * s + 2 < params.extent && ((s == 0 && 2 == 0) || better(v[2], best)) {
        best = v[2];
        place3 = 4 * s + 2;
      }
      if 4 * s + 3 < params.extent && ((s == 0 && 3 == 0) || better(v[3], best)) {
        best = v[3];
        place3 = 4 * s + 3;
      }
    }
  }
  dst_store(x, y, l, Acc4(Acc(place0), Acc(place1), Acc(place2), Acc(place3)));
}
