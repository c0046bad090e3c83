//! What data is taken, and that whatever is not is named: the real binary over folders as people have them.

mod program;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ImageEncoder, ImageFormat, RgbImage};
use serde_json::Value;

use clipsight::library::decode;
use program::{Program, lines};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Small versions of the sample photographs, all different.
fn photographs() -> Vec<RgbImage> {
    let mut paths: Vec<PathBuf> = ["photos", "drawings"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join("assets/samples").join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let small = |path: &PathBuf| image::imageops::thumbnail(&decode(path).unwrap(), 96, 96);
    paths.iter().map(small).collect()
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(picture)
        .unwrap();
    bytes
}

/// A folder that is filled file by file.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Twelve pictures, `NAMES[n]` below `at`.
    fn twelve(&self, at: &str) -> &Self {
        for (name, picture) in NAMES.iter().zip(photographs()) {
            self.file(&format!("{at}{name}"), jpeg(&picture, 85));
        }
        self
    }

    /// Classes with so many pictures each, no picture twice.
    fn classes(&self, names: &[&str], each: usize) -> &Self {
        let all = photographs();
        assert!(names.len() * each <= all.len());
        for (n, picture) in all.iter().take(names.len() * each).enumerate() {
            self.file(&format!("{}/{n}.jpg", names[n / each]), jpeg(picture, 85));
        }
        self
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    fn preview(&self) -> Previewed {
        let output = Program::new().run(&["fine-tune", self.path(), "--preview", "--format", "json"]);
        Previewed {
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap(),
            lines: lines(&output),
        }
    }
}

const NAMES: [&str; 12] = [
    "asparagus.jpg",
    "astronaut.jpg",
    "aubergine.jpg",
    "bananas.jpg",
    "bell-peppers.jpg",
    "cap.jpg",
    "carrots.jpg",
    "cat.jpg",
    "coffee.jpg",
    "dress-1.jpg",
    "dress-2.jpg",
    "jeans-1.jpg",
];

/// What a preview printed.
#[derive(Debug)]
struct Previewed {
    errors: String,
    code: i32,
    lines: Vec<Value>,
}

impl Previewed {
    /// Each class with its pictures to learn from, to choose by and to test with.
    fn classes(&self) -> Vec<(&str, [u64; 3])> {
        let count = |line: &Value, side: &str| line[side].as_u64().unwrap();
        let classes = self.lines.iter().filter(|line| line.get("class").is_some());
        classes
            .map(|line| {
                (
                    line["class"].as_str().unwrap(),
                    ["train", "validation", "test"].map(|side| count(line, side)),
                )
            })
            .collect()
    }

    fn names(&self) -> Vec<&str> {
        self.classes().into_iter().map(|(name, _)| name).collect()
    }

    fn total(&self) -> u64 {
        self.classes().iter().flat_map(|(_, counts)| counts).sum()
    }

    /// The last line.
    fn event(&self) -> &Value {
        let event = self.lines.last().unwrap_or_else(|| panic!("{}", self.errors));
        assert_eq!(event["event"], "preview");
        event
    }

    fn every_class_is_on_every_side(&self) -> bool {
        self.classes()
            .iter()
            .all(|(_, counts)| counts.iter().all(|count| *count > 0))
    }
}

/// A number from -1 to 1 that looks random.
fn noise(seed: u32, x: u32, y: u32) -> f32 {
    let mut n = seed.wrapping_mul(0x9E37_79B9) ^ x.wrapping_mul(0x85EB_CA6B) ^ y.wrapping_mul(0xC2B2_AE35);
    n = (n ^ n >> 15).wrapping_mul(0x2C1B_3C6D);
    n = (n ^ n >> 12).wrapping_mul(0x297A_2D39);
    (n ^ n >> 15) as f32 / u32::MAX as f32 * 2.0 - 1.0
}

fn exposed(picture: &RgbImage, seed: u32, gain: f32) -> RgbImage {
    let mut picture = picture.clone();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let off = 3.0 * noise(seed, x, y);
        pixel.0 = pixel
            .0
            .map(|value| (f32::from(value) * gain + off).round().clamp(0.0, 255.0) as u8);
    }
    picture
}

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
fn one_camera_cloth_and_colours_are_no_copies() {
    let scene = image::imageops::resize(&photographs()[8], 256, 192, image::imageops::FilterType::CatmullRom);
    let folder = Folder::new();
    for n in 0..12u32 {
        for (class, gain) in [("lamp on", 1.0), ("lamp off", 0.7)] {
            let gain = gain * (1.0 + 0.002 * n as f32);
            let frame = exposed(&scene, 100 * u32::from(gain > 0.9) + n, gain);
            folder.file(&format!("{class}/{n:02}.jpg"), jpeg(&frame, 93));
        }
        for (class, colour) in [("red cloth", [170, 40, 50]), ("blue cloth", [40, 60, 170])] {
            let cloth = exposed(
                &RgbImage::from_pixel(160, 120, image::Rgb(colour)),
                200 + n + u32::from(colour[0]),
                1.0,
            );
            folder.file(&format!("{class}/{n:02}.jpg"), jpeg(&cloth, 93));
        }
    }
    let preview = folder.preview();
    assert!(preview.every_class_is_on_every_side(), "{:?}", preview.classes());
    assert_eq!(preview.event()["near_duplicates"], 0, "{}", preview.event());
}

