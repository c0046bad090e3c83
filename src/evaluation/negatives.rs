//! "None of these" against pictures that show none of the classes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::interval::{Interval, share_interval};
use crate::lossless::Lossless;

/// The share of the classes' own pictures that must stay theirs.
const RECALL: f64 = 0.95;
/// Points of the threshold curve.
const POINTS: usize = 101;

/// How well pictures of the classes are told from others.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Negatives {
    /// Pictures that show none of the classes.
    pub count: usize,
    /// The probability that a picture of a class leads "none of these" by more than another picture does (the area under
    /// the ROC curve).
    pub auroc: f64,
    /// The share of the others that is taken for a class where 95 % of the classes' own are.
    pub fpr95: f64,
    /// The lead from which 95 % of the classes' own are taken.
    pub threshold95: f64,
    /// What each threshold does, from the lowest to the highest.
    pub curve: Vec<Threshold>,
    /// The pictures of none, where they are files.
    #[serde(default)]
    #[serde_as(as = "Vec<Lossless>")]
    pub files: Vec<PathBuf>,
    /// The lead of each of them.
    #[serde(default)]
    pub leads: Vec<f64>,
}

/// What is taken for a class from a lead on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The least lead of the best class over "none of these", in cosine.
    pub lead: f64,
    /// The share of the classes' own pictures that have it.
    pub kept: f64,
    /// The share of the others that have it.
    pub mistaken: f64,
}

impl Negatives {
    /// Of the leads of the best class over "none of these": of pictures of the classes, and of others. None where either
    /// has none.
    pub fn of(own: &[f64], others: &[f64]) -> Option<Self> {
        if own.is_empty() || others.is_empty() {
            return None;
        }
        let leads = others.to_vec();
        let (own, others) = (sorted(own), sorted(others));
        let from = |leads: &[f64], lead: f64| {
            (leads.len() - leads.partition_point(|value| *value < lead)) as f64 / leads.len() as f64
        };
        // The highest lead that enough of the classes' own reach.
        let needed = (RECALL * own.len() as f64).ceil() as usize;
        let threshold95 = own[own.len() - needed.clamp(1, own.len())];
        let (low, high) = (own[0].min(others[0]), own[own.len() - 1].max(others[others.len() - 1]));
        let at = |point: usize| {
            let lead = low + (high - low) * point as f64 / (POINTS - 1) as f64;
            Threshold {
                lead,
                kept: from(&own, lead),
                mistaken: from(&others, lead),
            }
        };
        Some(Self {
            count: others.len(),
            auroc: auroc(&own, &others),
            fpr95: from(&others, threshold95),
            threshold95,
            curve: (0..POINTS).map(at).collect(),
            files: Vec::new(),
            leads,
        })
    }

    /// Whether its figures are shares of pictures, and no file has another one's lead: what comes from a file may be anything.
    pub fn is_sound(&self) -> bool {
        let share = |value: &f64| (0.0..=1.0).contains(value);
        let counted = self.leads.is_empty() || self.leads.len() == self.count;
        let named = self.files.is_empty() || self.leads.is_empty() || self.files.len() == self.leads.len();
        let drawn = self
            .curve
            .iter()
            .all(|point| share(&point.kept) && share(&point.mistaken));
        counted && named && drawn && self.count > 0 && share(&self.auroc) && share(&self.fpr95)
    }

    /// The share of the others that is taken for a class where 95 % of the classes' own are, with its interval.
    pub fn mistaken(&self) -> Option<Interval> {
        share_interval((self.fpr95 * self.count as f64).round() as usize, self.count)
    }

    /// The pictures of none that are taken for a class there, the largest lead first.
    pub fn mistaken_files(&self) -> Vec<&Path> {
        let mut taken: Vec<(&f64, &PathBuf)> = self.leads.iter().zip(&self.files).collect();
        taken.retain(|(lead, _)| **lead >= self.threshold95);
        taken.sort_by(|a, b| b.0.total_cmp(a.0).then(a.1.cmp(b.1)));
        taken.into_iter().map(|(_, file)| file.as_path()).collect()
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Of sorted values; a tie counts half.
fn auroc(own: &[f64], others: &[f64]) -> f64 {
    let below = |value: f64| {
        let less = others.partition_point(|other| *other < value);
        let not_more = others.partition_point(|other| *other <= value);
        (less + not_more) as f64 / 2.0
    };
    own.iter().map(|value| below(*value)).sum::<f64>() / (own.len() * others.len()) as f64
}
