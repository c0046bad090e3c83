mod asked;

use std::path::Path;
use std::time::Duration;

use crossbeam_channel::Receiver;
use tempfile::TempDir;

use super::*;
use crate::engine::choice::ModelChoice;
use crate::engine::evaluation::files::found_here;
use crate::engine::evaluation::{
    EvaluationConfig, Evaluator, ExportKind, FailureOrder, MapKind, Mark, Marked, SliceBy, Wanted,
};
use crate::engine::protocol::Event;
use crate::evaluation::read_evaluation;
use crate::progress::Unheard;
use crate::table::Style;

const GROCERY: &str = "tests/fixtures/cases/64-easy-probe/data";

fn grocery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(GROCERY)
}

/// Copies of the pictures that may be moved and deleted.
fn copied(to: &Path) -> PathBuf {
    let folder = to.join("pictures");
    for class in ["banana", "carrots", "kiwi"] {
        std::fs::create_dir_all(folder.join(class)).unwrap();
        for file in std::fs::read_dir(grocery().join(class)).unwrap().flatten() {
            std::fs::copy(file.path(), folder.join(class).join(file.file_name())).unwrap();
        }
    }
    folder
}

/// An evaluator, and what it says.
struct Running {
    evaluator: Evaluator,
    events: Receiver<Event>,
}

impl Running {
    fn start(data: Option<&Path>) -> Self {
        let (told, events) = Events::listened_to();
        let data = data.map(Path::to_path_buf);
        Self {
            evaluator: Evaluator::start(data, DeviceChoice::Cpu, told, Arc::default()),
            events,
        }
    }

    fn ask(&self, request: EvaluationRequest) {
        self.evaluator.send(request);
    }

    fn next(&self) -> Event {
        self.events
            .recv_timeout(Duration::from_secs(120))
            .expect("it says nothing")
    }

    /// The first event that is asked for.
    fn wait_for<T>(&self, pick: impl Fn(EvaluationEvent) -> Option<T>) -> T {
        loop {
            match self.next() {
                Event::Evaluation(event) => {
                    if let Some(found) = pick(event) {
                        return found;
                    }
                }
                Event::Message {
                    severity: Severity::Error,
                    text,
                    ..
                } => panic!("{text}"),
                _ => {}
            }
        }
    }

    /// The next message to read.
    fn message(&self) -> String {
        loop {
            if let Event::Message { text, .. } = self.next() {
                return text;
            }
        }
    }

    /// The next evaluation that is shown, or has changed.
    fn evaluated(&self) -> Arc<Evaluation> {
        self.wait_for(|event| match event {
            EvaluationEvent::Evaluated { evaluation, .. } => Some(evaluation.unwrap()),
            EvaluationEvent::Changed(evaluation) => Some(evaluation),
            _ => None,
        })
    }

    /// Has the pictures of a folder evaluated.
    fn evaluate(&self, folder: PathBuf) -> Arc<Evaluation> {
        self.ask(EvaluationRequest::Evaluate {
            generation: 1,
            config: config(folder),
        });
        self.evaluated()
    }

    fn mark(&self, id: &str, place: usize, mark: Mark, note: &str) -> Arc<Evaluation> {
        self.ask(EvaluationRequest::Mark {
            id: id.into(),
            place,
            mark: Some(Marked {
                mark,
                note: note.into(),
            }),
        });
        self.evaluated()
    }

    /// Writes all of an evaluation into a file.
    fn export(&self, id: &str, path: &Path) {
        self.ask(EvaluationRequest::Export {
            id: id.into(),
            kind: ExportKind::Evaluation,
            path: path.into(),
            against: None,
            without_marked: false,
            style: Style::default(),
        });
        self.wait_for(|event| matches!(event, EvaluationEvent::Exported(_)).then_some(()));
    }

    /// Opens a file with its pictures in a folder: what is shown, and what is said of it.
    fn import(&self, file: PathBuf, pictures: PathBuf) -> (Arc<Evaluation>, Vec<String>) {
        self.ask(EvaluationRequest::Import {
            file,
            pictures,
            model: ModelChoice::Starter,
        });
        let opened = self.evaluated();
        let says = self.wait_for(|event| match event {
            EvaluationEvent::Imported { says, .. } => Some(says),
            _ => None,
        });
        (opened, says)
    }

    fn order(&self, id: &str) -> Arc<Vec<usize>> {
        self.ask(EvaluationRequest::Order(id.into(), FailureOrder::Margin));
        self.wait_for(|event| match event {
            EvaluationEvent::Ordered(_, _, places) => Some(places),
            _ => None,
        })
    }
}

fn config(folder: PathBuf) -> Box<EvaluationConfig> {
    Box::new(EvaluationConfig {
        folder,
        wanted: Wanted::to_measure(),
        ..EvaluationConfig::default()
    })
}

