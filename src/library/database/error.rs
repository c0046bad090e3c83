//! Why a store cannot be used.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a store cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// SQLite or the system said no.
    #[error("{}: {reason}", file.display())]
    Failed { file: PathBuf, reason: String },
    /// What is in it is no (whole) database.
    #[error("{}: it is damaged", file.display())]
    Damaged { file: PathBuf },
    /// A newer Clipsight wrote it.
    #[error(
        "{} was written by a newer Clipsight (schema {found}, this one knows {known}): update, or set CLIPSIGHT_DATA_DIR \
         to another folder",
        file.display()
    )]
    Newer {
        file: PathBuf,
        found: i64,
        /// The newest version that is understood.
        known: i64,
    },
}

pub(super) fn failed(path: &Path, error: &rusqlite::Error) -> StoreError {
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
