//! Whether a JPEG file is whole. The decoder fills what is missing with grey and says nothing.

const MARKER: u8 = 0xFF;
const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const TEMPORARY: u8 = 0x01;
const RESTARTS: std::ops::RangeInclusive<u8> = 0xD0..=0xD7;

/// Whether the markers lead from the start of the image to its end (ITU-T T.81, annex B).
///
/// What follows the end, such as a phone's film, does not matter.
pub fn is_whole(bytes: &[u8]) -> bool {
    if !bytes.starts_with(&[MARKER, START_OF_IMAGE]) {
        return false;
    }
    let mut at = 2;
    while let Some((marker, after)) = next_marker(bytes, at) {
        at = match marker {
            END_OF_IMAGE => return true,
            TEMPORARY => after,
            marker if RESTARTS.contains(&marker) => after,
            _ => {
                let Some(length) = bytes.get(after..after + 2) else {
                    return false;
                };
                // Entropy-coded data may follow the segment; `next_marker` walks over it.
                after + usize::from(u16::from_be_bytes([length[0], length[1]]))
            }
        };
    }
    false
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

#[cfg(test)]
mod tests {
    use super::is_whole;

    fn jpeg() -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8 * 4, y as u8 * 5, 90]));
        image::codecs::jpeg::JpegEncoder::new(&mut bytes)
            .encode_image(&picture)
            .unwrap();
        bytes
    }

    #[test]
    fn a_whole_file_is_whole_whatever_follows() {
        let mut bytes = jpeg();
        assert!(is_whole(&bytes));
        bytes.extend_from_slice(b"a film of two seconds");
        assert!(is_whole(&bytes));
    }

    #[test]
    fn every_cut_is_found() {
        let bytes = jpeg();
        for length in 0..bytes.len() {
            assert!(!is_whole(&bytes[..length]), "cut at {length}");
        }
    }
}