/// A data folder with copies of the pictures, of which the evaluator has made an evaluation.
fn of_copies() -> (TempDir, PathBuf, Running, Arc<Evaluation>) {
    let data = tempfile::tempdir().unwrap();
    let folder = copied(data.path());
    let running = Running::start(Some(data.path()));
    let made = running.evaluate(folder.clone());
    (data, folder, running, made)
}

#[test]
fn an_evaluation_is_made_changed_kept_and_listed() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(Some(data.path()));
    let first = running.evaluate(grocery());
    assert_eq!((first.measures.count, first.classes.len()), (30, 3));
    let id = first.id.clone();
    let listed = running.wait_for(|event| match event {
        EvaluationEvent::List(listed) => Some(listed),
        _ => None,
    });
    assert_eq!((listed.len(), &listed[0].id, listed[0].count), (1, &id, 30));
    assert_eq!(running.mark(&id, 3, Mark::TwoThings, "a bowl").marks[&3].note, "a bowl");

    let mut class = first.classes[0].clone();
    class.descriptions = vec!["a photo of a rocket".into()];
    running.ask(EvaluationRequest::Call { id: id.clone(), class });
    assert!(running.evaluated().measures.top1.mean < first.measures.top1.mean);
    running.ask(EvaluationRequest::Call {
        id: id.clone(),
        class: first.classes[0].clone(),
    });
    assert_eq!(running.evaluated().measures, first.measures);

    running.ask(EvaluationRequest::Delete(id));
    running.wait_for(|event| matches!(event, EvaluationEvent::List(listed) if listed.is_empty()).then_some(()));
}

#[test]
fn all_pictures_are_in_every_order_every_kind_of_slice_and_on_the_map() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(Some(data.path()));
    let id = running.evaluate(grocery()).id.clone();
    assert_eq!(running.order(&id).len(), 30);
    running.ask(EvaluationRequest::Slices(id.clone(), SliceBy::Brightness));
    let parts = running.wait_for(|event| match event {
        EvaluationEvent::Sliced(_, _, parts) => Some(parts),
        _ => None,
    });
    assert_eq!(parts.iter().map(|part| part.places.len()).sum::<usize>(), 30);
    running.ask(EvaluationRequest::Map(id, MapKind::Pca));
    let map = running.wait_for(|event| match event {
        EvaluationEvent::Mapped(_, map) => Some(map),
        _ => None,
    });
    assert_eq!((map.pictures.len(), map.classes.len()), (30, 3));
}

#[test]
fn an_evaluation_is_found_again_elsewhere_where_pictures_have_other_names() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(Some(data.path()));
    let first = running.evaluate(grocery());
    running.mark(&first.id, 3, Mark::TwoThings, "a bowl");
    let file = data.path().join("kept.evaluation");
    running.export(&first.id, &file);
    running.ask(EvaluationRequest::Delete(first.id.clone()));
    running.wait_for(|event| matches!(event, EvaluationEvent::List(listed) if listed.is_empty()).then_some(()));

    let elsewhere = data.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    for (n, picture) in first.pictures.iter().enumerate() {
        std::fs::copy(&picture.path, elsewhere.join(format!("{n}.jpg"))).unwrap();
    }
    let (opened, says) = running.import(file, elsewhere.clone());
    assert_eq!(says[0], "All 30 pictures are here");
    assert!(says[1].starts_with("The numbers come out again"), "{says:?}");
    assert!(opened.pictures[0].path.starts_with(&elsewhere));
    assert_eq!((opened.marks.len(), opened.measures.count), (1, 30));
    assert!((opened.measures.top1.mean - first.measures.top1.mean).abs() < 1e-12);
}

#[test]
fn an_evaluation_that_is_opened_again_is_what_it_was_whatever_became_of_its_pictures() {
    let (data, folder, running, made) = of_copies();
    let id = made.id.clone();
    assert_eq!(running.mark(&id, 29, Mark::WrongLabel, "").marks.len(), 1);
    drop(running);

    // One picture is gone, and one is new.
    let gone = &made.pictures[3].path;
    std::fs::remove_file(gone).unwrap();
    std::fs::copy(&made.pictures[20].path, folder.join("banana/new.jpg")).unwrap();
    let running = Running::start(Some(data.path()));
    running.ask(EvaluationRequest::Open(id.clone()));
    let opened = running.evaluated();
    assert_eq!((opened.pictures.len(), opened.marks.len()), (30, 1));
    assert!(opened.marks.contains_key(&29));
    running.ask(EvaluationRequest::Map(id.clone(), MapKind::Pca));
    let warning = running.message();
    let name = gone.file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        warning.starts_with("1 of 30 pictures") && warning.contains(&name),
        "{warning}"
    );
    let map = running.wait_for(|event| match event {
        EvaluationEvent::Mapped(_, map) => Some(map),
        _ => None,
    });
    let nowhere = |place: &usize| map.pictures[*place][0].is_nan();
    assert_eq!((0..30).filter(nowhere).collect::<Vec<_>>(), [3]);
    let marked = running.mark(&id, 3, Mark::WrongLabel, "");
    assert_eq!((marked.pictures.len(), marked.marks.len()), (30, 2));
    drop(running);

    // All of them are gone: the numbers stay, and can be compared.
    std::fs::rename(&folder, data.path().join("elsewhere")).unwrap();
    let running = Running::start(Some(data.path()));
    running.ask(EvaluationRequest::Open(id.clone()));
    assert_eq!(running.evaluated().measures.count, 30);
    running.ask(EvaluationRequest::Map(id.clone(), MapKind::Pca));
    let reason = running.message();
    assert!(reason.starts_with("None of the pictures of"), "{reason}");
    running.ask(EvaluationRequest::Compare {
        first: id.clone(),
        second: id,
        without_marked: true,
    });
    let compared = running.wait_for(|event| match event {
        EvaluationEvent::Compared(_, _, found) => Some(found.unwrap()),
        _ => None,
    });
    assert_eq!((compared.overall.count, compared.of.contains(&3)), (28, false));
}

