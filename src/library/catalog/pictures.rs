//! Pictures: one row each, whatever becomes of the file.
//!
//! The row is found by the path; where the path is new, by the content, if the file that had it is gone: it was moved.
//! Identical copies that are all there are pictures of their own.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::Catalog;
use crate::files::folder_of;
use crate::library::checksum::checksum;
use crate::library::content::Content;
use crate::library::database::StoreError;
use crate::library::stamp::Stamp;

/// A picture: its row in the catalog. Negative where the catalog could not take it.
pub type PictureId = i64;

/// A picture file that was seen.
pub struct Sighting<'a> {
    /// Absolute path.
    pub path: &'a Path,
    /// When it was seen.
    pub stamp: Stamp,
    /// What it holds, if somebody looked, and the stamp by which that is known again.
    pub read: Option<(Content, Option<Stamp>)>,
}

/// Which picture it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// Its id.
    pub id: PictureId,
    /// What it holds; none where that has to be looked at (again).
    pub content: Option<Content>,
}

/// What reading a file told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learnt {
    /// Absolute path.
    pub path: PathBuf,
    /// By which the file is known again without being read; none where it cannot be.
    pub stamp: Option<Stamp>,
    /// What it holds.
    pub content: Content,
}

/// A row as it is stored.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub id: PictureId,
    pub path: Vec<u8>,
    pub size_bytes: Option<i64>,
    pub modified_ns: Option<i64>,
    pub changed_ns: Option<i64>,
    pub file: Option<i64>,
    pub content: Option<Vec<u8>>,
}

/// Copies of one content among which the one that was moved is looked for.
const MOST_COPIES: usize = 64;

const COLUMNS: &str = "id, path, size_bytes, modified_ns, changed_ns, file, content, checksum";

impl Stored {
    fn new(path: &Path, stamp: Option<Stamp>, content: Option<Content>) -> Self {
        Self {
            id: 0,
            path: key(path).to_vec(),
            size_bytes: stamp.map(|stamp| stamp.size_bytes as i64),
            modified_ns: stamp.map(|stamp| stamp.modified_ns),
            changed_ns: stamp.and_then(|stamp| stamp.changed_ns),
            file: stamp.and_then(|stamp| stamp.file).map(|file| file as i64),
            content: content.map(|content| content.0.to_vec()),
        }
    }

    /// Over everything but the id, which rows of one path never share.
    pub fn checksum(&self) -> i64 {
        let number = |value: Option<i64>| value.map_or(Vec::new(), |value| value.to_le_bytes().to_vec());
        checksum(&[
            &self.path,
            &number(self.size_bytes),
            &number(self.modified_ns),
            &number(self.changed_ns),
            &number(self.file),
            self.content.as_deref().unwrap_or_default(),
        ])
    }

    /// The row, and whether it is as it was written.
    fn read(row: &Row) -> rusqlite::Result<(Self, bool)> {
        let stored = Self {
            id: row.get(0)?,
            path: row.get(1)?,
            size_bytes: row.get(2)?,
            modified_ns: row.get(3)?,
            changed_ns: row.get(4)?,
            file: row.get(5)?,
            content: row.get(6)?,
        };
        let whole = row.get::<_, i64>(7)? == stored.checksum();
        Ok((stored, whole))
    }

    fn stamp(&self) -> Option<Stamp> {
        Some(Stamp {
            size_bytes: self.size_bytes? as u64,
            modified_ns: self.modified_ns?,
            changed_ns: self.changed_ns,
            file: self.file.map(|file| file as u64),
        })
    }

    fn content(&self) -> Option<Content> {
        Content::from_stored(self.content.as_ref()?)
    }
}