#[test]
fn copies_are_shown_and_contradictions_named() {
    let folder = Folder::new();
    folder.classes(&["dress", "hat"], 8);
    let all = photographs();
    for (n, picture) in all.iter().take(8).enumerate() {
        folder.file(&format!("evening dress/{n}.jpg"), jpeg(picture, 85));
    }
    let large = decode(&root().join("assets/samples/photos/rocket.jpg")).unwrap();
    let filter = image::imageops::FilterType::CatmullRom;
    let half = image::imageops::resize(&large, large.width() / 2, large.height() / 2, filter);
    folder
        .file("hat/large.jpg", jpeg(&large, 90))
        .file("hat/half.jpg", jpeg(&half, 90));
    let preview = folder.preview();
    let event = preview.event();
    assert_eq!(
        (&event["near_duplicates"], &event["contradictions"]),
        (&9.into(), &8.into()),
        "{event}"
    );
    assert_eq!(event["pairs"].as_array().unwrap().len(), 9);
    assert_eq!(
        event["contradicting"][0]["classes"],
        serde_json::json!(["dress", "evening dress"])
    );
    assert!(preview.every_class_is_on_every_side(), "{:?}", preview.classes());
}

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

/// An EXIF block that holds an orientation as a number of a kind: 1 for a byte, 3 for SHORT, 4 for LONG.
fn exif(kind: u16, turn: u8, big_endian: bool) -> Vec<u8> {
    let short = |n: u16| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let long = |n: u32| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let mut block = if big_endian {
        b"MM\0*".to_vec()
    } else {
        b"II*\0".to_vec()
    };
    block.extend(long(8));
    [1, 274, kind].into_iter().for_each(|n| block.extend(short(n)));
    block.extend(long(1));
    match kind {
        1 => block.extend([turn, 0, 0, 0]),
        3 => block.extend([short(turn.into()), [0; 2]].concat()),
        _ => block.extend(long(turn.into())),
    }
    block.extend(long(0));
    block
}

/// A TIFF of plain pixels with an orientation.
fn tiff(picture: &RgbImage, kind: u16, turn: u8) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let pixels = picture.as_raw();
    let start = 8 + pixels.len() as u32;
    let mut bytes = b"II*\0".to_vec();
    bytes.extend((start + 6).to_le_bytes());
    bytes.extend(pixels);
    [8u16; 3].iter().for_each(|bits| bytes.extend(bits.to_le_bytes()));
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, start),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 8),
        (274, kind, 1, turn.into()),
        (277, 3, 1, 3),
        (279, 4, 1, pixels.len() as u32),
    ];
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

/// The picture as a camera stores it that is to be turned so.
fn stored(upright: &RgbImage, turn: u8) -> RgbImage {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    match turn {
        2 => flip_horizontal(upright),
        3 => rotate180(upright),
        4 => flip_vertical(upright),
        5 => flip_horizontal(&rotate90(upright)),
        6 => rotate270(upright),
        7 => flip_horizontal(&rotate270(upright)),
        8 => rotate90(upright),
        _ => upright.clone(),
    }
}

