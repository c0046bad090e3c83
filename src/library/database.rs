//! An SQLite file that the window and commands use at the same time (write-ahead log).
//!
//! Opening one that is up to date writes nothing and waits for nobody. It is readable by its owner alone. Where the folder
//! cannot be written, what is there can still be read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::data_dir::{make_data_dir, make_private};
use crate::files::folder_of;

/// Readers wait for nobody but a process that is just replacing the file.
const BUSY: Duration = Duration::from_millis(250);
/// Whoever writes lets others finish a batch.
const WRITE_BUSY: Duration = Duration::from_millis(500);

/// No schema has come so far: such a number is damage.
const NO_VERSION: i64 = 1_000;

/// Why a store cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// SQLite or the system said no.
    #[error("{}: {reason}", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What was said.
        reason: String,
    },
    /// What is in it is no (whole) database.
    #[error("{}: it is damaged", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
    },
    /// A newer Clipsight wrote it.
    #[error(
        "{} was written by a newer Clipsight (schema {found}, this one knows {known}): update, or set CLIPSIGHT_DATA_DIR \
         to another folder",
        file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest version that is understood.
        known: i64,
    },
}

/// What a file is for.
pub(super) struct Schema {
    /// Its name.
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

/// A file beside another one, named after it.
pub(super) fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{what}"));
    path.with_file_name(name)
}

/// What belongs to a database: itself, its log, and the log's index.
pub(super) fn files_of(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| {
        let mut name = path.as_os_str().to_os_string();
        name.push(ending);
        PathBuf::from(name)
    })
}

/// Removes a file that may be there.
pub(super) fn removed(file: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Failed {
            file: file.to_path_buf(),
            reason: format!("it cannot be removed: {error}"),
        }),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: &rusqlite::Error) -> StoreError {
    let file = path.to_path_buf();
    let reason = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => return StoreError::Damaged { file },
        // What is asked is always the same: only a damaged schema, index or row can refuse it.
        Some(ErrorCode::Unknown | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
            return StoreError::Damaged { file };
        }
        Some(ErrorCode::DiskFull) => "the disk is full".into(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program is writing to it".into(),
        Some(ErrorCode::ReadOnly) => "it cannot be written: the folder or the disk is read-only".into(),
        Some(ErrorCode::CannotOpen) => "it cannot be opened".into(),
        Some(ErrorCode::SystemIoFailure) => "the disk does not give or take what it should".into(),
        None => return StoreError::Damaged { file },
        Some(_) => error.to_string(),
    };
    StoreError::Failed { file, reason }
}

fn connect(folder: &Path, path: &Path) -> Result<Connection, StoreError> {
    let failed_with = |reason: String| StoreError::Failed {
        file: path.to_path_buf(),
        reason,
    };
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() => return Err(failed_with("it is not a file".into())),
        Ok(_) => {
            // Where that cannot be done, the file can be read all the same.
            let _ = make_data_dir(folder);
            make_private(path);
        }
        Err(_) => create(folder, path).map_err(|error| failed_with(error.to_string()))?,
    }
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut last = None;
    for flags in [
        flags | OpenFlags::SQLITE_OPEN_READ_WRITE,
        flags | OpenFlags::SQLITE_OPEN_READ_ONLY,
    ] {
        match opened(Connection::open_with_flags(path, flags)) {
            Ok(connection) => return Ok(connection),
            Err(error) => last = Some(error),
        }
    }
    let refused = last.as_ref().and_then(rusqlite::Error::sqlite_error_code);
    if matches!(refused, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
        && let Ok(connection) = opened(open_unchanging(path))
    {
        return Ok(connection);
    }
    match last {
        Some(error) => Err(failed(path, &error)),
        None => Err(failed_with("it cannot be opened".into())),
    }
}

/// A file that nobody changes, as on a disk that cannot be written: there the log's index cannot be made.
fn open_unchanging(path: &Path) -> rusqlite::Result<Connection> {
    let escaped = address(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)
}

/// A path as SQLite's addresses have it, bytes that are no text among them.
fn address(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/\\:._-".contains(&byte);
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    let each = bytes.map(|&byte| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02x}")
        }
    });
    each.collect()
}

