use super::*;
use crate::fine_tune::many_classes::{ManyClasses, distinct};

#[test]
fn names_are_said_as_words_and_no_picture_makes_no_accuracy() {
    assert_eq!(spoken("running_shoes"), "running shoes");
    assert_eq!(spoken("---"), "---");
    assert_eq!(accuracy(&[], &[]), None);
    assert_eq!(accuracy(&[vec![0.0, 1.0]], &[1]), Some(1.0));
}

/// Of the first 512 pictures of Food-101's validation side all are of its first classes.
#[test]
fn every_class_validates_and_none_twice_before_all_do() {
    let many = ManyClasses::new(200, 3);
    let context = many.context(&many.split);
    let labels = &context.validation.labels;
    assert_eq!(labels.len(), MAX_VALIDATION);
    assert_eq!(context.validation.embeddings.len(), MAX_VALIDATION);
    assert_eq!(distinct(labels), 200);
    assert_eq!((distinct(&labels[..200]), distinct(&labels[..64])), (200, 64));
    assert!(
        distinct(&labels[200..400]) == 200,
        "the second of each comes before the third of any"
    );
    let mut paths = context.validation.paths.clone();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), MAX_VALIDATION, "no picture is there twice");
}

#[test]
fn more_classes_than_places_are_one_picture_each_and_the_seed_says_which() {
    let many = ManyClasses::new(600, 2);
    let sample = |count, seed| validation_sample(&many.dataset, &many.split, count, seed);
    let classes = |places: &[usize]| -> Vec<usize> { places.iter().map(|place| place / 2).collect() };
    let chosen = sample(MAX_VALIDATION, 0);
    assert_eq!((chosen.len(), distinct(&classes(&chosen))), (600, 600));
    assert_eq!(chosen, sample(MAX_VALIDATION, 0));
    assert_ne!(chosen, sample(MAX_VALIDATION, 1));
    // What is blended by is a part of what the run chose and stopped by.
    assert_eq!(sample(700, 0)[..600], sample(100, 0)[..]);
}