#[test]
fn pictures_stand_upright_in_every_format_value_and_type() {
    let folder = Folder::new();
    let upright = photographs()[7].clone();
    let apart = |name: &str| {
        let found = decode(&folder.0.path().join(name)).unwrap();
        if found.dimensions() != upright.dimensions() {
            return f64::INFINITY;
        }
        let off = found
            .as_raw()
            .iter()
            .zip(upright.as_raw())
            .map(|(a, b)| f64::from(a.abs_diff(*b)));
        off.sum::<f64>() / upright.as_raw().len() as f64
    };
    for turn in 1..=8 {
        let lying = stored(&upright, turn);
        let (width, height) = lying.dimensions();
        for (kind, big_endian) in [(3, false), (3, true), (4, false), (4, true), (1, false)] {
            let block = exif(kind, turn, big_endian);
            let (mut png, mut webp, mut jpeg) = (Vec::new(), Vec::new(), Vec::new());
            let mut encoder = PngEncoder::new(&mut png);
            encoder.set_exif_metadata(block.clone()).unwrap();
            encoder
                .write_image(&lying, width, height, image::ExtendedColorType::Rgb8)
                .unwrap();
            let mut encoder = WebPEncoder::new_lossless(&mut webp);
            encoder.set_exif_metadata(block.clone()).unwrap();
            encoder
                .write_image(&lying, width, height, image::ExtendedColorType::Rgb8)
                .unwrap();
            let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 98);
            encoder.set_exif_metadata(block).unwrap();
            encoder.encode_image(&lying).unwrap();
            folder.file("a.png", png).file("a.webp", webp).file("a.jpg", jpeg);
            folder.file("a.tif", tiff(&lying, kind, turn));
            for (name, most) in [("a.png", 0.0), ("a.webp", 0.0), ("a.tif", 0.0), ("a.jpg", 6.0)] {
                let turned = apart(name) <= most;
                assert_eq!(
                    turned,
                    kind != 1 || turn == 1,
                    "{name}, value {turn}, type {kind}, {}",
                    apart(name)
                );
            }
        }
    }
}

#[test]
fn kinds_of_tiff_are_read_or_named() {
    let folder = Folder::new();
    let colours = RgbImage::from_fn(16, 16, |x, y| {
        image::Rgb([[200, 30, 40], [10, 60, 220]][((x / 4 + y / 4) % 2) as usize])
    });
    // Places in a palette of two colours, each channel times 257.
    let mut palette = vec![0u16; 768];
    for (place, colour) in [[200u16, 30, 40], [10, 60, 220]].iter().enumerate() {
        (0..3).for_each(|channel| palette[256 * channel + place] = 257 * colour[channel]);
    }
    let with = |photometric: u32, bits: u32, format: u32, palette: &[u16], pixels: &[u8]| {
        let (start, map) = (
            8 + pixels.len() as u32 + 2 * palette.len() as u32,
            8 + pixels.len() as u32,
        );
        let mut bytes = b"II*\0".to_vec();
        bytes.extend(start.to_le_bytes());
        bytes.extend(pixels);
        palette.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        let mut entries = vec![
            (256u16, 4u16, 1u32, 16u32),
            (257, 4, 1, 16),
            (258, 3, 1, bits),
            (259, 3, 1, 1),
            (262, 3, 1, photometric),
        ];
        entries.extend([(273, 4, 1, 8), (277, 3, 1, 1), (279, 4, 1, pixels.len() as u32)]);
        if !palette.is_empty() {
            entries.push((320, 3, palette.len() as u32, map));
        }
        entries.push((339, 3, 1, format));
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0; 4]);
        bytes
    };
    let places: Vec<u8> = colours.pixels().map(|pixel| u8::from(pixel.0[0] == 10)).collect();
    folder.file("palette.tif", with(3, 8, 1, &palette, &places));
    assert_eq!(decode(&folder.0.path().join("palette.tif")).unwrap(), colours);
    let reason = |name: &str| decode(&folder.0.path().join(name)).unwrap_err().to_string();
    folder.file("float.tif", with(1, 32, 3, &[], &[0; 1024]));
    assert!(
        reason("float.tif").starts_with("a TIFF with floating-point numbers of 32 bits, which is not read"),
        "{}",
        reason("float.tif")
    );
    folder.file("palette4.tif", with(3, 4, 1, &palette[..48], &[0; 128]));
    assert!(
        reason("palette4.tif").starts_with("a TIFF with a palette of 4 bits"),
        "{}",
        reason("palette4.tif")
    );
    let mut tga = Cursor::new(Vec::new());
    colours.write_to(&mut tga, ImageFormat::Tga).unwrap();
    folder.file("a.tga", tga.into_inner());
    assert_eq!(decode(&folder.0.path().join("a.tga")).unwrap(), colours);
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

