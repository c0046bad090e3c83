use super::*;
use crate::evaluation::Mark;
use crate::evaluation::tests::made;

fn marked(note: &str) -> Marked {
    Marked {
        mark: Mark::WrongLabel,
        note: note.into(),
    }
}

/// A folder with one evaluation of three pictures, kept.
fn kept() -> (tempfile::TempDir, EvaluationStore, Evaluation) {
    let folder = tempfile::tempdir().unwrap();
    let store = EvaluationStore::at(folder.path());
    let evaluation = made(&[0, 1, 2], &[0, 1, 1]);
    store.save(&evaluation).unwrap();
    (folder, store, evaluation)
}

fn whole(store: &EvaluationStore, evaluation: &Evaluation) -> Vec<u8> {
    std::fs::read(store.file(&evaluation.id, WHOLE).unwrap()).unwrap()
}

#[test]
fn a_mark_is_kept_without_the_answers_being_written_again() {
    let (_folder, store, mut evaluation) = kept();
    let before = whole(&store, &evaluation);
    evaluation.marks.insert(2, marked("a dog"));
    store.save_changed(&evaluation, Changed::Marks).unwrap();
    assert_eq!(whole(&store, &evaluation), before);
    assert_eq!(store.open(&evaluation.id).unwrap().marks, evaluation.marks);
    evaluation.marks.clear();
    store.save_changed(&evaluation, Changed::Marks).unwrap();
    assert!(store.open(&evaluation.id).unwrap().marks.is_empty());
    // Whatever else is changed, the newest marks stay, and those of the large file are the same.
    evaluation.marks.insert(1, marked(""));
    store.save(&evaluation).unwrap();
    assert_eq!(store.open(&evaluation.id).unwrap().marks, evaluation.marks);
    let exported = read(&store.file(&evaluation.id, WHOLE).unwrap()).unwrap();
    assert_eq!(exported.marks, evaluation.marks);
}

#[test]
fn marks_of_before_they_had_a_file_are_found_and_can_be_taken_back() {
    let (_folder, store, mut evaluation) = kept();
    evaluation.marks.insert(0, marked("of before"));
    let old = written(&evaluation).unwrap();
    std::fs::write(store.file(&evaluation.id, WHOLE).unwrap(), old).unwrap();
    assert!(!store.file(&evaluation.id, MARKS).unwrap().exists());
    let mut opened = store.open(&evaluation.id).unwrap();
    assert_eq!(opened.marks, evaluation.marks);
    opened.marks.insert(1, marked("of now"));
    store.save_changed(&opened, Changed::Marks).unwrap();
    assert_eq!(store.open(&evaluation.id).unwrap().marks, opened.marks);
    opened.marks.remove(&0);
    store.save_changed(&opened, Changed::Marks).unwrap();
    let notes = store.open(&evaluation.id).unwrap().marks;
    assert_eq!(notes, BTreeMap::from([(1, marked("of now"))]));
}

#[test]
fn marks_go_and_come_with_their_evaluation() {
    let (_folder, store, mut evaluation) = kept();
    evaluation.marks.insert(2, marked("gone and back"));
    store.save_changed(&evaluation, Changed::Marks).unwrap();
    store.delete(&evaluation.id).unwrap();
    assert!(!store.file(&evaluation.id, MARKS).unwrap().exists());
    store.restore(&evaluation.id).unwrap();
    assert_eq!(store.open(&evaluation.id).unwrap().marks, evaluation.marks);
    // Another one of the same name has none, before and after it was put aside.
    store.delete(&evaluation.id).unwrap();
    evaluation.marks.clear();
    store.save(&evaluation).unwrap();
    store.delete(&evaluation.id).unwrap();
    store.restore(&evaluation.id).unwrap();
    assert!(store.open(&evaluation.id).unwrap().marks.is_empty());
}

#[test]
fn a_name_and_a_slice_are_kept_like_marks() {
    let (_folder, store, mut evaluation) = kept();
    let before = whole(&store, &evaluation);
    let slice = |name: &str| KeptSlice {
        name: name.into(),
        contents: vec!["1".into()],
    };
    evaluation.name = "another name".into();
    store.save_changed(&evaluation, Changed::Name).unwrap();
    evaluation.slices.push(slice("snow"));
    store.save_changed(&evaluation, Changed::Slices).unwrap();
    assert_eq!(whole(&store, &evaluation), before);
    let opened = store.open(&evaluation.id).unwrap();
    assert_eq!((&opened.name, &opened.slices), (&evaluation.name, &evaluation.slices));
    assert_eq!(store.list()[0].name, "another name");
    store.delete(&evaluation.id).unwrap();
    store.restore(&evaluation.id).unwrap();
    assert_eq!(store.open(&evaluation.id).unwrap().slices, evaluation.slices);
    // One of before slices had a file.
    let mut old = made(&[0, 1, 2], &[0, 1, 1]);
    old.id = "20251126-2".into();
    old.slices.push(slice("of before"));
    std::fs::write(store.file(&old.id, WHOLE).unwrap(), written(&old).unwrap()).unwrap();
    let opened = store.open(&old.id).unwrap();
    assert_eq!((opened.name, opened.slices), (old.name, old.slices));
}

#[test]
fn damaged_marks_are_said_and_not_written_over_unseen() {
    let (_folder, store, evaluation) = kept();
    let file = store.file(&evaluation.id, MARKS).unwrap();
    let place = br#"{"3":{"mark":"other","note":""}}"#;
    for damaged in [&b"{\"0\":"[..], place] {
        std::fs::write(&file, damaged).unwrap();
        let reason = store.open(&evaluation.id).unwrap_err();
        assert!(
            reason.contains("marks.json") && reason.contains("move it away"),
            "{reason}"
        );
    }
    std::fs::remove_file(&file).unwrap();
    assert!(store.open(&evaluation.id).unwrap().marks.is_empty());
}

#[test]
fn an_evaluation_that_could_not_be_kept_is_kept_with_its_first_mark() {
    let folder = tempfile::tempdir().unwrap();
    let store = EvaluationStore::at(folder.path());
    let mut evaluation = made(&[0, 1, 2], &[0, 1, 1]);
    evaluation.marks.insert(1, marked(""));
    store.save_changed(&evaluation, Changed::Marks).unwrap();
    assert_eq!(store.open(&evaluation.id).unwrap().marks, evaluation.marks);
}
