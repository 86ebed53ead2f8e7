// Along each coordinate src repeats.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  return vec4<i32>(n % params.src_n, y % params.src_h, x % params.src_w, c % params.src_channels);
}

