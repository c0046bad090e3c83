//! Pictures of a few bytes that claim gigabytes.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::measured::measured;
use crate::program::{Program, lines};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/hostile/pictures")
        .join(name)
}

/// One pixel on a canvas of 17,000 x 17,000.
fn gif() -> Vec<u8> {
    let side = 17_000_u16.to_le_bytes();
    [
        b"GIF89a".as_slice(),
        &side,
        &side,
        b"\x80\0\0\0\0\0\xFF\xFF\xFF",
        b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;",
    ]
    .concat()
}

/// A canvas of 16 million pixels a side, as far as an animation's header can say.
fn webp() -> Vec<u8> {
    let side = &[0xFF, 0xFF, 0xFF];
    let header = [b"VP8X\x0a\0\0\0\x02\0\0\0".as_slice(), side, side].concat();
    let anim = b"ANIM\x06\0\0\0\0\0\0\0\0\0";
    let size = (4 + header.len() + anim.len()) as u32;
    [b"RIFF".as_slice(), &size.to_le_bytes(), b"WEBP", &header, anim].concat()
}

fn hdr() -> Vec<u8> {
    b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 299999999\n\x02\x02\x7f\xff".to_vec()
}

/// 16 bits a channel, of which nothing is there.
fn ppm(sides: (u32, u32)) -> Vec<u8> {
    let mut bytes = b"P6\n".to_vec();
    writeln!(bytes, "{} {}\n65535", sides.0, sides.1).unwrap();
    bytes
}

fn qoi() -> Vec<u8> {
    let side = 65_000_u32.to_be_bytes();
    [b"qoif".as_slice(), &side, &side, b"\x04\0", &[0xFD; 4_096]].concat()
}

/// A progressive JPEG that claims to be large: its decoder keeps every coefficient.
fn progressive() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases/jpeg/progressive-444.jpg");
    let mut bytes = std::fs::read(path).unwrap();
    let frame = bytes.windows(2).position(|two| two == [0xFF, 0xC2]).unwrap();
    bytes[frame + 5..frame + 9].copy_from_slice(&[0x3A, 0x98, 0x3A, 0x98]);
    bytes
}

/// So many zeros, deflated: a literal, then copies of 258 bytes of 13 bits each, in the codes that need no table.
pub fn zeros(count: usize) -> Vec<u8> {
    let mut bits = vec![true, true, false];
    let mut code = |value: u32, length: u32| bits.extend((0..length).rev().map(|place| value >> place & 1 == 1));
    code(0b0011_0000, 8);
    for _ in 0..24 {
        // The longest copy, from one byte before.
        code(0b1100_0101, 8);
        code(0, 5);
    }
    let packed: Vec<u8> = bits
        .chunks(8)
        .map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | u8::from(*bit)))
        .collect();
    // Thirteen bytes are eight copies, wherever they begin.
    let period = &packed[13..26];
    let start = [b"\x78\x01".as_slice(), &packed[..13]].concat();
    [start, period.repeat(count / (8 * 258) + 1)].concat()
}

fn png_chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), content].concat();
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&named);
    let length = (content.len() as u32).to_be_bytes();
    [&length[..], &named, &checksum.finalize().to_be_bytes()].concat()
}

