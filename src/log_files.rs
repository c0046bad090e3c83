//! A log file a day in one folder, of which the older ones go. What cannot be written is lost without a word: a log must
//! never be what disturbs somebody.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use time::{Date, OffsetDateTime};

use crate::files::append_to;

const PREFIX: &str = "clipsight.";
const SUFFIX: &str = ".log";
const DAYS_KEPT: usize = 7;

/// Today's file.
pub struct LogFiles {
    folder: PathBuf,
    day: Date,
    file: Option<File>,
}

impl LogFiles {
    /// Opens today's file; none where it cannot be written.
    pub fn open(folder: &Path) -> Option<Self> {
        let mut files = Self {
            folder: folder.to_path_buf(),
            day: today(),
            file: None,
        };
        files.begin();
        files.file.is_some().then_some(files)
    }

    fn begin(&mut self) {
        self.file = append_to(&self.folder.join(name_of(self.day))).ok();
        for old in beyond(files_in(&self.folder), DAYS_KEPT) {
            let _ = std::fs::remove_file(self.folder.join(old));
        }
    }
}

impl Write for LogFiles {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.day != today() {
            self.day = today();
            self.begin();
        }
        if let Some(file) = &mut self.file {
            let _ = file.write_all(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

fn name_of(day: Date) -> String {
    format!("{PREFIX}{day}{SUFFIX}")
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
        .collect()
}

/// All but the last so many, by the dates in their names.
fn beyond(mut names: Vec<String>, kept: usize) -> Vec<String> {
    names.sort();
    names.truncate(names.len().saturating_sub(kept));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_a_day_is_kept_for_a_week_and_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(folder.path().join(name), "x").unwrap();
        (10..20).for_each(|day| write(&format!("clipsight.2020-01-{day}.log")));
        write("notes.txt");
        let mut files = LogFiles::open(folder.path()).unwrap();
        files.write_all(b"a line\n").unwrap();
        let today = folder.path().join(name_of(today()));
        assert_eq!(std::fs::read(&today).unwrap(), b"a line\n");
        assert_eq!(files_in(folder.path()).len(), DAYS_KEPT);
        assert!(folder.path().join("notes.txt").exists() && !folder.path().join("clipsight.2020-01-13.log").exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(today.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_no_error_of_the_log() {
        let mut files = LogFiles {
            folder: "/nowhere".into(),
            day: today(),
            file: Some(File::options().write(true).open("/dev/full").unwrap()),
        };
        files.write_all(b"a line\n").unwrap();
        assert!(LogFiles::open(Path::new("/nowhere")).is_none());
    }
}
