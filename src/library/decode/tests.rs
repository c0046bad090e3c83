use std::io::Cursor;

use image::Rgb;

use super::orientation::chunk_of_webp;
use super::*;
use crate::clip::preprocess::jpeg;

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
fn an_exr_is_read_and_its_blocks_are_counted() {
    let picture = image::DynamicImage::ImageRgb32F(image::ImageBuffer::from_pixel(67, 45, Rgb([0.5, 0.25, 1.0])));
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::OpenExr).unwrap();
    let bytes = file.into_inner();
    assert_eq!(decoded(&bytes, "x").unwrap(), picture.into_rgb8());
    let pixels = 67 * 45 * 12;
    assert!(needed(&bytes, ImageFormat::OpenExr).unwrap() > bytes.len() as u64 + 2 * pixels);
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
fn pictures_of_the_largest_cameras_fit() {
    let mut jpeg = encoded(ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
    jpeg.resize(12_000_000, 0);
    for (width, height) in [(9_504_u16, 6_336_u16), (11_648, 8_736), (14_204, 10_652)] {
        let sides = [height.to_be_bytes(), width.to_be_bytes()].concat();
        jpeg[frame + 5..frame + 9].copy_from_slice(&sides);
        needed(&jpeg, ImageFormat::Jpeg).unwrap();
    }
    // As many pixels in a file of a few kilobytes hold nothing.
    let refused = needed(&jpeg[..4_096.max(frame + 32)], ImageFormat::Jpeg).unwrap_err();
    assert!(matches!(refused, PictureError::TooLarge(_)), "{refused}");
    let folder = tempfile::tempdir().unwrap();
    for bits in [8, 16] {
        let file = sparse_tiff(folder.path(), (9_504, 6_336), bits, 0);
        pixels::check_streamed(&file).unwrap();
        // The same in a file that is short enough to be read as a whole.
        let mut start = vec![0; 60 << 20];
        (&file).rewind().unwrap();
        (&file).read_exact(&mut start[..256]).unwrap();
        let whole = needed(&start, ImageFormat::Tiff).unwrap();
        assert!(whole <= crate::library::PICTURE_BUDGET, "{whole}");
    }
}

/// A TIFF in RGB of which all pixels are zero, and so many bytes more; what is not written takes no room on the disk.
fn sparse_tiff(folder: &Path, sides: (u32, u32), bits: u16, more: u64) -> File {
    let count = u64::from(sides.0) * u64::from(sides.1) * 3 * u64::from(bits / 8);
    let entries = [
        (256_u16, 4_u16, 1_u32, sides.0),
        (257, 4, 1, sides.1),
        (258, 3, 3, 200),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 256),
        (277, 3, 1, 3),
        (278, 4, 1, sides.1),
        (279, 4, 1, count as u32),
    ];
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        let entry = [
            &tag.to_le_bytes()[..],
            &kind.to_le_bytes(),
            &count.to_le_bytes(),
            &value.to_le_bytes(),
        ];
        bytes.extend(entry.concat());
    }
    bytes.resize(200, 0);
    bytes.extend([bits.to_le_bytes(); 3].concat());
    let path = folder.join("x.tif");
    std::fs::write(&path, bytes).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(256 + count + more).unwrap();
    File::open(&path).unwrap()
}

#[test]
fn a_long_tiff_with_little_of_a_picture_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = sparse_tiff(folder.path(), (100, 100), 8, 3 << 30);
    let refused = pixels::check_streamed(&file).unwrap_err();
    assert!(refused.to_string().contains("far smaller"), "{refused}");
    assert!(read(&folder.path().join("x.tif")).is_err());
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
fn a_png_is_turned_by_the_text_that_imagemagick_wrote() {
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let digits: String = exif.iter().map(|byte| format!("{byte:02x}")).collect();
    let (first, second) = digits.split_at(20);
    let text = format!("\nexif\n      {}\n{first}\n{second}\n", exif.len());
    let png = encoded(ImageFormat::Png);
    // The first chunk ends here.
    let (head, rest) = png.split_at(33);
    let with = |kind: &[u8; 4], content: &[u8]| {
        let chunk = [&kind[..], b"Raw profile type exif\0", content].concat();
        let (size, sum) = (chunk.len() as u32 - 4, crc32fast::hash(&chunk));
        [head, &size.to_be_bytes(), &chunk, &sum.to_be_bytes(), rest].concat()
    };
    let packed = |text: &[u8]| {
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(text, 6);
        with(b"zTXt", &[&[0][..], &packed].concat())
    };
    for turned in [with(b"tEXt", text.as_bytes()), packed(text.as_bytes())] {
        assert_eq!(decoded(&turned, "x.png").unwrap().dimensions(), (45, 67));
    }
    // What is no such text, or unpacks to far more than one, turns nothing.
    for other in [with(b"tEXt", b"\nexif\n2\nno digits\n"), packed(&vec![b'0'; 8 << 20])] {
        assert_eq!(decoded(&other, "x.png").unwrap().dimensions(), (67, 45));
    }
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

#[test]
fn colours_that_come_one_after_the_other_are_the_colours_that_they_are() {
    let picture = RgbImage::from_fn(83, 61, |x, y| Rgb([(x * 3) as u8, (y * 4) as u8, 255 - (x + y) as u8]));
    let encoded = |separate| {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
        // Codes of a picture's own come with a scan for each colour.
        encoder.set_optimized_huffman_tables(separate);
        encoder
            .encode(picture.as_raw(), 83, 61, jpeg_encoder::ColorType::Rgb)
            .unwrap();
        bytes
    };
    let [together, separate] = [false, true].map(encoded);
    assert!(jpeg::has_separate_scans(&separate) && !jpeg::has_separate_scans(&together));
    let [together, separate] = [together, separate].map(|bytes| decoded(&bytes, "x.jpg").unwrap());
    let pairs = together.as_raw().iter().zip(separate.as_raw());
    let apart: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    // Both smooth colours between their places in ways of their own; what is read wrongly is some 70 levels off.
    let mean = apart as f64 / together.as_raw().len() as f64;
    assert!(mean < 2.0, "{mean} levels apart");
}
