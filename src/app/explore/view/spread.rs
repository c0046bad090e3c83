//! The histogram of the pictures' numbers, for the slider that bounds them.

/// Columns of the histogram above the slider.
pub const BINS: usize = 32;

/// The numbers of the answers that pass the other filters: between what the slider goes, and what is where.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// The least and the greatest.
    pub range: (f32, f32),
    /// How many are where between them.
    pub bins: [u32; BINS],
}

pub(super) fn spread(numbers: &[f32]) -> Option<Spread> {
    let ends = (f32::INFINITY, f32::NEG_INFINITY);
    let range = numbers.iter().fold(ends, |(low, high), &n| (low.min(n), high.max(n)));
    let span = range.1 - range.0;
    if span.is_nan() || span <= 0.0 || !span.is_finite() {
        return None;
    }
    let mut bins = [0; BINS];
    for number in numbers {
        let bin = ((number - range.0) / span * BINS as f32) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    Some(Spread { range, bins })
}
