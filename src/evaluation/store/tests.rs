use super::whole::MAX_VALUES;
use super::*;
use crate::evaluation::tests::made;
use crate::evaluation::{Mark, Negatives};

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

#[cfg(unix)]
#[test]
fn what_is_kept_is_its_owners_alone_wherever_it_lies() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, store, mut evaluation) = kept();
    let opened_to_all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), opened_to_all.clone()).unwrap();
    std::fs::set_permissions(&store.folder, opened_to_all).unwrap();
    evaluation.marks.insert(1, marked("a secret"));
    store.save_changed(&evaluation, Changed::Marks).unwrap();
    store.save(&evaluation).unwrap();
    store
        .keep_given(Path::new("/photos"), &["cat".into()], &[], &Default::default())
        .unwrap();
    store.delete(&evaluation.id).unwrap();
    store.save(&evaluation).unwrap();
    let entries: Vec<walkdir::DirEntry> = walkdir::WalkDir::new(&store.folder)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(entries.len() > 8, "{entries:?}");
    for entry in entries {
        let others = entry.metadata().unwrap().permissions().mode() & 0o077;
        assert_eq!(others, 0, "{}", entry.path().display());
    }
}

#[test]
fn a_digit_that_changed_on_the_disk_is_noticed() {
    let (_folder, store, evaluation) = kept();
    let file = store.file(&evaluation.id, WHOLE).unwrap();
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    value["measures"]["top1"]["mean"] = 0.7.into();
    std::fs::write(&file, value.to_string()).unwrap();
    let reason = store.open(&evaluation.id).unwrap_err();
    assert!(reason.contains("not those of its answers"), "{reason}");
}

#[test]
fn what_is_no_evaluation_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.evaluation");
    // A gigabyte of zeros that takes no room.
    std::fs::File::create(&file).unwrap().set_len(1 << 30).unwrap();
    assert!(read(&file).unwrap_err().contains("it is no evaluation"));
    let mut text = written(&made(&[0, 1, 2], &[0, 1, 1])).unwrap();
    std::fs::write(&file, &text).unwrap();
    assert!(read(&file).is_ok());
    text.pop();
    text.extend_from_slice(format!(",\"x\":[{}0]}}", "0,".repeat(MAX_VALUES)).as_bytes());
    std::fs::write(&file, text).unwrap();
    let reason = read(&file).unwrap_err();
    assert!(reason.contains("values"), "{reason}");
}

#[test]
fn our_own_may_lie_on_another_machine_and_a_strangers_may_not() {
    let (_folder, store, mut evaluation) = kept();
    evaluation.setup.folder = "\\\\machine\\share".into();
    store.save(&evaluation).unwrap();
    assert!(store.open(&evaluation.id).is_ok());
    let reason = read(&store.file(&evaluation.id, WHOLE).unwrap()).unwrap_err();
    assert!(reason.contains("another machine"), "{reason}");
}

#[cfg(unix)]
#[test]
fn paths_that_are_no_text_are_kept_as_they_are() {
    use std::os::unix::ffi::OsStrExt;
    let (_folder, store, mut evaluation) = kept();
    let path = |name: &[u8]| PathBuf::from(std::ffi::OsStr::from_bytes(name));
    evaluation.setup.folder = path(b"/caf\xe9");
    evaluation.setup.model.path = Some(path(b"/mod\xe8le"));
    evaluation.pictures[0].path = path(b"/caf\xe9/a.jpg");
    let mut negatives = Negatives::of(&[0.1], &[0.0]).unwrap();
    negatives.files.push(path(b"/\xe9.jpg"));
    evaluation.negatives = Some(negatives);
    store.save(&evaluation).unwrap();
    let opened = store.open(&evaluation.id).unwrap();
    assert_eq!(
        (&opened.setup, &opened.pictures),
        (&evaluation.setup, &evaluation.pictures)
    );
    assert_eq!(opened.negatives.unwrap().files, evaluation.negatives.unwrap().files);
    assert_eq!(store.list()[0].folder, evaluation.setup.folder);
}
