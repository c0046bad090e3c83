//! One map: numbers over the model's input square.

use super::methods::Neutral;
use crate::heatmap::HeatmapMethod;

/// One map over the model's input square.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    pub method: HeatmapMethod,
    /// Cells from top to bottom.
    pub rows: usize,
    /// Cells from left to right.
    pub columns: usize,
    /// The share of the square's sides that the cells cover, from the left and from the top: all of it, but for towers
    /// whose side is no multiple of their patch. No token sees the rest.
    pub covers: f32,
    /// Row by row; what a value means depends on the method (a cosine for ClearCLIP).
    pub values: Vec<f32>,
}

impl HeatMap {
    /// Smallest and largest value.
    pub fn range(&self) -> (f32, f32) {
        range(&self.values)
    }

    /// The value that speaks neither for the label nor against it.
    pub fn neutral(&self) -> f32 {
        match super::card(self.method).neutral {
            Neutral::Zero => 0.0,
            Neutral::Mean => self.values.iter().sum::<f32>() / self.values.len().max(1) as f32,
        }
    }

    /// What speaks for the label in each cell: the value above neutral, or 0.
    pub fn positive(&self) -> Vec<f32> {
        let neutral = self.neutral();
        self.values.iter().map(|value| (value - neutral).max(0.0)).collect()
    }

    /// What its numbers are, in a few words.
    pub fn unit(&self) -> &'static str {
        let about = super::card(self.method);
        match (self.method, about.neutral) {
            (HeatmapMethod::Occlusion, _) => "fall of the cosine",
            (_, Neutral::Mean) => "cosine",
            (_, Neutral::Zero) => "evidence",
        }
    }

    /// Half of the way from what says nothing to the maximum.
    pub fn half(&self) -> f32 {
        let (neutral, (_, high)) = (self.neutral(), self.range());
        neutral + (high - neutral) / 2.0
    }

    /// The cells from the highest value to the lowest.
    pub fn ranked_cells(&self) -> Vec<usize> {
        let mut cells: Vec<usize> = (0..self.values.len()).collect();
        cells.sort_by(|&a, &b| self.values[b].total_cmp(&self.values[a]));
        cells
    }

    /// Whether a place, in 0..1 of the input square, lies in a cell.
    pub fn covers(&self, x: f32, y: f32) -> bool {
        let within = 0.0..self.covers;
        within.contains(&x) && within.contains(&y)
    }

    /// The value of the cell at `x` and `y` in 0..1 of the input square; beyond the cells, of the nearest.
    pub fn cell(&self, x: f32, y: f32) -> f32 {
        let place = |position: f32, cells: usize| ((position / self.covers * cells as f32) as usize).min(cells - 1);
        self.values[place(y, self.rows) * self.columns + place(x, self.columns)]
    }

    /// The map interpolated between cell centres, at `x` and `y` in 0..1 of the input square.
    pub fn sample(&self, x: f32, y: f32) -> f32 {
        let axis = |position: f32, cells: usize| {
            let at = (position / self.covers * cells as f32 - 0.5).clamp(0.0, (cells - 1) as f32);
            let low = at.floor();
            (low as usize, (low as usize + 1).min(cells - 1), at - low)
        };
        let (left, right, u) = axis(x, self.columns);
        let (top, bottom, v) = axis(y, self.rows);
        let at = |row: usize, column: usize| self.values[row * self.columns + column];
        let upper = at(top, left) * (1.0 - u) + at(top, right) * u;
        let lower = at(bottom, left) * (1.0 - u) + at(bottom, right) * u;
        upper * (1.0 - v) + lower * v
    }
}

/// Smallest and largest of values.
pub fn range(values: &[f32]) -> (f32, f32) {
    values
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(method: HeatmapMethod) -> HeatMap {
        HeatMap {
            method,
            rows: 2,
            columns: 2,
            covers: 1.0,
            values: vec![0.0, 1.0, 2.0, 3.0],
        }
    }

    #[test]
    fn sampling_meets_the_cells_at_their_centres() {
        let map = map(HeatmapMethod::ClearClip);
        assert_eq!(map.sample(0.25, 0.25), 0.0);
        assert_eq!(map.sample(0.75, 0.75), 3.0);
        assert_eq!(map.sample(0.5, 0.25), 0.5);
        assert_eq!(map.sample(0.0, 0.0), 0.0);
        assert_eq!(map.cell(0.51, 0.49), 1.0);
        assert_eq!(map.cell(1.0, 1.0), 3.0);
        assert_eq!(map.range(), (0.0, 3.0));
        assert_eq!(map.ranked_cells(), [3, 2, 1, 0]);
    }

    #[test]
    fn cells_that_end_before_the_square_stay_where_their_patches_are() {
        let map = HeatMap {
            covers: 0.5,
            ..map(HeatmapMethod::ClearClip)
        };
        assert_eq!(map.sample(0.125, 0.125), 0.0);
        assert_eq!(map.sample(0.375, 0.375), 3.0);
        assert_eq!((map.cell(0.26, 0.24), map.cell(0.9, 0.9)), (1.0, 3.0));
        assert!(map.covers(0.49, 0.49) && !map.covers(0.51, 0.2) && !map.covers(0.2, 0.51));
    }

    #[test]
    fn cosines_are_neutral_at_their_mean_and_evidence_at_zero() {
        assert_eq!(map(HeatmapMethod::ClearClip).positive(), [0.0, 0.0, 0.5, 1.5]);
        assert_eq!(map(HeatmapMethod::Occlusion).positive(), [0.0, 1.0, 2.0, 3.0]);
    }
}
