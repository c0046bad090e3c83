//! What a model answers to each picture, beside what the picture shows.

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::clip::Scoring;
use crate::zero_shot::ClassEmbeddings;

/// Answers that are kept of a picture.
pub const KEPT: usize = 5;
/// Pictures that are multiplied together.
const BLOCK: usize = 1_024;

/// An answer to a picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// Its place among the classes, or among all captions.
    pub class: usize,
    /// Its cosine with the picture.
    pub cosine: f32,
    /// Its share of the softmax over the classes, at the model's own scale. (Also for models that were trained with
    /// sigmoids: of the classes one is right, and the bias cancels out.)
    pub probability: f32,
}

/// What a model answers to one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The place of the class that it shows, or of its own best caption.
    pub truth: usize,
    /// The five best classes, the best first.
    pub best: Vec<Ranked>,
    /// The true class as the model ranks it.
    pub of_truth: Ranked,
    /// How many classes are ranked before the true one.
    pub rank: usize,
    /// The best cosine less the next one.
    pub margin: f32,
    /// The entropy of the probabilities, in nats.
    pub entropy: f32,
    /// The cosine with "none of these".
    pub none_cosine: f32,
}

impl Answer {
    /// Whether the best class is the true one.
    pub fn right(&self) -> bool {
        self.rank == 0
    }

    /// The class that is answered.
    pub fn answered(&self) -> usize {
        self.best.first().map_or(self.of_truth.class, |best| best.class)
    }

    /// The probability of what is answered.
    pub fn confidence(&self) -> f32 {
        self.best.first().map_or(0.0, |best| best.probability)
    }
}

/// Unit vectors of pictures and of classes: what every answer comes from.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// `[pictures, dim]`, row by row; shared, since other classes are tried on the same pictures.
    pub pictures: Arc<Vec<f32>>,
    /// Numbers in a row.
    pub dim: usize,
    /// The classes, and "none of these".
    pub classes: ClassEmbeddings,
    /// From cosine to logit.
    pub scoring: Scoring,
}

