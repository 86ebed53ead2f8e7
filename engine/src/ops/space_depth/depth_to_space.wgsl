// A pixel of dst is the run of channels of src that its place in a block, row-major, names.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let pixel = (y % params.block_y) * params.block_x + x % params.block_x;
  return vec4<i32>(n, y / params.block_y, x / params.block_x, pixel * params.channels + c);
}

