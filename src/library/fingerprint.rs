//! What two pictures are compared by, to tell copies from pictures that are merely alike.
//!
//! A copy that was saved again differs from its source by no more than saving rounds: in each frequency of each block by
//! about a step of the file's own table. Two exposures of one scene differ by their noise, which is more, however alike
//! they look; so do two cuttings of one cloth. A copy of another size has lost that trace: it is told by its pixels and
//! colours on a small thumbnail, where something is to be seen.

use image::RgbImage;
use image_hasher::HasherConfig;

use super::cells::Cells;
use super::decode::Decoded;
use super::thumbnail::fitted;

/// The side to which a picture is reduced before cells are averaged.
const REDUCED_SIDE: u32 = 256;
/// Blocks in a row and in a column that are looked at closely.
const BLOCKS: usize = 12;
/// The lowest frequencies of a block, by row and column: what saving rounds least.
const FREQUENCIES: [(usize, usize); 9] = [(0, 1), (1, 0), (2, 0), (1, 1), (0, 2), (0, 3), (1, 2), (2, 1), (3, 0)];
/// The error that whole pixel values leave in a frequency, squared.
const PIXEL_ROUNDING: f32 = 0.3;
/// Saved copies of photographs stay below 1 (at every quality from 40 to 95); frames of a camera that does not move were
/// 4.5 and more, cuttings of one cloth 11, and a copy that is shifted by a pixel 80.
const MOST_ROUNDING: f32 = 2.0;
/// Fewer blocks than this prove nothing.
const LEAST_BLOCKS: usize = 4;
/// The mean difference of cells up to which a thumbnail shows the same, in levels: other photographs are at 16 and more.
const NEAR: f32 = 4.0;
/// The difference that one cell in a hundred may exceed: a copy has no spot of its own.
const NEAR_SPOT: f32 = 30.0;
/// A crop's thumbnail is interpolated: it may differ by this share of what one cell differs from the next, and no more
/// than this, in levels.
const CROP_SHARE: f32 = 0.45;
const NEAR_CROP: f32 = 12.0;
/// Without a border a picture keeps its mean colour, in levels, and its cells do not change beyond all likeness.
const NEAR_MEAN: f32 = 12.0;
const FAR: f32 = 45.0;
/// What is left of both sides at most where a crop was enlarged to the former size.
const LEAST_ZOOM: f32 = 0.975;
/// The right window must fit so much better than the whole picture.
const CROP_GAIN: f32 = 0.8;

/// What is kept of a picture.
pub struct Fingerprint {
    size: (u32, u32),
    /// Which of neighbouring cells is brighter, in 64 bits: near for copies, and for much else.
    pub hash: u64,
    cells: Cells,
    blocks: Vec<Block>,
    /// The squared error that the file's own table leaves in each frequency.
    rounding: [f32; FREQUENCIES.len()],
}

struct Block {
    frequencies: [f32; FREQUENCIES.len()],
    flat: bool,
}

impl Fingerprint {
    /// Looks at a picture.
    pub fn of(decoded: &Decoded) -> Self {
        let reduced = fitted(&decoded.picture, REDUCED_SIDE);
        let hash = HasherConfig::with_bytes_type::<[u8; 8]>()
            .to_hasher()
            .hash_image(&reduced);
        let steps = decoded.steps.unwrap_or([1; 64]);
        Self {
            size: decoded.picture.dimensions(),
            hash: u64::from_le_bytes(hash.into_inner()),
            cells: Cells::of(&reduced),
            blocks: blocks(&decoded.picture),
            // A picture that lies on its side in the file has its table transposed: the coarser of both steps holds.
            rounding: FREQUENCIES.map(|(row, column)| {
                let step = f32::from(steps[8 * row + column].max(steps[8 * column + row]));
                step * step / 12.0
            }),
        }
    }

    /// Whether one is a copy of the other: saved again, resized, or cropped a little.
    pub fn is_copy_of(&self, other: &Self) -> bool {
        let difference = self.cells.difference(&other.cells);
        let near = difference.is_some_and(|found| found.mean <= NEAR && found.spot <= NEAR_SPOT);
        if self.size == other.size {
            match self.more_than_rounding(other) {
                _ if difference.is_some() && !near => {}
                Some(ratio) => return ratio <= MOST_ROUNDING,
                // Too small or too flat for blocks: only what is the same to the pixel is the same.
                None => return self.cells.same(&other.cells),
            }
        } else if near && same_shape(self.size, other.size) {
            return true;
        }
        self.shows_crop(other) || other.shows_crop(self)
    }

