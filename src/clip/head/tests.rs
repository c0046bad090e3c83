use burn::tensor::Device;

use super::classifier::{bounded, grounded};
use super::lift::highest;
use super::*;
use crate::clip::embedding::rows_of;

const SCALE: f32 = 20.0;

fn flat(rows: usize, values: &[f32]) -> Flat {
    Flat {
        shape: vec![rows, values.len() / rows],
        values: values.to_vec(),
    }
}

/// Two classes whose texts are the axes, and weights on three features.
fn classifier() -> Classifier {
    Classifier {
        texts: flat(2, &[1.0, 0.0, 0.0, 1.0]),
        logit_scale: SCALE,
        learnt: LearnedLogits::Linear {
            weight: flat(2, &[1.0, 0.0, 2.0, 0.0, -3.0, 0.0]),
            bias: vec![0.5, 0.0],
        },
    }
}

fn head(lift: Option<Lift>) -> Head {
    Head::new(vec!["cat".into(), "dog".into()], classifier(), lift)
}

fn picture(features: [f32; 3], embedding: [f32; 2]) -> (Tensor<2>, Tensor<2>) {
    let device = Device::flex();
    (
        Tensor::from_data([features], &device),
        Tensor::from_data([embedding], &device),
    )
}

fn product(head: &Head, picture: &[f32], other: &[f32]) -> f32 {
    head.stretch() * picture.iter().zip(other).map(|(a, b)| a * b).sum::<f32>()
}

#[test]
fn a_taught_class_and_any_other_text_stand_on_one_scale() {
    let head = head(None);
    let (features, embedding) = picture([0.6, 0.0, 0.8], [0.6, 0.8]);
    let answers = head.answers(features, embedding).unwrap().remove(0);
    // What was learnt is 2.7 for the cat and 0 for the dog: the dog falls, and the cat is what its text says.
    let expected = [0.6, 0.8 - 2.7 / SCALE];
    assert!(
        answers.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6),
        "{answers:?}"
    );
    let extended = head.extend(&[0.6, 0.8], &answers);
    assert!((extended.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-6);
    assert!((product(&head, &extended, &head.class_vector(" Cat", 2).unwrap()) - 0.6).abs() < 1e-5);
    let other = head.extend_text(&[0.8, 0.6]);
    assert!((product(&head, &extended, &other) - 0.96).abs() < 1e-5);
    assert_eq!(head.class_vector("bird", 2), None);
}

#[test]
fn what_was_learnt_changes_no_probability_by_being_put_on_that_scale() {
    let (features, embedding) = picture([0.6, 0.0, 0.8], [0.6, 0.8]);
    let classifier = classifier();
    let logits = rows_of(classifier.logits(features.clone(), embedding.clone())).unwrap();
    let answers = classifier.answers(features, embedding, None).unwrap();
    let lead = |row: &[f32]| row[0] - row[1];
    assert!((lead(&logits[0]) - SCALE * lead(&answers[0])).abs() < 1e-4);
}

#[test]
fn only_pictures_like_those_that_were_taught_are_lifted_and_only_up_to_the_floor() {
    let lift = Lift {
        means: flat(2, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        floor: 0.8,
        between: (0.6, 0.8),
        share: 1.0,
    };
    let head = head(Some(lift));
    let at = |features, embedding| {
        let (features, embedding) = picture(features, embedding);
        highest(&head.answers(features, embedding).unwrap()[0])
    };
    let unlike = at([0.0, 0.0, 1.0], [0.6, 0.8]);
    assert!(
        (unlike - 0.675).abs() < 1e-6,
        "it is like nothing that was taught: {unlike}"
    );
    assert!((at([1.0, 0.0, 0.0], [0.6, 0.8]) - 0.8).abs() < 1e-6);
    assert!(
        (at([1.0, 0.0, 0.0], [1.0, 0.0]) - 1.0).abs() < 1e-6,
        "it wins by itself"
    );
}

#[test]
fn answers_stay_cosines_in_their_order_however_much_was_learnt() {
    for learnt in [[900.0, 300.0, 400.0], [40.0, 0.0, 4.0], [9e6, 0.0, 1e6]] {
        let cosines: Vec<f32> = grounded(&[10.0; 3], &learnt, SCALE).into_iter().map(bounded).collect();
        assert!(
            -1.0 <= cosines[1] && cosines[1] <= cosines[2] && cosines[2] < cosines[0],
            "{cosines:?}"
        );
        assert!(learnt[0] > 1e6 || cosines[1] < cosines[2], "{cosines:?}");
        assert_eq!(cosines[0], 0.5);
    }
}

#[test]
fn a_cache_votes_for_the_classes_of_what_is_alike() {
    let cache = Classifier {
        texts: flat(2, &[1.0, 0.0, 0.0, 1.0]),
        logit_scale: 10.0,
        learnt: LearnedLogits::Cache {
            keys: flat(3, &[1.0, 0.0, 0.8, 0.6, 0.0, 1.0]),
            labels: vec![0, 1, 1],
            alpha: 2.0,
            beta: 5.0,
        },
    };
    let (features, picture) = picture([1.0, 0.0, 0.0], [1.0, 0.0]);
    let logits = rows_of(cache.logits(features, picture)).unwrap();
    assert!((logits[0][0] - (10.0 + 2.0)).abs() < 1e-5);
    let expected = 2.0 * ((-1.0f32).exp() + (-5.0f32).exp());
    assert!((logits[0][1] - expected).abs() < 1e-5, "{logits:?}");
}
