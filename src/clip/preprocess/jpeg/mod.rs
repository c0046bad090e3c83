//! What a JPEG file says of itself: whether it is whole, and how coarsely it was rounded.
//!
//! The decoder fills what is missing with grey and says nothing. A file that ends with its marker is whole; one without it
//! is whole where its scans hold every coefficient, which only walking through them tells.

mod scan;

const MARKER: u8 = 0xFF;
const START_OF_IMAGE: u8 = 0xD8;
const START_OF_SCAN: u8 = 0xDA;
/// Frames whose scans hold whole coefficients one after the other.
const SEQUENTIAL_FRAMES: std::ops::RangeInclusive<u8> = 0xC0..=0xC1;
const END_OF_IMAGE: u8 = 0xD9;
const TABLES: u8 = 0xDB;
const TEMPORARY: u8 = 0x01;
const RESTARTS: std::ops::RangeInclusive<u8> = 0xD0..=0xD7;
/// The order in which the 64 numbers of a table are stored (ITU-T T.81, figure A.6), each as row times 8 plus column.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// How much of a JPEG is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wholeness {
    Whole,
    /// Every pixel, but not the marker at the end: the picture's data ends here.
    NoEnd(usize),
    /// Pixels are missing.
    Cut,
}

/// How much of a JPEG is there. What follows the end, such as a phone's film, does not matter.
pub fn wholeness(bytes: &[u8]) -> Wholeness {
    if ends_with_its_marker(bytes) {
        Wholeness::Whole
    } else {
        scan::end_of_last_scan(bytes).map_or(Wholeness::Cut, Wholeness::NoEnd)
    }
}

/// Whether the markers lead from the start of the image to its end (ITU-T T.81, annex B).
fn ends_with_its_marker(bytes: &[u8]) -> bool {
    if !bytes.starts_with(&[MARKER, START_OF_IMAGE]) {
        return false;
    }
    let mut at = 2;
    while let Some((marker, after)) = next_marker(bytes, at) {
        at = match marker {
            END_OF_IMAGE => return true,
            // Entropy-coded data may follow the segment; `next_marker` walks over it.
            _ => match segment(bytes, marker, after) {
                Some((_, end)) => end,
                None => return false,
            },
        };
    }
    false
}

/// The content of a marker's segment and where it ends; nothing for markers that stand alone.
fn segment(bytes: &[u8], marker: u8, after: usize) -> Option<(&[u8], usize)> {
    if marker == TEMPORARY || marker == START_OF_IMAGE || RESTARTS.contains(&marker) {
        return Some((&[], after));
    }
    let length = bytes.get(after..after + 2)?;
    let end = after + usize::from(u16::from_be_bytes([length[0], length[1]]));
    // A segment that claims to end behind the file is walked over and found missing later.
    Some((bytes.get(after + 2..end).unwrap_or_default(), end))
}

/// The next marker at or after `at`, and where it ends. A stuffed zero (`FF 00`) is data; `FF FF` is fill.
fn next_marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let mut rest = at;
    loop {
        let found = bytes.get(rest..)?.iter().position(|&b| b == MARKER)? + rest;
        match bytes.get(found + 1)? {
            0 => rest = found + 2,
            &MARKER => rest = found + 1,
            &marker => return Some((marker, found + 2)),
        }
    }
}

/// Whether a decoder must keep all coefficients until the last scan: progressive files, and those whose first scan lacks a
/// colour. True, too, where the file does not say.
pub fn keeps_coefficients(bytes: &[u8]) -> bool {
    let mut colours = None;
    let mut at = 2;
    while let Some((marker, after)) = next_marker(bytes, at) {
        let Some((content, end)) = segment(bytes, marker, after) else {
            return true;
        };
        if SEQUENTIAL_FRAMES.contains(&marker) {
            colours = content.get(5);
        } else if marker == START_OF_SCAN {
            return colours.is_none() || colours != content.first();
        }
        at = end;
    }
    true
}

/// Whether a sequential file keeps its colours in scans of their own, one after the other (ITU-T T.81, A.2.2).
pub fn has_separate_scans(bytes: &[u8]) -> bool {
    let mut colours = None;
    let mut at = 2;
    while let Some((marker, after)) = next_marker(bytes, at) {
        let Some((content, end)) = segment(bytes, marker, after) else {
            return false;
        };
        if SEQUENTIAL_FRAMES.contains(&marker) {
            colours = content.get(5);
        } else if marker == START_OF_SCAN {
            return colours.is_some() && colours != content.first();
        }
        at = end;
    }
    false
}

