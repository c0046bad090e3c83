use super::*;
use crate::clip::Scoring;
use crate::evaluation::random::Random;
use crate::zero_shot::ClassEmbeddings;

#[test]
fn a_hidden_cause_is_named_and_checked_on_the_other_half() {
    // Directions: 0 and 1 are the classes, 2 is snow, 3 is grass. Class 0 in snow is taken for class 1.
    let unit = |values: [f32; 5]| {
        let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        values.map(|value| value / norm)
    };
    let mut random = Random::seeded(9);
    let mut noise = || 0.05 * (random.number() as f32 / u64::MAX as f32 - 0.5);
    let mut pictures = Vec::new();
    for n in 0..120 {
        let [a, b, c, d, e] = match n % 3 {
            0 => [1.0, 0.2, 0.0, 0.8, 0.0],
            1 => [0.6, 0.9, 0.8, 0.0, 0.0],
            _ => [0.0, 1.0, 0.0, 0.5, 0.0],
        };
        pictures.extend(unit([a + noise(), b + noise(), c + noise(), d + noise(), e + noise()]));
    }
    let classes = [vec![1.0, 0.0, 0.0, 0.0, 0.0], vec![0.0, 1.0, 0.0, 0.0, 0.0]];
    let embedded = Embedded {
        pictures: pictures.into(),
        dim: 5,
        classes: ClassEmbeddings::new(&classes, &[0.0, 0.0, 0.0, 0.0, 1.0]),
        scoring: Scoring::default(),
    };
    let truth: Vec<usize> = (0..120).map(|n| usize::from(n % 3 == 2)).collect();
    let answers = embedded.answers(&truth);
    let words = ["grass", "snow", "nothing"].map(String::from);
    let texts = [
        [0.0, 0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ]
    .concat();
    let found = clusters(&embedded, &answers.iter().collect::<Vec<_>>(), &words, &texts);
    let places: usize = found.iter().map(|cluster| cluster.places.len()).sum();
    assert_eq!((found[0].of, places), (ClusterOf::Class(0), 40));
    for cluster in &found {
        assert_eq!(cluster.words[0].0, "snow");
        assert!(cluster.held_out.is_none_or(|held| held.mean == 0.0), "{cluster:?}");
    }
    assert!(found.iter().any(|cluster| cluster.held_out.is_some()));
}

#[test]
fn mistakes_of_many_small_classes_are_grouped_by_what_they_have_in_common() {
    // Sixteen classes of six pictures each; the last two of each are in snow, and are taken for the next class.
    let (classes, dim) = (16, 18);
    let mut random = Random::seeded(4);
    let mut noise = || 0.04 * (random.number() as f32 / u64::MAX as f32 - 0.5);
    let (mut pictures, mut truth) = (Vec::new(), Vec::new());
    for class in 0..classes {
        for n in 0..6 {
            let mut row: Vec<f32> = (0..dim).map(|_| noise()).collect();
            row[class] += if n < 4 { 1.0 } else { 0.6 };
            row[(class + 1) % classes] += if n < 4 { 0.2 } else { 0.8 };
            row[16] += if n < 4 { 0.0 } else { 0.7 };
            pictures.extend(crate::zero_shot::class_embedding([row.as_slice()]));
            truth.push(class);
        }
    }
    let unit = |place: usize| (0..dim).map(|n| f32::from(u8::from(n == place))).collect::<Vec<f32>>();
    let labels: Vec<Vec<f32>> = (0..classes).map(unit).collect();
    let embedded = Embedded {
        pictures: pictures.into(),
        dim,
        classes: ClassEmbeddings::new(&labels, &unit(17)),
        scoring: Scoring::default(),
    };
    let answers = embedded.answers(&truth);
    let words = ["snow", "nothing"].map(String::from);
    let texts = [unit(16), unit(17)].concat();
    let found = clusters(&embedded, &answers.iter().collect::<Vec<_>>(), &words, &texts);
    let several: Vec<&Cluster> = found.iter().filter(|one| one.of == ClusterOf::Several).collect();
    assert!(!several.is_empty(), "{found:?}");
    assert_eq!(several[0].words[0].0, "snow");
    assert!(several[0].places.iter().all(|place| place % 6 >= 4), "{several:?}");
}

#[test]
fn the_vocabulary_has_each_text_once() {
    let words = vocabulary();
    let different: std::collections::BTreeSet<&String> = words.iter().collect();
    assert!(words.len() > 300 && different.len() == words.len());
    assert!(words.iter().all(|word| !word.trim().is_empty() && word.trim() == word));
}
