//! Files that are damaged.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::*;

/// Seeds of damage; each damages another copy of the same data folder.
const DAMAGES: u64 = 160;

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
