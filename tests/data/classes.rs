//! Classes are what their folders are called, and what is left out of them is named.

use crate::folder::{Folder, NAMES, jpeg, photographs, rows};
use crate::program::{Program, lines};

#[test]
fn class_names_are_the_folders_names_and_a_preview_needs_no_method() {
    let folder = Folder::new();
    let names = ["Polish", "polish", "A-1", "a_1", "series-737", "series-747", "0", "---"];
    folder.classes(&names, 5);
    let preview = folder.preview();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(preview.names(), expected);
    assert!(preview.every_class_is_on_every_side());
    let event = preview.event();
    assert_eq!(
        (
            &event["near_duplicates"],
            &event["left_aside"],
            &event["contradictions"]
        ),
        (&0.into(), &0.into(), &0.into())
    );
    assert_eq!(preview.code, 0, "{}", preview.errors);
    let table = Program::new().run(&["fine-tune", folder.path(), "--preview"]);
    let text = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(
        text.contains("1 test  series-737") && text.contains("0 near-duplicates, 0 left aside"),
        "{text}"
    );
    let none = Program::new().run(&["fine-tune", folder.path()]);
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn what_is_dropped_is_named_before_the_run_in_it_and_after() {
    let folder = Folder::new();
    folder.classes(&["dress", "hat"], 8);
    folder.file("dress/cut.jpg", &jpeg(&photographs()[20], 85)[..400]);
    folder.file("hat/IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    folder.file("loose.jpg", jpeg(&photographs()[21], 85));
    std::fs::create_dir(folder.0.path().join("shoes")).unwrap();
    let preview = folder.preview();
    assert_eq!((preview.names(), preview.code), (vec!["dress", "hat"], 1));
    assert_eq!(preview.event()["left_aside"], 4);
    for name in ["cut.jpg", "IMG_1.HEIC", "loose.jpg", "shoes"] {
        assert!(preview.errors.contains(name), "{}", preview.errors);
    }
    let program = Program::new();
    let run = program.run(&[
        "fine-tune",
        folder.path(),
        "--method",
        "linear-probe",
        "--format",
        "json",
    ]);
    let errors = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{errors}");
    assert!(
        errors.contains("4 files or rows are not learnt from") && errors.contains("IMG_1.HEIC"),
        "{errors}"
    );
    let said = lines(&run).into_iter().find(|line| line["event"] == "data").unwrap();
    assert_eq!(said["left_aside"], 4);
    let shown = program.json(&["runs", "show", "linear-probe-1"]);
    assert_eq!(shown[0]["left_aside"], 4);
    assert!(shown[0]["files_left_aside"].to_string().contains("cut.jpg"));
}

#[test]
fn a_class_without_a_readable_picture_stops_the_run() {
    let folder = Folder::new();
    folder.classes(&["dress"], 8);
    (0..6).for_each(|n| {
        folder.file(&format!("hat/{n}.jpg"), b"damaged");
    });
    let preview = folder.preview();
    assert_eq!(preview.classes()[1], ("hat", [0, 0, 0]));
    assert!(
        preview.errors.contains("No picture of hat can be read"),
        "{}",
        preview.errors
    );
    let program = Program::new();
    let run = program.run(&["fine-tune", folder.path(), "--method", "linear-probe"]);
    let errors = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(1));
    assert!(errors.contains("no picture of hat can be read"), "{errors}");
    assert!(program.json(&["runs", "list"]).is_empty());
}

#[test]
fn a_class_of_a_list_without_a_readable_picture_stops_the_run() {
    let lost = |birds: &str| {
        let folder = Folder::new();
        let pairs = rows(&NAMES, |n, name| format!("{name},{}", ["cat", "dog"][n % 2]));
        folder
            .twelve("")
            .file("bird.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
        folder.file("labels.csv", format!("file,label\n{pairs}{birds}"));
        folder
    };
    for birds in ["bird.heic,bird\n", "gone.jpg,bird\n", "cat.jpg,bird\n"] {
        let folder = lost(birds);
        let preview = folder.preview();
        assert_eq!(preview.classes()[0], ("bird", [0, 0, 0]), "{birds}");
        assert!(
            preview.errors.contains("No picture of bird can be read"),
            "{birds}: {}",
            preview.errors
        );
        let program = Program::new();
        let run = program.run(&["fine-tune", folder.path(), "--method", "linear-probe"]);
        let errors = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(1), "{birds}");
        assert!(errors.contains("no picture of bird can be read"), "{birds}: {errors}");
        assert!(program.json(&["runs", "list"]).is_empty());
    }
}

#[test]
fn a_class_with_nothing_to_learn_from_stops_the_run() {
    let folder = Folder::new();
    folder.classes(&["train/coat", "train/dress", "test/coat", "test/dress", "test/hat"], 4);
    let preview = folder.preview();
    assert!(
        preview.errors.contains("No picture of hat is left for training"),
        "{}",
        preview.errors
    );
    for more in [
        &["--method", "linear-probe"][..],
        &["--k-shot-curve"],
        &["--method", "linear-probe", "--estimate"],
    ] {
        let run = Program::new().run(&[&["fine-tune", folder.path()], more].concat());
        let errors = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(1), "{more:?}: {errors}");
        assert!(
            errors.contains("no picture of hat is on the training side"),
            "{more:?}: {errors}"
        );
    }
}

