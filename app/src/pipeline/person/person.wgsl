// One workgroup looks at the network's whole mask and finds the people in it, on a grid of SIDE × SIDE cells.
// Cells with a value above OCCUPIED that touch are one body; bodies much smaller than the largest are dropped.
// From the box around the others follow what the network sees next and what of the picture is shown.
// 256 invocations, four cells each.

const SIDE = 32u;
const CELLS = 1024u;
const OCCUPIED = 0.4;
// A body is kept that covers this part of the largest one's area.
const LEAST_BODY = 0.06;
// Parts of the mask without anybody.
const EMPTY = 0.004;
// After so many masks the network sees the whole picture once, so that nobody stays unseen.
const WHOLE_EVERY = 30.0;
// A body within so many pixels of a part's edge is in the part: bodies often end where the picture does.
const SLACK = 0.5;

struct Choices {
    // x, y, width, height of all that the network may see, in pixels of the picture.
    whole: vec4<f32>,
    frame_size: vec2<f32>,
    // Switches: 1 for on.
    drop_small: u32,
    closely: u32,
    framing: u32,
    // 1 when the last answer belongs to another source or network.
    fresh: u32,
    // How far the shown part moves towards its aim with this mask, 0..1.
    pace: f32,
    // What the network saw: 0 the buffer's `next`, 1 `whole`, 2 the buffer's `seen`: the mask is looked at again.
    saw: u32,
}

struct Person {
    // What the network saw when it made the last mask, and what it is to see next.
    seen: vec4<f32>,
    next: vec4<f32>,
    // The middle of the shown part, in 0..1 of the picture, its enlargement, and masks since the whole was seen.
    framing: vec4<f32>,
    // x, y, width, height of the box around everybody, in pixels of the picture; no width without anybody.
    box: vec4<f32>,
    // 1 where the mask counts, 0 where it is dropped.
    keep: array<f32, 1024>,
}

@group(0) @binding(0) var<uniform> choices: Choices;
@group(0) @binding(1) var mask: texture_2d<f32>;
@group(0) @binding(2) var<storage, read_write> person: Person;

var<workgroup> labels: array<u32, 1024>;
var<workgroup> cover: array<f32, 1024>;
var<workgroup> areas: array<atomic<u32>, 1024>;
var<workgroup> changed: atomic<u32>;
var<workgroup> again: u32;
var<workgroup> largest: atomic<u32>;
// The least and the greatest column and row of the cells that are kept.
var<workgroup> left: atomic<u32>;
var<workgroup> right: atomic<u32>;
var<workgroup> top: atomic<u32>;
var<workgroup> bottom: atomic<u32>;

fn scan(cell: u32) {
    let size = textureDimensions(mask);
    let first = vec2<u32>(cell % SIDE, cell / SIDE) * size / SIDE;
    let end = (vec2<u32>(cell % SIDE, cell / SIDE) + 1u) * size / SIDE;
    var most = 0.0;
    var sum = 0.0;
    for (var y = first.y; y < end.y; y++) {
        for (var x = first.x; x < end.x; x++) {
            let value = clamp(textureLoad(mask, vec2<u32>(x, y), 0).x, 0.0, 1.0);
            most = max(most, value);
            sum += value;
        }
    }
    let count = max((end.x - first.x) * (end.y - first.y), 1u);
    cover[cell] = sum / f32(count);
    labels[cell] = select(0u, cell + 1u, most > OCCUPIED);
}

// The greatest label among a cell and its eight neighbors; an empty cell stays empty.
fn grown(cell: u32) -> u32 {
    var label = labels[cell];
    if label == 0u {
        return 0u;
    }
    let x = i32(cell % SIDE);
    let y = i32(cell / SIDE);
    for (var dy = -1; dy <= 1; dy++) {
        for (var dx = -1; dx <= 1; dx++) {
            let at = vec2<i32>(x + dx, y + dy);
            if all(at >= vec2<i32>(0)) && all(at < vec2<i32>(i32(SIDE))) {
                label = max(label, labels[u32(at.y) * SIDE + u32(at.x)]);
            }
        }
    }
    return label;
}

fn is_kept(label: u32) -> bool {
    let area = f32(atomicLoad(&areas[label - 1u]));
    return choices.drop_small == 0u || area >= LEAST_BODY * f32(atomicLoad(&largest));
}

// A cell that nobody stands in is dropped with the dropped cells beside it, unless a kept one is beside it too.
fn keeps(cell: u32) -> f32 {
    if labels[cell] > 0u {
        return select(0.0, 1.0, is_kept(labels[cell]));
    }
    let x = i32(cell % SIDE);
    let y = i32(cell / SIDE);
    var dropped = false;
    for (var dy = -1; dy <= 1; dy++) {
        for (var dx = -1; dx <= 1; dx++) {
            let at = vec2<i32>(x + dx, y + dy);
            if any(at < vec2<i32>(0)) || any(at >= vec2<i32>(i32(SIDE))) {
                continue;
            }
            let label = labels[u32(at.y) * SIDE + u32(at.x)];
            if label > 0u && is_kept(label) {
                return 1.0;
            }
            dropped = dropped || label > 0u;
        }
    }
    return select(1.0, 0.0, dropped);
}

