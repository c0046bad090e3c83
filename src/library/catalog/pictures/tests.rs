use super::*;
use crate::library::stamp::stamp;

struct Files(tempfile::TempDir);

impl Files {
    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

fn catalog() -> (Files, Catalog) {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&folder.path().join("data")).unwrap();
    (Files(folder), catalog)
}

/// As a scan does it: with the content where the catalog wants to know it.
fn seen(catalog: &mut Catalog, path: &Path) -> Registered {
    let stamp = stamp(path).unwrap();
    let moved = catalog.may_have_moved(path, stamp, &mut HashMap::new()).unwrap();
    let read = moved.then(|| (Content::of(&std::fs::read(path).unwrap()), Some(stamp)));
    catalog.register(&[Sighting { path, stamp, read }]).unwrap()[0]
}

fn read(catalog: &mut Catalog, path: &Path) -> Content {
    let content = Content::of(&std::fs::read(path).unwrap());
    let learnt = FileRecord {
        path: path.into(),
        stamp: stamp(path).ok(),
        content,
    };
    catalog.record(&[learnt]).unwrap();
    content
}

#[test]
fn an_unchanged_file_is_known_and_any_change_of_it_has_to_be_looked_at() {
    let (files, mut catalog) = catalog();
    let path = files.write("a.jpg", b"first");
    let id = seen(&mut catalog, &path).id;
    let content = read(&mut catalog, &path);
    let known = Registered {
        id,
        content: Some(content),
    };
    assert_eq!(seen(&mut catalog, &path), known);
    let old = std::fs::File::open(&path)
        .unwrap()
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    std::fs::write(&path, b"other").unwrap();
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(old)
        .unwrap();
    assert_eq!(seen(&mut catalog, &path), Registered { id, content: None });
    assert_ne!(read(&mut catalog, &path), content);
    assert_eq!(seen(&mut catalog, &path).id, id, "it is the same picture, changed");
}

#[test]
fn a_moved_picture_keeps_its_id_and_copies_have_their_own() {
    let (files, mut catalog) = catalog();
    let first = files.write("a.jpg", b"cat");
    let id = seen(&mut catalog, &first).id;
    read(&mut catalog, &first);
    let copy = files.write("copy.jpg", b"cat");
    let copied = seen(&mut catalog, &copy);
    read(&mut catalog, &copy);
    assert_ne!(copied.id, id);

    let moved = files.0.path().join("b.jpg");
    std::fs::rename(&first, &moved).unwrap();
    let found = seen(&mut catalog, &moved);
    assert_eq!((found.id, found.content), (id, Some(Content::of(b"cat"))));
    assert_eq!(catalog.pictures().unwrap(), 2);
    // The old place is free: what comes there is another picture.
    files.write("a.jpg", b"dog");
    assert!(![id, copied.id].contains(&seen(&mut catalog, &first).id));
}

#[test]
fn a_picture_that_was_moved_without_a_scan_is_found_when_it_is_read() {
    let (files, mut catalog) = catalog();
    let first = files.write("x/a.jpg", b"cat");
    read(&mut catalog, &first);
    let id = seen(&mut catalog, &first).id;
    let moved = files.0.path().join("y");
    std::fs::rename(files.0.path().join("x"), &moved).unwrap();
    read(&mut catalog, &moved.join("a.jpg"));
    assert_eq!(seen(&mut catalog, &moved.join("a.jpg")).id, id);
    assert_eq!(catalog.pictures().unwrap(), 1);
}

#[test]
fn what_is_gone_is_forgotten_on_demand_only() {
    let (files, mut catalog) = catalog();
    let (a, b) = (files.write("a.jpg", b"cat"), files.write("b.jpg", b"dog"));
    for path in [&a, &b] {
        read(&mut catalog, path);
    }
    std::fs::remove_file(&a).unwrap();
    assert_eq!(catalog.pictures().unwrap(), 2);
    let (gone, here) = catalog.prune().unwrap();
    assert_eq!((gone, here), (1, HashSet::from([Content::of(b"dog")])));
    assert_eq!(catalog.pictures().unwrap(), 1);
}

#[test]
fn known_pictures_are_registered_while_somebody_else_writes() {
    let (files, mut catalog) = catalog();
    let path = files.write("a.jpg", b"cat");
    seen(&mut catalog, &path);
    let other = Catalog::open(&files.0.path().join("data")).unwrap();
    other.database.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = std::time::Instant::now();
    seen(&mut catalog, &path);
    assert!(started.elapsed() < std::time::Duration::from_millis(200));
}
