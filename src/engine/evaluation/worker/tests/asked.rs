//! What the window asks of an evaluation, each once; and what it hears of pictures that are not what they were.

use super::*;
use crate::engine::evaluation::{Conformal, Explained, Guessed, NOT_THE_SAME, Slice};
use crate::zero_shot::{Label, TemplateSet};

/// An evaluation of the thirty pictures.
fn of_grocery() -> (TempDir, Running, Arc<Evaluation>) {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(Some(data.path()));
    let made = running.evaluate(grocery());
    (data, running, made)
}

impl Running {
    fn explained(&self, id: &str, place: usize, beside: Option<&str>) -> Result<Arc<Explained>, String> {
        self.ask(EvaluationRequest::Explain {
            id: id.into(),
            place,
            beside: beside.map(String::from),
        });
        self.wait_for(|event| match event {
            EvaluationEvent::Explained {
                place: of, explained, ..
            } => (of == place).then_some(explained),
            _ => None,
        })
    }

    fn sliced(&self, id: &str, by: SliceBy) -> Arc<Vec<Slice>> {
        self.ask(EvaluationRequest::Slices(id.into(), by));
        self.wait_for(|event| match event {
            EvaluationEvent::Sliced(_, of, parts) => (of == by).then_some(parts),
            _ => None,
        })
    }

    fn again(&self, id: &str) -> Arc<Evaluation> {
        self.ask(EvaluationRequest::Again {
            generation: 2,
            id: id.into(),
            model: ModelChoice::Starter,
        });
        self.wait_for(|event| match event {
            EvaluationEvent::Evaluated {
                generation: Some(2),
                evaluation,
            } => Some(evaluation.unwrap()),
            _ => None,
        })
    }

    fn conformal(&self, id: &str) -> Box<Conformal> {
        self.ask(EvaluationRequest::Conformal(id.into(), 0.9));
        self.wait_for(|event| match event {
            EvaluationEvent::Conformal(_, sets) => Some(sets),
            _ => None,
        })
    }

    fn ordered(&self, id: &str, by: FailureOrder) -> Arc<Vec<usize>> {
        self.ask(EvaluationRequest::Order(id.into(), by));
        self.wait_for(|event| match event {
            EvaluationEvent::Ordered(_, of, places) => (of == by).then_some(places),
            _ => None,
        })
    }

    /// Writes it without what is marked; the text that is written.
    fn written(&self, id: &str, kind: ExportKind, path: &Path) -> Vec<u8> {
        self.ask(EvaluationRequest::Export {
            id: id.into(),
            kind,
            path: path.into(),
            against: None,
            without_marked: true,
            style: Style::default(),
        });
        self.wait_for(|event| matches!(event, EvaluationEvent::Exported(_)).then_some(()));
        std::fs::read(path).unwrap()
    }
}

#[test]
fn a_picture_is_explained_by_one_model_and_by_two_and_its_card_is_written() {
    let (data, running, made) = of_grocery();
    let alone = running.explained(&made.id, 4, None).unwrap();
    let sizes = [&alone.picture, &alone.truth, &alone.answer].map(|image| (image.width, image.height));
    assert!(
        sizes[0].0 > 0 && sizes.iter().all(|size| *size == sizes[0]),
        "{sizes:?}"
    );
    assert!(alone.beside.is_none() && alone.truth != alone.picture);

    let second = running.again(&made.id);
    assert_ne!(second.id, made.id);
    let both = running.explained(&second.id, 4, Some(&made.id)).unwrap();
    let beside = both.beside.as_ref().unwrap();
    let answer = &made.pictures[4].answer;
    assert_eq!((&beside.name, beside.right), (&made.name, answer.right()));
    assert_eq!(beside.answered, made.titles()[answer.answered()]);
    assert_eq!(beside.truth, both.truth, "the same model finds the same");

    let cards = data.path().join("cards");
    std::fs::create_dir(&cards).unwrap();
    let alone = data.path().join("card.png");
    for (places, to) in [(vec![4], &alone), (vec![4, 9], &cards)] {
        running.ask(EvaluationRequest::SaveCards {
            id: second.id.clone(),
            places,
            to: to.clone(),
            beside: Some(made.id.clone()),
        });
        let said = running.wait_for(|event| match event {
            EvaluationEvent::Exported(path) => Some(path),
            _ => None,
        });
        assert_eq!(&said, to);
    }
    assert!(image::open(&alone).unwrap().width() > 500);
    assert_eq!(std::fs::read_dir(&cards).unwrap().count(), 2);
}

#[test]
fn slices_go_on_where_the_pictures_are_measured_again() {
    let (_data, running, made) = of_grocery();
    running.ask(EvaluationRequest::KeepSlice {
        id: made.id.clone(),
        name: "snow".into(),
        places: vec![2, 7],
    });
    let kept = running.wait_for(|event| match event {
        EvaluationEvent::Changed(evaluation) => Some(evaluation),
        _ => None,
    });
    let again = running.again(&made.id);
    assert_eq!((again.slices.len(), &again.slices), (1, &kept.slices));
    let parts = running.sliced(&again.id, SliceBy::Kept);
    assert_eq!((parts[0].name.as_str(), &parts[0].places[..]), ("snow", &[2, 7][..]));
}

