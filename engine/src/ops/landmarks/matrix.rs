/// A crop around landmarks, by the options of version 2.
///
/// The landmarks are turned by `target_rotation` less the angle of the line from `left` to `right`; there the subset's
/// bounding box, `scale` times as large, becomes the crop of `size` pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Crop {
    /// The landmark where the line begins.
    pub left: usize,
    /// The landmark where the line ends.
    pub right: usize,
    /// The landmarks the crop holds.
    pub subset: Vec<usize>,
    /// The line's angle in the crop, in radians.
    pub target_rotation: f32,
    /// The margin as a factor of the box' height and width.
    pub scale: [f32; 2],
    /// Rows and columns of the crop.
    pub size: [usize; 2],
}

/// A crop around landmarks, by the options of version 1: corners of the box lie at the centers of the corner pixels,
/// and landmarks are given in `range` units to a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct CropVersion1 {
    /// The landmark where the line begins.
    pub left: usize,
    /// The landmark where the line ends.
    pub right: usize,
    /// The landmarks the crop holds.
    pub subset: Vec<usize>,
    /// The margin as a factor of the box' size.
    pub multiplier: f32,
    /// The units of a picture's side.
    pub range: f32,
    /// Rows and columns of the picture.
    pub input_size: [usize; 2],
    /// Rows and columns of the crop.
    pub size: [usize; 2],
}

/// A box in turned coordinates.
struct Bounds {
    least: [f32; 2],
    greatest: [f32; 2],
}

impl Bounds {
    /// The bounds of the subset's landmarks (x, y, z each) turned by `angle`.
    fn of(landmarks: &[f32], subset: &[usize], angle: f32) -> Self {
        let mut bounds = Self { least: [f32::INFINITY; 2], greatest: [f32::NEG_INFINITY; 2] };
        for &index in subset {
            let turned = turn([landmarks[3 * index], landmarks[3 * index + 1]], angle);
            bounds.least = [0, 1].map(|axis| bounds.least[axis].min(turned[axis]));
            bounds.greatest = [0, 1].map(|axis| bounds.greatest[axis].max(turned[axis]));
        }
        bounds
    }

    fn size(&self) -> [f32; 2] {
        [0, 1].map(|axis| self.greatest[axis] - self.least[axis])
    }

    fn center(&self) -> [f32; 2] {
        [0, 1].map(|axis| (self.greatest[axis] + self.least[axis]) / 2.0)
    }
}

/// The point (x, y) turned about the origin.
fn turn([x, y]: [f32; 2], angle: f32) -> [f32; 2] {
    let (sin, cos) = angle.sin_cos();
    [x * cos - y * sin, x * sin + y * cos]
}

