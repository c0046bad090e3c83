//! Training, validation and test, by whatever they are called.

use crate::folder::{Folder, NAMES, jpeg, photographs, rows};
use crate::program::Program;

#[test]
fn train_and_test_folders_and_lists_are_sides() {
    let folders = Folder::new();
    folders.classes(&["train/dress", "train/hat", "test/dress", "test/hat"], 10);
    let preview = folders.preview();
    assert_eq!(preview.classes(), [("dress", [8, 2, 10]), ("hat", [8, 2, 10])]);
    let path = folders.path();
    let few = Program::new().json(&["fine-tune", path, "--preview", "--shots", "3"]);
    assert_eq!((&few[0]["train"], &few[0]["test"]), (&3.into(), &10.into()));
    let hub = Folder::new();
    hub.twelve("train/");
    let rows: String = NAMES.map(|name| format!("{name},a {name}\n")).concat();
    hub.file("train/metadata.csv", format!("file_name,text\n{rows}"));
    assert_eq!(hub.preview().classes(), [("pictures with captions", [8, 2, 2])]);
    let labelled = Folder::new();
    labelled.twelve("train/").twelve("test/");
    for side in ["train", "test"] {
        let line = |(n, name): (usize, &str)| {
            format!(
                "{{\"file_name\": \"{name}\", \"label\": \"{}\"}}\n",
                ["cat", "dog"][n % 2]
            )
        };
        let list: String = NAMES.into_iter().enumerate().map(line).collect();
        labelled.file(&format!("{side}/metadata.jsonl"), list);
    }
    let preview = labelled.preview();
    assert_eq!(preview.classes(), [("cat", [5, 1, 6]), ("dog", [5, 1, 6])]);
    assert!(
        preview.errors.contains("copies of training pictures"),
        "{}",
        preview.errors
    );
    let coco = Folder::new();
    coco.twelve("images/");
    let images: Vec<String> = (0..12)
        .map(|n| format!("{{\"id\": {n}, \"file_name\": \"{}\"}}", NAMES[n]))
        .collect();
    let said: Vec<String> = (0..12)
        .map(|n| format!("{{\"image_id\": {n}, \"caption\": \"a {}\"}}", NAMES[n]))
        .collect();
    let json = format!(
        "{{\"images\": [{}], \"annotations\": [{}]}}",
        images.join(","),
        said.join(",")
    );
    coco.file("annotations/captions_train.json", json);
    assert_eq!(coco.preview().total(), 12);
    let lists = Folder::new();
    lists.twelve("");
    let list = |names: &[&str]| {
        "file,caption\n".to_string() + &names.iter().map(|n| format!("{n},a {n}\n")).collect::<String>()
    };
    lists
        .file("test.csv", list(&NAMES[..4]))
        .file("train.csv", list(&NAMES[4..]));
    assert_eq!(lists.preview().classes(), [("pictures with captions", [6, 2, 4])]);
    let mixed = Folder::new();
    mixed
        .twelve("")
        .file("captions.csv", list(&NAMES))
        .file("labels.csv", "file,label\ncat.jpg,cat\n");
    let preview = mixed.preview();
    assert_eq!(preview.code, 1);
    assert!(
        preview.errors.contains("captions.csv") && preview.errors.contains("labels.csv"),
        "{}",
        preview.errors
    );
}

#[test]
fn sides_are_found_whatever_they_are_called_and_whatever_lies_beside_them() {
    for (train, test) in [
        ("training_set", "test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train", "eval"),
        ("Train", "holdout"),
        ("archive/train", "archive/test"),
    ] {
        let folder = Folder::new();
        let names = [train, test].map(|side| ["dress", "hat"].map(|class| format!("{side}/{class}")));
        let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        folder.classes(&names, 5);
        let preview = folder.preview();
        assert_eq!(
            preview.classes(),
            [("dress", [4, 1, 5]), ("hat", [4, 1, 5])],
            "{train}, {test}"
        );
    }
    let asked = Folder::new();
    asked.classes(&["train/dress", "train/hat", "monday/dress", "monday/hat"], 5);
    let preview = asked.preview();
    assert!(
        preview.code == 1 && preview.errors.contains("train and monday"),
        "{}",
        preview.errors
    );
    let lists = Folder::new();
    lists
        .twelve("train/")
        .twelve("test/")
        .file("assets/logo.jpg", jpeg(&photographs()[20], 85));
    for side in ["train", "test"] {
        let list = rows(&NAMES, |n, name| format!("{name},{}", ["cat", "dog"][n % 2]));
        lists.file(&format!("{side}/metadata.csv"), format!("file_name,label\n{list}"));
    }
    let preview = lists.preview();
    assert_eq!(preview.classes(), [("cat", [5, 1, 6]), ("dog", [5, 1, 6])]);
    assert!(preview.errors.contains("assets"), "{}", preview.errors);
    let annotated = Folder::new();
    annotated.classes(&["train/dress", "train/hat"], 5);
    annotated.file("annotations/boxes.json", "{\"images\": [], \"annotations\": []}");
    assert_eq!(annotated.preview().names(), ["dress", "hat"]);
}

