use super::*;

#[test]
fn defaults_lie_in_their_ranges_and_a_field_is_set_within_its_own() {
    for method in FineTuneMethod::all() {
        let config = RunConfig::new(method, "x".into());
        config.check().unwrap();
        for field in Field::of(method) {
            let mut hyper = config.hyper.clone();
            field.set(&mut hyper, f64::MAX);
            assert_eq!(field.get(&hyper), field.range.1, "{}", field.name);
        }
    }
    let mut config = RunConfig::new(FineTuneMethod::Lora, "x".into());
    config.hyper.rank = 0;
    assert!(config.check().unwrap_err().to_string().contains("rank"));
}

#[test]
fn the_published_recipes_are_the_defaults() {
    let lora = Hyper::of(FineTuneMethod::Lora);
    assert_eq!((lora.steps_a_shot, lora.batch, lora.rank), (500, 32, 2));
    assert_eq!((lora.learning_rate, lora.rank_power, lora.clip), (2e-4, 0.5, 0.0));
    let prolip = Hyper::of(FineTuneMethod::ProLip);
    assert_eq!((prolip.epochs, prolip.learning_rate, prolip.clip), (300, 1e-5, 0.0));
    let tip = Hyper::of(FineTuneMethod::TipAdapterF);
    assert_eq!(
        (tip.epochs, tip.batch, tip.learning_rate, tip.clip),
        (20, 256, 1e-3, 0.0)
    );
}

#[test]
fn a_recipe_says_what_differs_from_the_published_one() {
    use FineTuneMethod::{LinearProbe, Lora, ProLip, TipAdapter, TipAdapterF};
    for (method, parts) in [
        (LinearProbe, &["towards the texts of the classes, not to zero"][..]),
        (TipAdapter, &["seen once, as it is", "coarser than theirs"]),
        (
            TipAdapterF,
            &["no augmented views", "coarser grid", "best on validation is kept"],
        ),
        (ProLip, &["not in augmented views", "best on validation is kept"]),
        (
            Lora,
            &[
                "no augmented views",
                "one template",
                "falls to 0, not to 1e-6",
                "best on validation is kept",
            ],
        ),
    ] {
        for part in parts {
            assert!(method.about().contains(part), "{}: {part}", method.name());
        }
    }
}

#[test]
fn epochs_that_are_asked_for_are_meant_and_old_runs_go_on_as_they_began() {
    let mut hyper = Hyper::of(FineTuneMethod::Lora);
    let epochs = FIELDS.iter().find(|field| field.name == "epochs").unwrap();
    epochs.set(&mut hyper, 7.0);
    assert_eq!((hyper.epochs, hyper.steps_a_shot), (7, 0));
    let mut old = serde_json::to_value(Hyper::of(FineTuneMethod::Lora)).unwrap();
    for name in ["steps_a_shot", "rank_power"] {
        old.as_object_mut().unwrap().remove(name);
    }
    let old: Hyper = serde_json::from_value(old).unwrap();
    assert_eq!((old.steps_a_shot, old.rank_power), (0, 1.0));
}
