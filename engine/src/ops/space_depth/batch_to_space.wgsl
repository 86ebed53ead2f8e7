// A pixel of dst stands in the batch of src that its place in a block, row-major, names; before_y and before_x are cropped.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let at_y = y + params.before_y;
  let at_x = x + params.before_x;
  let pixel = (at_y % params.block_y) * params.block_x + at_x % params.block_x;
  return vec4<i32>(pixel * params.dst_n + n, at_y / params.block_y, at_x / params.block_x, c);
}

