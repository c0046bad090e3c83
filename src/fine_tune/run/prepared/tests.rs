use super::*;
use crate::fine_tune::run::folder::Runs;

/// Two pictures of two classes, and a control set of the same.
fn prepared() -> Prepared {
    let example = |class: usize| Example {
        path: format!("/set/{class}.jpg").into(),
        class: Some(class),
        captions: Vec::new(),
    };
    Prepared {
        dataset: Dataset {
            classes: vec!["a".into(), "b".into()],
            examples: vec![example(0), example(1)],
            ..Dataset::default()
        },
        split: Split {
            train: vec![0, 1],
            ..Split::default()
        },
        control: Some(ControlSet {
            paths: vec!["/samples/a.jpg".into(), "/samples/b.jpg".into()],
            labels: vec![0, 1],
            classes: vec!["a".into(), "b".into()],
            problems: Vec::new(),
        }),
    }
}

#[test]
fn what_no_run_wrote_is_refused_before_anything_is_opened() {
    let data = tempfile::tempdir().unwrap();
    let run = Runs::at(data.path()).create("probe").unwrap();
    let read = |prepared: &Prepared| {
        run.write(PREPARED, prepared).unwrap();
        Prepared::read(&run).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(read(&prepared()), Ok(()));
    type Change = fn(&mut Prepared);
    let control = |change: fn(&mut ControlSet)| {
        let mut changed = prepared();
        change(changed.control.as_mut().unwrap());
        changed
    };
    let changes: [Change; 5] = [
        |p| p.split.test = vec![2],
        |p| p.dataset.examples[0].class = Some(2),
        |p| p.dataset.examples[1].class = None,
        |p| p.dataset.examples[0].path = "\\\\machine\\share\\a.jpg".into(),
        |p| p.dataset.classes.clear(),
    ];
    let changed = changes.map(|change| {
        let mut changed = prepared();
        change(&mut changed);
        changed
    });
    let controls = [
        control(|set| set.labels[0] = 2),
        control(|set| set.labels.truncate(1)),
        control(|set| set.paths.truncate(1)),
        control(|set| set.paths[1] = "\\\\machine\\share\\a.jpg".into()),
    ];
    for damaged in changed.iter().chain(&controls) {
        let refused = read(damaged).unwrap_err();
        assert!(refused.contains("data.json is damaged"), "{refused}");
    }
    let mut silent = prepared();
    silent.dataset.classes.clear();
    silent
        .dataset
        .examples
        .iter_mut()
        .for_each(|example| example.class = None);
    assert!(read(&silent).is_err(), "pictures without classes need captions");
}

#[cfg(unix)]
#[test]
fn pictures_whose_paths_are_no_text_can_be_learnt_from() {
    use std::os::unix::ffi::OsStrExt;
    let data = tempfile::tempdir().unwrap();
    let run = Runs::at(data.path()).create("probe").unwrap();
    let mut kept = prepared();
    kept.dataset.examples[0].path = std::ffi::OsStr::from_bytes(b"/caf\xe9/a.jpg").into();
    run.write(PREPARED, &kept).unwrap();
    assert_eq!(Prepared::read(&run).unwrap().dataset.examples, kept.dataset.examples);
}
