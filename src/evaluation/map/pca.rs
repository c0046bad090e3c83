//! The directions in which rows differ most: the first eigenvectors of their covariance.

use burn::tensor::{Device, Tensor, TensorData};

/// Vectors that are turned together; the last ones only let the first ones settle sooner.
const TURNED: usize = 8;
const TURNS: usize = 1_000;
/// Settled where no component moves by more.
const SETTLED: f64 = 1e-12;

/// Two directions and the middle that they start from.
pub struct Directions {
    middle: Vec<f32>,
    /// Unit vectors at right angles, each with its largest component above 0.
    both: [Vec<f32>; 2],
    /// The share of the variance that both have.
    pub explained: f64,
}

impl Directions {
    /// Where rows lie along both.
    pub fn project(&self, rows: &[f32]) -> Vec<[f32; 2]> {
        self.project_from(rows, &self.middle)
    }

    /// The same from another middle.
    pub fn project_from(&self, rows: &[f32], middle: &[f32]) -> Vec<[f32; 2]> {
        let along = |row: &[f32], direction: &[f32]| {
            let each = row.iter().zip(middle).zip(direction);
            each.map(|((value, middle), direction)| (value - middle) * direction)
                .sum::<f32>()
        };
        rows.chunks_exact(self.middle.len().max(1))
            .map(|row| [0, 1].map(|axis| along(row, &self.both[axis])))
            .collect()
    }
}

/// The mean of rows.
pub fn mean(rows: &[f32], dim: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64; dim];
    for row in rows.chunks_exact(dim.max(1)) {
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let count = (rows.len() / dim.max(1)).max(1) as f64;
    sums.into_iter().map(|sum| (sum / count) as f32).collect()
}

/// The first two directions of rows `[count, dim]`.
pub fn directions(rows: &[f32], dim: usize) -> Directions {
    let middle = mean(rows, dim);
    let covariance = covariance(rows, dim, &middle);
    let total: f64 = (0..dim).map(|n| covariance[n * dim + n]).sum();
    let (vectors, values) = eigenvectors(&covariance, dim);
    let direction = |n: usize| {
        let vector: Vec<f64> = vectors.get(n).cloned().unwrap_or_else(|| vec![0.0; dim]);
        let largest = vector
            .iter()
            .copied()
            .fold(0.0f64, |a, b| if b.abs() > a.abs() { b } else { a });
        let sign = if largest < 0.0 { -1.0 } else { 1.0 };
        vector.iter().map(|value| (sign * value) as f32).collect::<Vec<f32>>()
    };
    Directions {
        both: [direction(0), direction(1)],
        explained: values.iter().take(2).sum::<f64>() / total.max(f64::MIN_POSITIVE),
        middle,
    }
}

/// Of rows around their middle, times their number: one product of matrices.
fn covariance(rows: &[f32], dim: usize, middle: &[f32]) -> Vec<f64> {
    let count = rows.len() / dim.max(1);
    if count == 0 {
        return vec![0.0; dim * dim];
    }
    let centred: Vec<f32> = rows
        .chunks_exact(dim)
        .flat_map(|row| row.iter().zip(middle).map(|(value, middle)| value - middle))
        .collect();
    let rows = Tensor::<2>::from_data(TensorData::new(centred, [count, dim]), &Device::flex());
    let product = rows.clone().transpose().matmul(rows);
    let values: Vec<f32> = product.into_data().try_to_vec().unwrap_or_default();
    values.into_iter().map(f64::from).collect()
}

/// The first eigenvectors of a symmetric matrix without negative eigenvalues, and these, the largest first.
fn eigenvectors(matrix: &[f64], dim: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let count = TURNED.min(dim);
    let mut random = crate::evaluation::Random::seeded(2);
    let mut uniform = || random.number() as f64 / u64::MAX as f64 - 0.5;
    let mut vectors: Vec<Vec<f64>> = (0..count).map(|_| (0..dim).map(|_| uniform()).collect()).collect();
    square(&mut vectors);
    for _ in 0..TURNS {
        let mut turned: Vec<Vec<f64>> = vectors.iter().map(|vector| times(matrix, vector)).collect();
        square(&mut turned);
        let moved = |n: usize| {
            turned[n]
                .iter()
                .zip(&vectors[n])
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f64::max)
        };
        let settled = (0..2.min(count)).all(|n| moved(n) < SETTLED);
        vectors = turned;
        if settled {
            break;
        }
    }
    let values = vectors
        .iter()
        .map(|vector| dot(vector, &times(matrix, vector)))
        .collect();
    (vectors, values)
}

fn times(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    matrix
        .chunks_exact(vector.len().max(1))
        .map(|row| dot(row, vector))
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Unit vectors at right angles to those before them; what is left of nothing is nothing.
fn square(vectors: &mut [Vec<f64>]) {
    for n in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(n);
        let vector = &mut rest[0];
        // Twice, for what rounding leaves.
        for other in before.iter().chain(before.iter()) {
            let along = dot(vector, other);
            vector
                .iter_mut()
                .zip(other)
                .for_each(|(value, other)| *value -= along * other);
        }
        let norm = dot(vector, vector).sqrt();
        let scale = if norm > 1e-300 { 1.0 / norm } else { 0.0 };
        vector.iter_mut().for_each(|value| *value *= scale);
    }
}
