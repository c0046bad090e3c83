//! Files that are written for the user: never over what is only read, over nothing else unasked, and whole or not at all.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::Write;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};

use crate::files::{folder_of, write_new, write_whole};

/// The longest side that each format for pictures can hold.
const FORMATS: [(&str, ImageFormat, u32); 11] = [
    ("png", ImageFormat::Png, u32::MAX),
    ("jpg", ImageFormat::Jpeg, 65_535),
    ("jpeg", ImageFormat::Jpeg, 65_535),
    ("webp", ImageFormat::WebP, 16_383),
    ("tif", ImageFormat::Tiff, u32::MAX),
    ("tiff", ImageFormat::Tiff, u32::MAX),
    ("bmp", ImageFormat::Bmp, u32::MAX),
    ("gif", ImageFormat::Gif, 65_535),
    ("tga", ImageFormat::Tga, 65_535),
    ("qoi", ImageFormat::Qoi, u32::MAX),
    ("ppm", ImageFormat::Pnm, u32::MAX),
];

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It is something that was only to be read.
    #[error("{} is {what}: it is only ever read. Choose another name", path.display())]
    Input {
        /// The file that was to be written.
        path: PathBuf,
        /// What it is as well.
        what: &'static str,
    },
    /// Something is there.
    #[error("{} is already there. Choose another name, or replace it with --force", .0.display())]
    Exists(PathBuf),
    /// It is a folder.
    #[error("{} is a folder: name a file in it", .0.display())]
    Folder(PathBuf),
    /// There is no folder to write it into.
    #[error("{} cannot be written: there is no folder {}", path.display(), folder.display())]
    NoFolder { path: PathBuf, folder: PathBuf },
    /// The name does not say in which format.
    #[error("{} does not say in which format it shall be written: end it in {}", path.display(), endings.join(", "))]
    Format {
        path: PathBuf,
        /// How names can end.
        endings: Vec<&'static str>,
    },
    /// The format cannot hold so large a picture.
    #[error(
        "{width} x {height} pixels are more than a file like {} holds (sides of {most}): end it in .png",
        path.display()
    )]
    TooLarge {
        path: PathBuf,
        width: u64,
        height: u64,
        /// The longest side.
        most: u32,
    },
    /// The system said no.
    #[error("cannot write {}: {reason}", path.display())]
    Failed { path: PathBuf, reason: String },
}

/// What is read, and must not be replaced by what is written.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    pub pictures: Vec<PathBuf>,
    /// The files of the model.
    pub model: Vec<PathBuf>,
    /// Whatever else: lists of what pictures show, labels, an evaluation that is opened again.
    pub others: Vec<PathBuf>,
}

/// Whether a file may be written here: it is none of what is read, by whatever name, and nothing is there, unless
/// `replace` says that it may be replaced. Pipes and devices hold nothing that could be lost.
///
/// # Errors
/// Why it may not.
pub fn may_write(target: &Path, inputs: &Inputs, replace: bool) -> Result<(), OutputError> {
    let path = || target.to_path_buf();
    let there = target.exists();
    for (what, files) in [
        ("a picture that is read", &inputs.pictures),
        ("a file of the model", &inputs.model),
        ("a file that is read", &inputs.others),
    ] {
        if there && files.iter().any(|file| same_file(target, file)) {
            return Err(OutputError::Input { path: path(), what });
        }
    }
    if target.is_dir() {
        return Err(OutputError::Folder(path()));
    }
    if is_stream(target) {
        return Ok(());
    }
    // A link that leads nowhere is something, too.
    if !replace && target.symlink_metadata().is_ok() {
        return Err(OutputError::Exists(path()));
    }
    let folder = folder_of(target);
    if folder.is_dir() {
        Ok(())
    } else {
        let folder = folder.to_path_buf();
        Err(OutputError::NoFolder { path: path(), folder })
    }
}

/// Writes a file, all or nothing: under another name first, which then becomes this one. What another name of the same
/// file leads to stays as it was.
///
/// # Errors
/// It cannot be written, or something is there and `replace` is not said.
pub fn write_output(target: &Path, content: &[u8], replace: bool) -> Result<(), OutputError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => OutputError::Exists(target.to_path_buf()),
        _ => OutputError::Failed {
            path: target.to_path_buf(),
            reason: error.to_string(),
        },
    };
    if is_stream(target) {
        let written = File::options().write(true).open(target);
        return written.and_then(|mut file| file.write_all(content)).map_err(failed);
    }
    let written = if replace {
        write_whole(target, content)
    } else {
        write_new(target, content)
    };
    written.map_err(failed)
}

/// The same for a picture, in the format that its name ends in.
///
/// # Errors
/// As [`write_output`], or the format is unknown or cannot hold the picture.
pub fn write_picture(target: &Path, picture: &RgbImage, replace: bool) -> Result<(), OutputError> {
    let format = picture_format(target, u64::from(picture.width()), u64::from(picture.height()))?;
    let mut encoded = std::io::Cursor::new(Vec::new());
    let written = picture.write_to(&mut encoded, format);
    written.map_err(|error| OutputError::Failed {
        path: target.to_path_buf(),
        reason: error.to_string(),
    })?;
    write_output(target, &encoded.into_inner(), replace)
}

/// The format in which a picture of this size is written, by its name.
///
/// # Errors
/// The name ends in nothing that can be written, or the format cannot hold the picture.
pub fn picture_format(target: &Path, width: u64, height: u64) -> Result<ImageFormat, OutputError> {
    let found = FORMATS.iter().find(|(ending, ..)| ends_in(target, ending));
    let path = target.to_path_buf();
    match found {
        None => Err(OutputError::Format {
            path,
            endings: FORMATS.iter().map(|(ending, ..)| *ending).collect(),
        }),
        Some((_, _, most)) if width.max(height) > u64::from(*most) => Err(OutputError::TooLarge {
            path,
            width,
            height,
            most: *most,
        }),
        Some((_, format, _)) => Ok(*format),
    }
}

/// Whether a name ends so; a stream's name says nothing about its format.
///
/// # Errors
/// It does not.
pub fn expect_ending(target: &Path, ending: &'static str) -> Result<(), OutputError> {
    if ends_in(target, ending) || is_stream(target) {
        return Ok(());
    }
    Err(OutputError::Format {
        path: target.to_path_buf(),
        endings: vec![ending],
    })
}

fn ends_in(path: &Path, ending: &str) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

/// Whether two paths lead to one file or folder, through links of any kind and whatever the spelling.
pub fn same_file(a: &Path, b: &Path) -> bool {
    match (a.metadata(), b.metadata()) {
        (Ok(of_a), Ok(of_b)) => same_place(&of_a, &of_b).unwrap_or_else(|| same_canonical(a, b)),
        _ => false,
    }
}

/// Whether two outputs are one file, also where it is not there yet.
pub fn same_output(a: &Path, b: &Path) -> bool {
    a == b || same_file(a, b) || a.file_name() == b.file_name() && same_file(folder_of(a), folder_of(b))
}

#[cfg(unix)]
fn same_place(a: &Metadata, b: &Metadata) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    Some((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

#[cfg(not(unix))]
fn same_place(_a: &Metadata, _b: &Metadata) -> Option<bool> {
    None
}

fn same_canonical(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Whether there is something that is neither file nor folder: a pipe, a terminal, `/dev/null`.
fn is_stream(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}
