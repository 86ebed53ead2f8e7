// Coordinate a of src is begin_a + step_a · coordinate FROM_a of dst (0 n, 1 y, 2 x, 3 c).
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let o = vec4<i32>(n, y, x, c);
  return vec4<i32>(
    params.begin_n + params.step_n * o[FROM_N],
    params.begin_y + params.step_y * o[FROM_Y],
    params.begin_x + params.step_x * o[FROM_X],
    params.begin_c + params.step_c * o[FROM_C],
  );
}

