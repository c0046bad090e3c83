//! An SQLite file that the window and commands use at the same time (write-ahead log).
//!
//! Opening one that is up to date writes nothing and waits for nobody. It is readable by its owner alone. Where the folder
//! cannot be written, what is there can still be read.

mod connect;
mod error;
mod files;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::files::folder_of;
use connect::{BUSY, connect};
use error::failed;

pub use error::StoreError;
pub(super) use files::{beside, files_of, removed};

/// Whoever writes lets others finish a batch.
const WRITE_BUSY: Duration = Duration::from_millis(500);

/// No schema has come so far: such a number is damage.
const NO_VERSION: i64 = 1_000;

/// What a file is for.
pub(super) struct Schema {
    pub file: &'static str,
    /// Each entry takes the schema one version further; `PRAGMA user_version` says how many have run.
    pub migrations: &'static [&'static str],
    /// Whether it is copied before a migration.
    pub precious: bool,
}

/// An open file.
pub(super) struct Database {
    pub connection: Connection,
    path: PathBuf,
}

impl Database {
    /// Opens a file in a folder, making and migrating it where needed.
    pub fn open(folder: &Path, schema: &Schema) -> Result<Self, StoreError> {
        let path = folder.join(schema.file);
        let connection = connect(folder, &path)?;
        let mut database = Self { connection, path };
        let known = schema.migrations.len() as i64;
        let found = database.version()?;
        match found {
            found if found == known => {}
            found if (0..known).contains(&found) => database.migrate(schema, found)?,
            found if !(0..NO_VERSION).contains(&found) => return Err(StoreError::Damaged { file: database.path }),
            found => {
                return Err(StoreError::Newer {
                    file: database.path,
                    found,
                    known,
                });
            }
        }
        Ok(database)
    }

    fn version(&self) -> Result<i64, StoreError> {
        let version = self
            .connection
            .pragma_query_value(None, "user_version", |row| row.get(0));
        version.map_err(|error| self.failed(&error))
    }

    fn migrate(&mut self, schema: &Schema, found: i64) -> Result<(), StoreError> {
        if found == 0 {
            let set = |name: &str, value: &str| self.connection.pragma_update(None, name, value);
            set("auto_vacuum", "incremental")
                .and_then(|()| set("journal_mode", "wal"))
                .map_err(|error| self.failed(&error))?;
        } else if schema.precious {
            self.back_up(found)?;
        }
        let known = schema.migrations.len() as i64;
        self.write(|transaction| {
            // Another process may have come first.
            let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
            for migration in schema
                .migrations
                .iter()
                .skip(usize::try_from(found).unwrap_or(usize::MAX))
            {
                transaction.execute_batch(migration)?;
            }
            transaction.pragma_update(None, "user_version", known.max(found))
        })
    }

    /// A whole copy beside the file, as it was at a version; one that is there already stays.
    fn back_up(&self, version: i64) -> Result<(), StoreError> {
        let copy = beside(&self.path, &format!("version-{version}"));
        if copy.exists() {
            return Ok(());
        }
        // Under another name until it is whole, and its owner's alone from its first byte on.
        let unwritten = |error: std::io::Error| StoreError::Failed {
            file: copy.clone(),
            reason: error.to_string(),
        };
        let part = beside(&self.path, "part-");
        let file = tempfile::Builder::new()
            .prefix(part.file_name().unwrap_or_default())
            .tempfile_in(folder_of(&copy))
            .map_err(unwritten)?;
        let path = file.path().as_os_str().as_encoded_bytes();
        // As bytes: the folder's name may be no text.
        let copied = self.connection.execute("VACUUM INTO CAST(?1 AS TEXT)", [path]);
        copied.map_err(|error| self.failed(&error))?;
        file.as_file().sync_all().map_err(unwritten)?;
        match file.persist_noclobber(&copy) {
            // Another process came first.
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            persisted => persisted.map(drop).map_err(|error| unwritten(error.error)),
        }
    }

    /// Does something whole or not at all.
    pub fn write<T>(&mut self, work: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let done = (|| {
            self.connection.busy_timeout(WRITE_BUSY)?;
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            self.connection.busy_timeout(BUSY)?;
            Ok(value)
        })();
        done.map_err(|error: rusqlite::Error| self.failed(&error))
    }

    /// From now on, what is deleted does not stay in the file either.
    pub fn overwrite_what_is_deleted(&self) {
        // Where that is refused, deleting itself will say why.
        let _ = self.connection.pragma_update(None, "secure_delete", true);
    }

    /// Bytes in use.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        let pragma = |name: &str| -> rusqlite::Result<u64> {
            let value: i64 = self.connection.pragma_query_value(None, name, |row| row.get(0))?;
            Ok(value.unsigned_abs())
        };
        let bytes = (|| Ok((pragma("page_count")?.saturating_sub(pragma("freelist_count")?)) * pragma("page_size")?))();
        bytes.map_err(|error: rusqlite::Error| self.failed(&error))
    }

    /// Gives the disk back what is not used any more.
    pub fn shrink(&self) -> Result<(), StoreError> {
        let shrunk = self
            .connection
            .execute_batch("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);");
        shrunk.map_err(|error| self.failed(&error))
    }

    pub fn failed(&self, error: &rusqlite::Error) -> StoreError {
        failed(&self.path, error)
    }
}
