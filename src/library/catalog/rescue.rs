//! What becomes of a damaged catalog: it is kept, and what is whole in it goes on in a new one.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Catalog, SCHEMA, pictures, settings};
use crate::library::database::{StoreError, beside, files_of};

impl Catalog {
    /// Puts a damaged catalog aside under another name, and saves into a new one what can still be read of it. What there
    /// is to say about that.
    ///
    /// # Errors
    /// It cannot be moved, or no new one can be made.
    pub fn replace(folder: &Path) -> Result<(Self, String), StoreError> {
        let path = folder.join(SCHEMA.file);
        let aside = set_aside(&path)?;
        let mut fresh = Self::open(folder)?;
        let (settings, pictures) = fresh.save_from(&aside)?;
        let text = format!(
            "The catalog was damaged. It is kept as {}; {settings} settings and {pictures} pictures of it were whole, and \
             go on",
            aside.display()
        );
        Ok((fresh, text))
    }

    /// Takes every row that can be read and fits its checksum.
    fn save_from(&mut self, damaged: &Path) -> Result<(usize, usize), StoreError> {
        let Ok(damaged) = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_WRITE) else {
            return Ok((0, 0));
        };
        let kept_settings = settings::readable(&damaged);
        let kept_pictures = pictures::readable(&damaged);
        self.database.write(|transaction| {
            for (name, value) in &kept_settings {
                settings::put(transaction, name, value)?;
            }
            for row in &kept_pictures {
                pictures::put_back(transaction, row)?;
            }
            Ok(())
        })?;
        Ok((kept_settings.len(), kept_pictures.len()))
    }
}

/// Gives a database with its log another name, under which nothing is yet.
fn set_aside(path: &Path) -> Result<std::path::PathBuf, StoreError> {
    let mut number = 1;
    let aside = loop {
        let aside = beside(path, &format!("damaged-{number}"));
        if !aside.exists() {
            break aside;
        }
        number += 1;
    };
    for (from, to) in files_of(path).iter().zip(files_of(&aside)) {
        match std::fs::rename(from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(StoreError::Failed {
                    file: path.to_path_buf(),
                    reason: format!("it is damaged, and cannot be put aside: {error}"),
                });
            }
        }
    }
    Ok(aside)
}
