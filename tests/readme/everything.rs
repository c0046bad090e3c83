//! Every command that reads pictures, over one folder of them.

use std::path::{Path, PathBuf};

/// In the order in which they are run: later ones need what earlier ones wrote. DIR is the folder of pictures, OUT a folder
/// for what is written.
const COMMANDS: [&str; 22] = [
    "classify DIR --label fruit --label dress",
    "embed DIR",
    "search DIR --text fruit",
    "search DIR --image DIR/red/0.jpg",
    "heatmap DIR/red/0.jpg --label fruit --output OUT/map.png --raw OUT/map.json",
    "heatmap --evaluate DIR --limit 4 --method class-activation",
    "evaluate DIR --report OUT/report.html --export OUT/table.csv --export OUT/all.evaluation",
    "evaluate DIR --again OUT/all.evaluation",
    "fine-tune DIR --preview",
    "fine-tune DIR --method linear-probe --control DIR",
    "fine-tune DIR --method lora --epochs 1 --control DIR --model tests/fixtures/clip-f32",
    "classify DIR --label red --label blue --model linear-probe-1",
    "runs list",
    "runs show linear-probe-1",
    "runs resume linear-probe-1",
    "runs blend linear-probe-1",
    "runs export lora-1 --output OUT/exported",
    "models list",
    "models info tests/fixtures/clip-f32",
    "store where",
    "store prune",
    "store clear",
];

/// Words that the tiny model of the fixtures reads; what the photographs show does not matter here.
const CLASSES: [&str; 4] = ["red", "green", "blue", "gold"];

/// Photographs of four classes, and a place for what is written.
pub struct Place {
    pictures: tempfile::TempDir,
    out: tempfile::TempDir,
}

impl Place {
    /// Five photographs of each class, no two alike.
    pub fn new() -> Self {
        let place = Self {
            pictures: tempfile::tempdir().unwrap(),
            out: tempfile::tempdir().unwrap(),
        };
        for (n, photograph) in photographs().iter().take(20).enumerate() {
            let class = place.pictures().join(CLASSES[n / 5]);
            std::fs::create_dir_all(&class).unwrap();
            std::fs::copy(photograph, class.join(format!("{}.jpg", n % 5))).unwrap();
        }
        place
    }

    /// The folder of pictures, which nothing may change.
    pub fn pictures(&self) -> &Path {
        self.pictures.path()
    }

    /// Each command as its arguments.
    pub fn commands(&self) -> Vec<Vec<String>> {
        let [pictures, out] = [&self.pictures, &self.out].map(|folder| folder.path().to_str().unwrap());
        let argument = |word: &str| word.replace("DIR", pictures).replace("OUT", out);
        let words = |command: &&str| command.split(' ').map(argument).collect();
        COMMANDS.iter().map(words).collect()
    }
}

fn photographs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|end| end == "jpg"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 20, "{} sample photographs", paths.len());
    paths
}
