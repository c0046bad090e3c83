use std::io::Cursor;

use image::Rgb;

use super::orientation::chunk_of_webp;
use super::*;

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::WebP,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::Tiff,
];

fn encoded(format: ImageFormat) -> Vec<u8> {
    let noise = |x: u32, y: u32| (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) as u8;
    let picture = RgbImage::from_fn(67, 45, |x, y| Rgb([noise(x, y), noise(y, x), noise(x + y, y)]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn with_notes(bytes: &[u8], name: &str) -> Result<Decoded, PictureError> {
    let format = format_of(bytes, Path::new(name))?;
    decode_bytes(bytes.to_vec(), format, needed(bytes, format)?)
}

fn decoded(bytes: &[u8], name: &str) -> Result<RgbImage, PictureError> {
    with_notes(bytes, name).map(|decoded| decoded.picture)
}

#[test]
fn every_format_is_read() {
    for format in FORMATS {
        let picture = decoded(&encoded(format), "x").unwrap();
        assert_eq!(picture.dimensions(), (67, 45), "{format:?}");
    }
    assert_eq!(
        decoded(&encoded(ImageFormat::Tga), "x.TGA").unwrap().dimensions(),
        (67, 45)
    );
}

#[test]
fn every_format_cut_in_half_is_an_error() {
    for format in FORMATS {
        let bytes = encoded(format);
        assert!(decoded(&bytes[..bytes.len() / 2], "x").is_err(), "{format:?}");
    }
}

#[test]
fn a_jpeg_without_its_end_is_read_with_a_note() {
    let bytes = encoded(ImageFormat::Jpeg);
    let without = with_notes(&bytes[..bytes.len() - 2], "x.jpg").unwrap();
    assert!(without.note.unwrap().contains("end marker"));
    assert_eq!(without.picture, decoded(&bytes, "x.jpg").unwrap());
    let cut = with_notes(&bytes[..bytes.len() - 9], "x.jpg");
    assert_eq!(cut.unwrap_err(), PictureError::Truncated);
}

#[test]
fn a_large_tiff_is_read_where_it_lies_and_turned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tif");
    let mut bytes = encoded(ImageFormat::Tiff);
    // The entry of the directory that says how many rows a strip has, as long as one that says how to turn.
    let (start, count) = (u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize, 12);
    let entries = usize::from(u16::from_le_bytes(bytes[start..start + 2].try_into().unwrap()));
    let of = |bytes: &[u8], n: usize| u16::from_le_bytes([bytes[start + 2 + count * n], bytes[start + 3 + count * n]]);
    let spare = (0..entries).find(|n| of(&bytes, *n) == 282).unwrap();
    let at = start + 2 + count * spare;
    bytes[at..at + count].copy_from_slice(&[18, 1, 4, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
    let file = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        File::open(&path).unwrap()
    };
    let turned = decode_streamed(&file(&bytes)).unwrap().picture;
    assert_eq!(turned.dimensions(), (45, 67));
    assert_eq!(turned, decoded(&bytes, "x.tif").unwrap());
    assert!(decode_streamed(&file(&bytes[..bytes.len() / 2])).is_err());
}

#[test]
fn a_webp_is_turned_by_what_is_whole_in_it() {
    let lossless = encoded(ImageFormat::WebP);
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let extended = |claimed: u32| {
        let flags = b"VP8X\x0a\0\0\0\x08\0\0\0\x42\0\0\x2c\0\0";
        let chunks = [
            &b"WEBP"[..],
            flags,
            &lossless[12..],
            b"EXIF",
            &claimed.to_le_bytes(),
            exif,
        ]
        .concat();
        [&b"RIFF"[..], &(chunks.len() as u32).to_le_bytes(), &chunks].concat()
    };
    assert_eq!(
        decoded(&extended(exif.len() as u32), "x").unwrap().dimensions(),
        (45, 67)
    );
    let beyond = extended(0x7FFF_FFF0);
    assert_eq!(decoded(&beyond, "x").unwrap().dimensions(), (67, 45));
    assert_eq!(chunk_of_webp(&beyond, b"EXIF"), None);
}

#[test]
fn kinds_that_are_not_read_are_named_with_a_way_out() {
    let heic = decoded(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "IMG_0001.JPG").unwrap_err();
    assert!(
        heic.to_string().starts_with("HEIC is not read: save it as JPEG"),
        "{heic}"
    );
    let raw = decoded(&encoded(ImageFormat::Tiff), "DSC_1.NEF").unwrap_err();
    assert_eq!(raw, PictureError::Kind(UnreadKind::Raw));
    assert_eq!(decoded(b"plain words", "x.jpg").unwrap_err(), PictureError::Unsupported);
}