/// A PNG of so many bits a channel and of this kind, which is all zeros.
pub fn png(sides: (u32, u32), bits: u8, kind: u8, extra: &[u8], zeros: &[u8]) -> Vec<u8> {
    let header = [
        &sides.0.to_be_bytes()[..],
        &sides.1.to_be_bytes(),
        &[bits, kind, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &png_chunk(b"IHDR", &header),
        extra,
        &png_chunk(b"IDAT", zeros),
        &png_chunk(b"IEND", b""),
    ]
    .concat()
}

/// A colour profile of two gigabytes, once it is unpacked.
fn with_profile() -> Vec<u8> {
    let profile = [b"profile\0\0".as_slice(), &zeros(2 << 30)].concat();
    png((32, 32), 8, 6, &png_chunk(b"iCCP", &profile), &zeros(32 * 129))
}

fn icon_of(png: &[u8]) -> Vec<u8> {
    let length = (png.len() as u32).to_le_bytes();
    let entry = b"\0\0\x01\0\x01\0\x20\x20\0\0\x01\0\x20\0".as_slice();
    [entry, &length, &22_u32.to_le_bytes(), png].concat()
}

/// One pixel, and notes that claim to be as long as a file can be.
fn webp_with_long_notes() -> Vec<u8> {
    let pixel = image::RgbImage::new(1, 1);
    let mut plain = std::io::Cursor::new(Vec::new());
    pixel.write_to(&mut plain, image::ImageFormat::WebP).unwrap();
    let plain = plain.into_inner();
    let header = b"VP8X\x0a\0\0\0\x0c\0\0\0\0\0\0\0\0\0".as_slice();
    let notes = [
        b"EXIF".as_slice(),
        &[0xF0, 0xFF, 0xFF, 0x7F],
        b"XMP ",
        &[0xF0, 0xFF, 0xFF, 0x7F],
    ]
    .concat();
    let chunks = [b"WEBP".as_slice(), header, &plain[12..], &notes].concat();
    [b"RIFF".as_slice(), &(chunks.len() as u32).to_le_bytes(), &chunks].concat()
}

/// Whether they are read or refused: what lies beside the pixels costs nothing.
#[test]
fn nothing_beside_the_pixels_takes_memory() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let profile = with_profile();
    for (name, bytes) in [
        ("iccp.ico", icon_of(&profile)),
        ("iccp.png", profile),
        ("notes.webp", webp_with_long_notes()),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let measured = measured(&program, &["classify", path.to_str().unwrap(), "--label", "a"]);
        measured.assert_modest(name);
        assert!(
            measured.output.status.code().is_some_and(|code| code < 2),
            "{name}: {}",
            measured.errors()
        );
    }
}

/// A hundred megapixels of 16 bits and four channels, in a file of 40 MB.
#[test]
fn a_deep_png_is_read_within_the_budget_or_refused() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep.png");
    std::fs::write(&path, png((10_000, 10_000), 16, 6, b"", &zeros(10_000 * 80_001))).unwrap();
    let measured = measured(&program, &["classify", path.to_str().unwrap(), "--label", "a"]);
    measured.assert_modest("deep.png");
    assert!(
        measured.output.status.code().is_some_and(|code| code < 2),
        "{}",
        measured.errors()
    );
}

#[test]
fn no_picture_takes_more_memory_than_all_may_together() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let bombs = [
        fixture("thin.png"),
        fixture("tall.png"),
        fixture("gray1-17000.png"),
        made("screen.gif", gif()),
        made("canvas.webp", webp()),
        made("wide.hdr", hdr()),
        made("deep.ppm", ppm((16_000, 16_000))),
        made("large.ppm", ppm((10_000, 10_000))),
        made("large.qoi", qoi()),
        made("progressive.jpg", progressive()),
    ];
    for bomb in bombs {
        let bomb = bomb.to_str().unwrap();
        let measured = measured(&program, &["classify", bomb, "--label", "a", "--label", "b"]);
        measured.assert_modest(bomb);
        assert_eq!(measured.output.status.code(), Some(1), "{bomb}: {}", measured.errors());
        assert_eq!(measured.errors().lines().count(), 1, "{bomb}: {}", measured.errors());
    }
}

#[cfg(unix)]
#[test]
fn a_gigabyte_that_is_no_picture_is_not_read() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    for (name, start, length) in [
        ("zeros.jpg", b"".as_slice(), 1 << 30),
        ("words.jpg", b"these are words", 300 << 20),
        ("long.jpg", b"\xFF\xD8\xFF\xE0", 1 << 32),
        ("empty.jpg", b"\xFF\xD8\xFF\xE0", 400 << 20),
    ] {
        let path = folder.path().join(name);
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(start).unwrap();
        file.set_len(length).unwrap();
        let measured = measured(&program, &["classify", path.to_str().unwrap(), "--label", "a"]);
        measured.assert_modest(name);
        assert_eq!(measured.output.status.code(), Some(1), "{name}: {}", measured.errors());
    }
}

/// Each alone would fit, and four would not fit together.
#[test]
fn large_pictures_are_decoded_after_each_other_where_they_do_not_fit_together() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let side = 9_000;
    let content = [
        format!("P5\n{side} {side}\n255\n").into_bytes(),
        vec![128_u8; side * side],
    ]
    .concat();
    for n in 0..4 {
        std::fs::write(folder.path().join(format!("{n}.pgm")), &content).unwrap();
    }
    let args = [
        "classify",
        folder.path().to_str().unwrap(),
        "--label",
        "a",
        "--format",
        "json",
    ];
    let measured = measured(&program, &args);
    // They take the time that they take; only their memory is bounded.
    measured.assert_small("four of 81 megapixels");
    assert!(measured.output.status.success(), "{}", measured.errors());
    assert_eq!(lines(&measured.output).len(), 4);
}
