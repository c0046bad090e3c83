//! Whatever becomes of the files, no answer is silently wrong, and nothing that people made is lost.

mod damaged;
mod forgetting;
mod writing;

use super::*;
use crate::library::stamp::stamp;

const DIM: usize = 8;
const PICTURES: u8 = 24;

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
