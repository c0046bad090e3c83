//! Pictures stand as their files say.

use crate::place::{crc32, samples};
use crate::program::Program;

#[test]
fn orientation_is_applied_before_the_model_sees_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let upright = image::open(samples().join("photos/rocket.jpg")).unwrap();
    upright.save(folder.path().join("upright.png")).unwrap();
    // The same pixels lying on their side, with the tag that says so.
    upright.rotate270().save(folder.path().join("plain.png")).unwrap();
    let plain = std::fs::read(folder.path().join("plain.png")).unwrap();
    std::fs::write(folder.path().join("turned.png"), with_orientation(&plain, 6)).unwrap();
    std::fs::remove_file(folder.path().join("plain.png")).unwrap();
    let results = Program::new().json(&["embed", folder.path().to_str().unwrap()]);
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["embedding"], results[1]["embedding"]);
}

/// Adds an EXIF chunk with an orientation to a PNG.
fn with_orientation(png: &[u8], orientation: u8) -> Vec<u8> {
    let exif = [
        b'I',
        b'I',
        42,
        0,
        8,
        0,
        0,
        0,
        1,
        0,
        0x12,
        0x01,
        3,
        0,
        1,
        0,
        0,
        0,
        orientation,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    let mut chunk = b"eXIf".to_vec();
    chunk.extend(exif);
    let mut out = png[..33].to_vec();
    out.extend((exif.len() as u32).to_be_bytes());
    out.extend(&chunk);
    out.extend(crc32(&chunk).to_be_bytes());
    out.extend(&png[33..]);
    out
}
