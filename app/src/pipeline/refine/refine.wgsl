// What the steps of the refinement share. The guide is the shown picture shrunk by `factor`; its alpha
// carries the mask. Colors enter the filter less 0.5, so that sums and products stay small.

struct Refine {
    // The size of the shown picture, to which the network's crop refers, and of the picture that is worked on.
    source_size: vec2<f32>,
    frame_size: vec2<i32>,
    guide_size: vec2<i32>,
    factor: i32,
    radius: i32,
    epsilon: f32,
    // 0 none, 1 gated by entropy, 2 gated by motion.
    temporal: u32,
    temporal_strength: f32,
    // 0 bilinear, 1 guided, 2 joint bilateral.
    upsampling: u32,
    // 1 when the previous guide holds a mask of this source.
    has_past: u32,
    padding: u32,
}

fn luma(rgb: vec3<f32>) -> f32 {
    return dot(rgb, vec3<f32>(0.299, 0.587, 0.114));
}