#[test]
fn a_class_is_one_however_its_accents_are_stored() {
    let folder = Folder::new();
    folder.classes(&["train/caf\u{e9}", "train/the", "test/cafe\u{301}", "test/the"], 5);
    let preview = folder.preview();
    assert_eq!(preview.classes(), [("caf\u{e9}", [4, 1, 5]), ("the", [4, 1, 5])]);
}

#[test]
fn odd_folders_are_read_whole_or_named() {
    // What a Mac leaves in an archive is no class.
    let mac = Folder::new();
    mac.classes(&["dress", "hat"], 5);
    mac.file("__MACOSX/dress/._0.jpg", b"\0\x05\x16\x07")
        .file("dress/._1.jpg", b"\0\x05");
    let preview = mac.preview();
    assert_eq!(
        (preview.names(), preview.total(), preview.code),
        (vec!["dress", "hat"], 10, 0)
    );
    let names = ["  shoes  ", "---", "a \"b\", c", "\u{1f3a9} h\u{fc}te"];
    let odd = Folder::new();
    odd.classes(&names, 5);
    let preview = odd.preview();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(preview.names(), expected);
    assert!(preview.every_class_is_on_every_side());
    let one = Folder::new();
    one.classes(&["dress"], 8);
    assert!(
        one.preview().errors.contains("Only one class"),
        "{}",
        one.preview().errors
    );
    // With one picture a class all are learnt from, and nothing is measured: no share of nothing.
    let each = Folder::new();
    each.classes(&["dress", "hat", "shoes"], 1);
    let program = Program::new();
    let run = program.run(&["fine-tune", each.path(), "--method", "linear-probe", "--format", "json"]);
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success() && !said.contains("NaN"), "{said}");
    let done = lines(&run).pop().unwrap();
    assert!(done["accuracy"].is_null() && done["n_test"] == 0, "{done}");
}

#[test]
fn numbered_folders_are_classes_for_heatmaps_too() {
    let folder = Folder::new();
    folder.classes(&["0", "1", "2", "12"], 5);
    let args = [
        "heatmap",
        "--evaluate",
        folder.path(),
        "--limit",
        "4",
        "--method",
        "class-activation",
    ];
    let found = Program::new().json(&args);
    assert_eq!(found.len(), 3);
    let split = Folder::new();
    split.classes(&["train/a", "train/b", "test/a", "test/b"], 3);
    let refused = Program::new().run(&["heatmap", "--evaluate", split.path()]);
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(1) && errors.contains("pictures of 2 classes (a, b)"),
        "{errors}"
    );
}
