//! Training, validation and test: by seed, every class in each, near-duplicates on one side.

use serde::{Deserialize, Serialize};

use super::Dataset;

/// The share of a class that is tested on, and that validates.
const TEST: f64 = 0.2;
const VALIDATION: f64 = 0.2;
/// With few shots, choosing by more pictures than were learnt from would be no few-shot learning (Zhou et al. 2022,
/// arXiv 2109.01134, uses as many).
const MAX_FEW_SHOT_VALIDATION: usize = 4;

/// Places of examples.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// To learn from.
    pub train: Vec<usize>,
    /// To choose by.
    pub validation: Vec<usize>,
    /// To measure with, once.
    pub test: Vec<usize>,
}

/// Splits examples by seed. `groups` names for each one the first that is nearly the same; `shots` are taken of each
/// class, or all. More shots of the same seed contain the fewer.
pub fn split(dataset: &Dataset, groups: &[usize], shots: Option<usize>, seed: u64) -> Split {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut split = Split::default();
    let classes = dataset.classes.len().max(1);
    let class_of = |place: usize| dataset.examples[place].class.unwrap_or(0);
    for class in 0..classes {
        let firsts = (0..groups.len()).filter(|&place| groups[place] == place && class_of(place) == class);
        let mut firsts: Vec<usize> = firsts.collect();
        random.shuffle(&mut firsts);
        let members = |first: usize| (0..groups.len()).filter(move |&place| groups[place] == first);
        let total: usize = firsts.iter().map(|&first| members(first).count()).sum();
        let quota = |share: f64| ((total as f64 * share).round() as usize).max(usize::from(total > 2));
        let (mut test, mut validation, mut train) = (Vec::new(), Vec::new(), Vec::new());
        for first in firsts {
            let side = if test.len() < quota(TEST) {
                &mut test
            } else if validation.len() < quota(VALIDATION) {
                &mut validation
            } else {
                &mut train
            };
            side.extend(members(first));
        }
        if let (Some(shots), true) = (shots, dataset.has_classes()) {
            train.truncate(shots);
            validation.truncate(shots.clamp(1, MAX_FEW_SHOT_VALIDATION));
        }
        split.test.extend(test);
        split.validation.extend(validation);
        split.train.extend(train);
    }
    if let (Some(shots), false) = (shots, dataset.has_classes()) {
        split.train.truncate(shots);
    }
    split
}

#[cfg(test)]
mod tests {
    use super::super::Example;
    use super::*;

    fn dataset(counts: &[usize]) -> Dataset {
        let examples = counts.iter().enumerate().flat_map(|(class, count)| {
            (0..*count).map(move |n| Example {
                path: format!("{class}/{n}.jpg").into(),
                class: Some(class),
                captions: Vec::new(),
            })
        });
        Dataset {
            classes: (0..counts.len()).map(|class| class.to_string()).collect(),
            examples: examples.collect(),
            problems: Vec::new(),
        }
    }

    fn alone(count: usize) -> Vec<usize> {
        (0..count).collect()
    }

    #[test]
    fn every_class_is_on_every_side_and_nothing_is_on_two() {
        let dataset = dataset(&[10, 30]);
        let split = split(&dataset, &alone(40), None, 1);
        assert_eq!(
            (split.train.len(), split.validation.len(), split.test.len()),
            (24, 8, 8)
        );
        let of_first = |side: &[usize]| side.iter().filter(|&&place| place < 10).count();
        assert_eq!((of_first(&split.validation), of_first(&split.test)), (2, 2));
        let mut all = [split.train, split.validation, split.test].concat();
        all.sort();
        assert_eq!(all, alone(40));
    }

    #[test]
    fn the_seed_decides_and_more_shots_contain_fewer() {
        let dataset = dataset(&[20, 20]);
        let with = |shots, seed| split(&dataset, &alone(40), shots, seed);
        assert_eq!(with(None, 1), with(None, 1));
        assert_ne!(with(None, 1), with(None, 2));
        let (one, four) = (with(Some(1), 3), with(Some(4), 3));
        assert_eq!((one.train.len(), four.train.len()), (2, 8));
        assert!(one.train.iter().all(|place| four.train.contains(place)));
        assert_eq!(one.test, four.test);
        assert_eq!((one.validation.len(), four.validation.len()), (2, 8));
    }

    #[test]
    fn what_is_nearly_the_same_stays_together() {
        let dataset = dataset(&[12]);
        let groups = vec![0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8];
        let split = split(&dataset, &groups, None, 5);
        for side in [&split.train, &split.validation, &split.test] {
            for place in side {
                assert!(
                    (0..12)
                        .filter(|other| groups[*other] == groups[*place])
                        .all(|other| side.contains(&other))
                );
            }
        }
    }
}
