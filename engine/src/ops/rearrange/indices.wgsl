// The number that the operand of indices holds at place p (n, y, x, c).
fn number_at(p: vec4<i32>) -> f32 {
  let v = by_load(p.z, p.y, p.x * params.by_s + p.w / 4);
  let at = p.w & 3;
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// The same as an index; −1 where it is not from 0 below `extent`.
fn index_at(p: vec4<i32>, extent: i32) -> i32 {
  let number = number_at(p);
  if number >= 0.0 && number < f32(extent) { return i32(number); }
  return -1;
}