// The part of `whole` with its aspect that holds the box and a margin; `whole` if that is hardly smaller.
fn close_crop(body: vec4<f32>) -> vec4<f32> {
    let whole = choices.whole;
    let wanted = 1.4 * body.zw / whole.zw;
    let scale = max(max(wanted.x, wanted.y), 0.5);
    if scale > 0.85 {
        return whole;
    }
    let size = scale * whole.zw;
    let corner = clamp(body.xy + 0.5 * body.zw - 0.5 * size, whole.xy, whole.xy + whole.zw - size);
    return vec4<f32>(corner, size);
}

// The middle and the enlargement that show the box with room around it, head above the middle.
fn framing_of(body: vec4<f32>) -> vec3<f32> {
    if choices.framing == 0u || body.z <= 0.0 {
        return vec3<f32>(0.5, 0.5, 1.0);
    }
    let part = body / choices.frame_size.xyxy;
    let zoom = clamp(min(0.8 / part.w, 0.6 / part.z), 1.0, 2.0);
    let half = 0.5 / zoom;
    let middle = vec2<f32>(part.x + 0.5 * part.z, part.y - 0.08 / zoom + half);
    return vec3<f32>(clamp(middle, vec2<f32>(half), vec2<f32>(1.0 - half)), zoom);
}

fn conclude() {
    var seen = person.next;
    if choices.saw == 2u {
        seen = person.seen;
    } else if choices.saw == 1u || choices.fresh == 1u {
        seen = choices.whole;
    }
    var body = vec4<f32>(0.0);
    if atomicLoad(&left) <= atomicLoad(&right) {
        let first = vec2<f32>(f32(atomicLoad(&left)), f32(atomicLoad(&top))) / f32(SIDE);
        let end = vec2<f32>(f32(atomicLoad(&right) + 1u), f32(atomicLoad(&bottom) + 1u)) / f32(SIDE);
        body = vec4<f32>(seen.xy + first * seen.zw, (end - first) * seen.zw);
    }
    let since = select(person.framing.w + 1.0, 0.0, choices.fresh == 1u || person.framing.w >= WHOLE_EVERY);
    var next = choices.whole;
    if choices.closely == 1u && body.z > 0.0 && since > 0.0 {
        next = close_crop(body);
        // A crop moves by small steps while it need not grow.
        let least = person.next.xy - SLACK;
        let most = person.next.xy + person.next.zw + SLACK;
        let inside = all(body.xy >= least) && all(body.xy + body.zw <= most);
        if inside && choices.fresh == 0u && person.framing.w > 0.0 {
            next = mix(person.next, next, 0.25);
        }
    }
    let aim = framing_of(body);
    let pace = select(choices.pace, 1.0, choices.fresh == 1u);
    person.framing = vec4<f32>(mix(select(person.framing.xyz, aim, person.framing.z < 1.0), aim, pace), since);
    person.seen = seen;
    if choices.saw != 2u {
        person.next = next;
    }
    person.box = body;
}

@compute @workgroup_size(256)
fn find_people(@builtin(local_invocation_index) index: u32) {
    if index == 0u {
        atomicStore(&largest, 0u);
        atomicStore(&left, SIDE);
        atomicStore(&right, 0u);
        atomicStore(&top, SIDE);
        atomicStore(&bottom, 0u);
    }
    for (var cell = index; cell < CELLS; cell += 256u) {
        scan(cell);
        atomicStore(&areas[cell], 0u);
    }
    // A body's greatest label reaches all of its cells; a winding one takes as many rounds as it has turns.
    for (var round = 0u; round < CELLS; round++) {
        if index == 0u {
            atomicStore(&changed, 0u);
        }
        workgroupBarrier();
        var next: array<u32, 4>;
        for (var part = 0u; part < 4u; part++) {
            next[part] = grown(index + 256u * part);
        }
        workgroupBarrier();
        for (var part = 0u; part < 4u; part++) {
            let cell = index + 256u * part;
            if labels[cell] != next[part] {
                labels[cell] = next[part];
                atomicStore(&changed, 1u);
            }
        }
        workgroupBarrier();
        if index == 0u {
            again = atomicLoad(&changed);
        }
        if workgroupUniformLoad(&again) == 0u {
            break;
        }
    }
    for (var cell = index; cell < CELLS; cell += 256u) {
        if labels[cell] > 0u {
            atomicAdd(&areas[labels[cell] - 1u], u32(4096.0 * cover[cell]));
        }
    }
    workgroupBarrier();
    for (var cell = index; cell < CELLS; cell += 256u) {
        atomicMax(&largest, atomicLoad(&areas[cell]));
    }
    workgroupBarrier();
    let anybody = f32(atomicLoad(&largest)) >= EMPTY * 4096.0 * f32(CELLS);
    for (var cell = index; cell < CELLS; cell += 256u) {
        person.keep[cell] = keeps(cell);
        if anybody && labels[cell] > 0u && is_kept(labels[cell]) {
            atomicMin(&left, cell % SIDE);
            atomicMax(&right, cell % SIDE);
            atomicMin(&top, cell / SIDE);
            atomicMax(&bottom, cell / SIDE);
        }
    }
    workgroupBarrier();
    if index == 0u {
        conclude();
    }
}
