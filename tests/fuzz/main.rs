//! Every reader of what comes from outside, against files that are broken in thousands of ways: none may panic, none may
//! take more than a moment, none may want more memory than a picture.
//!
//! Each test works for `CLIPSIGHT_FUZZ_SECONDS` (2 where that is not set) from `CLIPSIGHT_FUZZ_SEED` (1); what fails, or
//! never ends, is written to a file that the message names. Files that failed once are in `tests/fixtures/fuzz/READER` and
//! are tried first.

mod evaluations;
mod mutate;

mod watchdog;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use clipsight::app::settings::Settings;
use clipsight::clip::{Checkpoint, Embedding, Model, TextConfig, Tokenizer};
use clipsight::engine::protocol::StoredSetting;
use clipsight::fine_tune::data::Dataset;
use clipsight::fine_tune::run::Runs;
use clipsight::library::{
    Computed, Content, Fact, MAX_LABELS_BYTES, SettingChange, Sighting, Store, Thumbnail, decode_with_notes, read_text,
    stamp,
};
use clipsight::zero_shot::{of_fair_length, parse_labels};

use mutate::{Random, mutated};
use watchdog::Watchdog;

/// No file may take longer, on a machine that does much else.
const MOST_TIME: Duration = Duration::from_secs(20);
/// All tests of this process together may have so much in use at once, in MiB.
const MOST_MIB: u64 = 3_000;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn number(variable: &str, default: u64) -> u64 {
    let value = std::env::var(variable).ok();
    value.and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Tries a reader on changed seeds, until the time is over.
fn fuzz(reader: &str, text: bool, seeds: &[Vec<u8>], read: impl Fn(&[u8])) {
    assert!(!seeds.is_empty(), "{reader} has no seeds");
    let kept = std::fs::read_dir(fixtures().join("fuzz").join(reader))
        .into_iter()
        .flatten();
    let kept: Vec<Vec<u8>> = kept
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let seed = number("CLIPSIGHT_FUZZ_SEED", 1);
    let watchdog = Watchdog::over(reader, seed);
    for bytes in seeds.iter().chain(&kept) {
        attempt(reader, bytes, &watchdog, &read);
    }
    let seconds = number("CLIPSIGHT_FUZZ_SECONDS", 2);
    let mut random = Random::new(seed);
    let started = Instant::now();
    let mut cases = seeds.len() + kept.len();
    while started.elapsed() < Duration::from_secs(seconds) {
        attempt(reader, &mutated(&mut random, seeds, text), &watchdog, &read);
        cases += 1;
    }
    println!("fuzz_cases {reader} {cases}");
}

fn attempt(reader: &str, bytes: &[u8], watchdog: &Watchdog, read: &impl Fn(&[u8])) {
    let started = Instant::now();
    watchdog.begins(bytes);
    let survived = catch_unwind(AssertUnwindSafe(|| read(bytes))).is_ok();
    watchdog.ended();
    let took = started.elapsed();
    let peak = peak_mib().unwrap_or(0);
    if survived && took < MOST_TIME && peak < MOST_MIB {
        return;
    }
    let file = kept(reader, bytes);
    panic!(
        "{reader} failed (panic: {}, {took:?}, {peak} MiB) at {}",
        !survived,
        file.display()
    );
}

/// Where what failed is found again.
fn kept(reader: &str, bytes: &[u8]) -> PathBuf {
    let file = std::env::temp_dir().join(format!("clipsight-fuzz-{reader}-{}", std::process::id()));
    std::fs::write(&file, bytes).unwrap();
    file
}

fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1_024)
}

