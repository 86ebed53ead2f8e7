// One of the four channels of a texel in f32.
fn number_of(v: vec4<f32>, at: i32) -> f32 {
  return select(select(v.x, v.y, at == 1), select(v.z, v.w, at == 3), at >= 2);
}

// The number that the operand of indices holds at place p (n, y, x, c).
fn number_at(p: vec4<i32>) -> f32 {
  return number_of(by_load(p.z, p.y, p.x * params.by_s + p.w / 4), p.w & 3);
}

// The same as an index; −1 where it is not from 0 below `extent`.
fn index_at(p: vec4<i32>, extent: i32) -> i32 {
  let number = number_at(p);
  if number >= 0.0 && number < f32(extent) { return i32(number); }
  return -1;
}