#[test]
fn marks_stay_on_their_pictures_where_one_is_missing_elsewhere() {
    let (data, folder, running, made) = of_copies();
    running.mark(&made.id, 12, Mark::Ambiguous, "a bowl");
    let file = data.path().join("kept.evaluation");
    running.export(&made.id, &file);
    std::fs::remove_file(&made.pictures[2].path).unwrap();
    let (opened, says) = running.import(file.clone(), folder);
    assert_ne!(opened.id, made.id, "the one that is here stays as it is");
    assert_eq!(opened.pictures[12].content, made.pictures[12].content);
    assert_eq!(opened.marks[&12].note, "a bowl");
    assert!(says[0].starts_with("1 of 30 pictures are not here"), "{says:?}");
    assert_eq!(says[1], "On the 29 pictures of 30 that are here, 0 answers changed");

    // What is measured anew on those that are here has the mark on the same picture, too.
    let found = found_here(read_evaluation(&file).unwrap(), &grocery());
    let here: Vec<usize> = found.here.iter().copied().filter(|place| *place != 2).collect();
    let (events, _) = Events::listened_to();
    let mut workspace = Workspace::new(Arc::new(OpenEvaluations::new(events.clone(), None)), events, None);
    let session = workspace
        .session(&ModelChoice::Starter, DeviceChoice::Cpu)
        .ok()
        .unwrap();
    let now = appraise_again(session, &found.evaluation, &here, ModelChoice::Starter, &Unheard).unwrap();
    let (place, _) = now.evaluation.marks.first_key_value().unwrap();
    assert_eq!(now.evaluation.pictures[*place].content, made.pictures[12].content);
}

#[test]
fn a_mark_costs_no_writing_of_the_answers_and_is_there_after_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(Some(data.path()));
    let id = running.evaluate(grocery()).id.clone();
    running.wait_for(|event| matches!(event, EvaluationEvent::Idle).then_some(()));
    let whole = data.path().join("evaluations").join(format!("{id}.json"));
    let before = std::fs::read(&whole).unwrap();
    running.mark(&id, 7, Mark::WrongLabel, "a kiwi");
    assert_eq!(std::fs::read(&whole).unwrap(), before);
    // Another process finds it: nothing waits to be written when the mark is shown.
    let later = Running::start(Some(data.path()));
    later.ask(EvaluationRequest::Open(id));
    assert_eq!(later.evaluated().marks[&7].note, "a kiwi");
}

#[test]
fn what_needs_no_model_is_answered_beside_long_work() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(Some(data.path()));
    let id = running.evaluate(grocery()).id.clone();
    running.wait_for(|event| matches!(event, EvaluationEvent::Idle).then_some(()));
    running.ask(EvaluationRequest::StudyPrompts(id.clone()));
    running.ask(EvaluationRequest::Order(id, FailureOrder::Margin));
    // The order comes while the study is still at work.
    running.wait_for(|event| match event {
        EvaluationEvent::Ordered(..) => Some(()),
        EvaluationEvent::Idle | EvaluationEvent::Changed(_) => panic!("the study came first"),
        _ => None,
    });
    running.ask(EvaluationRequest::Stop);
}

#[test]
fn what_is_wrong_is_said_and_stopping_leaves_nothing_waiting() {
    let running = Running::start(None);
    let empty = tempfile::tempdir().unwrap();
    running.ask(EvaluationRequest::Look {
        generation: 4,
        folder: empty.path().into(),
        wanted: Wanted::to_measure(),
    });
    let reason = running.wait_for(|event| match event {
        EvaluationEvent::Looked {
            generation: 4, truth, ..
        } => truth.err(),
        _ => None,
    });
    assert!(reason.contains("no ground truth"), "{reason}");
    running.ask(EvaluationRequest::Evaluate {
        generation: 5,
        config: config(grocery()),
    });
    running.ask(EvaluationRequest::Stop);
    running.wait_for(|event| matches!(event, EvaluationEvent::Idle).then_some(()));
}
