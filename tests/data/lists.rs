//! Lists of every dialect are read, or say what is wrong with them.

use crate::folder::{Folder, NAMES, jpeg, photographs, rows};

#[test]
fn a_stray_quote_in_a_table_loses_no_row() {
    let row = |name: &&str| format!("{name}\ta picture of {name}\n");
    let table: String = NAMES.iter().map(row).collect();
    let tsv = format!("file\tcaption\n{table}")
        .replace("\ta picture of bananas", "\t\"Best of the week - a picture of bananas");
    let folder = Folder::new();
    folder.twelve("").file("captions.tsv", &tsv);
    assert_eq!(folder.preview().total(), 12);
    let csv = Folder::new();
    csv.twelve("").file("captions.csv", tsv.replace('\t', ","));
    let preview = csv.preview();
    assert_eq!(preview.code, 1);
    assert!(preview.errors.contains("captions.csv: line 5"), "{}", preview.errors);
}

#[test]
fn lists_of_every_dialect_and_encoding_are_read() {
    let table = |separator: &str, end: &str| {
        let row = |name: &&str| format!("{name}{separator}une photo très belle: {name}{end}");
        format!("file{separator}caption{end}") + &NAMES.iter().map(row).collect::<String>()
    };
    let latin = |text: &str| -> Vec<u8> { text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect() };
    let utf16 = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    let big = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect()
    };
    let object = |name: &&str| format!("{{\"file_name\": \"{name}\", \"text\": \"a {name}\"}}\r\n");
    let json_lines: String = NAMES.iter().map(object).collect();
    let images: Vec<String> = (0..12)
        .map(|n| format!("{{\"id\": \"{n}\", \"file_name\": \"{}\"}}", NAMES[n]))
        .collect();
    let said: Vec<String> = (0..12)
        .map(|n| format!("{{\"image_id\": \"{n}\", \"caption\": \"a {}\"}}", NAMES[n]))
        .collect();
    let coco = format!(
        "\u{feff}{{\"images\": [{}], \"annotations\": [{}]}}",
        images.join(","),
        said.join(",")
    );
    let quoted = |name: &&str| format!("\"{name}\",\"a {name}, seen \"\"live\"\"\r\nin two lines\"\r\n");
    let quoted = "\u{feff}\"file\",\"caption\"\r\n".to_string() + &NAMES.iter().map(quoted).collect::<String>();
    let with_commas = table(",", "\n").replace("photo", "photo, très grande, et");
    for (name, content) in [
        ("captions.csv", quoted.into_bytes()),
        ("captions.csv", latin(&with_commas)),
        ("captions.csv", table(",", "\r\n").into_bytes()),
        ("captions.csv", format!("\u{feff}{}", table(";", "\r\n")).into_bytes()),
        ("captions.csv", table(",", "\r").into_bytes()),
        ("captions.csv", latin(&table(";", "\n"))),
        ("captions.tsv", utf16(&table("\t", "\n"))),
        ("captions.tsv", big(&table("\t", "\r\n"))),
        ("captions.txt", table(",", "\n").into_bytes()),
        ("metadata.jsonl", format!("\u{feff}{json_lines}").into_bytes()),
        ("captions.json", coco.into_bytes()),
    ] {
        let folder = Folder::new();
        folder.twelve("").file(name, &content);
        let preview = folder.preview();
        assert_eq!((preview.total(), preview.code), (12, 0), "{name}: {}", preview.errors);
    }
}

#[test]
fn paths_in_lists_are_found_however_they_are_spelt_or_named() {
    let list = |header: &str, spelt: &dyn Fn(&str) -> String| {
        let rows = NAMES.iter().map(|name| format!("{},a picture\n", spelt(name)));
        format!("{header}\n") + &rows.collect::<String>()
    };
    let folder = Folder::new();
    folder.twelve("images/");
    let absolute = format!("{}/images/", folder.path());
    for (header, spelt) in [
        (
            "filepath,title",
            &(|name: &str| format!("./images/{name}")) as &dyn Fn(&str) -> String,
        ),
        ("Image Path,Caption", &|name| format!("images\\{name}")),
        ("img_path,text", &|name| format!("{absolute}{name}")),
        ("FILE_NAME,CAPTION", &|name| format!("IMAGES/{}", name.to_uppercase())),
        ("filepath,title", &|name| {
            format!("D:\\datasets\\photos\\images\\{name}")
        }),
        ("image,caption", &|name| name.to_string()),
    ] {
        folder.file("train.csv", list(header, spelt));
        let preview = folder.preview();
        assert_eq!((preview.total(), preview.code), (12, 0), "{header}: {}", preview.errors);
    }
    folder.file(
        "train.csv",
        list("filepath,title", &|name| format!("elsewhere/{name}.gone")),
    );
    let lost = folder.preview();
    assert_eq!(lost.code, 1);
    for part in ["train.csv", "line 2: elsewhere/asparagus.jpg.gone", "Of 12 rows"] {
        assert!(lost.errors.contains(part), "{}", lost.errors);
    }
    folder.file(
        "train.csv",
        "image,label\n".to_string()
            + &NAMES
                .map(|n| format!("{n},{}\n", if n < "c" { "Thing" } else { "thing" }))
                .concat(),
    );
    assert_eq!(folder.preview().names(), ["Thing", "thing"]);
    let decomposed = Folder::new();
    decomposed
        .file("e\u{301}te\u{301}.jpg", jpeg(&photographs()[0], 85))
        .file("b.jpg", jpeg(&photographs()[1], 85));
    decomposed.file("captions.csv", "file,caption\né\u{74}é.jpg,summer\nb.jpg,b\n");
    assert_eq!(decomposed.preview().total(), 2);
}

