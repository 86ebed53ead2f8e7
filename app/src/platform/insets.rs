//! What the system covers of a window: its bars, and the cutouts of the screen.
//!
//! Older systems lay their bars beside the content and tell the content's place; newer ones let every window reach to
//! the screen's edges and tell what their bars cover. Each side takes the larger of both.

/// What is covered of a window of the given size at its left, top, right and bottom, in pixels. `content` has the left,
/// top, right and bottom edge of the content's place and is empty while nothing is known; `bars` is what bars and
/// cutouts cover at each side. Never more than the window; none if nothing is known.
pub fn covered(size: [u32; 2], content: [i32; 4], bars: Option<[i32; 4]>) -> Option<[u32; 4]> {
    let [left, top, right, bottom] = content;
    let [width, height] = size.map(|length| i32::try_from(length).unwrap_or(i32::MAX));
    let known = right > left && bottom > top;
    if !known && bars.is_none() {
        return None;
    }
    let beside =
        if known { [left, top, width - right.min(width), height - bottom.min(height)] } else { [0; 4] };
    let bars = bars.unwrap_or_default();
    let most = [width, height, width, height];
    Some(std::array::from_fn(|side| {
        let length = beside[side].max(bars[side]).clamp(0, most[side]);
        u32::try_from(length).unwrap_or(0)
    }))
}

#[cfg(test)]
mod tests {
    use super::covered;

    const SIZE: [u32; 2] = [1080, 2400];

    #[test]
    fn bars_beside_the_content_and_over_it_count_alike() {
        assert_eq!(covered(SIZE, [0, 80, 1080, 2274], None), Some([0, 80, 0, 126]));
        assert_eq!(covered(SIZE, [0, 0, 1080, 2400], Some([0, 80, 0, 126])), Some([0, 80, 0, 126]));
    }

    #[test]
    fn each_side_takes_the_larger() {
        assert_eq!(covered(SIZE, [0, 80, 1080, 2400], Some([12, 50, 0, 126])), Some([12, 80, 0, 126]));
    }

    #[test]
    fn before_the_system_has_told_anything_nothing_is_known() {
        assert_eq!(covered(SIZE, [0; 4], None), None);
        assert_eq!(covered(SIZE, [0; 4], Some([0; 4])), Some([0; 4]));
    }

    #[test]
    fn places_of_a_window_that_was_turned_since_stay_within_it() {
        assert_eq!(
            covered([2400, 1080], [0, 80, 1080, 2400], Some([-3, 0, 0, 5000])),
            Some([0, 80, 1320, 1080])
        );
    }
}