/// A row a picture, in a list's own way.
fn rows(names: &[&str], row: impl Fn(usize, &str) -> String) -> String {
    names.iter().enumerate().map(|(n, name)| row(n, name) + "\n").collect()
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
fn copies_on_two_sides_are_told_by_every_command_that_learns() {
    let folder = Folder::new();
    folder.classes(&["train/dress", "train/hat", "test/dress", "test/hat"], 5);
    for n in 0..5 {
        let copied = std::fs::read(folder.0.path().join(format!("train/dress/{n}.jpg"))).unwrap();
        folder.file(&format!("test/dress/copy-{n}.jpg"), copied);
    }
    // One of the five is drawn for validation.
    let preview = folder.preview();
    assert_eq!(preview.event()["on_two_sides"], 4);
    let program = Program::new();
    for more in [
        &["--method", "linear-probe"][..],
        &["--k-shot-curve"],
        &["--method", "linear-probe", "--estimate"],
    ] {
        let run = program.run(&[&["fine-tune", folder.path(), "--format", "json"], more].concat());
        let errors = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success(), "{more:?}: {errors}");
        assert!(
            errors.contains("4 validation or test pictures are copies of training pictures"),
            "{more:?}: {errors}"
        );
        assert!(!errors.contains("stay on one side"), "{more:?}: {errors}");
        let said = lines(&run).into_iter().find(|line| line["event"] == "data").unwrap();
        assert_eq!(said["leaked"], 4, "{more:?}");
    }
    let shown = program.json(&["runs", "show", "linear-probe-1"]);
    assert!(shown[0]["warnings"].to_string().contains("accuracy will look too good"));
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
fn lists_of_published_sets_are_read_as_they_are_published() {
    let with = |name: &str, content: String| {
        let folder = Folder::new();
        folder.twelve("").file(name, content);
        let preview = folder.preview();
        (preview.total(), preview.names().len(), preview.errors)
    };
    let said = |name: &str| format!("one thing called {}", name.trim_end_matches(".jpg"));
    let captions = [
        (
            "results.csv",
            format!(
                "image_name| comment_number| comment\n{}",
                rows(&NAMES, |_, name| format!("{name}| 0| {}", said(name)))
            ),
        ),
        (
            "Flickr8k.token.txt",
            rows(&NAMES, |n, name| format!("{name}#{n}\t{}", said(name))),
        ),
        (
            "captions.csv",
            format!(
                "file, caption\n{}",
                rows(&NAMES, |_, name| format!("{name}, \"{}, or so\"", said(name)))
            ),
        ),
        (
            "data.json",
            format!(
                "{{{}}}",
                NAMES.map(|name| format!("\"{name}\": \"{}\"", said(name))).join(",")
            ),
        ),
        (
            "dataset_coco.json",
            format!(
                "{{\"images\": [{}], \"dataset\": \"coco\"}}",
                NAMES
                    .map(|name| format!(
                        "{{\"filename\": \"{name}\", \"split\": \"train\", \"sentences\": [{{\"raw\": \"{}\"}}]}}",
                        said(name)
                    ))
                    .join(",")
            ),
        ),
    ];
    for (name, content) in captions {
        let (total, classes, errors) = with(name, content);
        assert_eq!((total, classes), (12, 1), "{name}: {errors}");
    }
    let class = |n: usize| ["siamese", "persian"][n % 2];
    let labels = [
        ("list.csv", rows(&NAMES, |n, name| format!("{name},{}", class(n)))),
        ("train.txt", rows(&NAMES, |n, name| format!("{name} {}", n % 2))),
        (
            "birds.csv",
            format!(
                "class id,filepaths,labels,data set\n{}",
                rows(&NAMES, |n, name| format!("{},{name},{},train", n % 2, class(n)))
            ),
        ),
        (
            "breeds.csv",
            format!(
                "id,breed\n{}",
                rows(&NAMES, |n, name| format!("{},{}", &name[..name.len() - 4], class(n)))
            ),
        ),
    ];
    for (name, content) in labels {
        let (total, classes, errors) = with(name, content);
        assert_eq!((total, classes), (12, 2), "{name}: {errors}");
    }
    let folder = Folder::new();
    folder.classes(&["dress", "hat"], 5);
    let numbered: Vec<String> = (0..10)
        .map(|n| format!("{}/{n}.jpg", ["dress", "hat"][n / 5]))
        .collect();
    let numbered: Vec<&str> = numbered.iter().map(String::as_str).collect();
    folder.file("all.txt", rows(&numbered, |n, name| format!("{name} {}", n / 5)));
    let preview = folder.preview();
    assert_eq!(preview.names(), ["dress", "hat"], "folders say more than numbers do");
    assert!(preview.errors.contains("all.txt"), "{}", preview.errors);
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
fn copies_between_classes_take_no_shot_of_a_class_away() {
    let folder = Folder::new();
    folder.classes(&["dress", "hat"], 8);
    for (n, picture) in photographs().iter().take(8).enumerate() {
        folder.file(&format!("evening dress/{n}.jpg"), jpeg(picture, 85));
    }
    let preview = Program::new().json(&["fine-tune", folder.path(), "--preview", "--shots", "2"]);
    for class in &preview[..3] {
        assert_eq!(class["train"], 2, "{class}");
        assert!(class["test"].as_u64() > Some(0), "{class}");
    }
    assert_eq!(preview[3]["contradictions"], 8);
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