    /// How much two pictures of one size differ, against what saving them rounds; none where there is too little to see.
    fn more_than_rounding(&self, other: &Self) -> Option<f32> {
        let pairs = self
            .blocks
            .iter()
            .zip(&other.blocks)
            .filter(|(a, b)| !(a.flat && b.flat));
        let mut sum = 0.0;
        let mut count = 0;
        for (a, b) in pairs {
            for n in 0..FREQUENCIES.len() {
                let expected = self.rounding[n] + other.rounding[n] + PIXEL_ROUNDING;
                sum += (a.frequencies[n] - b.frequencies[n]).powi(2) / expected;
            }
            count += 1;
        }
        (count >= LEAST_BLOCKS).then(|| sum / (count * FREQUENCIES.len()) as f32)
    }

    /// Whether `other` shows this picture without a little of its border.
    fn shows_crop(&self, other: &Self) -> bool {
        let alike = self.cells.mean_apart(&other.cells) <= NEAR_MEAN;
        let Some(whole) = self
            .cells
            .difference(&other.cells)
            .filter(|whole| alike && whole.mean <= FAR)
        else {
            return false;
        };
        let (rows, columns) = self.cells.best_window(&other.cells);
        let (width, height) = (self.size.0 as f32 * columns.share(), self.size.1 as f32 * rows.share());
        let shape = (width * other.size.1 as f32) / (height * other.size.0 as f32);
        // Of one size, one must have been enlarged again: a camera or a cutter that moved a little leaves both their size.
        let zoomed = self.size != other.size || rows.share().max(columns.share()) <= LEAST_ZOOM;
        if !(zoomed && (0.96..1.04).contains(&shape)) {
            return false;
        }
        let fit = self.cells.through((rows, columns)).difference(&other.cells);
        fit.is_some_and(|fit| {
            fit.mean <= NEAR_CROP
                && fit.mean <= CROP_SHARE * other.cells.contrast()
                && fit.mean <= CROP_GAIN * whole.mean
                && fit.spot <= 3.0 * NEAR_SPOT
        })
    }
}

/// Whether sides are in one proportion, give or take a pixel.
fn same_shape((width, height): (u32, u32), (other_width, other_height): (u32, u32)) -> bool {
    let (a, b) = (
        f64::from(width) * f64::from(other_height),
        f64::from(height) * f64::from(other_width),
    );
    let pixel = f64::from(width.max(height).max(other_width).max(other_height));
    (a - b).abs() <= 1.5 * pixel
}

/// Blocks of 8 x 8 pixels, on the grid that JPEG uses, spread over the picture.
fn blocks(picture: &RgbImage) -> Vec<Block> {
    let starts = |length: u32| -> Vec<u32> {
        let last = (length / 8).saturating_sub(1) as usize;
        let mut starts: Vec<u32> = (0..BLOCKS).map(|n| 8 * (n * last / (BLOCKS - 1)) as u32).collect();
        starts.dedup();
        starts
    };
    if picture.width() < 8 || picture.height() < 8 {
        return Vec::new();
    }
    let (across, down) = (starts(picture.width()), starts(picture.height()));
    down.iter()
        .flat_map(|&y| across.iter().map(move |&x| block(picture, x, y)))
        .collect()
}

fn block(picture: &RgbImage, left: u32, top: u32) -> Block {
    let brightness = |x: usize, y: usize| {
        let [r, g, b] = picture.get_pixel(left + x as u32, top + y as u32).0.map(f32::from);
        0.299 * r + 0.587 * g + 0.114 * b
    };
    let pixels: [[f32; 8]; 8] = std::array::from_fn(|y| std::array::from_fn(|x| brightness(x, y)));
    let wave = |frequency: usize, at: usize| {
        let scale = if frequency == 0 { 0.125f32.sqrt() } else { 0.5 };
        scale * (std::f32::consts::PI * (2 * at + 1) as f32 * frequency as f32 / 16.0).cos()
    };
    let frequencies = FREQUENCIES.map(|(row, column)| {
        let (rows, columns): ([f32; 8], [f32; 8]) = (
            std::array::from_fn(|at| wave(row, at)),
            std::array::from_fn(|at| wave(column, at)),
        );
        let line = |y: usize| (0..8).map(|x| columns[x] * pixels[y][x]).sum::<f32>();
        (0..8).map(|y| rows[y] * line(y)).sum()
    });
    let all = pixels.as_flattened();
    let least = all.iter().copied().fold(f32::INFINITY, f32::min);
    let most = all.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    Block {
        frequencies,
        flat: most - least < 3.0,
    }
}
