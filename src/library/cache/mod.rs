//! The cache: what was computed from pictures, and can be computed again. Embeddings by model and content, thumbnails by
//! content.
//!
//! It may be dropped at any time. Every row carries a checksum, and is believed only where that and the values fit.

mod room;
#[cfg(test)]
mod tests;

use std::path::Path;

use rusqlite::{OptionalExtension, Transaction, params};

use super::checksum::checksum;
use super::content::Content;
use super::database::{Database, Schema, StoreError, files_of, removed};
use crate::clip::Embedding;

pub use room::{Counts, MAX_BYTES};

pub(super) const SCHEMA: Schema = Schema {
    file: "cache.sqlite",
    migrations: &["
        CREATE TABLE models (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            place TEXT,
            used_s INTEGER NOT NULL
        );
        CREATE TABLE embeddings (
            id INTEGER PRIMARY KEY,
            model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
            content BLOB NOT NULL,
            norm REAL NOT NULL,
            vector BLOB NOT NULL,
            checksum INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX embeddings_by_content ON embeddings (content, model);
        CREATE TABLE thumbnails (
            id INTEGER PRIMARY KEY,
            content BLOB NOT NULL UNIQUE,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            jpeg BLOB NOT NULL,
            checksum INTEGER NOT NULL
        );
    "],
    precious: false,
};

/// A small picture, and the size of its original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// Width of the original in pixels.
    pub width: u32,
    /// Height of the original in pixels.
    pub height: u32,
    /// The small picture.
    pub jpeg: Vec<u8>,
}

/// What was computed from a picture.
#[derive(Debug, Clone)]
pub struct Computed {
    pub content: Content,
    /// A small picture of it.
    pub thumbnail: Option<Thumbnail>,
    /// The model's identity, and its embedding.
    pub embedding: Option<(String, Embedding)>,
}

impl Computed {
    /// Nothing but which content it would be of.
    pub fn nothing(content: Content) -> Self {
        Self {
            content,
            thumbnail: None,
            embedding: None,
        }
    }
}

pub struct Cache {
    pub(super) database: Database,
}

impl Cache {
    /// Opens the cache in a data folder, making it where needed.
    ///
    /// # Errors
    /// It cannot be read, or a newer Clipsight wrote it.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open(folder, &SCHEMA)?,
        })
    }

    /// Drops a cache, in whatever state it is, and begins a new one.
    ///
    /// # Errors
    /// The files cannot be removed, or no new one can be made.
    pub fn replace(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(SCHEMA.file);
        files_of(&path).iter().try_for_each(|file| removed(file))?;
        Self::open(folder)
    }

    /// What a model made of a content, `[dim]`; none where it is not known, or not as it was written.
    ///
    /// # Errors
    /// The cache cannot be read.
    pub fn embedding(&self, content: Content, model: &str, dim: usize) -> Result<Option<Embedding>, StoreError> {
        let found = self.vector(content, model)?;
        Ok(found.filter(|embedding| embedding.vector.len() == dim))
    }

    /// The same of any width.
    ///
    /// # Errors
    /// The cache cannot be read.
    pub fn vector(&self, content: Content, model: &str) -> Result<Option<Embedding>, StoreError> {
        let read = || -> rusqlite::Result<Option<Embedding>> {
            let mut find = self.database.connection.prepare_cached(
                "SELECT e.norm, e.vector, e.checksum FROM embeddings e
                 WHERE e.content = ?1 AND e.model = (SELECT id FROM models WHERE identity = ?2)",
            )?;
            let found = find.query_row(params![content.0, model], |row| {
                let (norm, vector, sum): (f64, _, i64) = (row.get(0)?, row.get_ref(1)?.as_blob()?, row.get(2)?);
                let norm = norm as f32;
                let whole = sum == embedding_checksum(content, model, norm, vector);
                Ok(whole.then(|| Embedding {
                    vector: numbers(vector),
                    norm,
                }))
            });
            Ok(found.optional()?.flatten())
        };
        let read = read().map_err(|error| self.database.failed(&error))?;
        Ok(read.filter(|embedding| embedding.is_sound(embedding.vector.len())))
    }

    /// The thumbnail of a content; none where it is not known, or not as it was written.
    ///
    /// # Errors
    /// The cache cannot be read.
    pub fn thumbnail(&self, content: Content) -> Result<Option<Thumbnail>, StoreError> {
        let read = || -> rusqlite::Result<Option<Thumbnail>> {
            let query = "SELECT width, height, jpeg, checksum FROM thumbnails WHERE content = ?1";
            let found = self
                .database
                .connection
                .prepare_cached(query)?
                .query_row([content.0], |row| {
                    let thumbnail = Thumbnail {
                        width: row.get(0)?,
                        height: row.get(1)?,
                        jpeg: row.get(2)?,
                    };
                    let whole = row.get::<_, i64>(3)? == thumbnail_checksum(content, &thumbnail);
                    Ok(Some(thumbnail).filter(|_| whole))
                });
            Ok(found.optional()?.flatten())
        };
        read().map_err(|error| self.database.failed(&error))
    }

    /// Keeps what was computed, all or nothing. What is no number is not kept.
    ///
    /// # Errors
    /// The cache cannot be written (a full disk, for one).
    pub fn keep(&mut self, computed: &[Computed]) -> Result<(), StoreError> {
        self.database
            .write(|transaction| computed.iter().try_for_each(|one| keep_one(transaction, one)))
    }

    /// Notes that a model is in use now, and where it is; none for one that comes with Clipsight.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn uses_model(&mut self, identity: &str, place: Option<&Path>) -> Result<(), StoreError> {
        // A place that is no text could not be found again: what was computed there stays as long as anything.
        let place = place.and_then(Path::to_str);
        self.database.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO models (identity, place, used_s) VALUES (?1, ?2, unixepoch())
                     ON CONFLICT (identity) DO UPDATE SET place = excluded.place, used_s = excluded.used_s",
                    params![identity, place],
                )
                .map(drop)
        })
    }
}

