// One invocation computes one texel of dst. `source(n, y, x, c)` says what stands at channel c of pixel (x, y) of batch n of
// dst: batch, row, column, channel of src; a negative batch means params.fill.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉. WHOLE: texels of dst are whole texels of src; otherwise lanes are fetched one
// by one, neighbors from the same texel.

fn fetch(p: vec4<i32>) -> Acc4 {
#if FILLS
  if p.x < 0 { return Acc4(Acc(params.fill)); }
#endif
  return src_load(p.z, p.y, p.x * params.src_s + p.w / 4);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let c = (l - n * params.dst_s) * 4;
#if WHOLE
  dst_store(x, y, l, fetch(source(n, y, x, c)));
#else
#for k in 0..4
  let p$k = source(n, y, x, min(c + $k, params.channels - 1));
  let v$k = lane(fetch(p$k), p$k$.w & 3);
#end
  dst_store(x, y, l, Acc4(v0, v1, v2, v3));
#endif
}