#[test]
fn a_split_that_is_called_otherwise_is_not_learnt_from() {
    let with = |split: &dyn Fn(usize) -> &'static str| {
        let folder = Folder::new();
        folder.twelve("");
        let list = rows(&NAMES, |n, name| {
            format!("{name},{},{}", ["cat", "dog"][n % 2], split(n / 2))
        });
        folder.file("metadata.csv", format!("file_name,label,split\n{list}"));
        folder.preview()
    };
    let odd = with(&|pair| ["train", "train", "train", "test", "test", "unused"][pair]);
    assert_eq!(odd.total(), 10);
    assert!(odd.errors.contains("its split is \"unused\""), "{}", odd.errors);
    let eval = with(&|pair| ["train", "train", "train", "train", "eval", "eval"][pair]);
    assert_eq!(eval.classes(), [("cat", [3, 1, 2]), ("dog", [3, 1, 2])]);
    let all_three = with(&|pair| ["train", "train", "train", "eval", "test", "test"][pair]);
    assert_eq!(all_three.classes(), [("cat", [3, 1, 2]), ("dog", [3, 1, 2])]);
    let none = with(&|pair| ["0", "0", "0", "1", "1", "2"][pair]);
    assert_eq!(none.total(), 12);
    assert!(
        none.errors.contains("says nothing that is known (0, 1, 2)"),
        "{}",
        none.errors
    );
}

#[test]
fn sides_inside_of_classes_are_sides() {
    let folder = Folder::new();
    folder.classes(&["cats/train", "cats/test", "dogs/train", "dogs/test"], 5);
    let preview = folder.preview();
    assert_eq!(preview.classes(), [("cats", [4, 1, 5]), ("dogs", [4, 1, 5])]);
    assert!(!preview.errors.contains("hold the same folders"), "{}", preview.errors);
    let untaught = Folder::new();
    untaught.classes(&["cats/test", "cats/val", "dogs/test", "dogs/val"], 3);
    let errors = untaught.preview().errors;
    assert!(errors.contains("no folder called train"), "{errors}");
    // One class that is split says nothing of the others.
    let other = Folder::new();
    other.classes(&["cats/train", "cats/test", "dogs/young", "dogs/old"], 5);
    assert_eq!(other.preview().total(), 20);
}

/// Twelve pictures below each of two folders, under the same names.
fn numbered_alike(folders: [&str; 2]) -> (Folder, Vec<String>) {
    let folder = Folder::new();
    let names: Vec<String> = (1..=12).map(|n| format!("{n:04}")).collect();
    for (n, picture) in photographs().iter().take(24).enumerate() {
        let name = format!("{}/{}.jpg", folders[n / 12], names[n % 12]);
        folder.file(&name, jpeg(picture, 85));
    }
    (folder, names)
}

#[test]
fn a_list_of_one_side_means_the_pictures_of_that_side() {
    for (folders, ending) in [
        (["train", "test"], ".jpg"),
        (["train_images", "test_images"], ""),
        (["train/images", "test/images"], ".jpg"),
    ] {
        let (folder, names) = numbered_alike(folders);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let list = rows(&names, |n, name| format!("{name}{ending},{}", ["cat", "dog"][n % 2]));
        for side in ["train", "test"] {
            folder.file(&format!("{side}.csv"), format!("image_id,label\n{list}"));
        }
        let preview = folder.preview();
        assert_eq!(
            preview.classes(),
            [("cat", [5, 1, 6]), ("dog", [5, 1, 6])],
            "{folders:?}: {}",
            preview.errors
        );
    }
}

#[test]
fn answers_that_only_show_how_they_are_handed_in_are_no_truth() {
    let (folder, names) = numbered_alike(["train_images", "test_images"]);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let list = rows(&names, |n, name| format!("{name}.jpg,{}", ["cat", "dog"][n % 2]));
    let made_up = rows(&names, |_, name| format!("{name}.jpg,4"));
    folder.file("train.csv", format!("image_id,label\n{list}"));
    folder.file("sample_submission.csv", format!("image_id,label\n{made_up}"));
    let preview = folder.preview();
    assert_eq!((preview.names(), preview.total()), (vec!["cat", "dog"], 12));
    assert!(preview.errors.contains("sample_submission.csv"), "{}", preview.errors);
}
