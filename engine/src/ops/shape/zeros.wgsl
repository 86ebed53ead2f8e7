// Nothing of src stands anywhere.
fn source(n: i32, y: i32, x: i32, c: i32) -> vec4<i32> {
  return vec4<i32>(-1, 0, 0, 0);
}

