//! What people write down about pictures: lists, captions, labels.

use clipsight::fine_tune::data::Dataset;
use clipsight::library::{MAX_LABELS_BYTES, read_text};
use clipsight::zero_shot::{of_fair_length, parse_labels};

use crate::harness::fuzz;
use crate::place::Place;

/// Two pictures, and a list of them.
fn lists(reader: &str, name: &str, seeds: &[&[u8]]) {
    let place = Place::new();
    for picture in ["a.jpg", "b.jpg"] {
        place.with(picture, b"\xFF\xD8\xFF\xE0");
    }
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.to_vec()).collect();
    fuzz(reader, true, &seeds, |bytes| {
        place.with(name, bytes);
        let _ = Dataset::read(place.path());
    });
}

#[test]
fn tables() {
    let comma = b"file_name,caption\na.jpg,\"a cat, on a mat\"\nb.jpg,\"a \"\"dog\"\"\"\n".as_slice();
    let german = b"sep=;\nbild;image;label\n1;a.jpg;katze\n2;.\\b.jpg;hund\n";
    lists(
        "tables",
        "captions.csv",
        &[comma, german, b"image\ttext\r\na.jpg\t\"x\"\r\nb.jpg\ty\r\n"],
    );
}

#[test]
fn captions() {
    lists(
        "captions",
        "a.txt",
        &[b"a photo of a cat\na cat", b"\xFF\xFEa\0 \0c\0a\0t\0", b"0 0.5 0.5 1 1"],
    );
    let lines =
        b"{\"file_name\": \"a.jpg\", \"text\": \"a cat\"}\n{\"image\": \"b.jpg\", \"captions\": [\"x\", \"y\"]}\n";
    lists("json-lines", "metadata.jsonl", &[lines]);
    let coco = br#"{"images":[{"id":1,"file_name":"a.jpg"},{"id":"2","file_name":"b.jpg"}],
        "annotations":[{"image_id":1,"caption":"a cat"},{"image_id":"2","caption":"b"}]}"#;
    lists(
        "json-lists",
        "captions.json",
        &[
            coco,
            br#"[{"file":"a.jpg","caption":"x"},{"file":"b.jpg","label":"y"}]"#,
        ],
    );
}

#[test]
fn labels() {
    let seeds = [
        b"cat\ndog\nzebra\tlike a horse\tstriped\n".to_vec(),
        b"\xEF\xBB\xBFcat\r\ndog\r".to_vec(),
        b"\xFF\xFEc\0a\0t\0\n\0".to_vec(),
        "猫\n👩\u{200d}🚀\nمی\u{200c}خواهم\n".as_bytes().to_vec(),
    ];
    let place = Place::new();
    fuzz("labels", true, &seeds, |bytes| {
        // Of an encoding that cannot be guessed, nothing is read.
        let Ok(text) = read_text(&place.with("labels.txt", bytes), MAX_LABELS_BYTES) else {
            return;
        };
        let (labels, _) = of_fair_length(parse_labels(&text));
        assert!(
            labels
                .iter()
                .all(|label| !label.name.is_empty() && label.too_long().is_none())
        );
    });
}