impl Embedded {
    pub fn len(&self) -> usize {
        self.pictures.len() / self.dim.max(1)
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// A picture's vector.
    pub fn picture(&self, place: usize) -> &[f32] {
        &self.pictures[place * self.dim..(place + 1) * self.dim]
    }

    /// For each picture in order, what is made of its cosines with the classes (and, last, with "none of these").
    pub fn each<T: Send>(&self, of: impl Fn(usize, &[f32]) -> T + Sync) -> Vec<T> {
        let mut all = Vec::with_capacity(self.len());
        let columns = self.classes.labels() + 1;
        for (n, block) in self.pictures.chunks(BLOCK * self.dim.max(1)).enumerate() {
            let cosines = self.classes.cosines(block);
            let rows = cosines.par_chunks(columns).enumerate();
            all.par_extend(rows.map(|(row, cosines)| of(n * BLOCK + row, cosines)));
        }
        all
    }

    /// The answers to pictures of which is known what they show.
    pub fn answers(&self, truth: &[usize]) -> Vec<Answer> {
        let scale = self.scoring.logit_scale;
        self.each(|place, cosines| answer(truth[place], cosines, scale))
    }

    /// The answers to pictures that have captions, where the classes are these captions: of a picture's own, the one that
    /// is nearest to it counts as the truth. `own` are the places of each picture's captions.
    pub fn answers_in_captions(&self, own: &[Vec<usize>]) -> Vec<Answer> {
        let scale = self.scoring.logit_scale;
        self.each(|place, cosines| {
            let nearest = own[place]
                .iter()
                .copied()
                .reduce(|best, next| if cosines[next] > cosines[best] { next } else { best });
            answer(nearest.unwrap_or(0), cosines, scale)
        })
    }
}

/// One answer, from a row of cosines of which the last is that of "none of these".
pub fn answer(truth: usize, cosines: &[f32], scale: f32) -> Answer {
    let (&none_cosine, labels) = cosines.split_last().unwrap_or((&0.0, &[]));
    let best = best_of(labels);
    let largest = best.first().map_or(0.0, |place| labels[*place]);
    // In one pass: the sums of e^z and of z e^z, from which the entropy follows, and what is ranked before the truth; of
    // equal scores the first class is answered, and so it is ranked.
    let own = labels[truth];
    let (mut sum, mut weighted, mut rank) = (0.0f32, 0.0f32, 0);
    for (n, cosine) in labels.iter().enumerate() {
        let z = scale * (cosine - largest);
        let e = z.exp();
        sum += e;
        weighted += z * e;
        rank += usize::from(*cosine > own || (*cosine == own && n < truth));
    }
    let ranked = |class: usize| Ranked {
        class,
        cosine: labels[class],
        probability: (scale * (labels[class] - largest)).exp() / sum,
    };
    Answer {
        truth,
        rank,
        margin: best
            .get(1)
            .map_or(largest - none_cosine, |next| largest - labels[*next]),
        entropy: (sum.ln() - weighted / sum).max(0.0),
        none_cosine,
        of_truth: ranked(truth),
        best: best.into_iter().map(ranked).collect(),
    }
}

/// The places of the highest values, the highest first; of equal ones the first.
fn best_of(values: &[f32]) -> Vec<usize> {
    let mut best: Vec<usize> = Vec::with_capacity(KEPT + 1);
    for (place, value) in values.iter().enumerate() {
        if best.len() == KEPT && *value <= values[best[KEPT - 1]] {
            continue;
        }
        let at = best.partition_point(|other| values[*other] >= *value);
        best.insert(at, place);
        best.truncate(KEPT);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ranks_the_truth_among_all_classes() {
        let found = answer(2, &[0.1, 0.3, 0.2, 0.25, 0.0, -0.1, 0.05], 10.0);
        let order: Vec<usize> = found.best.iter().map(|best| best.class).collect();
        assert_eq!((order, found.rank, found.right()), (vec![1, 3, 2, 0, 4], 2, false));
        assert!((found.margin - 0.05).abs() < 1e-6);
        let exponentials: Vec<f64> = [0.1, 0.3, 0.2, 0.25, 0.0, -0.1].map(|c: f64| (10.0 * c).exp()).to_vec();
        let sum: f64 = exponentials.iter().sum();
        let shares: Vec<f64> = exponentials.iter().map(|e| e / sum).collect();
        assert!((f64::from(found.confidence()) - shares[1]).abs() < 1e-6);
        assert!((f64::from(found.of_truth.probability) - shares[2]).abs() < 1e-6);
        let entropy: f64 = shares.iter().map(|p| -p * p.ln()).sum();
        assert!(
            (f64::from(found.entropy) - entropy).abs() < 1e-5,
            "{} {entropy}",
            found.entropy
        );
    }

    #[test]
    fn of_equal_scores_the_first_class_is_answered() {
        let tied = answer(1, &[0.2, 0.2, 0.1, 0.0], 10.0);
        assert_eq!((tied.answered(), tied.rank, tied.margin), (0, 1, 0.0));
        assert_eq!(answer(0, &[0.2, 0.2, 0.1, 0.0], 10.0).rank, 0);
    }

    #[test]
    fn rows_come_in_order_across_blocks() {
        let classes = ClassEmbeddings::new(&[vec![1.0, 0.0], vec![0.0, 1.0]], &[0.6, 0.8]);
        let embedded = Embedded {
            pictures: (0..3_000)
                .flat_map(|n| [f32::from(u8::from(n % 3 == 0)), f32::from(u8::from(n % 3 != 0))])
                .collect::<Vec<f32>>()
                .into(),
            dim: 2,
            classes,
            scoring: Scoring::default(),
        };
        let truth: Vec<usize> = (0..3_000).map(|n| usize::from(n % 3 != 0)).collect();
        assert!(embedded.answers(&truth).iter().all(Answer::right));
    }
}