impl Catalog {
    /// What a file holds, if it is known and unchanged.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn content(&self, path: &Path, stamp: Stamp) -> Result<Option<Content>, StoreError> {
        let known = by_path(&self.database.connection, path).map_err(|error| self.database.failed(&error))?;
        Ok(known.and_then(|known| known.content_at(stamp)))
    }

    /// Whether a file may be a picture that was moved here: nothing is known of this path, and a file of this size is gone
    /// from where it was. Its content tells. `gone` remembers the latter, for a scan.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn may_have_moved(&self, path: &Path, stamp: Stamp, gone: &mut HashMap<u64, bool>) -> Result<bool, StoreError> {
        let mut look = || -> rusqlite::Result<bool> {
            let connection = &self.database.connection;
            if id_at(connection, path)?.is_some() {
                return Ok(false);
            }
            if let Some(gone) = gone.get(&stamp.size_bytes) {
                return Ok(*gone);
            }
            let is_gone = is_one_gone(connection, stamp.size_bytes)?;
            gone.insert(stamp.size_bytes, is_gone);
            Ok(is_gone)
        };
        look().map_err(|error| self.database.failed(&error))
    }

    /// The pictures that these files are, new ones where they are none yet. Where all are known, nothing is written.
    ///
    /// # Errors
    /// The catalog cannot be read, or has to be written and cannot be.
    pub fn register(&mut self, seen: &[Sighting]) -> Result<Vec<Registered>, StoreError> {
        let connection = &self.database.connection;
        let look = || -> rusqlite::Result<Vec<Option<Registered>>> {
            let known = |one: &Sighting| Ok(by_path(connection, one.path)?.map(|known| known.registered(one)));
            seen.iter().map(known).collect()
        };
        let known = look().map_err(|error| self.database.failed(&error))?;
        if let Some(all) = known.iter().copied().collect() {
            return Ok(all);
        }
        self.database.write(|transaction| {
            let pairs = seen.iter().zip(known);
            let one = |(seen, known): (&Sighting, Option<Registered>)| match known {
                Some(known) => Ok(known),
                None => enter(transaction, seen),
            };
            pairs.map(one).collect()
        })
    }

    /// Writes down what reading files told.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub fn learn(&mut self, learnt: &[Learnt]) -> Result<(), StoreError> {
        let mut known = HashSet::new();
        // Of a file that was read twice, the last reading counts.
        let newest: Vec<&Learnt> = learnt.iter().rev().filter(|one| known.insert(&one.path)).collect();
        self.database.write(|transaction| {
            for one in newest.into_iter().rev() {
                let id = match id_at(transaction, &one.path)? {
                    Some(id) => Some(id),
                    None => moved_from(transaction, &one.path, one.content)?,
                };
                put(transaction, id, &Stored::new(&one.path, one.stamp, Some(one.content)))?;
            }
            Ok(())
        })
    }

    /// How many pictures there are.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn pictures(&self) -> Result<usize, StoreError> {
        let connection = &self.database.connection;
        let count = connection.query_row("SELECT count(*) FROM pictures", [], |row| row.get::<_, i64>(0));
        count
            .map(|count| count as usize)
            .map_err(|error| self.database.failed(&error))
    }

    /// Forgets pictures of which the files are gone; how many. What the others hold.
    ///
    /// # Errors
    /// The catalog cannot be read or written.
    pub fn prune(&mut self) -> Result<(usize, HashSet<Content>), StoreError> {
        let mut here = HashSet::new();
        let mut gone = Vec::new();
        let mut look = || -> rusqlite::Result<()> {
            let mut all = self
                .database
                .connection
                .prepare("SELECT id, path, content FROM pictures")?;
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                match path_of(row.get_ref(1)?.as_blob()?) {
                    Some(path) if is_gone(&path) => gone.push(row.get::<_, i64>(0)?),
                    _ => here.extend(row.get_ref(2)?.as_blob_or_null()?.and_then(Content::from_stored)),
                }
            }
            Ok(())
        };
        look().map_err(|error| self.database.failed(&error))?;
        self.database.overwrite_what_is_deleted();
        self.database.write(|transaction| {
            let mut forget = transaction.prepare("DELETE FROM pictures WHERE id = ?1")?;
            gone.iter().try_for_each(|id| forget.execute([id]).map(drop))
        })?;
        Ok((gone.len(), here))
    }
}

