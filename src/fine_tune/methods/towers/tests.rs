use super::batch::validation_places;
use super::*;
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::many_classes::{ManyClasses, config, distinct};
use crate::fine_tune::methods::prolip;

#[test]
fn lora_takes_500_steps_a_shot_unless_epochs_are_asked_for() {
    let mut hyper = Hyper::of(FineTuneMethod::Lora);
    assert_eq!(steps(&hyper, 160, 10), 8_000);
    assert_eq!(steps(&hyper, 10, 10), 500);
    assert_eq!(steps(&hyper, 30, 20), 750);
    assert_eq!(
        steps(&hyper, 5_000, 10),
        8_000,
        "the paper's largest number of shots is 16"
    );
    hyper.steps_a_shot = 0;
    assert_eq!(steps(&hyper, 160, 10), 5 * hyper.epochs);
}

#[test]
fn the_loss_that_validates_is_of_every_class() {
    let of_each = |classes: usize, of_each: usize| PictureSet {
        labels: (0..classes * of_each).map(|place| place / of_each).collect(),
        paths: vec![std::path::PathBuf::new(); classes * of_each],
        ..PictureSet::default()
    };
    for (classes, count) in [(101, 101), (64, 64), (20, 64)] {
        let set = of_each(classes, 5);
        let places = validation_places(&set, 3);
        let labels: Vec<usize> = places.iter().map(|&place| set.labels[place]).collect();
        assert_eq!((labels.len(), distinct(&labels)), (count, classes));
        assert_eq!(
            distinct(&labels[..20]),
            20,
            "no class has a second place before every class has one"
        );
    }
}

#[test]
fn no_class_can_change_without_the_loss_that_validates() {
    const CLASSES: usize = 70;
    let many = ManyClasses::new(CLASSES, 2);
    let mut context = many.context(&many.split);
    let learner = prolip::learner(&config(), &context).unwrap();
    let loss = |context: &Context| learner.validation_loss(context).unwrap().unwrap();
    let before = loss(&context);
    assert!(before.is_finite());
    for class in 0..CLASSES {
        let kept = context.validation.feature_norms.clone();
        for (norm, label) in context
            .validation
            .feature_norms
            .iter_mut()
            .zip(&context.validation.labels)
        {
            if *label == class {
                *norm = -*norm;
            }
        }
        assert_ne!(loss(&context), before, "class {class} is not seen");
        context.validation.feature_norms = kept;
    }
}
