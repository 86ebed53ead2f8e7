// One invocation copies one texel of the output's first slice.
// Grid: ⌈w / 8⌉ × ⌈h / 8⌉. Layout of src: texel y · w + x.

#if HALVES
@group(0) @binding(0) var<storage, read_write> src: array<vec2<u32>>;
#else
@group(0) @binding(0) var<storage, read_write> src: array<vec4<f32>>;
#endif
@group(0) @binding(1) var dst: texture_storage_2d<rgba16float, write>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let size = textureDimensions(dst);
  if any(id.xy >= size) { return; }
  let texel = src[id.y * size.x + id.x];
#if HALVES
  textureStore(dst, id.xy, vec4<f32>(unpack2x16float(texel.x), unpack2x16float(texel.y)));
#else
  textureStore(dst, id.xy, texel);
#endif
}
