//! Folders as people have them, and what the program says of them.

use std::path::{Path, PathBuf};

use clipsight::library::decode;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use serde_json::Value;

use crate::program::{Program, lines};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Small versions of the sample photographs, all different.
pub fn photographs() -> Vec<RgbImage> {
    let mut paths: Vec<PathBuf> = ["photos", "drawings"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join("assets/samples").join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let small = |path: &PathBuf| image::imageops::thumbnail(&decode(path).unwrap(), 96, 96);
    paths.iter().map(small).collect()
}

pub fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(picture)
        .unwrap();
    bytes
}

/// A folder that is filled file by file.
pub struct Folder(pub tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Twelve pictures, `NAMES[n]` below `at`.
    pub fn twelve(&self, at: &str) -> &Self {
        for (name, picture) in NAMES.iter().zip(photographs()) {
            self.file(&format!("{at}{name}"), jpeg(&picture, 85));
        }
        self
    }

    /// Classes with so many pictures each, no picture twice.
    pub fn classes(&self, names: &[&str], each: usize) -> &Self {
        let all = photographs();
        assert!(names.len() * each <= all.len());
        for (n, picture) in all.iter().take(names.len() * each).enumerate() {
            self.file(&format!("{}/{n}.jpg", names[n / each]), jpeg(picture, 85));
        }
        self
    }

    pub fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    pub fn preview(&self) -> Previewed {
        let output = Program::new().run(&["fine-tune", self.path(), "--preview", "--format", "json"]);
        Previewed {
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap(),
            lines: lines(&output),
        }
    }
}

pub const NAMES: [&str; 12] = [
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
pub struct Previewed {
    pub errors: String,
    pub code: i32,
    pub lines: Vec<Value>,
}

impl Previewed {
    /// Each class with its pictures to learn from, to choose by and to test with.
    pub fn classes(&self) -> Vec<(&str, [u64; 3])> {
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

    pub fn names(&self) -> Vec<&str> {
        self.classes().into_iter().map(|(name, _)| name).collect()
    }

    pub fn total(&self) -> u64 {
        self.classes().iter().flat_map(|(_, counts)| counts).sum()
    }

    /// The last line.
    pub fn event(&self) -> &Value {
        let event = self.lines.last().unwrap_or_else(|| panic!("{}", self.errors));
        assert_eq!(event["event"], "preview");
        event
    }

    pub fn every_class_is_on_every_side(&self) -> bool {
        self.classes()
            .iter()
            .all(|(_, counts)| counts.iter().all(|count| *count > 0))
    }
}

/// A row a picture, in a list's own way.
pub fn rows(names: &[&str], row: impl Fn(usize, &str) -> String) -> String {
    names.iter().enumerate().map(|(n, name)| row(n, name) + "\n").collect()
}
