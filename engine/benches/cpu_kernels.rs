//! Speed of the CPU kernels at the layer shapes of real models, as a share of what one core's multipliers can do.
//!
//! `cargo bench -p matte-engine --bench cpu_kernels -- [--isa NAME] [--threads N]`

use std::hint::black_box;
use std::time::Instant;

use matte_engine::gemm::{Packed, Product, Source, Window};
use matte_engine::pool::Pool;
use matte_engine::simd::{Isa, Simd, Vectorized};

/// Name, output pixels, depth, output channels.
const PRODUCTS: [(&str, [usize; 3]); 16] = [
    ("selfie 128² 16→16", [16384, 16, 16]),
    ("selfie 64² 16→72", [4096, 16, 72]),
    ("selfie 32² 72→24", [1024, 72, 24]),
    ("selfie 32² 24→96", [1024, 24, 96]),
    ("selfie 16² 32→128", [256, 32, 128]),
    ("selfie 16² 128→32", [256, 128, 32]),
    ("mobilenet 112² 32→64", [12544, 32, 64]),
    ("mobilenet 56² 128→128", [3136, 128, 128]),
    ("mobilenet 28² 256→256", [784, 256, 256]),
    ("mobilenet 14² 512→512", [196, 512, 512]),
    ("mobilenet 7² 1024→1024", [49, 1024, 1024]),
    ("mobilenet 1² 1024→1001", [1, 1024, 1001]),
    ("deeplab 129² 8→48", [16641, 8, 48]),
    ("deeplab 33² 480→160", [1089, 480, 160]),
    ("deeplab 33² 80→480", [1089, 80, 480]),
    ("deeplab 33² 512→256", [1089, 512, 256]),
];

/// Name, input size, input channels, output size, output channels; 3×3 with stride 2.
const CONVOLUTIONS: [(&str, usize, usize, usize, usize); 3] = [
    ("selfie 256² 3→16 3×3/2", 256, 3, 128, 16),
    ("mobilenet 224² 3→32 3×3/2", 224, 3, 112, 32),
    ("64² 64→64 3×3/2", 64, 64, 32, 64),
];

/// Twelve independent chains of multiply-adds: nothing but the multipliers is busy.
struct Peak(usize);

impl Vectorized for Peak {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let (a, b) = (simd.splat(black_box(0.5)), simd.splat(black_box(0.25)));
        let mut sums = [simd.splat(0.0); 12];
        for _ in 0..self.0 {
            for sum in &mut sums {
                *sum = simd.mul_add(*sum, a, b);
            }
        }
        sums.into_iter().map(|sum| simd.sum(sum)).sum()
    }
}

/// The shortest of some runs, in seconds.
fn shortest(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    let start = Instant::now();
    let mut runs = 0;
    while runs < 5 || start.elapsed().as_secs_f64() < 0.15 {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
        runs += 1;
    }
    best
}

struct Row {
    name: String,
    products: f64,
    seconds: f64,
}

fn values(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i % 17) as f32 / 8.0 - 1.0).collect()
}

fn product(isa: Isa, pool: &Pool, source: Source, from: &[f32], [n, k]: [usize; 2]) -> f64 {
    let weights = Packed::new(isa, [n, k], |n, k| ((n + k) % 5) as f32, |_| 0.0);
    let mut to = vec![0.0; source.rows() * n];
    let clamp = [0.0, f32::INFINITY];
    let product = Product { weights: &weights, source, from, stride: n, clamp, epilogue: &() };
    shortest(|| product.run(pool, black_box(&mut to)))
}

fn rows(isa: Isa, pool: &Pool) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, [m, k, n]) in PRODUCTS {
        let seconds = product(isa, pool, Source::Rows { count: m, stride: k }, &values(m * k), [n, k]);
        rows.push(Row { name: name.into(), products: (m * n * k) as f64, seconds });
    }
    for (name, input, channels, output, n) in CONVOLUTIONS {
        let window = Window {
            batch: 1,
            input: [input; 2],
            channels,
            pixel_stride: channels,
            output: [output; 2],
            kernel: [3, 3],
            stride: [2, 2],
            dilation: [1, 1],
            padding: [0, 0],
        };
        let (from, k) = (values(input * input * channels), 9 * channels);
        let seconds = product(isa, pool, Source::Windows(window), &from, [n, k]);
        rows.push(Row { name: name.into(), products: (output * output * n * k) as f64, seconds });
    }
    rows
}

fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

fn main() {
    let name = argument("--isa");
    let threads = argument("--threads").and_then(|threads| threads.parse().ok()).unwrap_or(1);
    let pool = Pool::new(threads);
    for isa in Isa::all().into_iter().filter(|isa| name.as_ref().is_none_or(|name| name == isa.name())) {
        let rounds = 1_000_000;
        let peak = (rounds * 12 * isa.lanes()) as f64
            / shortest(|| {
                black_box(isa.run(Peak(rounds)));
            });
        println!("{}: {:.1} GMAC/s a core, {threads} threads", isa.name(), peak / 1e9);
        for row in rows(isa, &pool) {
            let speed = row.products / row.seconds;
            let share = 100.0 * speed / peak / threads as f64;
            println!(
                "  {:<28} {:9.1} µs {:7.1} GMAC/s {share:4.0} %",
                row.name,
                row.seconds * 1e6,
                speed / 1e9
            );
        }
    }
}
