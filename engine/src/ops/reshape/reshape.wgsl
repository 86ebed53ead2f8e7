// Elements keep their row-major order; params.channels are dst's channels.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let element = ((n * params.dst_h + y) * params.dst_w + x) * params.channels + c;
  let pixel = element / params.src_channels;
  let row = pixel / params.src_w;
  let batch = row / params.src_h;
  return vec4<i32>(
    batch,
    row - batch * params.src_h,
    pixel - row * params.src_w,
    element - pixel * params.src_channels,
  );
}

