//! What the scores of many pictures for many labels take.

use std::sync::Arc;

use anyhow::{Context, Result};

use crate::clip::Scoring;
use crate::memory::now_mb;
use crate::zero_shot::{Scores, score_all};

const PICTURES: usize = 100_000;
const LABELS: usize = 1_000;
/// Pictures that are scored together.
const PART: usize = 10_000;

/// Memory that is taken by the scores of 100,000 pictures for 1,000 labels, in MiB.
pub fn scores_mb() -> Result<f64> {
    let told = "the system does not tell";
    let before = now_mb().context(told)?;
    let scoring = Scoring {
        logit_scale: 20.0,
        logit_bias: None,
    };
    let mut kept: Vec<Arc<Scores>> = Vec::with_capacity(PICTURES);
    for part in 0..PICTURES / PART {
        let columns = LABELS + 1;
        let cosine = |n: usize| ((part * PART + n) % 9_973) as f32 / 9_973.0;
        let cosines: Vec<f32> = (0..PART * columns).map(cosine).collect();
        kept.extend(score_all(cosines, columns, scoring, 0.0).into_iter().map(Arc::new));
    }
    let after = now_mb().context(told)?;
    // All of them are there until now.
    std::hint::black_box(&kept);
    Ok(after - before)
}
