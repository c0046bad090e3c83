use super::*;

#[test]
fn defaults_lie_in_their_ranges_and_a_field_is_set_within_its_own() {
    for method in FineTuneMethod::ALL {
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
    assert_eq!(Hyper::of(FineTuneMethod::ProLip).clip, 0.0);
    assert_eq!(Hyper::of(FineTuneMethod::TipAdapterF).clip, 0.0);
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
