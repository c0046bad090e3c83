//! The one file in which earlier versions kept everything. Its settings go into the catalog; the rest is computed again.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::catalog::Catalog;
use super::database::files_of;
use super::kept_aside;

pub(super) const FILE: &str = "clipsight.sqlite";
const SETTINGS: &str = "SELECT value FROM settings WHERE name = 'window'";

/// Takes the settings over, and removes the old file once they are written. What there is to say about that.
pub(super) fn import(folder: &Path, catalog: &mut Catalog) -> Option<String> {
    let old = folder.join(FILE);
    if !old.is_file() {
        return None;
    }
    let imported = read(&old).and_then(|settings| match settings {
        Some(text) => take(folder, &text, catalog),
        None => Ok(None),
    });
    match imported {
        Ok(said) => {
            // What cannot be removed is looked at again next time, and changes nothing then.
            files_of(&old).iter().for_each(|file| drop(std::fs::remove_file(file)));
            said
        }
        Err(reason) => Some(format!(
            "{}: the settings of an earlier version could not be taken over ({reason}); the file stays as it is",
            old.display()
        )),
    }
}

fn read(old: &Path) -> Result<Option<Vec<u8>>, String> {
    let read = || -> rusqlite::Result<Option<Vec<u8>>> {
        let connection = Connection::open_with_flags(old, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let mut find = connection.prepare(SETTINGS)?;
        let mut rows = find.query([])?;
        let row = rows.next()?;
        row.map(|row| row.get_ref(0)?.as_bytes().map(<[u8]>::to_vec).map_err(Into::into))
            .transpose()
    };
    read().map_err(|error| error.to_string())
}

/// Each field on its own; a text that is not an object of fields is kept as a file.
fn take(folder: &Path, text: &[u8], catalog: &mut Catalog) -> Result<Option<String>, String> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(text) else {
        let file = kept_aside::keep(&folder.join(kept_aside::FOLDER), "settings", text)?;
        return Ok(Some(format!(
            "The settings of an earlier version could not be read. They are kept in {}",
            file.display()
        )));
    };
    let settings: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect();
    catalog.add_settings(&settings).map_err(|error| error.to_string())?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old_store(folder: &Path, value: &str) {
        let old = Connection::open(folder.join(FILE)).unwrap();
        old.execute_batch("CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            .unwrap();
        old.execute("INSERT INTO settings VALUES ('window', ?1)", [value])
            .unwrap();
    }

    #[test]
    fn settings_of_an_earlier_version_are_taken_over_and_replace_nothing() {
        let folder = tempfile::tempdir().unwrap();
        old_store(folder.path(), r#"{"theme": "dark", "scale": 1.5}"#);
        let mut catalog = Catalog::open(folder.path()).unwrap();
        catalog.add_settings(&[("scale".into(), "2.0".into())]).unwrap();
        assert_eq!(import(folder.path(), &mut catalog), None);
        let settings = catalog.settings().unwrap();
        let values: Vec<_> = settings
            .iter()
            .map(|one| (one.name.as_str(), one.value.as_deref()))
            .collect();
        assert_eq!(values, [("scale", Some("2.0")), ("theme", Some("\"dark\""))]);
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn what_cannot_be_read_of_them_is_kept_and_said() {
        let folder = tempfile::tempdir().unwrap();
        old_store(folder.path(), "no json");
        let mut catalog = Catalog::open(folder.path()).unwrap();
        let said = import(folder.path(), &mut catalog).unwrap();
        let kept: Vec<_> = std::fs::read_dir(folder.path().join(kept_aside::FOLDER))
            .unwrap()
            .collect();
        assert!(kept.len() == 1 && said.contains("kept-aside"), "{said}");

        std::fs::write(folder.path().join(FILE), [7; 5_000]).unwrap();
        let said = import(folder.path(), &mut catalog).unwrap();
        assert!(
            said.contains("the file stays as it is") && folder.path().join(FILE).exists(),
            "{said}"
        );
    }
}
