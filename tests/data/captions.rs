//! Texts beside pictures: captions in every encoding, and what is none.

use serde_json::json;

use crate::folder::{Folder, NAMES};
use crate::program::Program;

#[test]
fn boxes_and_notes_beside_pictures_are_no_captions() {
    let boxes = Folder::new();
    boxes.classes(&["dress", "hat"], 8);
    (0..16).for_each(|n| {
        boxes.file(
            &format!("{}/{n}.txt", ["dress", "hat"][n / 8]),
            "0 0.40 0.5 0.3 0.6\n1 0.1 0.2 0.3 0.4\n",
        );
    });
    let preview = boxes.preview();
    assert_eq!((preview.names(), preview.total()), (vec!["dress", "hat"], 16));
    assert_eq!(preview.event()["left_aside"], 16);
    assert!(
        preview.errors.contains("0.txt: numbers alone are no caption"),
        "{}",
        preview.errors
    );
    let notes = Folder::new();
    notes.classes(&["dress", "hat"], 8);
    notes
        .file("dress/0.txt", "bought in May, size 38")
        .file("hat/8.txt", "from grandmother");
    notes.file("sources.csv", "path,title,licence\ndress/0.jpg,Summer collection,CC0\n");
    let preview = notes.preview();
    assert_eq!((preview.names(), preview.total()), (vec!["dress", "hat"], 16));
    let aside = preview.event()["files_left_aside"].to_string();
    assert!(
        ["0.txt", "8.txt", "sources.csv"]
            .iter()
            .all(|name| aside.contains(name)),
        "{aside}"
    );
    // The same file for every picture is still about something else.
    let rows: String = (0..16)
        .map(|n| format!("{}/{n}.jpg,A title,CC0\n", ["dress", "hat"][n / 8]))
        .collect();
    notes.file("sources.csv", format!("path,title,licence\n{rows}"));
    assert_eq!(notes.preview().names(), ["dress", "hat"]);
}

#[test]
fn captions_beside_pictures_are_read_in_every_encoding() {
    let said = |folder: &Folder, bytes: &dyn Fn(usize, &str) -> Vec<u8>| {
        for (n, name) in NAMES.iter().enumerate() {
            folder.file(
                &name.replace(".jpg", ".txt"),
                bytes(n, &format!("un café et {name}\r\n")),
            );
        }
    };
    let latin = |text: &str| -> Vec<u8> { text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect() };
    for bytes in [
        &(|_: usize, text: &str| format!("\u{feff}{text}").into_bytes()) as &dyn Fn(usize, &str) -> Vec<u8>,
        &|_, text| {
            format!("\u{feff}{text}")
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect()
        },
        &|n, text| {
            if n % 2 == 0 {
                latin(text)
            } else {
                text.as_bytes().to_vec()
            }
        },
    ] {
        let folder = Folder::new();
        said(folder.twelve(""), bytes);
        let preview = folder.preview();
        assert_eq!((preview.total(), preview.code), (12, 0), "{}", preview.errors);
    }
    let kohya = Folder::new();
    kohya.twelve("10_sks dog/");
    NAMES.iter().take(6).for_each(|name| {
        let (from, to) = (
            kohya.0.path().join("10_sks dog").join(name),
            kohya.0.path().join("5_reg cat").join(name),
        );
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(from, to).unwrap();
    });
    for (n, name) in NAMES.iter().enumerate() {
        let folder = if n < 6 { "5_reg cat" } else { "10_sks dog" };
        kohya.file(
            &format!("{folder}/{}", name.replace(".jpg", ".caption")),
            format!("a {name}"),
        );
    }
    let preview = kohya.preview();
    assert_eq!((preview.names(), preview.total()), (vec!["pictures with captions"], 12));
}

#[test]
fn captions_beside_pictures_in_latin_1_are_read() {
    let folder = Folder::new();
    folder.twelve("");
    for name in NAMES {
        let caption: Vec<u8> = "un caf\u{e9} au lait".chars().map(|c| c as u8).collect();
        folder.file(&name.replace(".jpg", ".txt"), caption);
    }
    let preview = folder.preview();
    assert_eq!((preview.total(), preview.code), (12, 0), "{}", preview.errors);
}

#[test]
fn class_folders_are_measured_by_whatever_captions_say() {
    let beside = Folder::new();
    let listed = Folder::new();
    beside.classes(&["coat", "hat"], 6);
    listed.classes(&["coat", "hat"], 6);
    let names: Vec<String> = (0..12).map(|n| format!("{}/{n}", ["coat", "hat"][n / 6])).collect();
    for name in &names {
        beside.file(&format!("{name}.txt"), format!("a photo called {name}"));
    }
    let list: String = names
        .iter()
        .map(|name| format!("{name}.jpg,a photo called {name}\n"))
        .collect();
    listed.file("captions.csv", format!("file,caption\n{list}"));
    for folder in [&beside, &listed] {
        let program = Program::new();
        let measured = program.json(&["evaluate", folder.path()]).pop().unwrap();
        assert_eq!(
            (&measured["labels"], &measured["n"]),
            (&json!(["coat", "hat"]), &json!(12))
        );
        let retrieved = program
            .json(&["evaluate", folder.path(), "--truth", "captions"])
            .pop()
            .unwrap();
        assert_eq!(retrieved["captions"], 12, "{retrieved}");
        let maps = program.run(&["heatmap", "--evaluate", folder.path()]);
        let errors = String::from_utf8_lossy(&maps.stderr).into_owned();
        assert!(errors.contains("pictures of 2 classes (coat, hat)"), "{errors}");
        // To learn from, captions say more.
        assert_eq!(folder.preview().names(), ["pictures with captions"]);
    }
}
