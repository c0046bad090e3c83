//! How long evaluating takes: of embeddings that are there already, random ones.

use std::time::Instant;

use anyhow::{Context, Result};

use super::bench::median;
use crate::clip::Scoring;
use crate::evaluation::{Comparison, Confusion, Embedded, Measures, Projection, Random, Reliability};
use crate::zero_shot::ClassEmbeddings;

const PICTURES: usize = 50_000;
const CLASSES: usize = 1_000;
/// The width of most CLIPs' shared space.
const DIM: usize = 512;
const REPEATS: usize = 3;

fn vectors(random: &mut Random, count: usize, dim: usize) -> Vec<f32> {
    let mut values: Vec<f32> = (0..count * dim)
        .map(|_| random.number() as f32 / u64::MAX as f32 - 0.5)
        .collect();
    for row in values.chunks_exact_mut(dim) {
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        row.iter_mut().for_each(|value| *value /= norm);
    }
    values
}

fn embedded(pictures: usize, classes: usize) -> (Embedded, Vec<usize>) {
    let mut random = Random::seeded(1);
    let labels: Vec<Vec<f32>> = vectors(&mut random, classes + 1, DIM)
        .chunks(DIM)
        .map(<[f32]>::to_vec)
        .collect();
    let (none, labels) = labels
        .split_last()
        .map_or((Vec::new(), &[][..]), |(none, labels)| (none.clone(), labels));
    let embedded = Embedded {
        pictures: vectors(&mut random, pictures, DIM).into(),
        dim: DIM,
        classes: ClassEmbeddings::new(labels, &none),
        scoring: Scoring {
            logit_scale: 100.0,
            logit_bias: None,
        },
    };
    (embedded, (0..pictures).map(|_| random.below(classes)).collect())
}

fn milliseconds(mut work: impl FnMut()) -> f64 {
    let timed = (0..REPEATS).map(|_| {
        let begun = Instant::now();
        work();
        1_000.0 * begun.elapsed().as_secs_f64()
    });
    median(timed.collect())
}

/// All measures in closed form: product, ranks, probabilities, recall, precision, confusion, calibration.
pub fn evaluate_ms() -> Result<f64> {
    let (embedded, truth) = embedded(PICTURES, CLASSES);
    Ok(milliseconds(|| {
        let answers = embedded.answers(&truth);
        let measures = Measures::of(&answers, CLASSES);
        let confusion = Confusion::of(&answers, CLASSES);
        std::hint::black_box((measures, confusion, Reliability::of_answers(&answers)));
    }))
}

/// The matrix product of the same alone.
pub fn product_ms() -> Result<f64> {
    let (embedded, _) = embedded(PICTURES, CLASSES);
    Ok(milliseconds(|| {
        for block in embedded.pictures.chunks(1_024 * DIM) {
            std::hint::black_box(embedded.classes.cosines(block));
        }
    }))
}

/// The interval of the difference of two accuracies.
pub fn bootstrap_ms() -> Result<f64> {
    let mut random = Random::seeded(2);
    let mut right = || -> Vec<f64> {
        (0..PICTURES)
            .map(|_| f64::from(u8::from(random.below(3) > 0)))
            .collect()
    };
    let (before, after) = (right(), right());
    Ok(milliseconds(|| {
        std::hint::black_box(Comparison::of(&before, &after));
    }))
}

/// A map in which neighbours stay neighbours, from its start to its end.
pub fn tsne_s() -> Result<f64> {
    let (embedded, _) = embedded(PICTURES, 2);
    let begun = Instant::now();
    Projection::tsne(&embedded, |_| true).context("the map was given up")?;
    Ok(begun.elapsed().as_secs_f64())
}
