//! Which files are pictures, by name and by content: those that are read, and those of kinds that are not.

use std::io::Read;
use std::path::Path;

use image::ImageFormat;

use crate::files::open_file;

/// Enough of a file's beginning to know its kind.
const HEAD_BYTES: usize = 132;
/// What is certainly no picture is not opened to look.
const OTHER: [&str; 24] = [
    "txt",
    "caption",
    "csv",
    "tsv",
    "json",
    "jsonl",
    "ndjson",
    "xml",
    "yaml",
    "yml",
    "md",
    "html",
    "htm",
    "py",
    "ipynb",
    "zip",
    "tar",
    "gz",
    "mp4",
    "mov",
    "parquet",
    "npy",
    "safetensors",
    "db",
];

/// A kind of picture that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnreadKind {
    Heic,
    Avif,
    JpegXl,
    Jpeg2000,
    Raw,
    Photoshop,
    Svg,
    Gimp,
    JpegXr,
    Dicom,
    Fits,
    PostScript,
    Metafile,
    Pcx,
    BigTiff,
}

impl UnreadKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::JpegXl => "JPEG XL",
            Self::Jpeg2000 => "JPEG 2000",
            Self::Raw => "camera RAW",
            Self::Photoshop => "Photoshop",
            Self::Svg => "SVG",
            Self::Gimp => "GIMP",
            Self::JpegXr => "JPEG XR",
            Self::Dicom => "DICOM",
            Self::Fits => "FITS",
            Self::PostScript => "PostScript",
            Self::Metafile => "Windows metafile",
            Self::Pcx => "PCX",
            Self::BigTiff => "BigTIFF",
        }
    }

    /// What can be done about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Heic => "save it as JPEG or PNG (an iPhone does so under Settings, Camera, Formats, Most Compatible)",
            Self::Raw => "export it as JPEG, PNG or TIFF from the program that develops it",
            Self::Svg | Self::PostScript | Self::Metafile => "draw it as PNG first",
            Self::Dicom | Self::Fits => "choose what its numbers shall look like, and save that as PNG",
            Self::BigTiff => "save it as PNG, or as an ordinary TIFF",
            _ => "save it as JPEG or PNG",
        }
    }

    fn by_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "heic" | "heif" | "hif" | "heics" | "heifs" => Self::Heic,
            "avif" | "avifs" => Self::Avif,
            "jxl" => Self::JpegXl,
            "jp2" | "j2k" | "j2c" | "jpc" | "jpf" | "jpx" | "jpm" => Self::Jpeg2000,
            "jxr" | "wdp" | "hdp" => Self::JpegXr,
            "psd" | "psb" => Self::Photoshop,
            "svg" | "svgz" => Self::Svg,
            "xcf" => Self::Gimp,
            "dcm" | "dicom" => Self::Dicom,
            "fits" => Self::Fits,
            "eps" | "epsf" | "ps" | "ai" => Self::PostScript,
            "wmf" | "emf" | "wmz" | "emz" => Self::Metafile,
            "pcx" => Self::Pcx,
            "cr2" | "cr3" | "crw" | "nef" | "nrw" | "arw" | "srf" | "sr2" | "dng" | "raf" | "orf" | "rw2" | "rwl"
            | "raw" | "pef" | "ptx" | "srw" | "x3f" | "erf" | "3fr" | "fff" | "iiq" | "mos" | "mef" | "mrw" | "dcr"
            | "kdc" | "gpr" => Self::Raw,
            _ => return None,
        })
    }

    /// The kind that a file's first bytes show.
    pub fn by_content(head: &[u8]) -> Option<Self> {
        if head.get(4..8) == Some(b"ftyp") {
            let length = head.get(..4).map_or(0, |size| {
                u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize
            });
            let brands = head.get(8..head.len().min(length.max(12)))?;
            let has = |names: &[&[u8]]| brands.chunks_exact(4).any(|brand| names.contains(&brand));
            return if has(&[b"avif", b"avis"]) {
                Some(Self::Avif)
            } else if has(&[b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"]) {
                Some(Self::Heic)
            } else {
                has(&[b"crx "]).then_some(Self::Raw)
            };
        }
        let known: [(&[u8], Self); 16] = [
            (b"\xFF\x0A", Self::JpegXl),
            (b"\0\0\0\x0CJXL ", Self::JpegXl),
            (b"\0\0\0\x0CjP  ", Self::Jpeg2000),
            (b"\xFF\x4F\xFF\x51", Self::Jpeg2000),
            (b"8BPS", Self::Photoshop),
            (b"gimp xcf", Self::Gimp),
            (b"FUJIFILMCCD-RAW", Self::Raw),
            (b"IIU\0", Self::Raw),
            (b"IIRO", Self::Raw),
            (b"MMOR", Self::Raw),
            (b"SIMPLE  =", Self::Fits),
            (b"%!PS-Adobe", Self::PostScript),
            (b"\xC5\xD0\xD3\xC6", Self::PostScript),
            (b"\xD7\xCD\xC6\x9A", Self::Metafile),
            (b"II+\0", Self::BigTiff),
            (b"MM\0+", Self::BigTiff),
        ];
        if head.starts_with(b"\x01\0\0\0") && head.get(40..44) == Some(b" EMF") {
            return Some(Self::Metafile);
        }
        // Behind a preamble of anything at all.
        if head.get(128..132) == Some(b"DICM") {
            return Some(Self::Dicom);
        }
        let found = known.iter().find(|(magic, _)| head.starts_with(magic));
        found.map(|(_, kind)| *kind).or_else(|| {
            let canon = head.starts_with(b"II*\0") && head.get(8..10) == Some(b"CR");
            canon.then_some(Self::Raw)
        })
    }

    /// The kind that a file's name says, where it says one that is not read.
    pub fn by_name(path: &Path) -> Option<Self> {
        Self::by_extension(&extension(path))
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// A picture of a kind that is read.
    Picture,
    /// A picture of a kind that is not.
    Unread(UnreadKind),
    /// Something else.
    Other,
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// Whether a file's name says that it is a picture of a kind that can be read.
pub fn is_picture(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !hidden && ImageFormat::from_path(path).is_ok_and(|format| format.reading_enabled())
}

/// What a file is, by its name, and by its content where the name says nothing of a picture that is read.
pub fn looks(path: &Path) -> Looks {
    if is_picture(path) {
        return Looks::Picture;
    }
    let extension = extension(path);
    if OTHER.contains(&extension.as_str()) {
        return Looks::Other;
    }
    let head = head_of(path).unwrap_or_default();
    match UnreadKind::by_extension(&extension) {
        // A developed TIFF inside a RAW file is a thumbnail, not the picture.
        Some(UnreadKind::Raw) => Looks::Unread(UnreadKind::Raw),
        Some(kind) => {
            if is_read(&head) {
                Looks::Picture
            } else {
                Looks::Unread(UnreadKind::by_content(&head).unwrap_or(kind))
            }
        }
        None => match UnreadKind::by_content(&head) {
            Some(kind) => Looks::Unread(kind),
            None if is_read(&head) => Looks::Picture,
            None => Looks::Other,
        },
    }
}

/// Only marks that no text begins with by chance: those of BMP, PNM and ICO are too short to say anything.
fn is_read(head: &[u8]) -> bool {
    let strong = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Tiff,
        ImageFormat::Qoi,
        ImageFormat::OpenExr,
        ImageFormat::Farbfeld,
        ImageFormat::Hdr,
    ];
    image::guess_format(head).is_ok_and(|format| strong.contains(&format)) || is_bmp(head)
}

/// `BM`, then a size, two zeros, and where the pixels begin.
fn is_bmp(head: &[u8]) -> bool {
    head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]) && head.get(12..14) == Some(&[0; 2])
}