/// A connection that can be read from: the first read opens the log.
fn opened(connection: rusqlite::Result<Connection>) -> rusqlite::Result<Connection> {
    let connection = connection?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
    Ok(connection)
}

fn create(folder: &Path, path: &Path) -> std::io::Result<()> {
    make_data_dir(folder)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // Another thread or process came first.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_file() => Ok(()),
        opened => opened.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Schema = Schema {
        file: "test.sqlite",
        migrations: &["CREATE TABLE a (x INTEGER);"],
        precious: true,
    };
    const SECOND: Schema = Schema {
        file: "test.sqlite",
        migrations: &["CREATE TABLE a (x INTEGER);", "ALTER TABLE a ADD COLUMN y INTEGER;"],
        precious: true,
    };

    fn fill(database: &mut Database) {
        database
            .write(|transaction| transaction.execute("INSERT INTO a (x) VALUES (7)", []).map(drop))
            .unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_whose_name_is_no_text_is_copied_and_read_like_any_other() {
        use std::os::unix::ffi::OsStrExt;
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9 %20?#"));
        fill(&mut Database::open(&folder, &FIRST).unwrap());
        Database::open(&folder, &SECOND).unwrap();
        let copy = folder.join("test.sqlite.version-1");
        let read = open_unchanging(&copy).unwrap();
        assert_eq!(read.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)), Ok(7));
        let names = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let parts = names.filter(|name| name.to_string_lossy().contains("part-"));
        assert_eq!(parts.count(), 0);
    }

    #[test]
    fn a_migration_is_preceded_by_a_whole_copy() {
        let folder = tempfile::tempdir().unwrap();
        fill(&mut Database::open(folder.path(), &FIRST).unwrap());
        let second = Database::open(folder.path(), &SECOND).unwrap();
        let sum = "SELECT sum(x) FROM a WHERE y IS NULL";
        assert_eq!(second.connection.query_row(sum, [], |row| row.get::<_, i64>(0)), Ok(7));
        let copy = Connection::open(folder.path().join("test.sqlite.version-1")).unwrap();
        assert_eq!(copy.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)), Ok(7));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = folder
                .path()
                .join("test.sqlite.version-1")
                .metadata()
                .unwrap()
                .permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
        }
        let older = Database::open(folder.path(), &FIRST).map(drop);
        assert!(
            matches!(older, Err(StoreError::Newer { found: 2, known: 1, .. })),
            "{older:?}"
        );
    }

    #[test]
    fn opening_waits_for_no_writer_and_sees_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Database::open(folder.path(), &FIRST).unwrap();
        fill(&mut writer);
        writer
            .connection
            .execute_batch("BEGIN IMMEDIATE; INSERT INTO a VALUES (8);")
            .unwrap();
        let started = std::time::Instant::now();
        let reader = Database::open(folder.path(), &FIRST).unwrap();
        let sum: i64 = reader
            .connection
            .query_row("SELECT sum(x) FROM a", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sum, 7);
        assert!(
            started.elapsed() < Duration::from_millis(200),
            "{:?}",
            started.elapsed()
        );
    }

    #[test]
    fn what_cannot_be_written_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        fill(&mut Database::open(folder.path(), &FIRST).unwrap());
        let path = folder.path().join(FIRST.file);
        let unchanging = opened(open_unchanging(&path)).unwrap();
        assert_eq!(
            unchanging.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)),
            Ok(7)
        );
        assert!(unchanging.execute("INSERT INTO a VALUES (1)", []).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn folder_and_files_are_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("data");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut database = Database::open(&folder, &FIRST).unwrap();
        fill(&mut database);
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for file in files_of(&folder.join(FIRST.file)) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }

    #[test]
    fn what_is_no_database_is_damaged_and_what_is_no_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FIRST.file);
        std::fs::write(&path, b"this is no database at all, not even close to being one").unwrap();
        let damaged = Database::open(folder.path(), &FIRST).map(drop);
        assert_eq!(damaged, Err(StoreError::Damaged { file: path.clone() }));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let refused = Database::open(folder.path(), &FIRST).map(drop).unwrap_err();
        assert!(
            refused.to_string().ends_with("test.sqlite: it is not a file"),
            "{refused}"
        );
    }
}