/// A matrix that maps x and y by these two rows and leaves z.
fn rows([xx, xy, x]: [f32; 3], [yx, yy, y]: [f32; 3]) -> [f32; 16] {
    [xx, xy, 0.0, x, yx, yy, 0.0, y, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
}

impl Crop {
    /// The greatest index of a landmark.
    pub fn greatest_index(&self) -> usize {
        self.subset.iter().copied().max().unwrap_or(0).max(self.left).max(self.right)
    }

    /// The matrix from the crop's pixels to the picture's: shift to the crop's middle, scale, turn back, shift to the
    /// middle of the box.
    pub fn matrix(&self, landmarks: &[f32]) -> [f32; 16] {
        let at = |index: usize| [landmarks[3 * index], landmarks[3 * index + 1]];
        let ([left_x, left_y], [right_x, right_y]) = (at(self.left), at(self.right));
        let angle = self.target_rotation - (right_y - left_y).atan2(right_x - left_x);
        let bounds = Bounds::of(landmarks, &self.subset, angle);
        let [width, height] = bounds.size();
        let [x, y] = turn(bounds.center(), -angle);
        let (sin, cos) = (-angle).sin_cos();
        let [rows_out, columns_out] = self.size.map(|extent| extent as f32);
        let (scale_x, scale_y) = (self.scale[1] * width / columns_out, self.scale[0] * height / rows_out);
        let (half_w, half_h) = (columns_out / 2.0, rows_out / 2.0);
        let (xx, xy, yx, yy) = (cos * scale_x, -sin * scale_y, sin * scale_x, cos * scale_y);
        rows([xx, xy, x - xx * half_w - xy * half_h], [yx, yy, y - yx * half_w - yy * half_h])
    }
}

impl CropVersion1 {
    /// The greatest index of a landmark.
    pub fn greatest_index(&self) -> usize {
        self.subset.iter().copied().max().unwrap_or(0).max(self.left).max(self.right)
    }

    /// The matrix from the crop's pixels to the picture's: to [−1, 1], scale, turn back, shift, to the picture's pixels.
    /// Element 10 is one and the translation column of row 2 is zero, as everywhere.
    pub fn matrix(&self, landmarks: &[f32]) -> [f32; 16] {
        let at = |index: usize| [landmarks[3 * index], landmarks[3 * index + 1]];
        let ([left_x, left_y], [right_x, right_y]) = (at(self.left), at(self.right));
        let angle = -((right_y - left_y) / (right_x - left_x)).atan();
        let bounds = Bounds::of(landmarks, &self.subset, angle);
        let [scale_x, scale_y] = bounds.size().map(|extent| extent * self.multiplier / self.range);
        let [shift_x, shift_y] = turn(bounds.center(), -angle).map(|middle| middle / self.range * 2.0 - 1.0);
        let (sin, cos) = (-angle).sin_cos();
        let [to_y, to_x] = self.size.map(|extent| 2.0 / (extent as f32 - 1.0));
        let [from_y, from_x] = self.input_size.map(|extent| (extent as f32 - 1.0) / 2.0);
        let (xx, xy) = (cos * scale_x, -sin * scale_y);
        let (yx, yy) = (sin * scale_x, cos * scale_y);
        rows(
            [from_x * xx * to_x, from_x * xy * to_y, from_x * (shift_x - xx - xy + 1.0)],
            [from_y * yx * to_x, from_y * yy * to_y, from_y * (shift_y - yx - yy + 1.0)],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(matrix: &[f32; 16], [x, y]: [f32; 2]) -> [f32; 2] {
        [0, 4].map(|row| matrix[row] * x + matrix[row + 1] * y + matrix[row + 3])
    }

    fn close(a: [f32; 2], b: [f32; 2]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
    }

    /// A square of side 10 about (30, 20), turned by 45°; the line runs along its lower edge.
    fn turned_square() -> Vec<f32> {
        let corners = [[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0]];
        let place = |corner| {
            let [x, y] = turn(corner, std::f32::consts::FRAC_PI_4);
            [x + 30.0, y + 20.0, 7.0]
        };
        corners.into_iter().flat_map(place).collect()
    }

    #[test]
    fn a_crop_without_margin_ends_at_the_landmarks() {
        let crop = Crop {
            left: 0,
            right: 1,
            subset: vec![0, 1, 2, 3],
            target_rotation: 0.0,
            scale: [1.0, 1.0],
            size: [16, 8],
        };
        let landmarks = turned_square();
        let matrix = crop.matrix(&landmarks);
        for (pixel, corner) in [[0.0, 0.0], [8.0, 0.0], [8.0, 16.0], [0.0, 16.0]].into_iter().zip(0..) {
            let found = apply(&matrix, pixel);
            assert!(close(found, [landmarks[3 * corner], landmarks[3 * corner + 1]]), "{pixel:?} {found:?}");
        }
        let wide = Crop { scale: [2.0, 2.0], ..crop }.matrix(&landmarks);
        assert!(close(apply(&wide, [4.0, 8.0]), [30.0, 20.0]));
        assert!(close(apply(&wide, [2.0, 4.0]), [landmarks[0], landmarks[1]]));
    }

    #[test]
    fn version_1_ends_at_the_centers_of_the_corner_pixels() {
        let crop = CropVersion1 {
            left: 0,
            right: 1,
            subset: vec![0, 1, 2, 3],
            multiplier: 1.0,
            range: 64.0,
            input_size: [65, 65],
            size: [17, 9],
        };
        let landmarks = turned_square();
        let matrix = crop.matrix(&landmarks);
        for (pixel, corner) in [[0.0, 0.0], [8.0, 0.0], [8.0, 16.0], [0.0, 16.0]].into_iter().zip(0..) {
            let found = apply(&matrix, pixel);
            assert!(close(found, [landmarks[3 * corner], landmarks[3 * corner + 1]]), "{pixel:?} {found:?}");
        }
    }
}
