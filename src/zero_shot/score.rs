//! Class embeddings, and what they say about a picture.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use crate::clip::Scoring;

/// Rows that are multiplied together.
pub const BLOCK_ROWS: usize = 64;

/// Unit vectors of the labels, and last that of "none of these".
#[derive(Debug, Clone)]
pub struct ClassEmbeddings {
    /// `[labels + 1, dim]`, row by row.
    values: Vec<f32>,
    /// The same, as products take it: made once, and never copied.
    matrix: Tensor<2>,
    dim: usize,
}

/// A picture's cosines with each label: a row of the one matrix that many pictures share.
#[derive(Clone)]
pub struct Cosines {
    matrix: Arc<Vec<f32>>,
    row: Range<usize>,
}

impl Deref for Cosines {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.matrix[self.row.clone()]
    }
}

impl PartialEq for Cosines {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Cosines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// What a model says about one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Cosine with each label.
    pub cosines: Cosines,
    /// What makes probabilities of them.
    scoring: Scoring,
    softmax: Softmax,
    /// The label with the highest cosine; none where there are no labels.
    pub best: Option<usize>,
    /// The best label's lead over the next one in cosine (over "none of these" where it is alone).
    pub margin: f32,
    /// Cosine with "none of these".
    pub none_cosine: f32,
    /// Softmax share of "none of these" among the labels and itself, or its own sigmoid.
    pub none_score: f32,
    /// Whether "none of these" beats every label.
    pub none_won: bool,
}

/// Mean of normalised embeddings, normalised again: one class from several prompts.
pub fn class_embedding<'a>(prompts: impl IntoIterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    for prompt in prompts {
        sum.resize(prompt.len(), 0.0);
        for (total, value) in sum.iter_mut().zip(prompt) {
            *total += value;
        }
    }
    let norm = sum.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    sum.iter().map(|v| v / norm).collect()
}

impl ClassEmbeddings {
    /// From one unit vector a label, in order, and that of "none of these".
    pub fn new(labels: &[Vec<f32>], none: &[f32]) -> Self {
        let values: Vec<f32> = labels.iter().flatten().chain(none).copied().collect();
        let matrix = TensorData::new(values.clone(), [labels.len() + 1, none.len()]);
        Self {
            matrix: Tensor::from_data(matrix, &Device::flex()),
            values,
            dim: none.len(),
        }
    }

    /// Number of labels, "none of these" not counted.
    pub fn labels(&self) -> usize {
        self.values.len() / self.dim.max(1) - 1
    }

    /// Unit vectors of the labels alone, `[labels, dim]` row by row, and `dim`.
    pub fn label_values(&self) -> (&[f32], usize) {
        (&self.values[..self.labels() * self.dim], self.dim)
    }

    /// The unit vector of a label, or that of "none of these" behind them.
    pub fn row(&self, place: usize) -> &[f32] {
        &self.values[place * self.dim..(place + 1) * self.dim]
    }

    /// Unit vectors of the labels, and last that of "none of these", `[labels + 1, dim]` row by row, and `dim`.
    pub fn all_values(&self) -> (&[f32], usize) {
        (&self.values, self.dim)
    }

    /// Cosines of unit vectors `[pictures, dim]` with every class: one row of `labels + 1` a picture.
    ///
    /// One matrix product on the CPU, whichever device embedded the pictures: moving 10,000 embeddings costs more
    /// than multiplying them. Rows are filled up to whole blocks, since a product of few rows takes another path and
    /// rounds otherwise: a picture has the same score alone and among others.
    pub fn cosines(&self, pictures: &[f32]) -> Vec<f32> {
        let classes = self.values.len() / self.dim.max(1);
        let count = pictures.len() / self.dim.max(1);
        if count == 0 {
            return Vec::new();
        }
        let device = Device::flex();
        let rows = count.next_multiple_of(BLOCK_ROWS);
        let mut filled = pictures.to_vec();
        filled.resize(rows * self.dim, 0.0);
        let pictures = TensorData::new(filled, [rows, self.dim]);
        // [pictures, dim] x [dim, labels + 1]
        let product = Tensor::<2>::from_data(pictures, &device).matmul(self.matrix.clone().transpose());
        let mut cosines = product.into_data().try_to_vec().unwrap_or_default();
        cosines.truncate(count * classes);
        cosines
    }
}

/// Scores from one row of [`ClassEmbeddings::cosines`].
///
/// `none_bias` is added to the cosine of "none of these" before it competes.
pub fn score(cosines: &[f32], scoring: Scoring, none_bias: f32) -> Scores {
    let row = 0..cosines.len();
    score_row(&Arc::new(cosines.to_vec()), row, scoring, none_bias)
}

/// Scores of many pictures, one row of [`ClassEmbeddings::cosines`] each; all share its memory.
pub fn score_all(cosines: Vec<f32>, columns: usize, scoring: Scoring, none_bias: f32) -> Vec<Scores> {
    let matrix = Arc::new(cosines);
    let rows = (0..matrix.len() / columns.max(1)).map(|n| n * columns..(n + 1) * columns);
    rows.map(|row| score_row(&matrix, row, scoring, none_bias)).collect()
}

