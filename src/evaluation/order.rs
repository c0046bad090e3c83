//! In which order failures are looked at.

use serde::{Deserialize, Serialize};

use super::answers::{Answer, Embedded};
use super::record::Evaluation;

/// An order of pictures; the first is what is worth a look most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureOrder {
    /// Mistakes, the most confident first.
    #[default]
    Disagreement,
    /// Everything, the smallest margin first.
    Margin,
    /// Everything, the most uncertain first.
    Entropy,
    /// Pictures whose class is likely to be wrong (confident learning, Northcutt et al. 2021, arXiv 1911.00068).
    SuspectLabels,
    /// Copies that are said to be different things.
    CopiesAcrossClasses,
}

impl FailureOrder {
    pub const ALL: [Self; 5] = [
        Self::Disagreement,
        Self::Margin,
        Self::Entropy,
        Self::SuspectLabels,
        Self::CopiesAcrossClasses,
    ];

    /// Whether it says something of pictures with captions: each caption stands for one picture, so that no label can be
    /// suspect, and every copy is one across captions.
    pub fn is_of_captions(self) -> bool {
        !matches!(self, Self::SuspectLabels | Self::CopiesAcrossClasses)
    }

    /// As it is called in the window and in reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Disagreement => "most confident mistakes first",
            Self::Margin => "smallest margin first",
            Self::Entropy => "most uncertain first",
            Self::SuspectLabels => "suspect labels",
            Self::CopiesAcrossClasses => "copies across classes",
        }
    }
}

/// Pictures in an order. Labels that are suspect are found by [`suspects`], from vectors; copies need facts.
pub fn ordered(evaluation: &Evaluation, order: FailureOrder) -> Vec<usize> {
    let by = |keep: fn(&Answer) -> bool, key: fn(&Answer) -> f32| {
        let answer = |place: usize| &evaluation.pictures[place].answer;
        let mut places: Vec<usize> = (0..evaluation.pictures.len())
            .filter(|place| keep(answer(*place)))
            .collect();
        places.sort_by(|a, b| key(answer(*a)).total_cmp(&key(answer(*b))).then(a.cmp(b)));
        places
    };
    match order {
        FailureOrder::Disagreement => by(
            |answer| !answer.right(),
            |answer| answer.of_truth.probability - answer.confidence(),
        ),
        FailureOrder::Margin => by(|_| true, |answer| answer.margin),
        FailureOrder::Entropy => by(|_| true, |answer| -answer.entropy),
        FailureOrder::SuspectLabels => Vec::new(),
        FailureOrder::CopiesAcrossClasses => across_classes(evaluation),
    }
}

/// A picture whose class is likely to be another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    pub place: usize,
    /// What it is likely to be.
    pub likely: usize,
    /// The probability of that, less that of what it is said to be.
    pub lead: f32,
}

/// Confident learning: a picture counts for a class where that class's probability is no less than its mean over the
/// pictures that are said to show it; one that counts for another class, and for that most of all, is suspect. The largest
/// lead comes first.
pub fn suspects(embedded: &Embedded, answers: &[&Answer]) -> Vec<Suspect> {
    let classes = embedded.classes.labels();
    let mut sums = vec![(0.0f64, 0usize); classes];
    for answer in answers {
        sums[answer.truth].0 += f64::from(answer.of_truth.probability);
        sums[answer.truth].1 += 1;
    }
    // A class without pictures has no mean to reach.
    let thresholds: Vec<f64> = sums
        .iter()
        .map(|(sum, count)| if *count == 0 { 2.0 } else { sum / *count as f64 })
        .collect();
    let scale = embedded.scoring.logit_scale;
    let found = embedded.each(|place, cosines| {
        let labels = &cosines[..classes];
        let largest = labels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = labels.iter().map(|cosine| (scale * (cosine - largest)).exp()).sum();
        let probability = |class: usize| (scale * (labels[class] - largest)).exp() / sum;
        let counts = (0..classes).filter(|class| f64::from(probability(*class)) >= thresholds[*class]);
        let likely = counts.max_by(|a, b| labels[*a].total_cmp(&labels[*b]))?;
        (likely != answers[place].truth).then(|| Suspect {
            place,
            likely,
            lead: probability(likely) - probability(answers[place].truth),
        })
    });
    let mut suspects: Vec<Suspect> = found.into_iter().flatten().collect();
    suspects.sort_by(|a, b| b.lead.total_cmp(&a.lead).then(a.place.cmp(&b.place)));
    suspects
}

/// Pictures that have a copy in another class, copies beside each other.
fn across_classes(evaluation: &Evaluation) -> Vec<usize> {
    let group = |place: usize| evaluation.facts.get(place).map(|facts| facts.group);
    let class = |place: usize| evaluation.pictures[place].answer.truth;
    let count = evaluation.pictures.len();
    let mut of_group: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
    for place in 0..count {
        if let Some(group) = group(place) {
            of_group.entry(group).or_default().push(place);
        }
    }
    let across = of_group
        .into_values()
        .filter(|places| places.iter().any(|place| class(*place) != class(places[0])));
    across.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::Facts;
    use crate::evaluation::tests::made;

    #[test]
    fn orders_begin_with_what_is_worth_a_look_most() {
        let mut evaluation = made(&[0, 0, 1, 1], &[0, 1, 1, 0]);
        let numbers = [(0.2, 0.3, 0.9), (0.9, 0.1, 0.6), (0.5, 0.2, 0.7), (0.9, 0.05, 0.8)];
        for (picture, (entropy, margin, confidence)) in evaluation.pictures.iter_mut().zip(numbers) {
            let answer = &mut picture.answer;
            (answer.entropy, answer.margin) = (entropy, margin);
            answer.best[0].probability = confidence;
            answer.of_truth.probability = 0.1;
        }
        assert_eq!(
            ordered(&evaluation, FailureOrder::Entropy),
            [1, 3, 2, 0],
            "of equal ones the first"
        );
        assert_eq!(ordered(&evaluation, FailureOrder::Margin), [3, 1, 2, 0]);
        assert_eq!(
            ordered(&evaluation, FailureOrder::Disagreement),
            [3, 1],
            "mistakes alone"
        );
    }

    #[test]
    fn copies_come_together_where_they_are_said_to_be_different_things() {
        let mut evaluation = made(&[0, 1, 1, 0, 1, 2], &[0, 1, 1, 0, 1, 2]);
        assert!(
            ordered(&evaluation, FailureOrder::CopiesAcrossClasses).is_empty(),
            "nothing is known yet"
        );
        let known = |group: usize| Facts {
            content: String::new(),
            size: (1, 1),
            brightness: 0.5,
            sharpness: 0.5,
            group,
        };
        // The first and the last are copies, and so are the third and the fifth, of which both are of one class.
        evaluation.facts = [0, 1, 2, 3, 2, 0].map(known).to_vec();
        assert_eq!(ordered(&evaluation, FailureOrder::CopiesAcrossClasses), [0, 5]);
    }
}
