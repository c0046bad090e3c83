//! How files are read and written wherever they come from: no more of them than is wanted, and whole or not at all.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::path::Path;

use crate::escape::visible_path;

/// Configurations, lists of tokens in one's own files, notes: none of them comes near it.
pub const MAX_SMALL_BYTES: u64 = 16 << 20;

/// Reads a file of at most so many bytes. What is no file (a pipe, a device, a folder) is not waited for.
///
/// # Errors
/// It cannot be read, is no file, or is larger.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let reason = format!(
            "it is larger than {} MiB: it is no such file, or damaged",
            most.div_ceil(1 << 20)
        );
        return Err(Error::new(ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

/// About how many values a JSON text holds, before it is read: each takes more memory than the few bytes that write it.
/// Counted are commas outside of its texts.
pub fn json_values(json: &[u8]) -> usize {
    let (mut count, mut in_text, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b',' if !in_text => count += 1,
            _ => {}
        }
    }
    count
}

/// Opens a file to read it. What is no file (a pipe, a device, a folder) is not waited for.
///
/// # Errors
/// It cannot be opened, or is no file.
pub fn open_file(path: &Path) -> Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is not a file"));
    }
    File::open(path)
}

/// Writes a file, all or nothing: a reader, or a process that comes after a crash, sees the old file, the new one, or
/// none. What is there is replaced; a link is replaced, not followed.
///
/// # Errors
/// It cannot be written (a full disk, for one); what was there stays.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    write(path, content, true)
}

/// The same where nothing may be there yet.
///
/// # Errors
/// It cannot be written, or something is there.
pub fn write_new(path: &Path, content: &[u8]) -> Result<()> {
    write(path, content, false)
}

fn write(path: &Path, content: &[u8], replace: bool) -> Result<()> {
    let folder = folder_of(path);
    let mut file = new_file_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    let persisted = if replace {
        file.persist(path)
    } else {
        file.persist_noclobber(path)
    };
    persisted.map_err(|error| error.error)?;
    // The name is lost in a power cut until its folder is on the disk; not every system can do that.
    #[cfg(unix)]
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Opens a file to write at its end, which is its owner's alone where it is new.
///
/// # Errors
/// It cannot be opened, or what is there is no file.
pub fn append_to(path: &Path) -> Result<File> {
    file_or_nothing(path)?;
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// What is written to is a file, or not there yet: a link leads elsewhere, and a pipe keeps whoever opens it waiting.
///
/// # Errors
/// It is something else.
pub fn file_or_nothing(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => Err(Error::other("it is a link")),
        Ok(metadata) if !metadata.is_file() => Err(Error::other("it is no file")),
        _ => Ok(()),
    }
}

/// Whether what lies there is perhaps somebody else's, too: a link, or a file that has another name.
pub fn is_shared(path: &Path) -> bool {
    let other_names = |metadata: &std::fs::Metadata| {
        #[cfg(unix)]
        let names = std::os::unix::fs::MetadataExt::nlink(metadata);
        #[cfg(not(unix))]
        let names = u64::from(metadata.is_file());
        metadata.is_file() && names > 1
    };
    let metadata = path.symlink_metadata();
    metadata.is_ok_and(|metadata| metadata.is_symlink() || other_names(&metadata))
}

/// Whether a path leads to a share of another machine (`\\\\machine\\share`), to which Windows would log on as soon as the
/// path is looked at.
pub fn names_another_machine(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.starts_with("\\\\")
        || cfg!(windows) && (text.starts_with("//") || text.starts_with("\\/") || text.starts_with("/\\"))
}

/// Refuses a path that a file of somebody else's names, where it leads to another machine.
///
/// # Errors
/// It does; in words.
pub fn check_local(path: &Path) -> std::result::Result<(), String> {
    if !names_another_machine(path) {
        return Ok(());
    }
    Err(format!(
        "{} lies on another machine, which is not asked: copy it here, or give that share a drive letter",
        visible_path(path)
    ))
}

/// The folder that a path lies in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new file under a name that nobody could foresee, readable as any file that a program makes.
fn new_file_in(folder: &Path) -> Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".clipsight-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_is_wanted_and_nothing_but_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read_at_most(&path, 5).unwrap(), b"12345");
        assert_eq!(read_at_most(&path, 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert!(read_at_most(folder.path(), 5).is_err());
        #[cfg(unix)]
        for device in ["/dev/zero", "/dev/stdin"] {
            assert!(read_at_most(Path::new(device), 5).is_err(), "{device}");
        }
    }

    #[test]
    fn values_are_counted_outside_of_texts() {
        assert_eq!(json_values(br#"["a,b\",c", 1, {"a": 2, "b": 3}]"#), 3);
        assert_eq!(json_values(b"[[0],[0],[0]]"), 2);
        assert_eq!(json_values(b""), 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("mine"), b"mine").unwrap();
        std::os::unix::fs::symlink(at("mine"), at("out.json")).unwrap();
        std::os::unix::fs::symlink(at("mine"), at("out.json.part")).unwrap();
        assert!(write_new(&at("out.json"), b"new").is_err());
        write_whole(&at("out.json"), b"new").unwrap();
        assert_eq!(std::fs::read(at("mine")).unwrap(), b"mine");
        assert_eq!(std::fs::read(at("out.json")).unwrap(), b"new");
    }
}
