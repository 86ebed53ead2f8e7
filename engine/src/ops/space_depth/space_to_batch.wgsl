// Batch n of dst holds batch n % src_n of src at place n / src_n, row-major, of each block; zero stands outside of src.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let pixel = n / params.src_n;
  let row = pixel / params.block_x;
  let at_y = y * params.block_y + row - params.before_y;
  let at_x = x * params.block_x + pixel - row * params.block_x - params.before_x;
  let inside = at_y >= 0 && at_x >= 0 && at_y < params.src_h && at_x < params.src_w;
  return select(vec4<i32>(-1), vec4<i32>(n - pixel * params.src_n, at_y, at_x, c), inside);
}

