//! How pictures stand, and which kinds of TIFF are read.

use std::io::Cursor;

use clipsight::library::decode;
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{Frame, ImageEncoder, ImageFormat, RgbImage, RgbaImage};

use crate::folder::{Folder, photographs};
use crate::program::{Program, lines};

/// An EXIF block that holds an orientation as a number of a kind: 1 for a byte, 3 for SHORT, 4 for LONG.
fn exif(kind: u16, turn: u8, big_endian: bool) -> Vec<u8> {
    let short = |n: u16| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let long = |n: u32| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let mut block = if big_endian {
        b"MM\0*".to_vec()
    } else {
        b"II*\0".to_vec()
    };
    block.extend(long(8));
    [1, 274, kind].into_iter().for_each(|n| block.extend(short(n)));
    block.extend(long(1));
    match kind {
        1 => block.extend([turn, 0, 0, 0]),
        3 => block.extend([short(turn.into()), [0; 2]].concat()),
        _ => block.extend(long(turn.into())),
    }
    block.extend(long(0));
    block
}

/// A TIFF of plain pixels with an orientation.
fn tiff(picture: &RgbImage, kind: u16, turn: u8) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let pixels = picture.as_raw();
    let start = 8 + pixels.len() as u32;
    let mut bytes = b"II*\0".to_vec();
    bytes.extend((start + 6).to_le_bytes());
    bytes.extend(pixels);
    [8u16; 3].iter().for_each(|bits| bytes.extend(bits.to_le_bytes()));
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, start),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 8),
        (274, kind, 1, turn.into()),
        (277, 3, 1, 3),
        (279, 4, 1, pixels.len() as u32),
    ];
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

/// A TIFF whose three samples are said to be brightness and two differences of colour.
fn ycbcr(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = tiff(picture, 3, 1);
    let meaning = [6, 1, 3, 0];
    let place = (0..bytes.len() - 8).rfind(|&at| bytes[at..at + 4] == meaning).unwrap();
    bytes[place + 8] = 6;
    bytes
}

/// The picture as a camera stores it that is to be turned so.
fn stored(upright: &RgbImage, turn: u8) -> RgbImage {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    match turn {
        2 => flip_horizontal(upright),
        3 => rotate180(upright),
        4 => flip_vertical(upright),
        5 => flip_horizontal(&rotate90(upright)),
        6 => rotate270(upright),
        7 => flip_horizontal(&rotate270(upright)),
        8 => rotate90(upright),
        _ => upright.clone(),
    }
}

#[test]
fn pictures_stand_upright_in_every_format_value_and_type() {
    let folder = Folder::new();
    let upright = photographs()[7].clone();
    let apart = |name: &str| {
        let found = decode(&folder.0.path().join(name)).unwrap();
        if found.dimensions() != upright.dimensions() {
            return f64::INFINITY;
        }
        let off = found
            .as_raw()
            .iter()
            .zip(upright.as_raw())
            .map(|(a, b)| f64::from(a.abs_diff(*b)));
        off.sum::<f64>() / upright.as_raw().len() as f64
    };
    for turn in 1..=8 {
        let lying = stored(&upright, turn);
        let (width, height) = lying.dimensions();
        for (kind, big_endian) in [(3, false), (3, true), (4, false), (4, true), (1, false)] {
            let block = exif(kind, turn, big_endian);
            let (mut png, mut webp, mut jpeg) = (Vec::new(), Vec::new(), Vec::new());
            let mut encoder = PngEncoder::new(&mut png);
            encoder.set_exif_metadata(block.clone()).unwrap();
            encoder
                .write_image(&lying, width, height, image::ExtendedColorType::Rgb8)
                .unwrap();
            let mut encoder = WebPEncoder::new_lossless(&mut webp);
            encoder.set_exif_metadata(block.clone()).unwrap();
            encoder
                .write_image(&lying, width, height, image::ExtendedColorType::Rgb8)
                .unwrap();
            let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 98);
            encoder.set_exif_metadata(block).unwrap();
            encoder.encode_image(&lying).unwrap();
            folder.file("a.png", png).file("a.webp", webp).file("a.jpg", jpeg);
            folder.file("a.tif", tiff(&lying, kind, turn));
            for (name, most) in [("a.png", 0.0), ("a.webp", 0.0), ("a.tif", 0.0), ("a.jpg", 6.0)] {
                let turned = apart(name) <= most;
                assert_eq!(
                    turned,
                    kind != 1 || turn == 1,
                    "{name}, value {turn}, type {kind}, {}",
                    apart(name)
                );
            }
        }
    }
}

