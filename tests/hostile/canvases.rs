//! Pictures whose parts are larger than what they show, or that hold next to nothing of what they claim.

use std::path::Path;

use crate::bombs::{png, zeros};
use crate::measured::measured;
use crate::program::Program;

/// An attribute in the header of an EXR.
fn attribute(name: &str, kind: &str, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_le_bytes();
    [name.as_bytes(), b"\0", kind.as_bytes(), b"\0", &length, content].concat()
}

fn numbers(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// An EXR that shows one pixel of a data window of these sides, whose only block claims `length` bytes.
fn exr(sides: (u32, u32), length: u32, block: &[u8]) -> Vec<u8> {
    let channel = |name: &[u8]| [name, b"\0\x02\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0"].concat();
    let channels = [channel(b"B"), channel(b"G"), channel(b"R"), vec![0]].concat();
    let header = [
        b"\x76\x2f\x31\x01\x02\0\0\0".to_vec(),
        attribute("channels", "chlist", &channels),
        // ZIP, in blocks of sixteen lines.
        attribute("compression", "compression", &[3]),
        attribute("dataWindow", "box2i", &numbers(&[0, 0, sides.0 - 1, sides.1 - 1])),
        attribute("displayWindow", "box2i", &numbers(&[0; 4])),
        attribute("lineOrder", "lineOrder", &[0]),
        attribute("pixelAspectRatio", "float", &1_f32.to_le_bytes()),
        attribute("screenWindowCenter", "v2f", &[0; 8]),
        attribute("screenWindowWidth", "float", &1_f32.to_le_bytes()),
        vec![0],
    ]
    .concat();
    let place = (header.len() as u64 + 8).to_le_bytes();
    [&header[..], &place, &numbers(&[0, length]), block].concat()
}

/// A frame as large as the format knows, on a canvas of one pixel.
fn webp() -> Vec<u8> {
    let frame = [&b"\x10\x02\0\x9d\x01\x2a\xff\x3f\xff\x3f"[..], &[0; 4_096]].concat();
    let chunk = [&b"VP8 "[..], &(frame.len() as u32).to_le_bytes(), &frame].concat();
    let header = b"VP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let size = ((4 + header.len() + chunk.len()) as u32).to_le_bytes();
    [&b"RIFF"[..], &size, b"WEBP", header, &chunk].concat()
}

fn assert_refused(program: &Program, path: &Path) {
    let path = path.to_str().unwrap();
    let measured = measured(program, &["classify", path, "--label", "a", "--label", "b"]);
    measured.assert_modest(path);
    assert_eq!(measured.output.status.code(), Some(1), "{path}: {}", measured.errors());
    assert_eq!(measured.errors().lines().count(), 1, "{path}: {}", measured.errors());
}

#[test]
fn what_lies_outside_the_canvas_takes_no_memory() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let packed = zeros(10_000_000 * 16 * 12);
    let abort = exr((1_000_000_000, 16), 16, b"\x78\x9c\x03\0\0\0\0\0\0\0\0\0\0\0\0\0");
    for (name, bytes) in [
        ("abort.exr", abort.clone()),
        ("abort.jpg", abort),
        ("length.exr", exr((1_000_000_000, 16), 0x7FFF_FFFF, b"\x78\x9c")),
        ("zeros.exr", exr((10_000_000, 16), packed.len() as u32, &packed)),
        // Sides that a picture may have.
        ("window.exr", exr((60_000, 1_600), packed.len() as u32, &packed)),
        ("frame.webp", webp()),
        ("empty.png", png((16_700, 16_700), 1, 0, b"", &zeros(16_700 * 2_089))),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        assert_refused(&program, &path);
    }
}

/// Its directory is empty, and four gigabytes of nothing follow.
#[cfg(unix)]
#[test]
fn a_long_tiff_without_a_picture_is_not_read() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.tif");
    std::fs::write(&path, b"II*\0\x08\0\0\0\0\0\0\0\0\0").unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(4_290_000_000).unwrap();
    let started = std::time::Instant::now();
    assert_refused(&program, &path);
    assert!(started.elapsed().as_secs() < 8, "{:?}", started.elapsed());
}
