//! Whatever becomes of the files, no answer is silently wrong, and nothing that people made is lost.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::*;
use crate::library::stamp::stamp;

const DIM: usize = 8;
const PICTURES: u8 = 24;
/// Seeds of damage; each damages another copy of the same data folder.
const DAMAGES: u64 = 160;

fn embedding(number: u8, model: &str) -> Embedding {
    let raw: Vec<f32> = (0..DIM)
        .map(|place| ((usize::from(number) * 31 + place * 17 + model.len()) % 23) as f32 - 11.5)
        .collect();
    let norm = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
    Embedding {
        vector: raw.iter().map(|value| value / norm).collect(),
        norm,
    }
}

/// A folder of files, and what is known of them.
struct Pictures {
    folder: tempfile::TempDir,
}

impl Pictures {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..PICTURES {
            let content = [number; 100];
            std::fs::write(folder.path().join(format!("{number}.jpg")), content).unwrap();
        }
        Self { folder }
    }

    fn path(&self, number: u8) -> PathBuf {
        self.folder.path().join(format!("{number}.jpg"))
    }

    fn content(number: u8) -> Content {
        Content::of(&[number; 100])
    }

    fn thumbnail(number: u8) -> Thumbnail {
        Thumbnail {
            width: 100 + u32::from(number),
            height: 80,
            jpeg: vec![number ^ 0x55; 700],
        }
    }

    fn fact(&self, number: u8, model: &str) -> Fact {
        Fact {
            path: self.path(number),
            stamp: stamp(&self.path(number)).ok(),
            computed: Computed {
                content: Self::content(number),
                thumbnail: Some(Self::thumbnail(number)),
                embedding: Some((model.into(), embedding(number, model))),
            },
        }
    }

    fn fill(&self, store: &mut Store) {
        for number in 0..PICTURES {
            for model in ["m", "other"] {
                store.keep(self.fact(number, model));
            }
        }
        assert!(store.flush_now(), "{:?} {:?}", store.notes(), store.failed_writing);
    }
}

fn change(name: &str, value: &str) -> SettingChange {
    SettingChange {
        name: name.into(),
        value: value.into(),
        before: String::new(),
        precious: true,
    }
}

