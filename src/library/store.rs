//! The store: one SQLite file with what was learnt about pictures, and the window's settings.
//!
//! The window and commands may use it at the same time (write-ahead log, busy timeout). Every call that writes is one
//! transaction: a killed process loses at most the call it was in. A picture is known by its absolute path; when its
//! size or time changes, everything learnt about it is forgotten.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::Stamp;
use crate::clip::Embedding;

const FILE: &str = "clipsight.sqlite";
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Each entry takes the schema one version further; `PRAGMA user_version` says how many have run.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE pictures (
        id INTEGER PRIMARY KEY,
        path BLOB NOT NULL UNIQUE,
        size_bytes INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL
    );
    CREATE TABLE embeddings (
        picture INTEGER NOT NULL REFERENCES pictures(id) ON DELETE CASCADE,
        model TEXT NOT NULL,
        norm REAL NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (picture, model)
    );
    CREATE TABLE thumbnails (
        picture INTEGER PRIMARY KEY REFERENCES pictures(id) ON DELETE CASCADE,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        jpeg BLOB NOT NULL
    );
    CREATE TABLE settings (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    );
"];

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite or the system said no.
    #[error("the store {file}: {reason}")]
    Failed {
        /// The store's file.
        file: String,
        /// What was said.
        reason: String,
    },
    /// A newer Clipsight wrote it.
    #[error(
        "the store {file} was written by a newer Clipsight (schema {found}, this one knows {known}): update, or set \
         CLIPSIGHT_DATA_DIR to another folder"
    )]
    Newer {
        /// The store's file.
        file: String,
        /// Its schema version.
        found: usize,
        /// The newest version that is understood.
        known: usize,
    },
}

/// An embedding as the store keeps it.
pub type CachedEmbedding = Embedding;

/// What one picture's work yielded, to be stored in one go.
pub struct PictureRecord<'a> {
    /// Absolute path.
    pub path: &'a Path,
    /// Size and time when it was read.
    pub stamp: Stamp,
    /// Width and height of the original in pixels, and the thumbnail.
    pub thumbnail: Option<(u32, u32, &'a [u8])>,
    /// The model's identity, and its embedding.
    pub embedding: Option<(&'a str, &'a Embedding)>,
}

/// A connection to the store.
pub struct Store {
    connection: Connection,
    file: String,
}

impl Store {
    /// Opens the store in a data folder, making and migrating it where needed.
    ///
    /// # Errors
    /// The folder cannot be written, the file is damaged, or a newer Clipsight wrote it.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join(FILE);
        let file = path.display().to_string();
        let failed = |reason: String| StoreError::Failed {
            file: file.clone(),
            reason,
        };
        std::fs::create_dir_all(data_dir).map_err(|e| failed(e.to_string()))?;
        let connection = Connection::open(&path).map_err(|e| failed(e.to_string()))?;
        let mut store = Self { connection, file };
        store.prepare()?;
        Ok(store)
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        self.connection
            .busy_timeout(BUSY_TIMEOUT)
            .and_then(|()| self.connection.pragma_update(None, "journal_mode", "wal"))
            .and_then(|()| self.connection.pragma_update(None, "synchronous", "normal"))
            .and_then(|()| self.connection.pragma_update(None, "foreign_keys", true))
            .map_err(|e| self.failed(&e))?;
        self.migrate()
    }

    fn migrate(&mut self) -> Result<(), StoreError> {
        let file = self.file.clone();
        let known = MIGRATIONS.len();
        let found = self.write(|transaction| {
            let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let found = usize::try_from(found).unwrap_or(usize::MAX);
            for migration in MIGRATIONS.iter().skip(found) {
                transaction.execute_batch(migration)?;
            }
            if found < known {
                transaction.pragma_update(None, "user_version", known as i64)?;
            }
            Ok(found)
        })?;
        if found > known {
            return Err(StoreError::Newer { file, found, known });
        }
        Ok(())
    }

    /// The stored embedding of an unchanged picture.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn embedding(&self, path: &Path, stamp: Stamp, model: &str) -> Result<Option<CachedEmbedding>, StoreError> {
        self.connection
            .prepare_cached(
                "SELECT e.norm, e.vector FROM embeddings e JOIN pictures p ON p.id = e.picture
                 WHERE p.path = ?1 AND p.size_bytes = ?2 AND p.modified_ns = ?3 AND e.model = ?4",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(
                        params![key(path), stamp.size_bytes as i64, stamp.modified_ns, model],
                        |row| {
                            Ok(Embedding {
                                norm: row.get(0)?,
                                vector: from_blob(row.get_ref(1)?.as_blob()?),
                            })
                        },
                    )
                    .optional()
            })
            .map_err(|e| self.failed(&e))
    }

    /// The stored thumbnail of an unchanged picture: the original's width and height, and a JPEG.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn thumbnail(&self, path: &Path, stamp: Stamp) -> Result<Option<(u32, u32, Vec<u8>)>, StoreError> {
        self.connection
            .prepare_cached(
                "SELECT t.width, t.height, t.jpeg FROM thumbnails t JOIN pictures p ON p.id = t.picture
                 WHERE p.path = ?1 AND p.size_bytes = ?2 AND p.modified_ns = ?3",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(params![key(path), stamp.size_bytes as i64, stamp.modified_ns], |row| {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                    })
                    .optional()
            })
            .map_err(|e| self.failed(&e))
    }

    /// Stores what was learnt about pictures, all or nothing.
    ///
    /// # Errors
    /// The store cannot be written (a full disk, for one).
    pub fn save(&mut self, records: &[PictureRecord]) -> Result<(), StoreError> {
        self.write(|transaction| records.iter().try_for_each(|record| save_one(transaction, record)))
    }

    /// A setting, as it was stored.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.connection
            .query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0))
            .optional()
            .map_err(|e| self.failed(&e))
    }

    /// Stores a setting.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [name, value],
                )
                .map(|_| ())
        })
    }

    fn write<T>(&mut self, work: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let done = (|| {
            let transaction = self
                .connection
                .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        done.map_err(|e: rusqlite::Error| self.failed(&e))
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::Failed {
            file: self.file.clone(),
            reason: error.to_string(),
        }
    }
}

fn save_one(transaction: &Transaction, record: &PictureRecord) -> rusqlite::Result<()> {
    let picture = picture_id(transaction, record.path, record.stamp)?;
    if let Some((width, height, jpeg)) = record.thumbnail {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO thumbnails VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![picture, width, height, jpeg])?;
    }
    if let Some((model, embedding)) = record.embedding {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO embeddings VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![picture, model, embedding.norm, to_blob(&embedding.vector)])?;
    }
    Ok(())
}

