//! What tells, without reading a file, that it may have changed.

use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Times of the system's clock are this coarse, at worst, where it notes when a file was changed in any way.
const CHANGED_TICK: Duration = Duration::from_millis(100);
/// And where it only notes when the content was: FAT counts two seconds as one.
const MODIFIED_TICK: Duration = Duration::from_secs(3);

/// Size, times and number of a file. Any change of these means that its content has to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Stamp {
    /// Size of the file.
    pub size_bytes: u64,
    /// Time of the last change of its content, in nanoseconds since 1970; negative before. Programs can set it.
    pub modified_ns: i64,
    /// Time of the last change of anything about it, which no program can set; none where the system has none.
    pub changed_ns: Option<i64>,
    /// The file's number on its disk; none where the system gives none.
    pub file: Option<u64>,
}

impl Stamp {
    /// Of what the system says.
    pub fn of(metadata: &Metadata) -> Self {
        let (changed_ns, file) = beyond_portable(metadata);
        Self {
            size_bytes: metadata.len(),
            modified_ns: metadata.modified().map_or(0, nanoseconds),
            changed_ns,
            file,
        }
    }

    /// Whether a further change would show: the last one is longer ago than the clock is coarse.
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let now = nanoseconds(now);
        let (last, tick) = match self.changed_ns {
            Some(changed) => (changed, CHANGED_TICK),
            None => (self.modified_ns, MODIFIED_TICK),
        };
        // A time ahead of ours says nothing: the clock of another machine may be late or early.
        let age = i128::from(now) - i128::from(last);
        !(0..=tick.as_nanos() as i128).contains(&age)
    }
}

/// The stamp of a file.
///
/// # Errors
/// The file cannot be looked at, or is a pipe, of which nothing tells whether it gives the same again.
pub fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_file() {
        Ok(Stamp::of(&metadata))
    } else {
        Err(std::io::Error::other("it is not a file"))
    }
}

/// Since 1970, negative before; what lies centuries away is as far away as can be said.
fn nanoseconds(time: SystemTime) -> i64 {
    let clamped = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => clamped(since),
        Err(before) => -clamped(before.duration()),
    }
}

#[cfg(unix)]
fn beyond_portable(metadata: &Metadata) -> (Option<i64>, Option<u64>) {
    use std::os::unix::fs::MetadataExt;
    let seconds = metadata.ctime().saturating_mul(1_000_000_000);
    (
        Some(seconds.saturating_add(metadata.ctime_nsec())),
        Some(metadata.ino()),
    )
}

#[cfg(not(unix))]
fn beyond_portable(_: &Metadata) -> (Option<i64>, Option<u64>) {
    (None, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_before_1970_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        std::fs::write(&path, b"x").unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        let stamp_at = |seconds: u64| {
            file.set_modified(UNIX_EPOCH - Duration::from_secs(seconds)).unwrap();
            stamp(&path).unwrap().modified_ns
        };
        assert_eq!(stamp_at(500_000_000), -500_000_000_000_000_000);
        assert_eq!(stamp_at(250_000_000), -250_000_000_000_000_000);
    }

    #[test]
    fn a_file_that_was_just_changed_is_not_settled() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        let with = |changed_ns: Option<i64>, modified_ns: i64| Stamp {
            changed_ns,
            modified_ns,
            ..Stamp::default()
        };
        let (at, second) = (1_000_000_000_000, 1_000_000_000);
        assert!(!with(Some(at), 0).is_settled(now));
        assert!(!with(Some(at - second / 20), 0).is_settled(now));
        assert!(with(Some(at - second), at).is_settled(now));
        assert!(!with(None, at - second).is_settled(now));
        assert!(with(None, at - 5 * second).is_settled(now));
        assert!(with(None, i64::MIN).is_settled(now) && with(Some(i64::MAX), 0).is_settled(now));
    }

    #[cfg(unix)]
    #[test]
    fn a_change_under_the_same_size_and_date_shows() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let date = UNIX_EPOCH + Duration::from_secs(1_000_000);
        for name in ["a", "b"] {
            std::fs::write(at(name), name).unwrap();
            let file = std::fs::File::options().write(true).open(at(name)).unwrap();
            file.set_modified(date).unwrap();
        }
        let before = stamp(&at("a")).unwrap();
        std::fs::rename(at("b"), at("a")).unwrap();
        let after = stamp(&at("a")).unwrap();
        assert_eq!(
            (before.size_bytes, before.modified_ns),
            (after.size_bytes, after.modified_ns)
        );
        assert_ne!(before, after);
    }
}
