//! A picture as it is stored, and what is known of it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{PictureId, Registered, Sighting};
use crate::library::checksum::checksum;
use crate::library::content::Content;
use crate::library::stamp::Stamp;

/// Copies of one content among which the one that was moved is looked for.
const MOST_COPIES: usize = 64;

const COLUMNS: &str = "id, path, size_bytes, modified_ns, changed_ns, file, content, checksum";

/// A row as it is stored.
#[derive(Debug, Default)]
pub struct Stored {
    pub id: PictureId,
    pub path: Vec<u8>,
    pub size_bytes: Option<i64>,
    pub modified_ns: Option<i64>,
    pub changed_ns: Option<i64>,
    pub file: Option<i64>,
    pub content: Option<Vec<u8>>,
}

impl Stored {
    pub(super) fn new(path: &Path, stamp: Option<Stamp>, content: Option<Content>) -> Self {
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

/// What is known of a path.
pub(super) struct Known {
    id: PictureId,
    stamp: Option<Stamp>,
    content: Option<Content>,
}

impl Known {
    pub(super) fn content_at(&self, stamp: Stamp) -> Option<Content> {
        self.content.filter(|_| self.stamp == Some(stamp))
    }

    pub(super) fn registered(&self, seen: &Sighting) -> Registered {
        Registered {
            id: self.id,
            content: self.content_at(seen.stamp),
        }
    }
}

/// A row that is not as it was written is known by its path alone.
pub(super) fn by_path(connection: &Connection, path: &Path) -> rusqlite::Result<Option<Known>> {
    let query = format!("SELECT {COLUMNS} FROM pictures WHERE path = ?1");
    let found = connection.prepare_cached(&query)?.query_row([key(path)], Stored::read);
    let known = |(stored, whole): (Stored, bool)| Known {
        id: stored.id,
        stamp: stored.stamp().filter(|_| whole),
        content: stored.content().filter(|_| whole),
    };
    Ok(found.optional()?.map(known))
}

pub(super) fn id_at(connection: &Connection, path: &Path) -> rusqlite::Result<Option<PictureId>> {
    let mut find = connection.prepare_cached("SELECT id FROM pictures WHERE path = ?1")?;
    find.query_row([key(path)], |row| row.get(0)).optional()
}

/// Whether a known file of this size is gone.
pub(super) fn is_one_gone(connection: &Connection, size_bytes: u64) -> rusqlite::Result<bool> {
    let mut same_size = connection.prepare_cached("SELECT path FROM pictures WHERE size_bytes = ?1")?;
    let mut rows = same_size.query([size_bytes as i64])?;
    while let Some(row) = rows.next()? {
        if path_of(row.get_ref(0)?.as_blob()?).is_some_and(|path| is_gone(&path)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The picture of this content of which the file is gone: the one of the same name where there are several.
pub(super) fn moved_from(
    transaction: &Transaction,
    to: &Path,
    content: Content,
) -> rusqlite::Result<Option<PictureId>> {
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
pub(super) fn put(transaction: &Transaction, id: Option<PictureId>, row: &Stored) -> rusqlite::Result<PictureId> {
    let statement = match id {
        Some(_) => {
            "UPDATE pictures SET path = ?2, size_bytes = ?3, modified_ns = ?4, changed_ns = ?5, file = ?6, content = ?7, \
             checksum = ?8 WHERE id = ?1"
        }
        None => "INSERT INTO pictures VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    };
    write(transaction, statement, id, row)?;
    Ok(id.unwrap_or_else(|| transaction.last_insert_rowid()))
}

/// Writes a row that was saved from a damaged catalog, with the id that it had; another one with this id or path stays.
pub fn put_back(transaction: &Transaction, row: &Stored) -> rusqlite::Result<()> {
    let statement = "INSERT OR IGNORE INTO pictures VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    write(transaction, statement, Some(row.id), row).map(drop)
}

fn write(transaction: &Transaction, statement: &str, id: Option<PictureId>, row: &Stored) -> rusqlite::Result<usize> {
    transaction.prepare_cached(statement)?.execute(params![
        id,
        row.path,
        row.size_bytes,
        row.modified_ns,
        row.changed_ns,
        row.file,
        row.content,
        row.checksum()
    ])
}

/// The whole rows of a damaged catalog, as far as they can be reached.
pub fn readable(damaged: &Connection) -> Vec<Stored> {
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
pub(super) fn path_of(key: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(std::ffi::OsStr::from_bytes(key).into())
}

#[cfg(not(unix))]
pub(super) fn path_of(key: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(key).ok().map(PathBuf::from)
}

/// Whether there certainly is nothing: what cannot be looked at may be there.
pub(super) fn is_gone(path: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let error = path.symlink_metadata().err();
    error.is_some_and(|error| matches!(error.kind(), NotFound | NotADirectory))
}
