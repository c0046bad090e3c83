use super::*;
use crate::fine_tune::data::Example;

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
        ..Dataset::default()
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
fn a_class_with_nothing_to_learn_from_is_named() {
    let mut dataset = dataset(&[4, 4]);
    for (place, example) in dataset.examples.iter().enumerate() {
        let side = if place < 6 { Side::Train } else { Side::Test };
        dataset.given.insert(example.path.clone(), side);
    }
    assert!(split(&dataset, &alone(8), None, 1).check(&dataset).is_ok());
    dataset
        .given
        .extend((4..6).map(|place| (dataset.examples[place].path.clone(), Side::Test)));
    let refused = split(&dataset, &alone(8), None, 1).check(&dataset).unwrap_err();
    assert!(
        refused.to_string().contains("no picture of 1 is on the training side"),
        "{refused}"
    );
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

#[test]
fn no_group_of_copies_takes_a_class_off_a_side() {
    let dataset = dataset(&[12, 12, 9]);
    let all_of_one = (0..33).map(|place| if place < 12 { 0 } else { place });
    let across = (0..33).map(|place| if (12..24).contains(&place) { place - 12 } else { place });
    let mostly = (0..33).map(|place| if place % 12 > 1 { place - place % 12 + 2 } else { place });
    for groups in [all_of_one.collect::<Vec<_>>(), across.collect(), mostly.collect()] {
        let split = split(&dataset, &groups, None, 2);
        for class in 0..3 {
            for side in [&split.train, &split.validation, &split.test] {
                assert!(
                    side.iter().any(|place| dataset.examples[*place].class == Some(class)),
                    "{groups:?}"
                );
            }
        }
    }
    let across: Vec<usize> = (0..33)
        .map(|place| if (12..24).contains(&place) { place - 12 } else { place })
        .collect();
    let split = split(&dataset, &across, None, 2);
    assert!(
        split
            .test
            .iter()
            .filter(|p| **p < 12)
            .all(|place| split.test.contains(&(place + 12)))
    );
}

#[test]
fn given_sides_are_kept_and_what_is_missing_is_drawn() {
    let mut dataset = dataset(&[20, 20]);
    for (place, example) in dataset.examples.iter().enumerate() {
        let side = if place % 4 == 0 { Side::Test } else { Side::Train };
        dataset.given.insert(example.path.clone(), side);
    }
    let whole = split(&dataset, &alone(40), None, 1);
    assert_eq!(
        (whole.train.len(), whole.validation.len(), whole.test.len()),
        (24, 6, 10)
    );
    assert!(whole.test.iter().all(|place| place % 4 == 0));
    let few = split(&dataset, &alone(40), Some(2), 1);
    assert_eq!((few.train.len(), few.test.len()), (4, 10));
    dataset
        .given
        .values_mut()
        .filter(|side| **side == Side::Test)
        .for_each(|side| *side = Side::Validation);
    let few = split(&dataset, &alone(40), Some(2), 1);
    assert_eq!((few.train.len(), few.validation.len(), few.test.len()), (4, 10, 6));
}
