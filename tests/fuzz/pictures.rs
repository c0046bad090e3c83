//! Pictures of every format.

use std::path::Path;

use clipsight::library::decode_with_notes;

use crate::harness::fuzz;
use crate::place::{Place, read_all};

/// A WebP that says how large its canvas is, apart from its frame.
fn layered_webp() -> Vec<u8> {
    let mut plain = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(9, 7, image::Rgb([200, 90, 10]));
    picture.write_to(&mut plain, image::ImageFormat::WebP).unwrap();
    let header = b"VP8X\x0a\0\0\0\0\0\0\0\x08\0\0\x06\0\0".as_slice();
    let chunks = [b"WEBP".as_slice(), header, &plain.into_inner()[12..]].concat();
    [b"RIFF".as_slice(), &(chunks.len() as u32).to_le_bytes(), &chunks].concat()
}

#[test]
fn pictures() {
    use image::ImageFormat::{Bmp, Gif, Hdr, Ico, Jpeg, OpenExr, Png, Pnm, Qoi, Tga, Tiff, WebP};
    let mut seeds = read_all("cases/jpeg", &[".jpg"], 64 << 10);
    let photograph = image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos/cat.jpg")).unwrap();
    let small = photograph.thumbnail(24, 24);
    for format in [Bmp, Gif, Ico, Jpeg, Png, Pnm, Qoi, Tiff, WebP, Tga] {
        for picture in [
            small.clone(),
            small.clone().into_rgba8().into(),
            small.clone().into_luma8().into(),
        ] {
            let mut file = std::io::Cursor::new(Vec::new());
            if image::DynamicImage::write_to(&picture, &mut file, format).is_ok() {
                seeds.push(file.into_inner());
            }
        }
    }
    for (picture, format) in [
        (small.clone().into_rgb16().into(), Png),
        (small.clone().into_rgba16().into(), Tiff),
        (small.clone().into_rgb32f().into(), Hdr),
        (small.clone().into_rgb32f().into(), OpenExr),
    ] {
        let picture: image::DynamicImage = picture;
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        seeds.push(file.into_inner());
    }
    seeds.push(layered_webp());
    let place = Place::new();
    fuzz("pictures", false, &seeds, |bytes| {
        // TGA is known by its name alone.
        for name in ["picture.jpg", "picture.tga"] {
            if let Ok(decoded) = decode_with_notes(&place.with(name, bytes)) {
                assert!(decoded.picture.width() > 0 && decoded.picture.height() > 0);
            }
        }
    });
}
