// The first places along coordinate SEQUENCE are reversed, as many as the length at coordinate BATCH says, at most all.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  var p = vec4<i32>(n, y, x, c);
  let length = i32(clamp(number_at(vec4<i32>(0, 0, 0, p[BATCH])), 0.0, f32(params.extent)));
  if p[SEQUENCE] < length { p[SEQUENCE] = length - 1 - p[SEQUENCE]; }
  return p;
}

