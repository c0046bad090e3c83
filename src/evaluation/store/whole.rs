//! An evaluation as a file holds it, whole: of our own, or of somebody else's.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::json;
use crate::evaluation::checked::{check, check_paths};
use crate::evaluation::record::{Evaluation, FORMAT};
use crate::files::{json_values, open_file, read_at_most};

/// An evaluation of some 250,000 pictures.
pub(super) const MAX_BYTES: u64 = 256 << 20;
/// Values in it, of which the shortest take ten times the memory of the bytes that write them; a picture has some 50.
pub(super) const MAX_VALUES: usize = 12_000_000;
/// Those that tell whether a file may be one.
const FIRST_BYTES: u64 = 1 << 10;

/// An evaluation as a file holds it.
///
/// # Errors
/// It is too large to be read again.
pub fn written(evaluation: &Evaluation) -> Result<Vec<u8>, String> {
    let text = json(evaluation)?;
    if text.len() as u64 > MAX_BYTES || few_values(&text).is_err() {
        let (count, most) = (evaluation.pictures.len(), MAX_BYTES >> 20);
        return Err(format!(
            "{count} pictures are more than a file can hold ({most} MiB, {MAX_VALUES} values): measure a part of them"
        ));
    }
    Ok(text)
}

/// The one thing that is read first: which version wrote it.
#[derive(Deserialize)]
struct Version {
    format: Option<u32>,
}

/// Reads an evaluation from a file, of this machine or another.
///
/// # Errors
/// It cannot be read, is no evaluation that this version knows, or leads to another machine.
pub fn read(path: &Path) -> Result<Evaluation, String> {
    let evaluation = parsed(path)?;
    check_paths(&evaluation).map_err(|reason| not_read(path, &reason))?;
    Ok(evaluation)
}

/// The same of a file of our own, which may name whatever folder its owner measured on.
pub(super) fn parsed(path: &Path) -> Result<Evaluation, String> {
    let failed = |reason: String| not_read(path, &reason);
    let none = || failed("it is no evaluation".into());
    if !begins_as_json(path).map_err(|error| failed(error.to_string()))? {
        return Err(none());
    }
    let bytes = read_at_most(path, MAX_BYTES).map_err(|error| failed(error.to_string()))?;
    few_values(&bytes).map_err(failed)?;
    let version: Version = serde_json::from_slice(&bytes).map_err(|_| none())?;
    if version.format.ok_or_else(none)? > FORMAT {
        return Err(failed("a newer version of Clipsight wrote it".into()));
    }
    let evaluation: Evaluation = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
    check(&evaluation).map_err(failed)?;
    Ok(evaluation)
}

fn not_read(path: &Path, reason: &str) -> String {
    format!("{} cannot be opened: {reason}", path.display())
}

/// Whether a file begins as an object of JSON does: what does not is not read to its end.
fn begins_as_json(path: &Path) -> std::io::Result<bool> {
    let mut first = Vec::new();
    open_file(path)?.take(FIRST_BYTES).read_to_end(&mut first)?;
    Ok(first.trim_ascii_start().first() == Some(&b'{'))
}

/// Refuses what would take far more memory than its bytes.
pub(super) fn few_values(json: &[u8]) -> Result<(), String> {
    if json_values(json) <= MAX_VALUES {
        return Ok(());
    }
    Err(format!("it holds more than {MAX_VALUES} values"))
}