fn keep_one(transaction: &Transaction, computed: &Computed) -> rusqlite::Result<()> {
    let content = computed.content;
    if let Some(thumbnail) = &computed.thumbnail {
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO thumbnails (content, width, height, jpeg, checksum) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                content.0,
                thumbnail.width,
                thumbnail.height,
                thumbnail.jpeg,
                thumbnail_checksum(content, thumbnail)
            ])?;
    }
    let sound = |(_, embedding): &&(String, Embedding)| embedding.is_sound(embedding.vector.len());
    if let Some((model, embedding)) = computed.embedding.as_ref().filter(sound) {
        let vector = bytes(&embedding.vector);
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO embeddings (model, content, norm, vector, checksum) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                model_id(transaction, model)?,
                content.0,
                f64::from(embedding.norm),
                vector,
                embedding_checksum(content, model, embedding.norm, &vector)
            ])?;
    }
    Ok(())
}

fn model_id(transaction: &Transaction, identity: &str) -> rusqlite::Result<i64> {
    let mut find = transaction.prepare_cached("SELECT id FROM models WHERE identity = ?1")?;
    if let Some(id) = find.query_row([identity], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    transaction.execute(
        "INSERT INTO models (identity, used_s) VALUES (?1, unixepoch())",
        [identity],
    )?;
    Ok(transaction.last_insert_rowid())
}

fn embedding_checksum(content: Content, model: &str, norm: f32, vector: &[u8]) -> i64 {
    checksum(&[&content.0, model.as_bytes(), &norm.to_le_bytes(), vector])
}

fn thumbnail_checksum(content: Content, thumbnail: &Thumbnail) -> i64 {
    let (width, height) = (thumbnail.width.to_le_bytes(), thumbnail.height.to_le_bytes());
    checksum(&[&content.0, &width, &height, &thumbnail.jpeg])
}

fn bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|four| f32::from_le_bytes(*four))
        .collect()
}
