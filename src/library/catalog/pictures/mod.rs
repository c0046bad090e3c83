//! Pictures: one row each, whatever becomes of the file.
//!
//! The row is found by the path; where the path is new, by the content, if the file that had it is gone: it was moved.
//! Identical copies that are all there are pictures of their own.

mod prune;
mod row;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::Transaction;

use super::Catalog;
use crate::library::content::Content;
use crate::library::database::StoreError;
use crate::library::stamp::Stamp;
use row::{Stored, by_path, id_at, is_one_gone, moved_from, put};

pub(super) use row::{put_back, readable};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    pub id: PictureId,
    /// What it holds; none where that has to be looked at (again).
    pub content: Option<Content>,
}

/// What reading a file told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Absolute path.
    pub path: PathBuf,
    /// By which the file is known again without being read; none where it cannot be.
    pub stamp: Option<Stamp>,
    pub content: Content,
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
    pub fn record(&mut self, learnt: &[FileRecord]) -> Result<(), StoreError> {
        let mut known = HashSet::new();
        // Of a file that was read twice, the last reading counts.
        let newest: Vec<&FileRecord> = learnt.iter().rev().filter(|one| known.insert(&one.path)).collect();
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