fn settings() -> BTreeMap<String, String> {
    let labels: Vec<String> = (0..40).map(|n| format!("\"label number {n}\"")).collect();
    let all = [
        ("labels", format!("[{}]", labels.join(","))),
        ("theme", "\"dark\"".into()),
        ("scale", "1.5".into()),
    ];
    all.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Between 1 and 200 bytes of a file become others, or a piece of it is missing.
fn damage(path: &Path, random: &mut fastrand::Rng) {
    let mut bytes = std::fs::read(path).unwrap();
    if bytes.is_empty() {
        return;
    }
    if random.u8(..) < 16 {
        bytes.truncate(random.usize(..bytes.len()));
    }
    for _ in 0..random.usize(1..=200) {
        if let Some(byte) = random.choice(&mut bytes) {
            *byte = random.u8(..);
        }
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn of_160_damaged_stores_none_gives_a_wrong_answer_or_loses_settings_in_silence() {
    let pictures = Pictures::new();
    let data = tempfile::tempdir().unwrap();
    let whole = data.path().join("whole");
    {
        let mut store = Store::keeper(Some(&whole));
        pictures.fill(&mut store);
        store.save_settings(settings().iter().map(|(name, value)| change(name, value)).collect());
        assert!(store.flush_now());
    }
    let (mut known, mut told) = (0, 0);
    for seed in 0..DAMAGES {
        let mut random = fastrand::Rng::with_seed(seed);
        let folder = data.path().join(format!("damaged-{seed}"));
        copy_folder(&whole, &folder);
        let which = random.u8(..3);
        for (file, wanted) in [("cache.sqlite", which != 0), ("catalog.sqlite", which != 1)] {
            if wanted {
                damage(&folder.join(file), &mut random);
            }
        }
        let mut store = Store::keeper(Some(&folder));
        for number in 0..PICTURES {
            let content = Pictures::content(number);
            let path = pictures.path(number);
            let found = store.content(&path, stamp(&path).unwrap());
            assert!(found.is_none_or(|found| found == content), "seed {seed}");
            for model in ["m", "other"] {
                let found = store.embedding(content, model, DIM);
                known += usize::from(found.is_some());
                assert!(
                    found.is_none_or(|found| found == embedding(number, model)),
                    "seed {seed}"
                );
            }
            let found = store.thumbnail(content);
            assert!(
                found.is_none_or(|found| found == Pictures::thumbnail(number)),
                "seed {seed}"
            );
        }
        let found = store.settings();
        for one in &found {
            let right = settings().get(&one.name).cloned();
            assert!(one.value.is_none() || one.value == right, "seed {seed}: {one:?}");
        }
        let lost = settings().len() - found.iter().filter(|one| one.value.is_some()).count();
        let notes = store.notes();
        let named = found.iter().filter(|one| one.value.is_none()).count();
        assert!(
            lost <= named || !notes.is_empty(),
            "seed {seed}: {lost} lost in silence"
        );
        told += usize::from(!notes.is_empty());
        if notes.iter().any(|note| note.contains("newer Clipsight")) {
            continue;
        }
        // Whatever else it was, it goes on.
        pictures.fill(&mut store);
        assert_eq!(
            store.embedding(Pictures::content(3), "m", DIM),
            Some(embedding(3, "m")),
            "seed {seed}"
        );
    }
    // Otherwise the damage was none.
    assert!(told > 20 && known > 1_000, "{told} told, {known} known");
}

#[test]
fn a_damaged_catalog_is_kept_and_what_is_whole_in_it_goes_on() {
    let pictures = Pictures::new();
    let data = tempfile::tempdir().unwrap();
    {
        let mut store = Store::keeper(Some(data.path()));
        pictures.fill(&mut store);
        store.save_settings(vec![change("labels", "[1]")]);
        assert!(store.flush_now());
    }
    let path = data.path().join("catalog.sqlite");
    let connection = Connection::open(&path).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'pictures_by_content'";
    let (page, size): (u64, u64) = (
        connection.query_row(root, [], |row| row.get::<_, i64>(0)).unwrap() as u64,
        connection
            .pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))
            .unwrap() as u64,
    );
    drop(connection);
    let mut bytes = std::fs::read(&path).unwrap();
    let start = ((page - 1) * size) as usize;
    bytes[start..start + 200].fill(0xee);
    std::fs::write(&path, &bytes).unwrap();

    let mut store = Store::keeper(Some(data.path()));
    // A new path makes the catalog look for the content.
    std::fs::copy(pictures.path(1), pictures.folder.path().join("new.jpg")).unwrap();
    let fact = Fact {
        path: pictures.folder.path().join("new.jpg"),
        ..pictures.fact(1, "m")
    };
    store.keep(fact);
    store.flush_now();
    assert!(store.flush_now());
    let notes = store.notes();
    assert!(
        notes.iter().any(|note| note.contains("catalog.sqlite.damaged-1")),
        "{notes:?}"
    );
    assert!(data.path().join("catalog.sqlite.damaged-1").exists());
    assert_eq!(store.settings()[0].value.as_deref(), Some("[1]"));
    let known = (0..PICTURES).filter(|&n| {
        store
            .content(&pictures.path(n), stamp(&pictures.path(n)).unwrap())
            .is_some()
    });
    assert_eq!(known.count(), usize::from(PICTURES));
}

#[test]
fn what_cannot_be_written_is_kept_tried_again_and_said_once() {
    let pictures = Pictures::new();
    let data = tempfile::tempdir().unwrap();
    let mut store = Store::keeper(Some(data.path()));
    pictures.fill(&mut store);
    // As a full disk does: no page more.
    let full = |store: &mut Store, pages: u32| {
        let connection = &store.cache().unwrap().database.connection;
        connection.pragma_update(None, "max_page_count", pages).unwrap();
        let connection = &store.catalog().unwrap().database.connection;
        connection.pragma_update(None, "max_page_count", pages).unwrap();
    };
    full(&mut store, 1);
    for number in 0..PICTURES {
        store.keep(pictures.fact(number, "third"));
    }
    store.save_settings(vec![change("labels", &format!("[\"{}\"]", "x".repeat(50_000)))]);
    assert!(!store.flush_now() && !store.flush_now());
    let notes = store.notes();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("the disk is full"), "{notes:?}");
    assert!(store.has_unwritten());
    // Not before it is time.
    full(&mut store, 1_000_000);
    store.flush();
    assert!(store.has_unwritten());
    assert!(store.flush_now() && !store.has_unwritten());
    assert!(store.notes().is_empty());
    let mut again = Store::keeper(Some(data.path()));
    assert_eq!(
        again.embedding(Pictures::content(5), "third", DIM),
        Some(embedding(5, "third"))
    );
    assert_eq!(again.settings()[0].value.as_ref().unwrap().len(), 50_004);
}

#[test]
fn a_writer_elsewhere_holds_nobody_up_for_long_and_costs_nothing() {
    let pictures = Pictures::new();
    let data = tempfile::tempdir().unwrap();
    pictures.fill(&mut Store::keeper(Some(data.path())));
    let elsewhere = Connection::open(data.path().join("catalog.sqlite")).unwrap();
    elsewhere.execute_batch("BEGIN IMMEDIATE").unwrap();

    let started = std::time::Instant::now();
    let mut store = Store::keeper(Some(data.path()));
    let path = pictures.path(2);
    assert_eq!(store.content(&path, stamp(&path).unwrap()), Some(Pictures::content(2)));
    assert!(started.elapsed().as_millis() < 300, "{:?}", started.elapsed());
    store.save_settings(vec![change("theme", "1")]);
    assert!(!store.flush_now());
    assert!(store.notes()[0].contains("another program is writing"));
    elsewhere.execute_batch("ROLLBACK").unwrap();
    assert!(store.flush_now());
    assert_eq!(store.settings()[0].value.as_deref(), Some("1"));
}

