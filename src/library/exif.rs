//! What EXIF and TIFF say about a picture, in every type in which it is said.
//!
//! EXIF is a TIFF without pixels: one reader of the first directory serves both.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// A tag with its type, how many values it has, and where they are.
struct Entry {
    kind: u16,
    count: usize,
    at: usize,
}

/// The first directory of a TIFF file by itself: what its entries hold in themselves can be read, and nothing else.
///
/// # Errors
/// The file cannot be read.
pub fn first_directory(mut file: &File) -> std::io::Result<Vec<u8>> {
    file.rewind()?;
    let mut start = [0; 8];
    file.read_exact(&mut start)?;
    let big_endian = start.starts_with(b"MM");
    let offset = [start[4], start[5], start[6], start[7]];
    let (offset, own) = if big_endian {
        (u32::from_be_bytes(offset), 8_u32.to_be_bytes())
    } else {
        (u32::from_le_bytes(offset), 8_u32.to_le_bytes())
    };
    file.seek(SeekFrom::Start(offset.into()))?;
    let mut count = [0; 2];
    file.read_exact(&mut count)?;
    let entries = if big_endian {
        u16::from_be_bytes(count)
    } else {
        u16::from_le_bytes(count)
    };
    let mut directory = [&start[..4], &own, &count].concat();
    file.take(u64::from(entries) * 12).read_to_end(&mut directory)?;
    Ok(directory)
}

/// The first directory of a TIFF, or of an EXIF block.
pub struct Directory<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    start: usize,
}

const ORIENTATION: u16 = 274;
const BITS_PER_SAMPLE: u16 = 258;
const PHOTOMETRIC: u16 = 262;
const TILE_WIDTH: u16 = 322;
const SAMPLE_FORMAT: u16 = 339;
const COLOUR_MAP: u16 = 320;
const COMPRESSION: u16 = 259;
/// None, fax (group 4), LZW, JPEG, both numbers of Deflate, PackBits.
const READ_COMPRESSIONS: [u64; 7] = [1, 4, 5, 7, 8, 32_773, 32_946];

impl<'a> Directory<'a> {
    /// Finds it; none where these bytes are no TIFF.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
        let big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        let mut directory = Self {
            bytes,
            big_endian,
            start: 0,
        };
        directory.start = directory.unsigned(4, 4)? as usize;
        Some(directory)
    }

    fn unsigned(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.big_endian {
            bytes.iter().fold(0, fold)
        } else {
            bytes.iter().rev().fold(0, fold)
        })
    }

    fn entry(&self, tag: u16) -> Option<Entry> {
        let count = self.unsigned(self.start, 2)? as usize;
        let place = (0..count).map(|n| self.start + 2 + 12 * n);
        let place = place
            .take_while(|at| at + 12 <= self.bytes.len())
            .find(|&at| self.unsigned(at, 2) == Some(tag.into()))?;
        let kind = self.unsigned(place + 2, 2)? as u16;
        let count = self.unsigned(place + 4, 4)? as usize;
        let inline = size_of_kind(kind)?.checked_mul(count)? <= 4;
        let at = if inline {
            place + 8
        } else {
            self.unsigned(place + 8, 4)? as usize
        };
        Some(Entry { kind, count, at })
    }

    /// The values of a tag in whatever type of number they are; bytes and texts are none.
    fn numbers(&self, tag: u16) -> Option<Vec<f64>> {
        let entry = self.entry(tag)?;
        let size = size_of_kind(entry.kind)?;
        (0..entry.count.min(1 << 16))
            .map(|n| self.number(entry.kind, entry.at + n * size))
            .collect()
    }

    fn number(&self, kind: u16, at: usize) -> Option<f64> {
        let whole = |size| self.unsigned(at, size);
        let part = |at| self.unsigned(at, 4);
        Some(match kind {
            3 => whole(2)? as f64,
            8 => f64::from(whole(2)? as u16 as i16),
            4 | 13 => whole(4)? as f64,
            9 => f64::from(whole(4)? as u32 as i32),
            5 => part(at)? as f64 / part(at + 4)? as f64,
            10 => f64::from(part(at)? as u32 as i32) / f64::from(part(at + 4)? as u32 as i32),
            11 => f64::from(f32::from_bits(whole(4)? as u32)),
            12 => f64::from_bits(whole(8)?),
            _ => return None,
        })
    }

    /// How the picture is to be turned, 1 to 8. As in Pillow, every type of number counts, and bytes do not.
    pub fn orientation(&self) -> Option<u8> {
        let [value] = self.numbers(ORIENTATION)?[..] else {
            return None;
        };
        (1..=8).find(|&turn| f64::from(turn) == value)
    }

    fn first(&self, tag: u16) -> Option<u64> {
        self.numbers(tag)?.first().map(|value| *value as u64)
    }

    /// The colours of a palette, red, green and blue of each, where pixels are places in one, of 8 bits each.
    pub fn palette(&self) -> Option<Vec<[u8; 3]>> {
        if self.first(PHOTOMETRIC)? != 3 || self.first(BITS_PER_SAMPLE)? != 8 {
            return None;
        }
        let map = self.numbers(COLOUR_MAP)?;
        let colours = map.len() / 3;
        let channel = |n: usize| (map[n] as u32 / 257).min(255) as u8;
        Some(
            (0..colours)
                .map(|n| [channel(n), channel(colours + n), channel(2 * colours + n)])
                .collect(),
        )
    }

    /// Where the file says how its numbers are meant, to be read as another meaning.
    pub fn photometric_at(&self) -> Option<usize> {
        self.entry(PHOTOMETRIC)
            .filter(|entry| entry.kind == 3 && entry.count == 1)
            .map(|entry| entry.at)
    }

    /// How wide a tile is, in pixels, where pixels lie in tiles.
    pub fn tile_width(&self) -> Option<u64> {
        self.first(TILE_WIDTH)
    }

    /// Whether numbers are stored with their large end first.
    pub fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// What kind of TIFF this is, for people.
    pub fn tiff_kind(&self) -> String {
        let bits = self.first(BITS_PER_SAMPLE).unwrap_or(1);
        let compression = self.first(COMPRESSION).unwrap_or(1);
        let samples = match self.first(SAMPLE_FORMAT).unwrap_or(1) {
            2 => format!("signed whole numbers of {bits} bits"),
            3 => format!("floating-point numbers of {bits} bits"),
            5 | 6 => "complex numbers".into(),
            _ if bits > 16 => format!("whole numbers of {bits} bits"),
            _ if !READ_COMPRESSIONS.contains(&compression) => match compression {
                2 | 3 => "fax compression (group 3)".into(),
                34_925 => "LZMA compression".into(),
                50_000 => "Zstandard compression".into(),
                50_001 => "WebP compression".into(),
                other => format!("compression number {other}"),
            },
            _ => match self.first(PHOTOMETRIC) {
                Some(3) => format!("a palette of {bits} bits"),
                Some(4) => "a transparency mask".into(),
                Some(5) => "CMYK colours".into(),
                Some(6) => "YCbCr colours".into(),
                Some(8..=10) => "Lab colours".into(),
                Some(32_803 | 34_892) => "a camera's RAW".into(),
                _ => return format!("of a kind that is not read ({bits} bits a channel)"),
            },
        };
        format!("with {samples}")
    }
}