fn read_all(folder: &str, endings: &[&str], most: u64) -> Vec<Vec<u8>> {
    let entries = walk(&fixtures().join(folder));
    let fits = |path: &PathBuf| {
        let name = path.to_string_lossy();
        endings.iter().any(|ending| name.ends_with(ending)) && path.metadata().unwrap().len() <= most
    };
    entries
        .iter()
        .filter(|path| fits(path))
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(walk(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// A folder in which one file changes.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn of_fixture(name: &str, files: &[&str]) -> Self {
        let place = Self::new();
        for file in files {
            std::fs::copy(fixtures().join(name).join(file), place.path().join(file)).unwrap();
        }
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn with(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

#[test]
fn pictures() {
    use image::ImageFormat::{Bmp, Gif, Hdr, Ico, Jpeg, OpenExr, Png, Pnm, Qoi, Tga, Tiff, WebP};
    let mut seeds = read_all("cases/jpeg", &[".jpg"], 64 << 10);
    let photograph = image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos/cat.jpg")).unwrap();
    let small = photograph.thumbnail(24, 24);
    for format in [Bmp, Gif, Ico, Jpeg, Png, Pnm, Qoi, Tiff, WebP, Tga] {
        for picture in [
            small.clone(),
            small.clone().into_rgba8().into(),
            small.clone().into_luma8().into(),
        ] {
            let mut file = std::io::Cursor::new(Vec::new());
            if image::DynamicImage::write_to(&picture, &mut file, format).is_ok() {
                seeds.push(file.into_inner());
            }
        }
    }
    for (picture, format) in [
        (small.clone().into_rgb16().into(), Png),
        (small.clone().into_rgba16().into(), Tiff),
        (small.clone().into_rgb32f().into(), Hdr),
        (small.clone().into_rgb32f().into(), OpenExr),
    ] {
        let picture: image::DynamicImage = picture;
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        seeds.push(file.into_inner());
    }
    let place = Place::new();
    fuzz("pictures", false, &seeds, |bytes| {
        // TGA is known by its name alone.
        for name in ["picture.jpg", "picture.tga"] {
            if let Ok(decoded) = decode_with_notes(&place.with(name, bytes)) {
                assert!(decoded.picture.width() > 0 && decoded.picture.height() > 0);
            }
        }
    });
}

fn weights(reader: &str, seeds: &[Vec<u8>]) {
    let place = Place::new();
    fuzz(reader, false, seeds, |bytes| {
        let path = place.with("weights", bytes);
        let _ = Checkpoint::open(&[path], &Device::flex());
    });
}

#[test]
fn safetensors() {
    let mut seeds = read_all("clip-f32", &[".safetensors"], 1 << 20);
    // Short ones, in which a change hits the header.
    seeds.extend(read_all("hostile/adapters", &[".safetensors"], 8 << 10));
    for header in [
        r#"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"__metadata__":{"format":"pt"}}"#,
        r#"{"a":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"b":{"dtype":"BF16","shape":[7],"data_offsets":[2,16]}}"#,
    ] {
        let start = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
        seeds.push([&start[..], &[0; 16]].concat());
    }
    weights("safetensors", &seeds);
}

#[test]
fn pickles() {
    let seeds = read_all("clip-bin", &[".bin"], 1 << 20);
    weights("pickles", &seeds);
    let seeds = read_all("openai-vit", &[".pt"], 2 << 20);
    if !seeds.is_empty() {
        weights("archives", &seeds);
    }
}

#[test]
fn tokenizers() {
    let mut seeds = read_all("clip-f32", &["tokenizer.json"], 1 << 20);
    seeds.extend(read_all("hostile/tokenizers", &[".json"], 1 << 20));
    let config = TextConfig {
        vocab_size: 400,
        ..TextConfig::default()
    };
    fuzz("tokenizers", true, &seeds, |bytes| {
        if let Ok(tokenizer) = Tokenizer::from_bytes(bytes, &config) {
            for text in [
                "",
                "a photo of a cat.",
                "naïve  CAT's 42 – 猫!\n\u{200b}",
                &"word ".repeat(200),
            ] {
                let _ = tokenizer.encode(text);
            }
        }
    });
}

/// A model of which one file changes; `others` lie beside it.
fn model(reader: &str, fixture: &str, others: &[&str], changing: &str, text: bool) {
    let place = Place::of_fixture(fixture, others);
    let seed = std::fs::read(fixtures().join(fixture).join(changing)).unwrap();
    fuzz(reader, text, &[seed], |bytes| {
        place.with(changing, bytes);
        if let Ok(model) = Model::open(place.path(), &Device::flex()) {
            let _ = model.tokenize("a photo of a naïve CAT's 42 – 猫!");
        }
    });
}

#[test]
fn configurations() {
    let files = ["model.safetensors", "tokenizer.json"];
    let others = [&files[..], &["preprocessor_config.json"]].concat();
    model("configurations", "clip-f32", &others, "config.json", true);
    let others = [&files[..], &["config.json"]].concat();
    model("preprocessing", "clip-f32", &others, "preprocessor_config.json", true);
}

#[test]
fn configurations_of_other_layouts() {
    let files = ["open_clip_model.safetensors", "tokenizer.json"];
    model("open-clip", "openclip-vit", &files, "open_clip_config.json", true);
    model("timm", "timm-clip", &files, "open_clip_config.json", true);
    let files = ["model.safetensors", "preprocessor_config.json", "tokenizer.json"];
    let others = [&files[..], &["tokenizer_config.json"]].concat();
    model("siglip2", "siglip2", &others, "config.json", true);
    let others = [&files[..], &["config.json"]].concat();
    model("tokenizer-settings", "siglip2", &others, "tokenizer_config.json", true);
}

#[test]
fn vocabularies() {
    let files = [
        "config.json",
        "model.safetensors",
        "processor_config.json",
        "tokenizer_config.json",
    ];
    for (reader, changing, other) in [
        ("vocabularies", "vocab.json", "merges.txt"),
        ("merges", "merges.txt", "vocab.json"),
    ] {
        model(reader, "opening/clip", &[&files[..], &[other]].concat(), changing, true);
    }
    model("sentencepiece", "opening/siglip", &files, "spiece.model", false);
}

#[test]
fn adapters() {
    let hostile = fixtures().join("hostile/adapters");
    let base = fixtures().join("clip-f32").display().to_string();
    let configs: Vec<Vec<u8>> = read_all("hostile/adapters", &["adapter.json"], 64 << 10)
        .into_iter()
        .map(|bytes| String::from_utf8(bytes).unwrap().replace("BASE", &base).into_bytes())
        .collect();
    let place = Place::new();
    std::fs::copy(
        hostile.join("probe-half-rows/adapter.safetensors"),
        place.path().join("adapter.safetensors"),
    )
    .unwrap();
    fuzz("adapters", true, &configs, |bytes| {
        place.with("adapter.json", bytes);
        let _ = Model::open(place.path(), &Device::flex());
    });
    let place = Place::new();
    place.with("adapter.json", &configs[0]);
    let seeds = read_all("hostile/adapters", &[".safetensors"], 16 << 10);
    fuzz("adapter-weights", false, &seeds, |bytes| {
        place.with("adapter.safetensors", bytes);
        let _ = Model::open(place.path(), &Device::flex());
    });
}

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

#[test]
fn settings() {
    let (changes, _) = Settings::default().changes_since(&Settings {
        scale: 2.0,
        labels: Vec::new(),
        ..Settings::default()
    });
    let rows = changes
        .into_iter()
        .map(|change| format!("{}\n{}", change.name, change.value).into_bytes());
    let seeds: Vec<Vec<u8>> = rows.chain([b"theme\n\"sepia\"".to_vec()]).collect();
    fuzz("settings", true, &seeds, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let (name, value) = text.split_once('\n').unwrap_or((&text, ""));
        let row = StoredSetting {
            name: name.into(),
            value: Some(value.into()),
        };
        let (settings, _) = Settings::from_stored(&[row]);
        assert!(settings.scale.is_finite() && settings.thumbnail_side.is_finite());
    });
}

/// A data folder with a picture, its thumbnail and embedding, and a setting; the picture's path.
fn filled_store() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jpg");
    std::fs::write(&path, b"\xFF\xD8\xFF\xE0").unwrap();
    let mut store = Store::keeper(Some(folder.path()));
    store.keep(Fact {
        path: path.clone(),
        stamp: stamp(&path).ok(),
        computed: Computed {
            content: Content::of(b"\xFF\xD8\xFF\xE0"),
            thumbnail: Some(Thumbnail {
                width: 100,
                height: 80,
                jpeg: vec![7; 700],
            }),
            embedding: Some((
                "model".into(),
                Embedding {
                    vector: vec![0.5; 4],
                    norm: 2.0,
                },
            )),
        },
    });
    store.save_settings(vec![SettingChange {
        name: "labels".into(),
        value: "[\"cat\"]".into(),
        before: String::new(),
        precious: true,
    }]);
    assert!(store.flush_now());
    drop(store);
    (folder, path)
}

/// What is read from a damaged store is right, or nothing.
fn store(reader: &str, file: &str) {
    let (folder, path) = filled_store();
    let seeds = [std::fs::read(folder.path().join(file)).unwrap()];
    let content = Content::of(b"\xFF\xD8\xFF\xE0");
    let seen = stamp(&path).unwrap();
    fuzz(reader, false, &seeds, |bytes| {
        let place = Place::new();
        place.with(file, bytes);
        let mut store = Store::keeper(Some(place.path()));
        let vector = store.embedding(content, "model", 4).map(|embedding| embedding.vector);
        assert!(vector.is_none_or(|vector| vector == [0.5; 4]));
        assert!(
            store
                .thumbnail(content)
                .is_none_or(|thumbnail| thumbnail.jpeg == [7; 700])
        );
        assert!(store.content(&path, seen).is_none_or(|known| known == content));
        let known = store.settings();
        assert!(
            known
                .iter()
                .filter_map(|one| one.value.as_deref())
                .all(|value| value == "[\"cat\"]")
        );
        let sighting = Sighting {
            path: &path,
            stamp: seen,
            read: None,
        };
        assert_eq!(store.register(&[sighting]).len(), 1);
        let _ = (store.holdings(), store.notes());
    });
}

#[test]
fn catalogs() {
    store("catalogs", "catalog.sqlite");
}

#[test]
fn caches() {
    store("caches", "cache.sqlite");
}

#[test]
fn runs() {
    let seeds = read_all("training", &["run.json"], 64 << 10);
    let seeds = if seeds.is_empty() { vec![run_json()] } else { seeds };
    let place = Place::new();
    let folder = place.path().join("runs/linear-probe-1");
    std::fs::create_dir_all(&folder).unwrap();
    let runs = Runs::at(place.path());
    let read = || {
        assert_eq!(runs.list().len() + runs.damaged().len(), 1);
        if let Ok(run) = runs.find("linear-probe-1") {
            let _ = run.events();
            if let Ok(record) = run.record() {
                let _ = (
                    record.accuracy_interval(),
                    record.zero_shot_interval(),
                    record.mixture(),
                );
                let _ = record.tested.as_ref().map(|tested| tested.compared());
            }
        }
    };
    fuzz("runs", true, &seeds, |bytes| {
        std::fs::write(folder.join("run.json"), bytes).unwrap();
        read();
    });
    let metrics = [
        br#"{"event":"started","run":"a","steps":9,"step":1,"n_train":2,"n_validation":1,"n_test":1,
        "zero_shot":0.5,"control":null}"#
            .to_vec(),
    ];
    std::fs::write(folder.join("run.json"), &seeds[0]).unwrap();
    fuzz("metrics", true, &metrics, |bytes| {
        std::fs::write(folder.join("metrics.jsonl"), bytes).unwrap();
        read();
    });
}

/// A run as it is written.
fn run_json() -> Vec<u8> {
    use clipsight::fine_tune::{FineTuneMethod, RunConfig};
    let config = RunConfig::new(FineTuneMethod::LinearProbe, "x".into());
    serde_json::json!({
        "run": "linear-probe-1", "name": "n", "note": "", "config": config, "state": "done", "base_name": "Starter",
        "base_identity": "", "data_hash": "", "device": "CPU", "started_s": 1, "worked_s": 1.5, "step": 3, "steps": 3,
        "classes": ["a", "b"], "n_train": 4, "n_test": 3, "zero_shot_accuracy": 0.5, "accuracy": 0.75,
        "tested": {"pictures": "x", "before": "020", "after": "220"}, "control": [0.5, 0.5], "blend": 1.0,
        "chosen": [["C", 0.1]], "model": null, "error": null,
    })
    .to_string()
    .into_bytes()
}
