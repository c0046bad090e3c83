//! Files that cannot be written, and several who write.

use rusqlite::Connection;

use super::*;

#[test]
fn what_cannot_be_written_is_kept_tried_again_and_said_once() {
    let pictures = Pictures::new();
    let data = tempfile::tempdir().unwrap();
    let mut store = Store::keeper(Some(data.path()));
    pictures.fill(&mut store);
    // As a full disk does: no page more.
    let full = |store: &mut Store, pages: u32| {
        let connection = &store.half::<Cache>().unwrap().database.connection;
        connection.pragma_update(None, "max_page_count", pages).unwrap();
        let connection = &store.half::<Catalog>().unwrap().database.connection;
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
fn two_that_write_at_once_lose_nothing() {
    const ROUNDS: usize = 20;
    let pictures = Pictures::new();
    let data = tempfile::tempdir().unwrap();
    pictures.fill(&mut Store::keeper(Some(data.path())));
    // As the library thread and an evaluation do: each with a store of its own, batch after batch.
    let write = |model: &str| {
        let mut store = Store::keeper(Some(data.path()));
        for _ in 0..ROUNDS {
            for number in 0..PICTURES {
                store.keep(pictures.fact(number, model));
            }
            // False where the other one held the file for half a second, as on a disk that is very busy: then once more.
            let written = (0..10).any(|_| store.flush_now());
            assert!(written, "{model}: {:?}", store.notes());
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| write("evaluation"));
        write("window");
    });
    let mut reader = Store::reader(Some(data.path()));
    for number in 0..PICTURES {
        for model in ["evaluation", "window"] {
            let found = reader.embedding(Pictures::content(number), model, DIM);
            assert_eq!(found, Some(embedding(number, model)), "{number} {model}");
        }
    }
}