#[test]
fn lists_are_read_wherever_the_pictures_lie_and_other_kinds_are_named() {
    let folder = Folder::new();
    folder.twelve("images/");
    let list = rows(&NAMES, |n, name| format!("{name},{}", ["cat", "dog"][n % 2]));
    folder.file("images/metadata.csv", format!("file_name,label\n{list}"));
    folder.file("metadata.parquet", b"PAR1").file("labels.xlsx", b"PK");
    let preview = folder.preview();
    assert_eq!((preview.names(), preview.total()), (vec!["cat", "dog"], 12));
    for name in ["metadata.parquet", "labels.xlsx"] {
        assert!(preview.errors.contains(name), "{}", preview.errors);
    }
}

#[test]
fn damaged_lists_and_guessed_encodings_are_named() {
    let with = |name: &str, content: &[u8]| {
        let folder = Folder::new();
        folder.twelve("").file(name, content);
        folder.preview()
    };
    let two_lines = "file\tcaption\ncat.jpg\t\"a cat\non a mat\"\ncap.jpg\ta cap\n";
    let preview = with("captions.tsv", two_lines.as_bytes());
    assert!(
        preview.code == 1 && preview.errors.contains("line 2"),
        "{}",
        preview.errors
    );
    let cut = b"[{\"file_name\": \"cat.jpg\", \"text\": \"a cat\"}, {\"file_name\": \"ca";
    let preview = with("data.json", cut);
    assert!(
        preview.code == 1 && preview.errors.contains("data.json"),
        "{}",
        preview.errors
    );
    let rows = rows(&NAMES, |_, name| format!("{name},un caf\u{e9} au lait"));
    let latin: Vec<u8> = format!("file,caption\n{rows}").chars().map(|c| c as u8).collect();
    let preview = with("captions.csv", &latin);
    assert_eq!(preview.total(), 12);
    assert!(preview.errors.contains("code page 1252"), "{}", preview.errors);
    let (cyrillic, _, _) = encoding_rs::WINDOWS_1251.encode("file,caption\ncat.jpg,кот на ковре\n");
    let preview = with("captions.csv", &cyrillic);
    assert!(
        preview.code == 1 && preview.errors.contains("save it as UTF-8"),
        "{}",
        preview.errors
    );
}

#[test]
fn rows_of_missing_and_empty_captions_are_named() {
    let folder = Folder::new();
    folder.twelve("");
    let list = rows(&NAMES, |n, name| match n {
        0 => format!("{name},"),
        1 => format!("gone-{name},a picture"),
        _ => format!("{name},a picture of {name}"),
    });
    folder.file("captions.csv", format!("file,caption\n{list}"));
    let preview = folder.preview();
    assert_eq!(preview.total(), 10);
    for named in [
        "asparagus.jpg: it has no caption",
        "gone-astronaut.jpg",
        "no list names it",
    ] {
        assert!(preview.errors.contains(named), "{named}: {}", preview.errors);
    }
}

#[test]
fn paths_that_begin_with_the_folders_own_name_are_found() {
    let folder = Folder::new();
    folder.twelve("images/");
    let own = folder.0.path().file_name().unwrap().to_str().unwrap();
    let list = rows(&NAMES, |n, name| {
        format!("{own}/images/{name},{}", ["cat", "dog"][n % 2])
    });
    folder.file("labels.csv", format!("file,label\n{list}"));
    let preview = folder.preview();
    assert_eq!((preview.names(), preview.total()), (vec!["cat", "dog"], 12));
    assert!(
        preview.errors.contains("found by the ends of these"),
        "{}",
        preview.errors
    );
}

#[test]
fn names_of_classes_come_before_numbers_and_folders_that_are_not_used_are_said() {
    let folder = Folder::new();
    folder.classes(&["one", "two"], 6);
    let names: Vec<String> = (0..12).map(|n| format!("{}/{n}.jpg", ["one", "two"][n / 6])).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let class = |n: usize| n / 6;
    let both = rows(&names, |n, name| {
        format!("{name},{},{}", class(n), ["cat", "dog"][class(n)])
    });
    folder.file("labels.csv", format!("file,label,label_name\n{both}"));
    assert_eq!(folder.preview().names(), ["cat", "dog"]);
    folder.file(
        "labels.csv",
        format!("file,label\n{}", rows(&names, |n, name| format!("{name},{}", class(n)))),
    );
    let preview = folder.preview();
    assert_eq!(preview.names(), ["0", "1"]);
    assert!(
        preview.errors.contains("the folders' names are not"),
        "{}",
        preview.errors
    );
}

#[test]
fn boxes_are_named_where_nothing_else_is_there() {
    let boxes = r#"{"images": [{"id": 0, "file_name": "0001.jpg"}], "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": 0, "image_id": 0, "category_id": 1, "bbox": [1, 1, 8, 8]}]}"#;
    for list in ["train/_annotations.coco.json", "annotations/instances_default.json"] {
        let folder = Folder::new();
        for (n, picture) in photographs().iter().take(6).enumerate() {
            folder.file(&format!("train/{n:04}.jpg"), jpeg(picture, 85));
        }
        let errors = folder.file(list, boxes).preview().errors;
        assert!(
            errors.contains(&format!("{list}: it has boxes or outlines")),
            "{list}: {errors}"
        );
    }
}