#[test]
fn what_needs_the_model_is_answered_for_every_picture() {
    let (_data, running, made) = of_grocery();
    let id = &made.id;
    running.ask(EvaluationRequest::Nearest {
        id: id.clone(),
        place: 0,
    });
    let nearest = running.wait_for(|event| match event {
        EvaluationEvent::Nearest { place: 0, nearest, .. } => Some(nearest),
        _ => None,
    });
    assert_eq!(nearest.len(), 8);
    assert!(nearest.is_sorted_by(|a, b| a.1 >= b.1) && nearest.iter().all(|(place, _)| (1..10).contains(place)));

    let sets = running.conformal(id);
    assert_eq!((sets.level, sets.sizes.len()), (0.9, 30));
    assert!(sets.sizes.iter().all(Option::is_some), "{sets:?}");

    let words = ["green", "yellow", "round", "a plastic bag"].map(String::from);
    running.ask(EvaluationRequest::Clusters(id.clone(), words.to_vec()));
    let clusters = running.wait_for(|event| match event {
        EvaluationEvent::Clustered(_, clusters) => Some(clusters),
        _ => None,
    });
    let wrong = |place: &usize| !made.pictures[*place].answer.right();
    assert!(
        clusters.iter().all(|cluster| cluster.places.iter().all(wrong)),
        "{clusters:?}"
    );

    let suspects = running.ordered(id, FailureOrder::SuspectLabels);
    assert!(suspects.iter().all(|place| *place < 30), "{suspects:?}");
    assert!(running.ordered(id, FailureOrder::CopiesAcrossClasses).len() < 30);

    running.ask(EvaluationRequest::Map(id.clone(), MapKind::Tsne));
    let map = running.wait_for(|event| match event {
        EvaluationEvent::Mapped(_, map) => (map.kind == MapKind::Tsne && map.done > 0.999).then_some(map),
        _ => None,
    });
    assert_eq!(map.pictures.len(), 30);
    assert!(map.pictures.iter().flatten().all(|value| value.is_finite()));
}

#[test]
fn a_folder_without_labels_is_answered_with_the_labels_that_are_asked_about() {
    let running = Running::start(None);
    running.ask(EvaluationRequest::Guess {
        generation: 3,
        folder: grocery(),
        labels: ["banana", "carrots"].map(Label::named).to_vec(),
        templates: TemplateSet::One,
        model: ModelChoice::Starter,
    });
    let guessed: Arc<Guessed> = running.wait_for(|event| match event {
        EvaluationEvent::Guessed { generation: 3, guessed } => Some(guessed.unwrap()),
        _ => None,
    });
    assert_eq!((guessed.pictures.len(), guessed.unreadable), (30, 0));
    let of_bananas = guessed
        .pictures
        .iter()
        .filter(|guess| guess.path.to_string_lossy().contains("banana"));
    let right = of_bananas.filter(|guess| guess.answered() == Some(0)).count();
    assert!(right > 5, "{right} of ten bananas");
}

#[test]
fn a_picture_that_is_gone_or_another_one_now_is_left_out_and_named() {
    let (data, _folder, running, made) = of_copies();
    drop(running);
    let path = |place: usize| &made.pictures[place].path;
    std::fs::remove_file(path(3)).unwrap();
    std::fs::copy(path(20), path(5)).unwrap();
    let running = Running::start(Some(data.path()));
    let sets = running.conformal(&made.id);
    let without: Vec<usize> = (0..30).filter(|place| sets.sizes[*place].is_none()).collect();
    assert_eq!(without, [3, 5]);
    for place in [3, 5] {
        let reason = running.explained(&made.id, place, None).unwrap_err();
        assert!(reason.contains(NOT_THE_SAME), "{reason}");
    }
    // Nothing is told of an answer by what another picture looks like.
    let parts = running.sliced(&made.id, SliceBy::Brightness);
    let mut parted: Vec<usize> = parts.iter().flat_map(|part| part.places.clone()).collect();
    parted.sort_unstable();
    assert_eq!(parted.len(), 28);
    assert!(!parted.contains(&3) && !parted.contains(&5));

    let again = running.again(&made.id);
    assert_eq!(again.measures.count, 28);
    let named: Vec<&PathBuf> = again.problems.iter().map(|(path, _)| path).collect();
    assert_eq!(named, [path(3), path(5)]);
}

#[test]
fn what_is_written_leaves_out_the_marked_pictures_that_the_page_leaves_out() {
    let (data, running, made) = of_grocery();
    running.mark(&made.id, 3, Mark::WrongLabel, "");
    let text = |kind: ExportKind, name: &str| {
        let bytes = running.written(&made.id, kind, &data.path().join(name));
        String::from_utf8(bytes).unwrap()
    };
    let left_out = made.pictures[3].path.file_name().unwrap().to_string_lossy();
    let csv = text(ExportKind::Csv, "out.csv");
    assert_eq!(csv.lines().count(), 30, "a heading and 29 pictures");
    assert!(!csv.contains(&*left_out), "{csv}");
    let page = text(ExportKind::Html { pictures: false }, "out.html");
    assert!(
        page.contains("accuracy on 29 pictures") && page.contains("1 marked picture is left out"),
        "{page}"
    );
    assert!(text(ExportKind::Markdown, "out.md").contains("| 29 |"));
    let table = running.written(&made.id, ExportKind::Parquet, &data.path().join("out.parquet"));
    assert!(table.ends_with(b"PAR1"));
    // The whole evaluation has all of them, with their marks.
    let whole = data.path().join("out.evaluation");
    running.written(&made.id, ExportKind::Evaluation, &whole);
    let whole = read_evaluation(&whole).unwrap();
    assert_eq!((whole.measures.count, whole.marks.len()), (30, 1));
}
