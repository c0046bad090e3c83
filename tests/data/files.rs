//! Which files are read as pictures, and that every other one is named; labels in every encoding.

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::folder::{Folder, jpeg, photographs, root};
use crate::program::{Program, lines};

fn classify(program: &Program, paths: &[&str]) -> Output {
    let labels = ["--label", "cat", "--label", "banana", "--format", "json"];
    program.run(&[&["classify"], paths, &labels].concat())
}

#[test]
fn pictures_that_are_not_read_are_named_and_those_without_a_name_are_read() {
    let folder = Folder::new();
    let picture = jpeg(&photographs()[7], 85);
    for name in [
        "ok.jpg",
        "a.jpe",
        "b.jfif",
        "c.mpo",
        "1b2c3d",
        "photo.jpg?width=640",
        "named.heic",
    ] {
        folder.file(name, &picture);
    }
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    for (name, content) in [
        ("IMG_1.HEIC", &heic[..]),
        ("IMG_2.JPG", heic),
        ("a.avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif"),
        ("b.jxl", b"\xFF\x0A.."),
        ("c.jp2", b"\0\0\0\x0CjP  \r\n"),
        ("d.dng", b"II*\0\x08\0\0\0"),
    ] {
        folder.file(name, content);
    }
    let program = Program::new();
    let output = classify(&program, &[folder.path()]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((lines(&output).len(), output.status.code()), (7, Some(1)), "{errors}");
    for part in [
        "IMG_1.HEIC: HEIC is not read: save it as JPEG",
        "IMG_2.JPG: HEIC is not read",
        "a.avif",
        "b.jxl",
        "c.jp2",
        "d.dng",
        "5 pictures are of kinds that are not read: 1 HEIC, 1 AVIF, 1 JPEG XL, 1 JPEG 2000, 1 camera RAW",
    ] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
}

#[test]
fn a_jpeg_without_its_end_is_answered_as_the_whole_one_and_a_cut_one_is_named() {
    let folder = Folder::new();
    let whole = std::fs::read(root().join("tests/fixtures/cases/jpeg/progressive.jpg")).unwrap();
    let end = whole.len() - 2;
    let trailer: Vec<u8> = (0..4_096u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 25) as u8)
        .collect();
    folder
        .file("whole.jpg", &whole)
        .file("no-end.jpg", &whole[..end])
        .file("trailer.jpg", [&whole[..end], &trailer].concat());
    folder.file("cut.jpg", &whole[..end - 40]);
    let program = Program::new();
    let output = classify(&program, &[folder.path()]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let answers = lines(&output);
    assert_eq!((answers.len(), output.status.code()), (3, Some(1)), "{errors}");
    let cosines = |answer: &Value| -> Vec<f64> {
        let predictions = answer["predictions"].as_array().unwrap();
        predictions.iter().map(|p| p["cosine"].as_f64().unwrap()).collect()
    };
    for answer in &answers {
        let apart = cosines(answer)
            .into_iter()
            .zip(cosines(&answers[0]))
            .map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f64::max) < 1e-5, "{answer}");
    }
    assert!(
        errors.contains("no-end.jpg: its end marker is missing") && errors.contains("cut.jpg: the file is cut short"),
        "{errors}"
    );
}

#[cfg(unix)]
#[test]
fn pipes_are_read_and_devices_refused() {
    let program = Program::new();
    let cat = root().join("assets/samples/photos/cat.jpg");
    let bytes = std::fs::read(&cat).unwrap();
    let from_file = lines(&classify(&program, &[cat.to_str().unwrap()]))[0]["predictions"].clone();
    let args = [
        "classify",
        "/dev/stdin",
        "--label",
        "cat",
        "--label",
        "banana",
        "--format",
        "json",
    ];
    let mut child = program
        .command(&args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (lines(&output)[0]["predictions"].clone(), output.status.code()),
        (from_file.clone(), Some(0))
    );
    let folder = Folder::new();
    let pipe = folder.0.path().join("pipe.jpg");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, bytes)
    });
    let output = classify(&program, &[pipe.to_str().unwrap()]);
    writer.join().unwrap().unwrap();
    assert_eq!(lines(&output)[0]["predictions"], from_file);
    let in_folder = classify(&program, &[folder.path()]);
    assert_eq!(in_folder.status.code(), Some(1));
    for device in ["/dev/null", "/dev/zero"] {
        let output = classify(&program, &[device]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), lines(&output).len()), (Some(1), 0), "{errors}");
        assert!(errors.contains("device"), "{errors}");
    }
}

#[test]
fn only_pictures_that_are_not_read_is_a_failure_that_names_them() {
    let folder = Folder::new();
    folder.file("IMG_0003.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let output = classify(&Program::new(), &[folder.path()]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors.contains("IMG_0003.HEIC") && errors.contains("save it as JPEG"),
        "{errors}"
    );
}

#[test]
fn labels_are_read_in_every_encoding_and_counted_once() {
    let program = Program::new();
    let folder = Folder::new();
    folder.file("cat.jpg", jpeg(&photographs()[7], 85));
    let cat = folder.0.path().join("cat.jpg");
    let with = |content: &[u8]| {
        folder.file("labels.txt", content);
        let file = folder.0.path().join("labels.txt");
        let args = [
            "classify",
            cat.to_str().unwrap(),
            "--labels-file",
            file.to_str().unwrap(),
            "--format",
            "json",
        ];
        let output = program.run(&args);
        let found = lines(&output)[0]["predictions"].as_array().unwrap().clone();
        let mut names: Vec<String> = found.iter().map(|p| p["label"].as_str().unwrap().to_string()).collect();
        names.sort();
        (names, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let expected = ["café", "cat"];
    let utf16: Vec<u8> = "\u{feff}cat\r\ncafé"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for content in [
        &b"cat\rcaf\xE9\r"[..],
        &utf16,
        "cat\ncaf\u{200b}é\n\u{200b}\n".as_bytes(),
        b"ca\0t\ncaf\xC3\xA9",
    ] {
        assert_eq!(with(content).0, expected);
    }
    let (names, errors) = with("cat\ncafé\ncat\n".as_bytes());
    assert_eq!(names, expected);
    assert!(errors.contains("\"cat\" is there more than once"), "{errors}");
    for empty in ["", "  ", "\u{200b}"] {
        let output = program.run(&["classify", cat.to_str().unwrap(), "--label", empty]);
        assert_eq!(output.status.code(), Some(2));
    }
}
