//! How a file is opened: to be written, else to be read, else as one that nobody changes.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::{StoreError, failed};
use crate::library::data_dir::{make_data_dir, make_private};

/// Readers wait for nobody but a process that is just replacing the file.
pub(super) const BUSY: Duration = Duration::from_millis(250);

pub(super) fn connect(folder: &Path, path: &Path) -> Result<Connection, StoreError> {
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
pub(super) fn open_unchanging(path: &Path) -> rusqlite::Result<Connection> {
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
pub(super) fn opened(connection: rusqlite::Result<Connection>) -> rusqlite::Result<Connection> {
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