/// The picture's row; a changed file gets a new one, and what was learnt about the old goes with it.
fn picture_id(transaction: &Transaction, path: &Path, stamp: Stamp) -> rusqlite::Result<i64> {
    let (size, modified) = (stamp.size_bytes as i64, stamp.modified_ns);
    transaction
        .prepare_cached("DELETE FROM pictures WHERE path = ?1 AND (size_bytes <> ?2 OR modified_ns <> ?3)")?
        .execute(params![key(path), size, modified])?;
    transaction
        .prepare_cached("INSERT OR IGNORE INTO pictures (path, size_bytes, modified_ns) VALUES (?1, ?2, ?3)")?
        .execute(params![key(path), size, modified])?;
    transaction
        .prepare_cached("SELECT id FROM pictures WHERE path = ?1")?
        .query_row([key(path)], |row| row.get(0))
}

fn key(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn to_blob(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn from_blob(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        size_bytes: 10,
        modified_ns: 20,
    };

    fn embedding() -> Embedding {
        Embedding {
            vector: vec![0.6, -0.8, f32::MIN_POSITIVE],
            norm: 3.5,
        }
    }

    fn save(store: &mut Store, stamp: Stamp) {
        let embedding = embedding();
        let record = PictureRecord {
            path: Path::new("/p/a.jpg"),
            stamp,
            thumbnail: Some((640, 480, b"jpeg")),
            embedding: Some(("m", &embedding)),
        };
        store.save(&[record]).unwrap();
    }

    #[test]
    fn what_was_stored_comes_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        save(&mut Store::open(folder.path()).unwrap(), STAMP);
        let store = Store::open(folder.path()).unwrap();
        let path = Path::new("/p/a.jpg");
        assert_eq!(store.embedding(path, STAMP, "m").unwrap(), Some(embedding()));
        assert_eq!(store.embedding(path, STAMP, "other").unwrap(), None);
        let thumbnail = store.thumbnail(path, STAMP).unwrap();
        assert_eq!(thumbnail, Some((640, 480, b"jpeg".to_vec())));
    }

    #[test]
    fn a_changed_file_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        save(&mut store, STAMP);
        let changed = Stamp {
            modified_ns: 21,
            ..STAMP
        };
        let path = Path::new("/p/a.jpg");
        assert_eq!(store.embedding(path, changed, "m").unwrap(), None);
        save(&mut store, changed);
        assert_eq!(store.embedding(path, STAMP, "m").unwrap(), None);
        assert!(store.embedding(path, changed, "m").unwrap().is_some());
    }

    #[test]
    fn settings_persist_and_a_newer_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        store.set_setting("window", "1").unwrap();
        store.set_setting("window", "2").unwrap();
        assert_eq!(store.setting("window").unwrap().as_deref(), Some("2"));
        store.connection.pragma_update(None, "user_version", 99).unwrap();
        drop(store);
        assert!(matches!(
            Store::open(folder.path()),
            Err(StoreError::Newer { found: 99, .. })
        ));
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), b"this is no database at all, not even close").unwrap();
        assert!(matches!(Store::open(folder.path()), Err(StoreError::Failed { .. })));
    }
}