fn head_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    // A pipe would keep whoever looks waiting, and what is read of it is lost.
    open_file(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_names() {
        for name in [
            "a.jpg", "B.JPEG", "c.png", "d.webp", "e.gif", "f.bmp", "g.tiff", "h.tga",
        ] {
            assert!(is_picture(Path::new(name)), "{name}");
        }
        for name in ["a.txt", ".hidden.jpg", "noextension", "a.jpg.part", "a.heic"] {
            assert!(!is_picture(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn what_the_name_does_not_say_the_content_does() {
        let folder = tempfile::tempdir().unwrap();
        let heic = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic";
        let avif = b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif";
        let jpeg = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0";
        let dicom = &[&[0; 128][..], b"DICM"].concat();
        let unread = |kind| Looks::Unread(kind);
        for (name, content, expected) in [
            ("1b2c3d", &jpeg[..], Looks::Picture),
            ("photo.jpg?width=640", jpeg, Looks::Picture),
            ("a.jpe", jpeg, Looks::Picture),
            ("renamed.heic", jpeg, Looks::Picture),
            ("a.dng", b"II*\0\x08\0\0\0", unread(UnreadKind::Raw)),
            ("a.HEIC", heic, unread(UnreadKind::Heic)),
            ("b", heic, unread(UnreadKind::Heic)),
            ("c", avif, unread(UnreadKind::Avif)),
            ("d.jxl", b"", unread(UnreadKind::JpegXl)),
            ("e.cr3", b"x", unread(UnreadKind::Raw)),
            ("f.dcm", b"x", unread(UnreadKind::Dicom)),
            ("g", b"SIMPLE  =                    T", unread(UnreadKind::Fits)),
            ("h", dicom, unread(UnreadKind::Dicom)),
            ("i.EPS", b"%!PS-Adobe-3.0 EPSF-3.0", unread(UnreadKind::PostScript)),
            ("j.wmf", b"", unread(UnreadKind::Metafile)),
            ("k.pcx", b"\x0A\x05\x01\x08", unread(UnreadKind::Pcx)),
            ("film.m4v", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", Looks::Other),
            ("notes", b"BMW is a make of cars", Looks::Other),
            ("P1", b"P1 is a prefix", Looks::Other),
            ("captions.txt", jpeg, Looks::Other),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            assert_eq!(looks(&path), expected, "{name}");
        }
    }
}
