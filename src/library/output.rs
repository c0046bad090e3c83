//! Files that are written for the user: never over what is only read, over nothing else unasked, and whole or not at all.

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
    NoFolder {
        /// The file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// The name does not say in which format.
    #[error("{} does not say in which format it shall be written: end it in {}", path.display(), endings.join(", "))]
    Format {
        /// The file.
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
        /// The file.
        path: PathBuf,
        /// The picture's width.
        width: u64,
        /// Its height.
        height: u64,
        /// The longest side.
        most: u32,
    },
    /// The system said no.
    #[error("cannot write {}: {reason}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What it said.
        reason: String,
    },
}

/// What is read, and must not be replaced by what is written.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Pictures.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(pictures: &[&Path], model: &[&Path]) -> Inputs {
        let owned = |paths: &[&Path]| paths.iter().map(|path| path.to_path_buf()).collect();
        Inputs {
            pictures: owned(pictures),
            model: owned(model),
            others: Vec::new(),
        }
    }

    #[test]
    fn what_is_read_is_never_replaced_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("cat.jpg"), b"cat").unwrap();
        std::fs::write(at("model.safetensors"), b"model").unwrap();
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::hard_link(at("cat.jpg"), at("hard.jpg")).unwrap();
        let mut names = vec!["cat.jpg", "sub/../cat.jpg", "./cat.jpg", "hard.jpg"];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("cat.jpg", at("soft.jpg")).unwrap();
            std::os::unix::fs::symlink(folder.path(), at("sub/up")).unwrap();
            names.extend(["soft.jpg", "sub/up/cat.jpg"]);
        }
        let inputs = inputs(&[&at("cat.jpg")], &[&at("model.safetensors")]);
        for name in names {
            let refused = may_write(&at(name), &inputs, true);
            assert!(matches!(refused, Err(OutputError::Input { .. })), "{name}: {refused:?}");
        }
        let refused = may_write(&at("model.safetensors"), &inputs, true).unwrap_err();
        assert!(refused.to_string().contains("a file of the model"));
        assert!(may_write(&at("new.jpg"), &inputs, false).is_ok());
    }

    #[test]
    fn what_is_there_is_replaced_on_demand_only_and_other_names_of_it_stay() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.png"), b"old").unwrap();
        std::fs::hard_link(at("a.png"), at("b.png")).unwrap();
        let none = Inputs::default();
        assert!(matches!(
            may_write(&at("a.png"), &none, false),
            Err(OutputError::Exists(_))
        ));
        assert!(matches!(
            may_write(folder.path(), &none, true),
            Err(OutputError::Folder(_))
        ));
        let missing = may_write(&at("no/a.png"), &none, false);
        assert!(matches!(missing, Err(OutputError::NoFolder { .. })));
        // Even where it came in between.
        assert!(matches!(
            write_output(&at("a.png"), b"new", false),
            Err(OutputError::Exists(_))
        ));
        assert_eq!(std::fs::read(at("a.png")).unwrap(), b"old");
        write_output(&at("a.png"), b"new", true).unwrap();
        assert_eq!(std::fs::read(at("a.png")).unwrap(), b"new");
        assert_eq!(std::fs::read(at("b.png")).unwrap(), b"old");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 2, "nothing else is left: {left:?}");
    }

    #[cfg(unix)]
    #[test]
    fn an_output_is_as_readable_as_any_new_file_and_devices_are_written_into() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours.json"), folder.path().join("plain.json"));
        write_output(&ours, b"{}", false).unwrap();
        std::fs::write(&plain, b"{}").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
        let null = Path::new("/dev/null");
        assert!(may_write(null, &Inputs::default(), false).is_ok());
        write_output(null, b"{}", false).unwrap();
        assert!(expect_ending(null, "json").is_ok());
    }

    #[test]
    fn every_format_that_is_offered_can_be_written_and_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let picture = RgbImage::from_fn(20, 10, |x, y| image::Rgb([x as u8 * 12, y as u8 * 25, 99]));
        for (ending, ..) in FORMATS {
            let path = folder.path().join(format!("picture.{ending}"));
            write_picture(&path, &picture, false).unwrap();
            let read = image::ImageReader::open(&path).unwrap().decode().unwrap();
            assert_eq!((read.width(), read.height()), (20, 10), "{ending}");
        }
        for name in ["m.ico", "m.exr", "m", "m.txt", ".png", "m.png.", "m.json"] {
            let refused = picture_format(Path::new(name), 20, 10);
            assert!(
                matches!(refused, Err(OutputError::Format { .. })),
                "{name}: {refused:?}"
            );
        }
        assert!(picture_format(Path::new("m.PNG"), 100_000, 10).is_ok());
        let long = picture_format(Path::new("m.jpg"), 65_536, 10).unwrap_err();
        assert!(long.to_string().contains("65535"), "{long}");
        assert!(picture_format(Path::new("m.jpg"), 65_535, 10).is_ok());
        assert!(picture_format(Path::new("m.webp"), 10, 16_384).is_err());
        assert!(expect_ending(Path::new("m.JSON"), "json").is_ok() && expect_ending(Path::new("m"), "json").is_err());
    }
}
