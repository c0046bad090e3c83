//! How much room the cache takes, and what goes first.

use std::collections::HashSet;
use std::path::Path;

use super::Cache;
use crate::library::content::Content;
use crate::library::database::StoreError;

/// The cache takes no more than this: some 700,000 pictures with one model.
pub const MAX_BYTES: u64 = 6 << 30;

/// What there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes in use.
    pub bytes: u64,
    /// Embeddings, of all models.
    pub embeddings: usize,
    pub thumbnails: usize,
    /// Models that made embeddings.
    pub models: usize,
}

impl Cache {
    /// What there is.
    ///
    /// # Errors
    /// The cache cannot be read.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let count = |table: &str| {
            let query = format!("SELECT count(*) FROM {table}");
            let counted = self
                .database
                .connection
                .query_row(&query, [], |row| row.get::<_, i64>(0));
            counted
                .map(|count| count as usize)
                .map_err(|error| self.database.failed(&error))
        };
        Ok(Counts {
            bytes: self.database.bytes()?,
            embeddings: count("embeddings")?,
            thumbnails: count("thumbnails")?,
            models: count("models")?,
        })
    }

    /// Drops everything.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn clear(&mut self) -> Result<(), StoreError> {
        self.database.overwrite_what_is_deleted();
        self.database.write(|transaction| {
            transaction.execute_batch("DELETE FROM thumbnails; DELETE FROM embeddings; DELETE FROM models;")
        })?;
        self.database.shrink()
    }

    /// Makes room where the cache takes more than it may: first goes the model that was not used for longest, if there is
    /// another one, then what was computed first. Whether something went.
    ///
    /// # Errors
    /// The cache cannot be read or written.
    pub fn make_room(&mut self, max_bytes: u64) -> Result<bool, StoreError> {
        let mut went = false;
        // A tenth more, so that it is not full again at once.
        let enough = max_bytes / 10 * 9;
        let mut bytes = self.database.bytes()?;
        if bytes <= max_bytes {
            return Ok(false);
        }
        while bytes > enough {
            let dropped = self.database.write(|transaction| {
                let oldest_model = "DELETE FROM models WHERE (SELECT count(*) FROM models) > 1
                                    AND id = (SELECT id FROM models ORDER BY used_s, id LIMIT 1)";
                let dropped = transaction.execute(oldest_model, [])?;
                if dropped > 0 {
                    return Ok(dropped);
                }
                let mut dropped = 0;
                for table in ["thumbnails", "embeddings"] {
                    let oldest = format!(
                        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id
                         LIMIT 1 + (SELECT count(*) FROM {table}) / 20)"
                    );
                    dropped += transaction.execute(&oldest, [])?;
                }
                Ok(dropped)
            })?;
            if dropped == 0 {
                break;
            }
            went = true;
            bytes = self.database.bytes()?;
        }
        self.database.shrink()?;
        Ok(went)
    }

    /// Drops what was computed from these.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn drop_all_of(&mut self, contents: &HashSet<Content>) -> Result<(), StoreError> {
        self.database.overwrite_what_is_deleted();
        self.database.write(|transaction| {
            for table in ["thumbnails", "embeddings"] {
                let mut drop_one = transaction.prepare(&format!("DELETE FROM {table} WHERE content = ?1"))?;
                contents
                    .iter()
                    .try_for_each(|content| drop_one.execute([content.0]).map(drop))?;
            }
            Ok(())
        })
    }

    /// Drops what is of no picture any more, and models that are gone from where they were.
    ///
    /// # Errors
    /// The cache cannot be read or written.
    pub fn prune(&mut self, here: &HashSet<Content>) -> Result<(), StoreError> {
        self.database.overwrite_what_is_deleted();
        self.database.write(|transaction| {
            for table in ["thumbnails", "embeddings"] {
                let mut gone = Vec::new();
                let mut all = transaction.prepare(&format!("SELECT id, content FROM {table}"))?;
                let mut rows = all.query([])?;
                while let Some(row) = rows.next()? {
                    let content = row.get_ref(1)?.as_blob().ok().and_then(Content::from_stored);
                    if content.is_none_or(|content| !here.contains(&content)) {
                        gone.push(row.get::<_, i64>(0)?);
                    }
                }
                let mut drop_one = transaction.prepare(&format!("DELETE FROM {table} WHERE id = ?1"))?;
                gone.iter().try_for_each(|id| drop_one.execute([id]).map(drop))?;
            }
            let mut models = transaction.prepare("SELECT id, place FROM models")?;
            let places = models.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let places: Vec<(i64, Option<String>)> = places.collect::<Result<_, _>>()?;
            let gone = |place: &Option<String>| place.as_ref().is_some_and(|place| !Path::new(place).exists());
            for (id, _) in places.iter().filter(|(_, place)| gone(place)) {
                transaction.execute("DELETE FROM models WHERE id = ?1", [id])?;
            }
            Ok(())
        })?;
        self.database.shrink()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::computed;
    use super::*;

    #[test]
    fn a_full_cache_drops_the_model_that_was_not_used_for_longest_and_then_the_oldest_rows() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(folder.path()).unwrap();
        for number in 0..100 {
            cache.keep(&[computed(number, "old")]).unwrap();
            cache.keep(&[computed(number, "new")]).unwrap();
        }
        cache.uses_model("new", None).unwrap();
        let aged = "UPDATE models SET used_s = used_s - 100 WHERE identity = 'old'";
        cache.database.connection.execute(aged, []).unwrap();
        let full = cache.counts().unwrap();
        assert_eq!((full.embeddings, full.thumbnails, full.models), (200, 100, 2));

        assert!(!cache.make_room(full.bytes).unwrap());
        assert!(cache.make_room(full.bytes / 2).unwrap());
        let left = cache.counts().unwrap();
        assert!(left.bytes <= full.bytes / 2 && left.models == 1, "{left:?}");
        assert!(left.embeddings > 0 && left.embeddings < 100, "{left:?}");
        let has = |number: u8| cache.embedding(Content([number; 32]), "new", 3).unwrap().is_some();
        assert!(has(99) && !has(0), "the newest stays");
        assert_eq!(cache.embedding(Content([99; 32]), "old", 3).unwrap(), None);
    }

    #[test]
    fn what_is_of_no_picture_goes_with_models_that_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(folder.path()).unwrap();
        cache
            .uses_model("gone", Some(&folder.path().join("no such model")))
            .unwrap();
        cache.uses_model("here", Some(folder.path())).unwrap();
        for number in 0..4 {
            cache.keep(&[computed(number, "here")]).unwrap();
            cache.keep(&[computed(number, "gone")]).unwrap();
        }
        cache
            .prune(&HashSet::from([Content([1; 32]), Content([9; 32])]))
            .unwrap();
        let left = cache.counts().unwrap();
        assert_eq!((left.embeddings, left.thumbnails, left.models), (1, 1, 1));
        assert!(cache.embedding(Content([1; 32]), "here", 3).unwrap().is_some());
    }
}
