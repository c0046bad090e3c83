//! What is forgotten, and what is not.

use super::*;

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
fn the_empty_folder_of_a_disk_that_is_not_plugged_in_takes_nothing_with_it() {
    let pictures = Pictures::new();
    let mounted = tempfile::tempdir().unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut store = Store::keeper(Some(data.path()));
    let path = mounted.path().join("a.jpg");
    std::fs::write(&path, b"on the disk").unwrap();
    let mut fact = pictures.fact(0, "m");
    (fact.path, fact.stamp) = (path.clone(), stamp(&path).ok());
    fact.computed.content = Content::of(b"on the disk");
    store.keep(fact);
    assert!(store.flush_now());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(store.prune_after(0).unwrap(), None);
    assert_eq!(store.holdings().unwrap().unwrap().pictures, 1);
    assert!(store.thumbnail(Content::of(b"on the disk")).is_some());
    // With anything in it, the folder is there itself.
    std::fs::write(mounted.path().join("b.jpg"), b"another").unwrap();
    assert_eq!(store.prune_after(0).unwrap(), None);
    assert_eq!(store.holdings().unwrap().unwrap().pictures, 0);
    assert_eq!(store.thumbnail(Content::of(b"on the disk")), None);
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
