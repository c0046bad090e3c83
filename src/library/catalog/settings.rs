//! Settings: one row each, so that labels do not share theirs with the size of a window, that one which cannot be read
//! costs no other, and that two windows only replace what they changed.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Transaction, params, types::ValueRef};

use super::Catalog;
use crate::library::checksum::checksum;
use crate::library::database::StoreError;
use crate::library::kept_aside;

/// A setting as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub name: String,
    /// Its value; none where the row is damaged.
    pub value: Option<String>,
}

/// A setting that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    pub name: String,
    pub value: String,
    /// What whoever changed it knew of it.
    pub before: String,
    /// Whether what stands there, and is not what was known, is kept as a file: another window's labels, or what could not
    /// be understood.
    pub precious: bool,
}

impl Catalog {
    /// All settings. Those of damaged rows are kept as files, before anything replaces them.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn settings(&self) -> Result<Vec<Stored>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Stored>> {
            let connection = &self.database.connection;
            let mut all = connection.prepare("SELECT name, value, checksum FROM settings ORDER BY name")?;
            let mut rows = all.query([])?;
            let mut settings = Vec::new();
            while let Some(row) = rows.next()? {
                let (name, value) = (bytes(row.get_ref(0)?), bytes(row.get_ref(1)?));
                let whole = row.get_ref(2)? == ValueRef::Integer(checksum(&[&name, &value]));
                settings.push(Stored {
                    name: String::from_utf8_lossy(&name).into_owned(),
                    value: String::from_utf8(value).ok().filter(|_| whole),
                });
            }
            Ok(settings)
        };
        read().map_err(|error| self.database.failed(&error))
    }

    /// Keeps the stored value of a setting as a file, as it stands; where.
    ///
    /// # Errors
    /// It cannot be read, or the file cannot be written.
    pub fn keep_aside(&self, name: &str) -> Result<Option<PathBuf>, String> {
        let stored = raw(&self.database.connection, name).map_err(|error| self.database.failed(&error).to_string())?;
        let kept = stored.map(|value| kept_aside::keep(&self.kept_aside, name, &value));
        kept.transpose()
    }

    /// Stores settings that are not there yet; those that are stay.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub fn add_settings(&mut self, settings: &[(String, String)]) -> Result<(), StoreError> {
        self.database.write(|transaction| {
            for (name, value) in settings {
                if raw(transaction, name)?.is_none() {
                    put(transaction, name, value)?;
                }
            }
            Ok(())
        })
    }

    /// Stores what was changed, all or nothing; what of somebody else was replaced, and where it is kept.
    ///
    /// # Errors
    /// The catalog cannot be written, or what is to be replaced cannot be kept.
    pub fn change_settings(&mut self, changes: &[SettingChange]) -> Result<Vec<(String, PathBuf)>, StoreError> {
        let folder = self.kept_aside.clone();
        let mut refused = None;
        let done = self.database.write(|transaction| {
            let mut kept = Vec::new();
            for change in changes {
                let there = raw(transaction, &change.name)?.filter(|there| {
                    change.precious && there != change.before.as_bytes() && there != change.value.as_bytes()
                });
                if let Some(there) = there {
                    match kept_aside::keep(&folder, &change.name, &there) {
                        Ok(file) => kept.push((change.name.clone(), file)),
                        Err(reason) => {
                            refused = Some(reason);
                            return Err(rusqlite::Error::QueryReturnedNoRows);
                        }
                    }
                }
                put(transaction, &change.name, &change.value)?;
            }
            Ok(kept)
        });
        match refused {
            Some(reason) => Err(StoreError::Failed { file: folder, reason }),
            None => done,
        }
    }
}

pub(super) fn put(transaction: &Transaction, name: &str, value: &str) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO settings VALUES (?1, ?2, ?3)")?
        .execute(params![name, value, checksum(&[name.as_bytes(), value.as_bytes()])])
        .map(drop)
}

/// The whole settings of a damaged catalog, as far as they can be reached.
pub(super) fn readable(damaged: &Connection) -> Vec<(String, String)> {
    let mut kept = std::collections::BTreeMap::new();
    for order in ["ASC", "DESC"] {
        let query = format!("SELECT name, value, checksum FROM settings NOT INDEXED ORDER BY rowid {order}");
        let Ok(mut all) = damaged.prepare(&query) else { continue };
        let Ok(mut rows) = all.query([]) else { continue };
        while let Ok(Some(row)) = rows.next() {
            if let (Ok(name), Ok(value), Ok(sum)) =
                (row.get::<_, String>(0), row.get::<_, String>(1), row.get::<_, i64>(2))
                && checksum(&[name.as_bytes(), value.as_bytes()]) == sum
            {
                kept.insert(name, value);
            }
        }
    }
    kept.into_iter().collect()
}

fn raw(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut find = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    find.query_row([name], |row| Ok(bytes(row.get_ref(0)?))).optional()
}

/// Whatever stands there, as it would be written.
fn bytes(value: ValueRef) -> Vec<u8> {
    match value {
        ValueRef::Null => Vec::new(),
        ValueRef::Integer(number) => number.to_string().into_bytes(),
        ValueRef::Real(number) => number.to_string().into_bytes(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str, before: &str, value: &str) -> SettingChange {
        SettingChange {
            name: name.into(),
            value: value.into(),
            before: before.into(),
            precious: name == "labels",
        }
    }

    fn value(catalog: &Catalog, name: &str) -> Option<String> {
        let all = catalog.settings().unwrap();
        all.into_iter().find(|stored| stored.name == name)?.value
    }

    #[test]
    fn two_windows_replace_only_what_they_changed_and_keep_the_others_labels() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Catalog::open(folder.path()).unwrap();
        let (mut left, mut right) = (open(), open());
        left.change_settings(&[change("labels", "", "[1]"), change("theme", "", "1")])
            .unwrap();
        // Both know [1]. The right one changes it; then the left one changes something else.
        assert!(
            right
                .change_settings(&[change("labels", "[1]", "[2]")])
                .unwrap()
                .is_empty()
        );
        left.change_settings(&[change("theme", "1", "2")]).unwrap();
        assert_eq!(value(&left, "labels").unwrap(), "[2]");
        // Then its labels, of which it still thinks that they were [1].
        let kept = left.change_settings(&[change("labels", "[1]", "[3]")]).unwrap();
        assert_eq!(value(&right, "labels").unwrap(), "[3]");
        assert_eq!(kept[0].0, "labels");
        assert_eq!(std::fs::read(&kept[0].1).unwrap(), b"[2]");
    }

    #[test]
    fn a_damaged_row_costs_no_other_and_is_kept_as_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(folder.path()).unwrap();
        let changes = [
            change("labels", "", "[1]"),
            change("theme", "", "1"),
            change("scale", "", "2"),
        ];
        catalog.change_settings(&changes).unwrap();
        let damage = "UPDATE settings SET value = x'ff00ff' WHERE name = 'labels';
                      UPDATE settings SET value = '9' WHERE name = 'scale'";
        catalog.database.connection.execute_batch(damage).unwrap();
        assert_eq!(value(&catalog, "theme").unwrap(), "1");
        assert_eq!((value(&catalog, "labels"), value(&catalog, "scale")), (None, None));
        let kept = catalog.keep_aside("labels").unwrap().unwrap();
        assert_eq!(std::fs::read(kept).unwrap(), [0xff, 0, 0xff]);
        assert_eq!(catalog.keep_aside("no such").unwrap(), None);
    }
}
