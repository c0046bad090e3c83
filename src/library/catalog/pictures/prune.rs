//! Forgetting pictures of which the files are gone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::params;

use super::row::{is_gone, path_of};
use crate::files::folder_of;
use crate::library::catalog::Catalog;
use crate::library::content::Content;
use crate::library::database::StoreError;

/// A part of [`Catalog::prune_after`]'s work.
pub struct Pruned {
    /// Where it goes on; none where nothing is left to look at.
    pub next: Option<i64>,
    /// What was in files that are gone, and is in no other.
    pub nowhere: HashSet<Content>,
}

impl Catalog {
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

    /// Looks at the next `count` pictures, and forgets those that are gone from folders that still hold something: a disk
    /// that is not plugged in takes nothing with it, and leaves an empty folder where it was mounted.
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
        let is_deleted = |path: &PathBuf| is_gone(path) && holds_anything(folder_of(path));
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

/// Whether a folder is there, and not empty.
fn holds_anything(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|mut entries| entries.next().is_some())
}
