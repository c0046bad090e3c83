use super::*;

fn folder(names: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let mut pictures = Vec::new();
    for name in names {
        let path = folder.path().join(name);
        if name.ends_with('/') {
            std::fs::create_dir_all(path).unwrap();
            continue;
        }
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, b"x").unwrap();
        pictures.push(path);
    }
    pictures.sort();
    (folder, pictures)
}

#[test]
fn folders_are_classes_by_their_own_names() {
    let names = [
        "Cat/1.jpg",
        "cat/1.jpg",
        "golden_apple/deep/2.png",
        "a-1/1.jpg",
        "a_1/1.jpg",
        "---/1.jpg",
        "loose.jpg",
        "none/",
    ];
    let (root, pictures) = folder(&names);
    let parts = laid_out(root.path(), &pictures).parts;
    let found = classes(&parts, &pictures, &[], 0);
    let expected = ["---", "Cat", "a-1", "a_1", "cat", "golden_apple"];
    assert_eq!(
        found.names.iter().collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    assert_eq!((found.loose.len(), found.empty.len()), (1, 1));
}

fn laid_out(root: &Path, pictures: &[PathBuf]) -> Layout {
    layout(root, &Tree::of(root, pictures.iter()), true).unwrap()
}

/// The sides of a folder with these files, and how many folders are left aside. Lists are no pictures.
fn sides(names: &[&str]) -> (Vec<Option<Side>>, usize) {
    let (root, mut pictures) = folder(names);
    pictures.retain(|path| path.extension().is_some_and(|ending| ending == "jpg"));
    let found = laid_out(root.path(), &pictures);
    (found.parts.iter().map(|part| part.side).collect(), found.aside.len())
}

#[test]
fn train_and_test_are_sides_unless_they_are_classes() {
    use Side::{Test, Train, Validation};
    let some = |sides: &[Side]| sides.iter().map(|side| Some(*side)).collect::<Vec<_>>();
    assert_eq!(sides(&["train/a/1.jpg", "test/a/1.jpg"]), (some(&[Test, Train]), 0));
    assert_eq!(
        sides(&["Train/a/1.jpg", "valid/a/1.jpg", "x/1.jpg"]),
        (some(&[Train, Validation]), 1)
    );
    assert_eq!(sides(&["train/1.jpg"]), (some(&[Train]), 0));
    assert_eq!(sides(&["train/1.jpg", "car/1.jpg", "bus/1.jpg"]), (vec![None], 0));
    let (root, pictures) = folder(&["val/a/1.jpg", "test/a/1.jpg"]);
    let found = laid_out(root.path(), &pictures).parts;
    assert_eq!(found.len(), 2);
    assert!(
        untaught(root.path(), &found)
            .unwrap()
            .contains("no folder called train")
    );
}

#[test]
fn sides_are_found_under_the_names_that_people_give_them() {
    use Side::{Test, Train, Validation};
    let of = |train: &str, other: &str| {
        let names = ["a", "b"].map(|class| [format!("{train}/{class}/1.jpg"), format!("{other}/{class}/2.jpg")]);
        let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        let mut found = sides(&names).0;
        found.sort();
        found
    };
    for (train, test) in [
        ("training_set", "test_set"),
        ("seg_train", "seg_test"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train", "eval"),
        ("train", "holdout"),
        ("archive/train", "archive/test"),
    ] {
        assert_eq!(of(train, test), [Some(Train), Some(Test)], "{train}, {test}");
    }
    assert_eq!(of("train2017", "val2017"), [Some(Train), Some(Validation)]);
    // Classes may have such words in their names.
    let names = ["toy_train/1.jpg", "test_tube/1.jpg"];
    assert_eq!(sides(&names), (vec![None], 0));
}

#[test]
fn what_lies_beside_sides_does_not_hide_them() {
    use Side::{Test, Train};
    let lists = [
        "train/1.jpg",
        "train/metadata.csv",
        "test/2.jpg",
        "test/metadata.csv",
        "assets/logo.jpg",
    ];
    assert_eq!(sides(&lists), (vec![Some(Test), Some(Train)], 1));
    let annotated = ["train/cat/1.jpg", "train/dog/1.jpg", "annotations/all.json", "notes/"];
    assert_eq!(sides(&annotated), (vec![Some(Train)], 1));
    let captioned = ["train/1.jpg", "train/1.txt", "car/1.jpg", "car/1.txt", "bus/1.jpg"];
    assert_eq!(sides(&captioned), (vec![None], 0));
}

#[test]
fn a_folder_that_may_be_a_side_is_asked_about() {
    let refused = |names: &[&str]| {
        let (root, pictures) = folder(names);
        let tree = Tree::of(root.path(), pictures.iter());
        layout(root.path(), &tree, true).unwrap_err().to_string()
    };
    let names = ["train/a/1.jpg", "train/b/1.jpg", "monday/a/2.jpg", "monday/b/2.jpg"];
    let said = refused(&names);
    assert!(
        said.contains("train and monday") && said.contains("val or test"),
        "{said}"
    );
    let (root, pictures) = folder(&["one/a/1.jpg", "one/b/1.jpg", "two/a/2.jpg", "two/b/2.jpg"]);
    let notes = laid_out(root.path(), &pictures).notes;
    assert!(notes[0].contains("one, two hold the same folders (a, b)"), "{notes:?}");
}

#[test]
fn a_class_may_be_named_further_down() {
    let (root, pictures) = folder(&["fruit/apple/1.jpg", "fruit/pear/1.jpg", "drinks/milk/big/1.jpg"]);
    let parts = layout(root.path(), &Tree::of(root.path(), pictures.iter()), false);
    let found = classes(&parts.unwrap().parts, &pictures, &[], 1);
    assert_eq!(found.names.into_iter().collect::<Vec<_>>(), ["apple", "milk", "pear"]);
}
