// One work-group computes PW × PH pixels of LANES · TS output slices, one invocation TX of the pixels for TS slices. For
// CHUNK input slices at a time all invocations compute depthwise results into work-group memory, four pixels of a row
// each, and then add what they give to the outputs.
// Grid: ⌈w / PW⌉ × ⌈h / PH⌉ × batches · ⌈slices / (LANES · TS)⌉. WGX = LANES, WGY = ROWS, PW · PH = ROWS · TX.
// Depthwise weights: for each slice a texel of bias, then one for each of KH × KW taps. Pointwise weights: a texel of
// bias for each output slice, then for each input channel one for each output slice: neighbors read neighboring texels.
// src [n, h, w, c] is read with zeros outside, in steps SY and SX, taps DY and DX apart.

var<workgroup> shared_texels: array<Acc4, $(CHUNK*PW*PH)>;

fn tap(x: i32, y: i32, l: i32) -> Acc4 {
  let at_x = clamp(x, 0, params.src_w - 1);
  let at_y = clamp(y, 0, params.src_h - 1);
  return select(Acc4(0.0), src_load(at_x, at_y, l), at_x == x && at_y == y);
}

@compute @workgroup_size(WGX, WGY, WGZ)
fn main(@builtin(local_invocation_id) local: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let lane = i32(local.x);
#if ROWS > 1
  let row = i32(local.y);
#else
  let row = 0;
#endif
  let x0 = i32(group.x) * PW;
  let y0 = i32(group.y) * PH;
  let groups = (params.dst_s + $(LANES*TS-1)) / $(LANES*TS);
  let batch = i32(group.z) / groups;
  let first = (i32(group.z) - batch * groups) * $(LANES*TS) + lane;
#for s in 0..TS
  let slice$s = min(first + $(s*LANES), params.dst_s - 1);
#for i in 0..TX
  var acc_$s$_$i$ = pointwise_load(slice$s);
#end
#end
  for (var chunk = 0; chunk < params.src_s; chunk += CHUNK) {
    workgroupBarrier();
    for (var item = row * LANES + lane; item < $(CHUNK*PW*PH/4); item += $(LANES*ROWS)) {
      let k = chunk + item / $(PW*PH/4);
      let quad = item % $(PW*PH/4) * 4;
      if k < params.src_s {
        let x = x0 + quad % PW;
        let y = y0 + quad / PW;
        let l = batch * params.src_s + k;
        let from_x = x * SX - params.left;
        let from_y = y * SY - params.top;
        let first_tap = k * $(1+KH*KW);
#for i in 0..4
        var d$i = depthwise_load(first_tap);
#end
#for b in 0..KH
        {
          let tap_y = from_y + $(b*DY);
#for q in 0..3*SX+(KW-1)*DX+1
          let v$q$ = tap(from_x + $q$, tap_y, l);
#end
#for a in 0..KW
          {
            let w = depthwise_load(first_tap + $(1+b*KW+a));
#for i in 0..4
            d$i = fma(v$(i*SX+a*DX), w, d$i);
#end
          }
#end
        }
#end
#for i in 0..4
        shared_texels[item * 4 + $i] = between(x + $i, y, l, d$i);
#end
      }
    }
    workgroupBarrier();
    let count = min(CHUNK, params.src_s - chunk);
    for (var k = 0; k < count; k++) {
      let base = k * $(PW*PH) + row * TX;
#for i in 0..TX
      let m$i = shared_texels[base + $i];
#end
      let at = params.dst_s * (1 + 4 * (chunk + k));
#for s in 0..TS
      {
        let w0 = pointwise_load(at + slice$s);
        let w1 = pointwise_load(at + params.dst_s + slice$s);
        let w2 = pointwise_load(at + 2 * params.dst_s + slice$s);
        let w3 = pointwise_load(at + 3 * params.dst_s + slice$s);
#for i in 0..TX
        acc_$s$_$i$ = fma(Acc4(m$i$.x), w0, acc_$s$_$i$);
        acc_$s$_$i$ = fma(Acc4(m$i$.y), w1, acc_$s$_$i$);
        acc_$s$_$i$ = fma(Acc4(m$i$.z), w2, acc_$s$_$i$);
        acc_$s$_$i$ = fma(Acc4(m$i$.w), w3, acc_$s$_$i$);
#end
      }
#end
    }
  }
#for s in 0..TS
  if first + $(s*LANES) < params.dst_s {
#for i in 0..TX
    dst_store(x0 + (row * TX + $i) % PW, y0 + (row * TX + $i) / PW, batch * params.dst_s + first + $(s*LANES), acc_$s$_$i$);
#end
  }
#end
}