#[test]
fn without_a_catalog_pictures_have_ids_for_the_session() {
    let pictures = Pictures::new();
    let seen = |number: u8| (pictures.path(number), stamp(&pictures.path(number)).unwrap());
    let mut store = Store::keeper(None);
    let mut ids = Vec::new();
    for number in [1, 2] {
        let (path, stamp) = seen(number);
        let sighting = Sighting {
            path: &path,
            stamp,
            read: None,
        };
        ids.push(store.register(&[sighting])[0].id);
    }
    assert_eq!(ids, [-1, -2]);
    store.keep(pictures.fact(1, "m"));
    assert!(!store.has_unwritten());
}

#[test]
fn a_reader_makes_no_files_and_sees_what_a_keeper_wrote() {
    let pictures = Pictures::new();
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    let mut reader = Store::reader(Some(&folder));
    assert_eq!(reader.embedding(Pictures::content(1), "m", DIM), None);
    assert!(!folder.exists());
    pictures.fill(&mut Store::keeper(Some(&folder)));
    assert_eq!(
        reader.embedding(Pictures::content(1), "m", DIM),
        Some(embedding(1, "m"))
    );
}

#[test]
fn what_is_gone_is_forgotten_in_parts_but_not_what_cannot_be_reached() {
    let pictures = Pictures::new();
    let unplugged = tempfile::tempdir().unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut store = Store::keeper(Some(data.path()));
    pictures.fill(&mut store);
    let away = unplugged.path().join("away.jpg");
    std::fs::write(&away, b"away").unwrap();
    let mut fact = pictures.fact(0, "m");
    (fact.path, fact.stamp) = (away.clone(), stamp(&away).ok());
    fact.computed.content = Content::of(b"away");
    store.keep(fact);
    // A copy of the second picture, which stays.
    let copy = pictures.folder.path().join("copy.jpg");
    std::fs::copy(pictures.path(1), &copy).unwrap();
    let mut fact = pictures.fact(1, "m");
    (fact.path, fact.stamp) = (copy.clone(), stamp(&copy).ok());
    store.keep(fact);
    assert!(store.flush_now());
    (0..2).for_each(|number| std::fs::remove_file(pictures.path(number)).unwrap());
    drop(unplugged);
    assert_eq!(store.prune_after(0).unwrap(), None);
    assert_eq!(store.holdings().unwrap().unwrap().pictures, usize::from(PICTURES));
    assert_eq!(store.thumbnail(Pictures::content(0)), None);
    assert_eq!(store.embedding(Pictures::content(0), "m", DIM), None);
    assert!(store.thumbnail(Pictures::content(1)).is_some(), "a copy of it is there");
    assert!(
        store.thumbnail(Content::of(b"away")).is_some(),
        "its disk is not plugged in"
    );
}

#[test]
fn everything_is_forgotten_on_demand() {
    let pictures = Pictures::new();
    let data = tempfile::tempdir().unwrap();
    let mut store = Store::keeper(Some(data.path()));
    pictures.fill(&mut store);
    store.save_settings(vec![change("labels", "[\"a secret label\"]")]);
    assert!(store.flush_now());
    std::fs::remove_file(pictures.path(0)).unwrap();
    assert_eq!(store.prune().unwrap(), 1);
    let holdings = store.holdings().unwrap().unwrap();
    assert_eq!((holdings.pictures, holdings.cached.embeddings), (23, 46));

    store.clear(false).unwrap();
    let holdings = store.holdings().unwrap().unwrap();
    assert_eq!(
        (
            holdings.pictures,
            holdings.cached.embeddings,
            holdings.cached.thumbnails
        ),
        (0, 0, 0)
    );
    assert_eq!(store.settings().len(), 1);
    let trash = data.path().join("evaluations/trash");
    std::fs::create_dir_all(&trash).unwrap();
    for file in [
        "clipsight.sqlite",
        "evaluations/a.evaluation",
        "evaluations/trash/b.evaluation",
    ] {
        std::fs::write(data.path().join(file), b"17.jpg is a secret label").unwrap();
    }
    store.clear(true).unwrap();
    assert!(store.settings().is_empty());
    drop(store);
    for entry in walkdir::WalkDir::new(data.path()).into_iter().map(Result::unwrap) {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        for trace in [b"a secret label".as_slice(), b"17.jpg", &[17 ^ 0x55; 100]] {
            let found = bytes.windows(trace.len()).any(|window| window == trace);
            assert!(!found, "{} holds {trace:?}", entry.path().display());
        }
    }
}
