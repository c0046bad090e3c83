//! Lists and captions without end.

use std::path::Path;

use crate::measured::measured;
use crate::program::Program;

fn preview(what: &str, name: &str, content: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    for picture in ["a.jpg", "b.jpg"] {
        std::fs::copy("assets/samples/photos/cat.jpg", folder.path().join(picture)).unwrap();
    }
    std::fs::write(folder.path().join(name), content).unwrap();
    preview_of(what, folder.path())
}

fn preview_of(what: &str, folder: &Path) -> (Option<i32>, String) {
    let program = Program::new();
    let measured = measured(&program, &["fine-tune", folder.to_str().unwrap(), "--preview"]);
    measured.assert_modest(what);
    (measured.output.status.code(), measured.errors())
}

#[test]
fn two_hundred_thousand_captions_of_one_picture_are_read_at_once() {
    let mut table = String::from("file_name,caption\n");
    for n in 0..200_000 {
        table += &format!("a.jpg,caption number {n}\n");
    }
    table += "b.jpg,another\n";
    let (code, errors) = preview("200,000 captions", "captions.csv", table.as_bytes());
    assert_eq!(code, Some(0), "{errors}");
}

#[test]
fn lists_that_would_grow_in_memory_are_refused_in_one_sentence() {
    let megabytes = |pattern: &[u8], count: usize| pattern.repeat((count << 20) / pattern.len());
    let table = |rows: Vec<u8>| [b"file_name,caption\na.jpg,x\n".to_vec(), rows].concat();
    for (what, name, content) in [
        ("commas", "captions.csv", table(megabytes(b",", 100))),
        (
            "lines of commas",
            "captions.csv",
            table(megabytes(&[&[b','; 2_000][..], b"\n"].concat(), 100)),
        ),
        ("short rows", "captions.csv", table(megabytes(b"a,\n", 100))),
        ("quoted line ends", "captions.csv", table(megabytes(b"\"\n\",", 100))),
        (
            "tabs",
            "captions.tsv",
            [b"file_name\tcaption\n".to_vec(), megabytes(b"\t", 100)].concat(),
        ),
        ("one long line", "metadata.jsonl", megabytes(b"[0,0,0,0],", 100)),
        (
            "empty lists",
            "captions.json",
            [b"[".to_vec(), megabytes(b"[],", 100)].concat(),
        ),
        (
            "small objects",
            "captions.json",
            [b"[".to_vec(), megabytes(b"{\"a\":0},", 100)].concat(),
        ),
        (
            "150 MB",
            "captions.json",
            [b"[".to_vec(), megabytes(b"\"aaaaaaaa\",", 150)].concat(),
        ),
    ] {
        let (code, errors) = preview(what, name, &content);
        assert_eq!(code, Some(1), "{what}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{what}: {errors}");
    }
}
