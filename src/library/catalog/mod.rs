//! The catalog: what people made and what it hangs on. Pictures with their ids, stamps and hashes; settings and labels.
//!
//! No rescan drops anything from it, it is copied before a migration, and every row carries a checksum: what does not fit
//! it is as good as not there, and never believed.

mod pictures;
mod rescue;
mod settings;

use std::path::{Path, PathBuf};

use super::database::{Database, Schema, StoreError};
use super::kept_aside;

pub use pictures::{FileRecord, PictureId, Registered, Sighting};
pub use settings::{SettingChange, Stored};

pub(super) const SCHEMA: Schema = Schema {
    file: "catalog.sqlite",
    migrations: &["
        CREATE TABLE pictures (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            path BLOB NOT NULL UNIQUE,
            size_bytes INTEGER,
            modified_ns INTEGER,
            changed_ns INTEGER,
            file INTEGER,
            content BLOB,
            checksum INTEGER NOT NULL
        );
        CREATE INDEX pictures_by_content ON pictures (content);
        CREATE INDEX pictures_by_size ON pictures (size_bytes);
        CREATE TABLE settings (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL,
            checksum INTEGER NOT NULL
        );
    "],
    precious: true,
};

pub struct Catalog {
    pub(super) database: Database,
    kept_aside: PathBuf,
}

impl Catalog {
    /// Opens the catalog in a data folder, making and migrating it where needed.
    ///
    /// # Errors
    /// It cannot be read, or a newer Clipsight wrote it.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open(folder, &SCHEMA)?,
            kept_aside: folder.join(kept_aside::FOLDER),
        })
    }

    /// Forgets all pictures; settings and labels too where everything is to be forgotten.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn clear(&mut self, everything: bool) -> Result<(), StoreError> {
        self.database.overwrite_what_is_deleted();
        self.database.write(|transaction| {
            transaction.execute("DELETE FROM pictures", [])?;
            if everything {
                transaction.execute("DELETE FROM settings", [])?;
            }
            Ok(())
        })?;
        self.database.shrink()
    }
}
