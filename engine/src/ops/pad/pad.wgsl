// dst has before_a more places than src in front of coordinate a, and others behind. MIRRORS: those hold what src holds as far
// inside the edge; params.edge is 1 where the edge itself is repeated. Otherwise they hold params.fill.
#if MIRRORS
fn mirrored(at: i32, extent: i32) -> i32 {
  let low = select(at, -at - params.edge, at < 0);
  return select(low, 2 * extent - 2 + params.edge - low, low >= extent);
}

fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  return vec4<i32>(
    mirrored(n - params.before_n, params.src_n),
    mirrored(y - params.before_y, params.src_h),
    mirrored(x - params.before_x, params.src_w),
    mirrored(c - params.before_c, params.src_channels),
  );
}
#else
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  let p = vec4<i32>(n, y, x, c) - vec4<i32>(params.before_n, params.before_y, params.before_x, params.before_c);
  let extent = vec4<i32>(params.src_n, params.src_h, params.src_w, params.src_channels);
  let inside = all(p >= vec4<i32>(0)) && all(p < extent);
  return select(vec4<i32>(-1), p, inside);
}
#endif

