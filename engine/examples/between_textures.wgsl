// Draws the photograph where the mask shows a person, nothing elsewhere, and counts. One invocation a pixel.

@group(0) @binding(0) var photo: texture_2d<f32>;
@group(0) @binding(1) var mask: texture_2d<f32>;
@group(0) @binding(2) var drawn: texture_storage_2d<rgba8unorm, write>;
@group(0) @binding(3) var<storage, read_write> count: atomic<u32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let size = textureDimensions(photo);
  if any(id.xy >= size) { return; }
  let person = textureLoad(mask, id.xy * textureDimensions(mask) / size, 0).r;
  if person > 0.5 { atomicAdd(&count, 1u); }
  textureStore(drawn, id.xy, textureLoad(photo, id.xy, 0) * smoothstep(0.3, 0.7, person));
}
