// One invocation selects one texel: where the condition holds from the second operand, elsewhere from the third. Operands of
// extent 1 along a coordinate repeat there; SPREAD_i where that is the channel's.
// Grid: ⌈w / WGX⌉ × ⌈h / WGY⌉ × ⌈layers / WGZ⌉.

#for i in 0..3
fn operand_$i(x: i32, y: i32, n: i32, s: i32) -> Acc4 {
  let layer = min(n, params.in_$i$_n - 1) * params.in_$i$_s + min(s, params.in_$i$_s - 1);
  let v = in_$i$_load(min(x, params.in_$i$_w - 1), min(y, params.in_$i$_h - 1), layer);
  return select(v, Acc4(v.x), SPREAD_$i$ != 0);
}
#end

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = i32(id.x);
  let y = i32(id.y);
  let l = i32(id.z);
  if x >= params.dst_w || y >= params.dst_h || l >= params.dst_s * params.dst_n { return; }
  let n = l / params.dst_s;
  let s = l - n * params.dst_s;
  let holds = operand_0(x, y, n, s) != Acc4(0.0);
  dst_store(x, y, l, select(operand_2(x, y, n, s), operand_1(x, y, n, s), holds));
}
