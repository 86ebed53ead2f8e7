// One workgroup finds the smallest and the largest number of a plane. They are followed slowly from frame to frame,
// so that a chart's colors do not flicker.

const COUNT = 256u;

@group(0) @binding(0) var plane: texture_2d<f32>;
// The extent as it is shown: smallest, largest. Equal numbers stand for none yet.
@group(0) @binding(1) var<storage, read_write> shown: array<f32, 2>;
@group(0) @binding(2) var result: texture_storage_2d<r32float, write>;

var<workgroup> lowest: array<f32, 256>;
var<workgroup> highest: array<f32, 256>;

@compute @workgroup_size(256)
fn plane_extent(@builtin(local_invocation_index) lane: u32) {
    let size = textureDimensions(plane);
    var low = 3.0e38;
    var high = -3.0e38;
    for (var index = lane; index < size.x * size.y; index += COUNT) {
        let value = textureLoad(plane, vec2<u32>(index % size.x, index / size.x), 0).x;
        low = min(low, value);
        high = max(high, value);
    }
    lowest[lane] = low;
    highest[lane] = high;
    workgroupBarrier();
    for (var width = COUNT / 2u; width > 0u; width /= 2u) {
        if lane < width {
            lowest[lane] = min(lowest[lane], lowest[lane + width]);
            highest[lane] = max(highest[lane], highest[lane + width]);
        }
        workgroupBarrier();
    }
    if lane > 0u {
        return;
    }
    let found = vec2<f32>(lowest[0], highest[0]);
    let before = vec2<f32>(shown[0], shown[1]);
    let extent = select(mix(before, found, 0.15), found, before.x == before.y);
    shown[0] = extent.x;
    shown[1] = extent.y;
    textureStore(result, vec2<u32>(0u, 0u), vec4<f32>(extent.x, 0.0, 0.0, 0.0));
    textureStore(result, vec2<u32>(1u, 0u), vec4<f32>(extent.y, 0.0, 0.0, 0.0));
}