fn score_row(matrix: &Arc<Vec<f32>>, row: Range<usize>, scoring: Scoring, none_bias: f32) -> Scores {
    let (&none_cosine, labels) = matrix[row.clone()].split_last().unwrap_or((&0.0, &[]));
    let ranked = ranked_two(labels);
    let best = ranked.first().copied();
    let best_cosine = best.map_or(f32::NEG_INFINITY, |i| labels[i]);
    let runner_up = ranked.get(1).map_or(none_cosine, |&i| labels[i]);
    let biased = none_cosine + none_bias;
    let with_none = Softmax::of(labels.iter().copied().chain([biased]), scoring.logit_scale);
    Scores {
        cosines: Cosines {
            matrix: matrix.clone(),
            row: row.start..row.start + labels.len(),
        },
        scoring,
        softmax: Softmax::of(labels.iter().copied(), scoring.logit_scale),
        best,
        margin: if best.is_some() { best_cosine - runner_up } else { 0.0 },
        none_cosine,
        none_score: probability(biased, scoring, with_none),
        none_won: biased > best_cosine,
    }
}

impl Scores {
    /// A label's softmax of `logit_scale * cosine` over the labels alone; for a model with a `logit_bias`, its sigmoid by
    /// itself.
    pub fn probability(&self, label: usize) -> f32 {
        probability(self.cosines[label], self.scoring, self.softmax)
    }

    /// The same for all labels, in their order.
    pub fn probabilities(&self) -> impl Iterator<Item = f32> + '_ {
        (0..self.cosines.len()).map(|label| self.probability(label))
    }
}

fn ranked_two(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    if order.len() > 2 {
        order.select_nth_unstable_by(1, |&a, &b| values[b].total_cmp(&values[a]));
        order.truncate(2);
    }
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order
}

/// What a softmax divides by: from these two numbers and a cosine follows its share.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Softmax {
    largest: f32,
    sum: f32,
}

impl Softmax {
    fn of(cosines: impl Iterator<Item = f32> + Clone, logit_scale: f32) -> Self {
        let largest = cosines.clone().fold(f32::NEG_INFINITY, f32::max);
        let sum = cosines.map(|cosine| ((cosine - largest) * logit_scale).exp()).sum();
        Self { largest, sum }
    }
}

fn probability(cosine: f32, scoring: Scoring, softmax: Softmax) -> f32 {
    match scoring.logit_bias {
        Some(_) => sigmoid(scoring.logit(cosine)),
        None => ((cosine - softmax.largest) * scoring.logit_scale).exp() / softmax.sum,
    }
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOFTMAX: Scoring = Scoring {
        logit_scale: 100.0,
        logit_bias: None,
    };

    #[test]
    fn a_model_with_a_bias_judges_every_label_by_itself() {
        let sigmoid = Scoring {
            logit_scale: 100.0,
            logit_bias: Some(-10.0),
        };
        let scores = score(&[0.1, 0.2, 0.3], sigmoid, 0.0);
        assert!((scores.probability(0) - 0.5).abs() < 1e-4);
        assert!(scores.probability(1) > 0.9999);
        assert!(scores.none_won && scores.none_score > 0.9999);
    }

    #[test]
    fn an_ensemble_is_the_normalised_mean() {
        let class = class_embedding([[1.0, 0.0].as_slice(), [0.0, 1.0].as_slice()]);
        assert!((class[0] - 0.5f32.sqrt()).abs() < 1e-6);
        assert!((class[1] - 0.5f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn cosines_are_one_row_a_picture() {
        let classes = ClassEmbeddings::new(&[vec![1.0, 0.0], vec![0.0, 1.0]], &[0.6, 0.8]);
        let cosines = classes.cosines(&[1.0, 0.0, 0.6, 0.8]);
        let expected = [1.0, 0.0, 0.6, 0.6, 0.8, 1.0];
        assert!(
            cosines.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6),
            "{cosines:?}"
        );
    }

    #[test]
    fn a_picture_scores_the_same_alone_and_among_others() {
        let unit = |seed: usize| -> Vec<f32> {
            (0..384)
                .map(|i| ((i * 31 + seed * 17) % 97) as f32 / 97.0 - 0.5)
                .collect()
        };
        let labels: Vec<Vec<f32>> = (0..5).map(unit).collect();
        let classes = ClassEmbeddings::new(&labels, &unit(9));
        let pictures: Vec<f32> = (0..150).flat_map(|n| unit(100 + n)).collect();
        let together = classes.cosines(&pictures);
        for (row, picture) in together.chunks(6).zip(pictures.chunks(384)) {
            assert_eq!(row, classes.cosines(picture));
        }
    }

    #[test]
    fn probabilities_sum_to_one_over_the_labels_alone() {
        let scores = score(&[0.3, 0.2, 0.25], SOFTMAX, 0.0);
        assert!((scores.probabilities().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(scores.best, Some(0));
        assert!((scores.margin - 0.1).abs() < 1e-6);
        assert!(!scores.none_won);
    }

    #[test]
    fn many_pictures_share_one_matrix_and_score_as_each_alone() {
        let rows = [0.3, 0.2, 0.25, 0.1, 0.4, 0.35];
        let all = score_all(rows.to_vec(), 3, SOFTMAX, 0.01);
        assert_eq!(all.len(), 2);
        for (scores, row) in all.iter().zip(rows.chunks(3)) {
            assert_eq!(*scores, score(row, SOFTMAX, 0.01));
        }
        assert!(Arc::ptr_eq(&all[0].cosines.matrix, &all[1].cosines.matrix));
    }

    #[test]
    fn none_of_these_wins_above_every_label_and_obeys_its_bias() {
        assert!(score(&[0.2, 0.1, 0.25], SOFTMAX, 0.0).none_won);
        assert!(!score(&[0.2, 0.1, 0.25], SOFTMAX, -0.1).none_won);
        let alone = score(&[0.25], SOFTMAX, 0.0);
        assert_eq!(alone.best, None);
        assert!(alone.none_won && (alone.none_score - 1.0).abs() < 1e-6);
    }
}