/// A part of [`Catalog::prune_after`]'s work.
pub struct Pruned {
    /// Where it goes on; none where nothing is left to look at.
    pub next: Option<i64>,
    /// What was in files that are gone, and is in no other.
    pub nowhere: HashSet<Content>,
}

impl Catalog {
    /// Looks at the next `count` pictures, and forgets those that are gone from folders that are still there: a disk that is
    /// not plugged in takes nothing with it.
    ///
    /// # Errors
    /// The catalog cannot be read or written.
    pub fn prune_after(&mut self, id: i64, count: usize) -> Result<Pruned, StoreError> {
        type Row = (i64, Option<PathBuf>, Option<Content>);
        let connection = &self.database.connection;
        let look = || -> rusqlite::Result<Vec<Row>> {
            let mut some = connection
                .prepare_cached("SELECT id, path, content FROM pictures WHERE id > ?1 ORDER BY id LIMIT ?2")?;
            let rows = some.query_map(params![id, count as i64], |row| {
                let content = row.get_ref(2)?.as_blob_or_null()?.and_then(Content::from_stored);
                Ok((row.get(0)?, path_of(row.get_ref(1)?.as_blob()?), content))
            })?;
            rows.collect()
        };
        let some = look().map_err(|error| self.database.failed(&error))?;
        let next = some.last().filter(|_| some.len() == count).map(|(id, ..)| *id);
        let is_deleted = |path: &PathBuf| is_gone(path) && folder_of(path).is_dir();
        let gone: Vec<(i64, Option<Content>)> = some
            .into_iter()
            .filter(|(_, path, _)| path.as_ref().is_some_and(is_deleted))
            .map(|(id, _, content)| (id, content))
            .collect();
        let mut nowhere = HashSet::new();
        if !gone.is_empty() {
            self.database.overwrite_what_is_deleted();
            nowhere = self.database.write(|transaction| {
                let mut forget = transaction.prepare("DELETE FROM pictures WHERE id = ?1")?;
                gone.iter().try_for_each(|(id, _)| forget.execute([id]).map(drop))?;
                let mut elsewhere = transaction.prepare("SELECT 1 FROM pictures WHERE content = ?1")?;
                let mut nowhere = HashSet::new();
                for content in gone.into_iter().filter_map(|(_, content)| content) {
                    if !elsewhere.exists([content.0])? {
                        nowhere.insert(content);
                    }
                }
                Ok(nowhere)
            })?;
        }
        Ok(Pruned { next, nowhere })
    }
}