#[test]
fn kinds_of_tiff_are_read_or_named() {
    let folder = Folder::new();
    let colours = RgbImage::from_fn(16, 16, |x, y| {
        image::Rgb([[200, 30, 40], [10, 60, 220]][((x / 4 + y / 4) % 2) as usize])
    });
    // Places in a palette of two colours, each channel times 257.
    let mut palette = vec![0u16; 768];
    for (place, colour) in [[200u16, 30, 40], [10, 60, 220]].iter().enumerate() {
        (0..3).for_each(|channel| palette[256 * channel + place] = 257 * colour[channel]);
    }
    let with = |photometric: u32, bits: u32, format: u32, palette: &[u16], pixels: &[u8]| {
        let (start, map) = (
            8 + pixels.len() as u32 + 2 * palette.len() as u32,
            8 + pixels.len() as u32,
        );
        let mut bytes = b"II*\0".to_vec();
        bytes.extend(start.to_le_bytes());
        bytes.extend(pixels);
        palette.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        let mut entries = vec![
            (256u16, 4u16, 1u32, 16u32),
            (257, 4, 1, 16),
            (258, 3, 1, bits),
            (259, 3, 1, 1),
            (262, 3, 1, photometric),
        ];
        entries.extend([(273, 4, 1, 8), (277, 3, 1, 1), (279, 4, 1, pixels.len() as u32)]);
        if !palette.is_empty() {
            entries.push((320, 3, palette.len() as u32, map));
        }
        entries.push((339, 3, 1, format));
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0; 4]);
        bytes
    };
    let places: Vec<u8> = colours.pixels().map(|pixel| u8::from(pixel.0[0] == 10)).collect();
    folder.file("palette.tif", with(3, 8, 1, &palette, &places));
    assert_eq!(decode(&folder.0.path().join("palette.tif")).unwrap(), colours);
    let reason = |name: &str| decode(&folder.0.path().join(name)).unwrap_err().to_string();
    folder.file("float.tif", with(1, 32, 3, &[], &[0; 1024]));
    assert!(
        reason("float.tif").starts_with("a TIFF with floating-point numbers of 32 bits, which is not read"),
        "{}",
        reason("float.tif")
    );
    folder.file("palette4.tif", with(3, 4, 1, &palette[..48], &[0; 128]));
    assert!(
        reason("palette4.tif").starts_with("a TIFF with a palette of 4 bits"),
        "{}",
        reason("palette4.tif")
    );
    folder.file("ycbcr.tif", ycbcr(&colours));
    assert!(
        reason("ycbcr.tif").starts_with("a TIFF with YCbCr colours, which is not read"),
        "{}",
        reason("ycbcr.tif")
    );
    for (name, start) in [("little.tif", b"II+\0"), ("big.tif", b"MM\0+")] {
        folder.file(name, [&start[..], &[0; 64]].concat());
        assert!(reason(name).starts_with("BigTIFF is not read"), "{}", reason(name));
    }
    let mut tga = Cursor::new(Vec::new());
    colours.write_to(&mut tga, ImageFormat::Tga).unwrap();
    folder.file("a.tga", tga.into_inner());
    assert_eq!(decode(&folder.0.path().join("a.tga")).unwrap(), colours);
}

#[test]
fn kinds_of_tiff_that_are_not_read_are_counted() {
    let folder = Folder::new();
    folder
        .file("scan.tif", ycbcr(&photographs()[7]))
        .file("plain.tif", tiff(&photographs()[8], 3, 1));
    folder.file("huge.tif", [&b"II+\0"[..], &[0; 64]].concat());
    let output = Program::new().run(&["embed", folder.path(), "--format", "json"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((lines(&output).len(), output.status.code()), (1, Some(1)), "{errors}");
    for part in [
        "scan.tif: a TIFF with YCbCr colours",
        "huge.tif: BigTIFF is not read",
        "2 pictures are of kinds that are not read: 2 TIFF",
    ] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
}

#[test]
fn a_gif_is_its_first_frame_and_transparency_is_dropped() {
    let folder = Folder::new();
    let plain = |colour: [u8; 4]| RgbaImage::from_pixel(16, 16, image::Rgba(colour));
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new(&mut gif);
    for colour in [[200, 30, 40, 255], [10, 60, 220, 255]] {
        encoder.encode_frame(Frame::new(plain(colour))).unwrap();
    }
    drop(encoder);
    folder.file("two.gif", gif);
    let red = decode(&folder.0.path().join("two.gif")).unwrap();
    assert_eq!((red.dimensions(), red.get_pixel(8, 8).0), ((16, 16), [200, 30, 40]));
    // What nobody sees is kept as it is stored, and laid on no ground.
    for alpha in [0, 128] {
        let path = folder.0.path().join("clear.png");
        plain([200, 30, 40, alpha]).save(&path).unwrap();
        assert_eq!(decode(&path).unwrap().get_pixel(8, 8).0, [200, 30, 40]);
    }
}
