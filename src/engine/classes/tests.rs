use super::*;
use crate::clip::Precision;
use crate::engine::choice::ModelChoice;
use crate::engine::device::DeviceChoice;
use crate::engine::placement::place;

#[test]
fn the_cache_is_bounded_by_bytes_and_answers_the_same_when_it_starts_anew() {
    let place = place(DeviceChoice::Cpu, Precision::Full);
    let mut loaded = Loaded::open(&ModelChoice::Starter, place).unwrap();
    let labels: Vec<Label> = (0..6).map(|n| Label::named(format!("thing number {n}"))).collect();
    let mut ask = |cache: &mut ClassCache| {
        let classes = cache.classes(&mut loaded, &labels, &TemplateSet::Seven, || true);
        classes.unwrap().embeddings.label_values().0.to_vec()
    };
    let mut large = ClassCache::default();
    let whole = ask(&mut large);
    let one = 384 * 4 + OVERHEAD;
    assert!(large.bytes >= large.prompts.len() * one, "{} bytes", large.bytes);

    let mut small = ClassCache {
        max_bytes: 10 * one,
        ..ClassCache::default()
    };
    assert_eq!(ask(&mut small), whole);
    assert_eq!(ask(&mut small), whole);
    small.make_room();
    assert!(small.bytes <= small.max_bytes, "{} bytes", small.bytes);
}

#[test]
fn labels_that_were_not_taught_are_said_and_near_misses_are_asked_about() {
    let taught = ["t-shirt", "running_shoes", "Polish", "polish"].map(String::from);
    let labels = ["T Shirt", "shoes", "zebra", "POLISH"].map(Label::named);
    let notes = untaught(&labels, &taught);
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(notes[0].contains("did you mean \"running_shoes\""), "{notes:?}");
    assert!(notes[1].contains("\"Polish\" or \"polish\""), "{notes:?}");
    assert!(
        notes[2].contains(": zebra. It was taught: t-shirt, running_shoes"),
        "{notes:?}"
    );
    assert!(untaught(&labels, &[]).is_empty());
    let notes = untaught_labels(&labels, &taught);
    let places: Vec<usize> = notes.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [1, 2, 3]);
    assert!(notes[0].1.contains("did you mean \"running_shoes\""), "{notes:?}");
    assert!(untaught_labels(&labels, &[]).is_empty());
}

#[test]
fn two_labels_that_mean_one_taught_class_are_said() {
    let taught = ["t-shirt", "dress"].map(String::from);
    let labels = ["t-shirt", "dress", "t shirt"].map(Label::named);
    let notes = untaught(&labels, &taught);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].starts_with("\"t-shirt\" and \"t shirt\" both mean the class \"t-shirt\""),
        "{notes:?}"
    );
    let beside = untaught_labels(&labels, &taught);
    assert_eq!(beside, [(2, "Means the same taught class as \"t-shirt\"".to_string())]);
}

#[test]
fn a_taught_class_is_spoken_of_as_it_was_taught() {
    let taught = ["running_shoes".to_string()];
    assert_eq!(as_taught(&Label::named("Running-Shoes"), &taught).name, "running shoes");
    assert_eq!(as_taught(&Label::named("zebra_fish"), &taught).name, "zebra_fish");
}
