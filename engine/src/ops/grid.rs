//! How invocations are grouped, and which register tile is tried first.

use crate::wgsl::Choice;

/// Invocations of a work-group where nothing asks for another number.
const WORKGROUP: usize = 64;

/// A work-group in the proportions of a grid of so many invocations: wide first, then high, then deep.
pub fn workgroup(invocations: [usize; 3]) -> [u32; 3] {
    let fit = |extent: usize, most: usize| extent.next_power_of_two().min(most);
    let x = fit(invocations[0], 8);
    let y = fit(invocations[1], WORKGROUP / x);
    let z = fit(invocations[2], WORKGROUP / (x * y));
    [x as u32, y as u32, z as u32]
}

/// A work-group for an image's tiles numbered row by row, and layers: along the tiles, so that no lane is idle at the end
/// of a row and all read the same weights; over layers only where tiles are few.
pub fn flat_workgroup(tiles: usize, layers: usize) -> [u32; 3] {
    let x = tiles.next_power_of_two().min(WORKGROUP);
    let z = layers.next_power_of_two().min((WORKGROUP / 2 / x).max(1));
    [x as u32, 1, z as u32]
}

/// The grid for tiles numbered row by row and layers, and the invocations of one of its rows: tile `id.x + id.y · row`.
pub fn flat(workgroup: [u32; 3], tiles: usize, layers: usize) -> ([u32; 3], usize) {
    /// Fewer than the least limit of a dimension.
    const MOST: u32 = 1 << 15;
    let groups = (tiles as u32).div_ceil(workgroup[0]).max(1);
    let x = groups.min(MOST);
    let grid = [x, groups.div_ceil(x), (layers as u32).div_ceil(workgroup[2]).max(1)];
    (grid, (x * workgroup[0]) as usize)
}

/// The invocations that tiles of `tile` make of so many results.
pub fn tiles(results: [usize; 3], tile: [u32; 3]) -> [usize; 3] {
    std::array::from_fn(|axis| results[axis].div_ceil(tile[axis] as usize))
}

/// A choice for each tile that the results fill, the largest that leaves a device enough invocations first. Tiles are
/// given from the largest to one result.
pub fn choices(kernel: &'static str, results: [usize; 3], candidates: &[[u32; 3]]) -> Vec<Choice> {
    const ENOUGH: usize = 2048;
    let filled =
        |tile: &&[u32; 3]| (0..3).all(|axis| tile[axis] as usize <= results[axis].next_power_of_two());
    let mut fitting: Vec<[u32; 3]> = candidates.iter().filter(filled).copied().collect();
    let enough = |tile: &[u32; 3]| tiles(results, *tile).iter().product::<usize>() >= ENOUGH;
    let first = fitting.iter().position(enough).unwrap_or(fitting.len().saturating_sub(1));
    if first < fitting.len() {
        fitting[..=first].rotate_right(1);
    }
    fitting.into_iter().map(|tile| Choice::new(kernel, workgroup(tiles(results, tile))).tiled(tile)).collect()
}

/// The choices of a pair of kernels for results that each fold so many texels: by one invocation (`each`), or by one
/// work-group (`parts`) — first where texels are many.
pub fn each_or_parts(
    each: &'static str,
    parts: &'static str,
    results: [usize; 3],
    texels: usize,
) -> Vec<Choice> {
    const MANY: usize = 32;
    let mut choices = vec![Choice::new(each, workgroup(results))];
    if texels >= 8 && results.iter().all(|&groups| groups <= 65535) {
        let at = if texels >= MANY { 0 } else { 1 };
        let sizes = [64, 256].into_iter().filter(|&size| size == 64 || texels > 64);
        choices.splice(at..at, sizes.map(|size| Choice::new(parts, [size, 1, 1])));
    }
    choices
}
