// Channel c of dst is channel c % src_channels of pixel c / src_channels, row-major, of a block of src.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let pixel = c / params.src_channels;
  let row = pixel / params.block_x;
  return vec4<i32>(
    n,
    y * params.block_y + row,
    x * params.block_x + pixel - row * params.block_x,
    c - pixel * params.src_channels,
  );
}