/// The steps to which brightness was rounded, by row and column of a block's frequencies; none where these bytes are no
/// JPEG.
pub fn brightness_steps(bytes: &[u8]) -> Option<[u16; 64]> {
    let mut at = 2;
    while let Some((marker, after)) = next_marker(bytes, at) {
        let (mut content, end) = segment(bytes, marker, after)?;
        while marker == TABLES && !content.is_empty() {
            let (&kind, rest) = content.split_first()?;
            let size = if kind >> 4 == 0 { 1 } else { 2 };
            let table = rest.get(..64 * size)?;
            // Brightness has the first table in every file that anything writes.
            if kind & 15 == 0 {
                let mut steps = [0; 64];
                for (value, place) in table.chunks_exact(size).zip(ZIGZAG) {
                    steps[usize::from(place)] = value.iter().fold(0, |all, byte| all << 8 | u16::from(*byte));
                }
                return Some(steps);
            }
            content = rest.get(64 * size..)?;
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(quality: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        let noise = |x: u32, y: u32| (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) as u8;
        let picture = image::RgbImage::from_fn(61, 45, |x, y| image::Rgb([x as u8 * 4, noise(x, y) / 2, 90]));
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality)
            .encode_image(&picture)
            .unwrap();
        bytes
    }

    /// Made by Pillow, whose JPEGs are libjpeg's: baseline, progressive, with restarts, halved colours, and grey.
    fn foreign() -> Vec<(String, Vec<u8>)> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases/jpeg");
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let read = entries.map(|e| {
            (
                e.file_name().to_string_lossy().into_owned(),
                std::fs::read(e.path()).unwrap(),
            )
        });
        let all: Vec<_> = read.filter(|(name, _)| name.ends_with(".jpg")).collect();
        assert!(all.len() >= 5);
        all
    }

    #[test]
    fn a_whole_file_is_whole_whatever_follows() {
        let mut bytes = jpeg(75);
        assert_eq!(wholeness(&bytes), Wholeness::Whole);
        bytes.extend_from_slice(b"a film of two seconds");
        assert_eq!(wholeness(&bytes), Wholeness::Whole);
    }

    #[test]
    fn what_misses_only_its_end_is_told_from_every_cut() {
        let own = ("own".to_string(), jpeg(75));
        for (name, bytes) in foreign().into_iter().chain([own]) {
            assert_eq!(wholeness(&bytes), Wholeness::Whole, "{name}");
            let end = bytes.len() - 2;
            for length in 0..end {
                assert_eq!(
                    wholeness(&bytes[..length]),
                    Wholeness::Cut,
                    "{name} cut at {length} of {}",
                    bytes.len()
                );
            }
            assert_eq!(wholeness(&bytes[..end]), Wholeness::NoEnd(end), "{name}");
            assert_eq!(wholeness(&bytes[..=end]), Wholeness::NoEnd(end), "{name}");
            let trailer: Vec<u8> = (0..4_096u32)
                .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x7F)
                .collect();
            let with_trailer = [&bytes[..end], &trailer].concat();
            assert_eq!(wholeness(&with_trailer), Wholeness::NoEnd(end), "{name}");
            let cut = [&bytes[..end * 3 / 4], b"\0\0", &trailer].concat();
            assert_eq!(wholeness(&cut[..end * 3 / 4 + 1]), Wholeness::Cut, "{name}");
        }
    }

    #[test]
    fn only_files_in_several_scans_need_all_coefficients_at_once() {
        assert!(!keeps_coefficients(&jpeg(75)));
        for (name, bytes) in foreign() {
            assert_eq!(keeps_coefficients(&bytes), name.contains("progressive"), "{name}");
        }
        assert!(keeps_coefficients(b"\xFF\xD8"));
    }

    #[test]
    fn the_steps_of_brightness_grow_as_quality_falls() {
        let sum = |quality| {
            brightness_steps(&jpeg(quality))
                .unwrap()
                .iter()
                .map(|step| u32::from(*step))
                .sum::<u32>()
        };
        assert!(sum(95) < sum(75) && sum(75) < sum(30));
        assert_eq!(brightness_steps(b"\x89PNG"), None);
    }
}
