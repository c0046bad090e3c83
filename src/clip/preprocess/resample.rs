//! Pillow's antialiased resizing, to the bit: the reference's pixels are the model's input.
//!
//! Follows Pillow's `Resample.c` for 8-bit channels: weights in fixed point with 22 bits, width before height, each
//! pass rounded to bytes. Resizing crates come within a level or two, which moves logits by more than 1e-3.

use image::RgbImage;

/// Pillow's `PRECISION_BITS`.
const FRACTION_BITS: u32 = 32 - 8 - 2;
const CHANNELS: usize = 3;

/// A filter, by Pillow's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// The pixel whose area the centre falls into.
    Nearest,
    /// Windowed sinc of three lobes.
    Lanczos,
    /// A triangle.
    Bilinear,
    /// A cubic with a = -0.5.
    Bicubic,
    /// The mean.
    Box,
    /// A windowed sinc of one lobe.
    Hamming,
}

impl Filter {
    /// From Pillow's number.
    pub fn from_number(number: u32) -> Option<Self> {
        [
            Self::Nearest,
            Self::Lanczos,
            Self::Bilinear,
            Self::Bicubic,
            Self::Box,
            Self::Hamming,
        ]
        .get(number as usize)
        .copied()
    }

    /// How far it reaches, in source pixels at scale 1.
    fn support(self) -> f64 {
        match self {
            Self::Nearest => 0.0,
            Self::Box => 0.5,
            Self::Bilinear | Self::Hamming => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        let distance = x.abs();
        match self {
            Self::Nearest => 1.0,
            Self::Box => f64::from(x > -0.5 && x <= 0.5),
            Self::Bilinear => (1.0 - distance).max(0.0),
            Self::Bicubic => cubic(distance),
            Self::Hamming if distance >= 1.0 => 0.0,
            Self::Hamming => sinc(x) * (0.54 + 0.46 * (distance * std::f64::consts::PI).cos()),
            Self::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            Self::Lanczos => 0.0,
        }
    }
}

fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let x = x * std::f64::consts::PI;
    x.sin() / x
}

/// One axis of a resize, of which only a stretch is computed.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    /// Pixels of the source.
    pub source: u32,
    /// Pixels that the whole source would become.
    pub resized: u64,
    /// The first of them that is wanted.
    pub first: u64,
    /// How many are wanted.
    pub count: u32,
}

/// What one output pixel is made of.
struct Taps {
    start: usize,
    weights: Vec<i32>,
}

impl Axis {
    /// Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`, for the pixels that are wanted.
    fn taps(&self, filter: Filter) -> Vec<Taps> {
        let scale = f64::from(self.source) / self.resized as f64;
        let filter_scale = scale.max(1.0);
        let support = filter.support() * filter_scale;
        (self.first..self.first + u64::from(self.count))
            .map(|out| {
                let centre = (out as f64 + 0.5) * scale;
                if filter == Filter::Nearest {
                    let start = (centre.floor() as usize).min(self.source as usize - 1);
                    return Taps {
                        start,
                        weights: vec![1 << FRACTION_BITS],
                    };
                }
                let start = ((centre - support + 0.5) as i64).max(0) as usize;
                let end = ((centre + support + 0.5) as usize).min(self.source as usize);
                let weights: Vec<f64> = (start..end)
                    .map(|x| filter.weight((x as f64 - centre + 0.5) / filter_scale))
                    .collect();
                let sum: f64 = weights.iter().sum();
                Taps {
                    start,
                    weights: weights.iter().map(|w| fixed(w / sum)).collect(),
                }
            })
            .collect()
    }
}

fn fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1 << FRACTION_BITS);
    (scaled + 0.5_f64.copysign(scaled)) as i32
}

/// The wanted part of the resized picture: `columns.count` x `rows.count` pixels.
pub fn resample(picture: &RgbImage, columns: Axis, rows: Axis, filter: Filter) -> RgbImage {
    let column_taps = columns.taps(filter);
    let mut row_taps = rows.taps(filter);
    let first = row_taps.iter().map(|taps| taps.start).min().unwrap_or(0);
    let last = row_taps
        .iter()
        .map(|taps| taps.start + taps.weights.len())
        .max()
        .unwrap_or(0);
    let stride = picture.width() as usize * CHANNELS;
    let across: Vec<u8> = picture.as_raw()[first * stride..last * stride]
        .chunks_exact(stride)
        .flat_map(|line| resample_line(line, &column_taps))
        .collect();
    for taps in &mut row_taps {
        taps.start -= first;
    }
    let out = resample_rows(&across, column_taps.len() * CHANNELS, &row_taps);
    RgbImage::from_raw(columns.count, rows.count, out).unwrap_or_else(|| RgbImage::new(columns.count, rows.count))
}

fn resample_line(line: &[u8], columns: &[Taps]) -> Vec<u8> {
    let pixels = line.as_chunks::<CHANNELS>().0;
    let mut out = Vec::with_capacity(columns.len() * CHANNELS);
    for taps in columns {
        let mut sums = [1 << (FRACTION_BITS - 1); CHANNELS];
        for (pixel, weight) in pixels[taps.start..].iter().zip(&taps.weights) {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += i32::from(*value) * weight;
            }
        }
        out.extend(sums.map(to_byte));
    }
    out
}

fn resample_rows(lines: &[u8], stride: usize, rows: &[Taps]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * stride);
    let mut sums = vec![0; stride];
    for taps in rows {
        sums.fill(1 << (FRACTION_BITS - 1));
        for (line, weight) in lines[taps.start * stride..].chunks_exact(stride).zip(&taps.weights) {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum += i32::from(*value) * weight;
            }
        }
        out.extend(sums.iter().copied().map(to_byte));
    }
    out
}

fn to_byte(sum: i32) -> u8 {
    (sum >> FRACTION_BITS).clamp(0, 255) as u8
}
