//! What the program itself wrote, after a damage: settings, stores, runs.

use std::path::PathBuf;

use clipsight::app::settings::Settings;
use clipsight::clip::Embedding;
use clipsight::engine::protocol::StoredSetting;
use clipsight::fine_tune::run::{Prepared, Runs};
use clipsight::library::{Computed, Content, Fact, SettingChange, Sighting, Store, Thumbnail, stamp};

use crate::harness::fuzz;
use crate::place::{Place, read_all};

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

/// What a run learns from, as it was split: the folder may come from somebody else.
#[test]
fn run_data() {
    let example =
        |place: usize| serde_json::json!({"path": format!("/set/{place}.jpg"), "class": place % 2, "captions": []});
    let classes = serde_json::json!({
        "dataset": {"classes": ["a", "b"], "examples": (0..6).map(example).collect::<Vec<_>>(), "problems": []},
        "split": {"train": [0, 1], "validation": [2, 3], "test": [4, 5]},
        "control": {"paths": ["/samples/a.jpg", "/samples/b.jpg"], "labels": [0, 1], "classes": ["a", "b"], "problems": []},
    });
    let captions = serde_json::json!({
        "dataset": {
            "classes": [],
            "examples": [{"path": "/set/a.jpg", "class": null, "captions": ["a cat", "a dog"]}],
            "problems": [["/set/b.jpg", "it is cut short"]],
        },
        "split": {"train": [0], "validation": [], "test": []},
        "control": null,
    });
    let place = Place::new();
    let folder = place.path().join("runs/linear-probe-1");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("run.json"), run_json()).unwrap();
    let run = Runs::at(place.path()).find("linear-probe-1").unwrap();
    let seeds = [classes, captions].map(|seed| seed.to_string().into_bytes());
    fuzz("run_data", true, &seeds, |bytes| {
        std::fs::write(folder.join("data.json"), bytes).unwrap();
        let Ok(data) = Prepared::read(&run) else { return };
        let (examples, split) = (data.dataset.examples.len(), &data.split);
        let mut places = split.train.iter().chain(&split.validation).chain(&split.test);
        assert!(places.all(|place| *place < examples));
        let control = data.control.unwrap_or_default();
        assert_eq!(control.labels.len(), control.paths.len());
        assert!(control.labels.iter().all(|label| *label < control.classes.len()));
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