fn size_of_kind(kind: u16) -> Option<usize> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => return None,
    })
}

/// The orientation in an XMP packet, where EXIF has none.
pub fn orientation_of_xmp(packet: &[u8]) -> Option<u8> {
    let text = String::from_utf8_lossy(packet);
    let after = text.split("tiff:Orientation").nth(1)?;
    let digit = after
        .strip_prefix("=\"")
        .or_else(|| after.strip_prefix('>'))?
        .bytes()
        .next()?;
    (b'1'..=b'8').contains(&digit).then(|| digit - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An EXIF block with one orientation.
    pub fn exif(kind: u16, value: &[u8], big_endian: bool) -> Vec<u8> {
        let short = |n: u16| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
        let long = |n: u32| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
        let mut bytes = if big_endian {
            b"MM\0*".to_vec()
        } else {
            b"II*\0".to_vec()
        };
        bytes.extend(long(8));
        bytes.extend(short(1));
        bytes.extend(short(ORIENTATION));
        bytes.extend(short(kind));
        bytes.extend(long(1));
        if value.len() <= 4 {
            bytes.extend(value);
            bytes.resize(bytes.len() + 4 - value.len(), 0);
            bytes.extend(long(0));
        } else {
            bytes.extend(long(26));
            bytes.extend(long(0));
            bytes.extend(value);
        }
        bytes
    }

    #[test]
    fn the_orientation_is_read_in_every_type_of_number_and_not_in_bytes() {
        for turn in 1..=8u8 {
            for big_endian in [false, true] {
                let of = |kind, little: Vec<u8>| {
                    let value = if big_endian {
                        little.into_iter().rev().collect()
                    } else {
                        little
                    };
                    Directory::of(&exif(kind, &value, big_endian)).unwrap().orientation()
                };
                for kind in [3, 8] {
                    assert_eq!(of(kind, u16::from(turn).to_le_bytes().to_vec()), Some(turn));
                }
                for kind in [4, 9, 13] {
                    assert_eq!(of(kind, u32::from(turn).to_le_bytes().to_vec()), Some(turn));
                }
                assert_eq!(of(12, f64::from(turn).to_le_bytes().to_vec()), Some(turn));
                assert_eq!(of(1, vec![turn]), None);
            }
        }
        assert_eq!(Directory::of(&exif(3, &[9, 0], false)).unwrap().orientation(), None);
        assert!(Directory::of(b"II*\0\xFF\xFF\xFF\xFF").unwrap().orientation().is_none());
    }

    #[test]
    fn an_xmp_packet_says_it_in_two_ways() {
        assert_eq!(orientation_of_xmp(b"<x tiff:Orientation=\"6\"/>"), Some(6));
        assert_eq!(orientation_of_xmp(b"<tiff:Orientation>8</tiff:Orientation>"), Some(8));
        assert_eq!(orientation_of_xmp(b"<x tiff:Orientation=\"0\"/>"), None);
    }
}