/// Whether a known file of this size is gone.
fn is_one_gone(connection: &Connection, size_bytes: u64) -> rusqlite::Result<bool> {
    let mut same_size = connection.prepare_cached("SELECT path FROM pictures WHERE size_bytes = ?1")?;
    let mut rows = same_size.query([size_bytes as i64])?;
    while let Some(row) = rows.next()? {
        if path_of(row.get_ref(0)?.as_blob()?).is_some_and(|path| is_gone(&path)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is known of a path.
struct Known {
    id: PictureId,
    stamp: Option<Stamp>,
    content: Option<Content>,
}

impl Known {
    fn content_at(&self, stamp: Stamp) -> Option<Content> {
        self.content.filter(|_| self.stamp == Some(stamp))
    }

    fn registered(&self, seen: &Sighting) -> Registered {
        Registered {
            id: self.id,
            content: self.content_at(seen.stamp),
        }
    }
}

/// A row that is not as it was written is known by its path alone.
fn by_path(connection: &Connection, path: &Path) -> rusqlite::Result<Option<Known>> {
    let query = format!("SELECT {COLUMNS} FROM pictures WHERE path = ?1");
    let found = connection.prepare_cached(&query)?.query_row([key(path)], Stored::read);
    let known = |(stored, whole): (Stored, bool)| Known {
        id: stored.id,
        stamp: stored.stamp().filter(|_| whole),
        content: stored.content().filter(|_| whole),
    };
    Ok(found.optional()?.map(known))
}

fn id_at(connection: &Connection, path: &Path) -> rusqlite::Result<Option<PictureId>> {
    let mut find = connection.prepare_cached("SELECT id FROM pictures WHERE path = ?1")?;
    find.query_row([key(path)], |row| row.get(0)).optional()
}

/// A file that is new here, as a picture that was moved or as another one.
fn enter(transaction: &Transaction, seen: &Sighting) -> rusqlite::Result<Registered> {
    // Another process may have come first.
    if let Some(known) = by_path(transaction, seen.path)? {
        return Ok(known.registered(seen));
    }
    let (content, stamp) = seen.read.unzip();
    let moved = match content {
        Some(content) => moved_from(transaction, seen.path, content)?,
        None => None,
    };
    let id = put(transaction, moved, &Stored::new(seen.path, stamp.flatten(), content))?;
    Ok(Registered { id, content })
}

/// The picture of this content of which the file is gone: the one of the same name where there are several.
fn moved_from(transaction: &Transaction, to: &Path, content: Content) -> rusqlite::Result<Option<PictureId>> {
    let query = format!("SELECT {COLUMNS} FROM pictures WHERE content = ?1 ORDER BY id LIMIT {MOST_COPIES}");
    let mut find = transaction.prepare_cached(&query)?;
    let mut rows = find.query([content.0])?;
    let mut found = None;
    while let Some(row) = rows.next()? {
        let (stored, whole) = Stored::read(row)?;
        let Some(path) = path_of(&stored.path).filter(|path| whole && is_gone(path)) else {
            continue;
        };
        if path.file_name() == to.file_name() {
            return Ok(Some(stored.id));
        }
        found = found.or(Some(stored.id));
    }
    Ok(found)
}

/// Writes a row, a new one where there is no id; its id.
fn put(transaction: &Transaction, id: Option<PictureId>, row: &Stored) -> rusqlite::Result<PictureId> {
    let values = params![
        id,
        row.path,
        row.size_bytes,
        row.modified_ns,
        row.changed_ns,
        row.file,
        row.content,
        row.checksum()
    ];
    if let Some(id) = id {
        transaction
            .prepare_cached(
                "UPDATE pictures SET path = ?2, size_bytes = ?3, modified_ns = ?4, changed_ns = ?5, file = ?6, \
                 content = ?7, checksum = ?8 WHERE id = ?1",
            )?
            .execute(values)?;
        return Ok(id);
    }
    transaction
        .prepare_cached("INSERT INTO pictures VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(values)?;
    Ok(transaction.last_insert_rowid())
}

/// The whole rows of a damaged catalog, as far as they can be reached.
pub(super) fn readable(damaged: &Connection) -> Vec<Stored> {
    let mut kept = Vec::new();
    // From both ends: what lies behind a damaged page is reached from the other side.
    for order in ["ASC", "DESC"] {
        let query = format!("SELECT {COLUMNS} FROM pictures NOT INDEXED ORDER BY id {order}");
        let Ok(mut all) = damaged.prepare(&query) else { continue };
        let Ok(mut rows) = all.query([]) else { continue };
        while let Ok(Some(row)) = rows.next() {
            if let Ok((stored, true)) = Stored::read(row) {
                kept.push(stored);
            }
        }
    }
    kept.sort_by_key(|stored| stored.id);
    kept.dedup_by_key(|stored| stored.id);
    kept
}

fn key(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(unix)]
fn path_of(key: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(std::ffi::OsStr::from_bytes(key).into())
}

#[cfg(not(unix))]
fn path_of(key: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(key).ok().map(PathBuf::from)
}

/// Whether there certainly is nothing: what cannot be looked at may be there.
fn is_gone(path: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let error = path.symlink_metadata().err();
    error.is_some_and(|error| matches!(error.kind(), NotFound | NotADirectory))
}

#[cfg(test)]
mod tests {
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
        let learnt = Learnt {
            path: path.into(),
            stamp: stamp(path).ok(),
            content,
        };
        catalog.learn(&[learnt]).unwrap();
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
}
