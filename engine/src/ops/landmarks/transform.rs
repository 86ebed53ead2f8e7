/// The two rows of a matrix that map a pixel of a crop to a place in the picture.
pub struct Sample {
    x: [f32; 3],
    y: [f32; 3],
}

impl Sample {
    /// The rows of a 4 × 4 matrix; with `half_pixel_centers` between the places of pixels' centers.
    pub fn new(matrix: &[f32], half_pixel_centers: bool) -> Self {
        let row = |at: usize| {
            let [a, b, c] = [matrix[at], matrix[at + 1], matrix[at + 3]];
            [a, b, if half_pixel_centers { c + 0.5 * a + 0.5 * b - 0.5 } else { c }]
        };
        Self { x: row(0), y: row(4) }
    }

    /// The crop `size` of a picture `[h, w, c]`.
    pub fn crop(&self, picture: &[f32], [h, w, c]: [usize; 3], size: [usize; 2]) -> Vec<f32> {
        let mut crop = Vec::with_capacity(size[0] * size[1] * c);
        let place = |[a, b, shift]: [f32; 3], x: usize, y: usize| a * x as f32 + b * y as f32 + shift;
        for (row, column) in (0..size[0]).flat_map(|row| (0..size[1]).map(move |column| (row, column))) {
            let (x, y) = (place(self.x, column, row), place(self.y, column, row));
            if !(x >= 0.0 && x <= (w - 1) as f32 && y >= 0.0 && y <= (h - 1) as f32) {
                crop.resize(crop.len() + c, 0.0);
                continue;
            }
            let (left, top) = (x as usize, y as usize);
            let (right, bottom) = ((left + 1).min(w - 1), (top + 1).min(h - 1));
            let (fx, fy) = (x - left as f32, y - top as f32);
            for channel in 0..c {
                let at = |row: usize, column: usize| picture[(row * w + column) * c + channel];
                let upper = (1.0 - fx) * at(top, left) + fx * at(top, right);
                let lower = (1.0 - fx) * at(bottom, left) + fx * at(bottom, right);
                crop.push((1.0 - fy) * upper + fy * lower);
            }
        }
        crop
    }
}

/// Landmarks of `dimensions` coordinates by the first two rows of a matrix, its shift multiplied by `scale`.
pub fn landmarks(points: &[f32], dimensions: usize, matrix: &[f32], scale: f32) -> Vec<f32> {
    let mut moved = points.to_vec();
    for point in moved.chunks_exact_mut(dimensions) {
        let (x, y) = (point[0], point[1]);
        point[0] = matrix[0] * x + matrix[1] * y + matrix[3] * scale;
        point[1] = matrix[4] * x + matrix[5] * y + matrix[7] * scale;
    }
    moved
}
