// One invocation copies one texel; what the operator computes rides on the store.
// Grid: ⌈texels / WGX⌉ × 1 × 1. Layout: src and dst alike.

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = i32(id.x);
  let plane = params.dst_w * params.dst_h;
  let l = i / plane;
  let y = (i - l * plane) / params.dst_w;
  let x = i - l * plane - y * params.dst_w;
  if l >= params.dst_s * params.dst_n { return; }
  dst_store(x, y, l, src_load(x, y, l));
}
