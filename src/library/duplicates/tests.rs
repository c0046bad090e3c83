use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};

use super::super::budget::Room;
use super::super::decode::{Decoded, decode_with_notes};
use super::*;
use crate::progress::Unheard;

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths
}

fn saved(picture: &RgbImage, quality: u8) -> Decoded {
    let mut bytes = Cursor::new(Vec::new());
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(picture)
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jpg");
    std::fs::write(&path, bytes.into_inner()).unwrap();
    decode_with_notes(&path).unwrap()
}

fn plain(picture: RgbImage) -> Decoded {
    Decoded {
        picture,
        note: None,
        steps: None,
        room: Room::default(),
    }
}

fn groups(pictures: &[Decoded]) -> Vec<usize> {
    let prints: Vec<Fingerprint> = pictures.iter().map(Fingerprint::of).collect();
    find_copies(&prints, &Unheard).groups
}

fn cropped(picture: &RgbImage, [left, top, right, bottom]: [u32; 4]) -> RgbImage {
    let (width, height) = picture.dimensions();
    let part = |percent: u32, side: u32| percent * side / 100;
    let (w, h) = (width - part(left + right, width), height - part(top + bottom, height));
    image::imageops::crop_imm(picture, part(left, width), part(top, height), w, h).to_image()
}

fn resized(picture: &RgbImage, percent: u32) -> RgbImage {
    let side = |side: u32| (side * percent / 100).max(1);
    let filter = image::imageops::FilterType::CatmullRom;
    image::imageops::resize(picture, side(picture.width()), side(picture.height()), filter)
}

#[test]
fn different_photographs_are_no_copies_and_their_copies_are() {
    let photographs: Vec<Decoded> = samples().iter().map(|path| decode_with_notes(path).unwrap()).collect();
    let count = photographs.len();
    assert_eq!(groups(&photographs), (0..count).collect::<Vec<_>>());
    type Change = fn(&RgbImage) -> Decoded;
    let changes: [(&str, Change); 9] = [
        ("saved at 90", |p| saved(p, 90)),
        ("saved at 50", |p| saved(p, 50)),
        ("another format", |p| plain(p.clone())),
        ("half", |p| plain(resized(p, 50))),
        ("a quarter, saved", |p| saved(&resized(p, 25), 70)),
        ("twice", |p| plain(resized(p, 200))),
        ("border off", |p| saved(&cropped(p, [2; 4]), 85)),
        ("left side off", |p| saved(&cropped(p, [5, 0, 0, 0]), 85)),
        ("border off, enlarged", |p| {
            let filter = image::imageops::FilterType::CatmullRom;
            plain(image::imageops::resize(
                &cropped(p, [3; 4]),
                p.width(),
                p.height(),
                filter,
            ))
        }),
    ];
    for (name, change) in changes {
        let copies = photographs.iter().map(|photograph| change(&photograph.picture));
        let all: Vec<Decoded> = photographs.iter().map(plain_with).chain(copies).collect();
        let found = groups(&all);
        let missed: Vec<usize> = (0..count).filter(|n| found[count + n] != *n).collect();
        // A hash of 64 bits overlooks some whose border is gone.
        assert!(missed.len() * 8 <= count, "{name}: {missed:?} were not found");
        assert!((0..count).all(|n| found[n] == n), "{name}");
    }
}

fn plain_with(decoded: &Decoded) -> Decoded {
    Decoded {
        picture: decoded.picture.clone(),
        note: None,
        steps: decoded.steps,
        room: Room::default(),
    }
}

/// A number from -1 to 1 that looks random.
fn noise(seed: u32, x: u32, y: u32) -> f32 {
    let mut n = seed.wrapping_mul(0x9E37_79B9) ^ x.wrapping_mul(0x85EB_CA6B) ^ y.wrapping_mul(0xC2B2_AE35);
    n = (n ^ n >> 15).wrapping_mul(0x2C1B_3C6D);
    n = (n ^ n >> 12).wrapping_mul(0x297A_2D39);
    (n ^ n >> 15) as f32 / u32::MAX as f32 * 2.0 - 1.0
}

fn with_noise(picture: &RgbImage, seed: u32, strength: f32) -> RgbImage {
    let mut picture = picture.clone();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let off = strength * noise(seed, x, y);
        pixel.0 = pixel
            .0
            .map(|value| (f32::from(value) + off).round().clamp(0.0, 255.0) as u8);
    }
    picture
}

#[test]
fn frames_of_one_camera_and_cuttings_of_one_cloth_are_no_copies() {
    let scene = decode_with_notes(&samples()[8]).unwrap().picture;
    let frames: Vec<Decoded> = (0..12).map(|seed| saved(&with_noise(&scene, seed, 3.0), 93)).collect();
    assert_eq!(groups(&frames), (0..12).collect::<Vec<_>>());
    let cloth = RgbImage::from_pixel(240, 180, image::Rgb([180, 40, 50]));
    let cuttings: Vec<Decoded> = (0..12).map(|seed| saved(&with_noise(&cloth, seed, 5.0), 93)).collect();
    assert_eq!(groups(&cuttings), (0..12).collect::<Vec<_>>());
    let again = saved(&frames[3].picture, 80);
    let with_copy: Vec<Decoded> = frames.iter().map(plain_with).chain([again]).collect();
    assert_eq!(groups(&with_copy)[12], 3);
}

#[test]
fn other_colours_and_small_things_on_plain_ground_are_no_copies() {
    let shirt = decode_with_notes(&samples()[0]).unwrap().picture;
    let turned = |order: [usize; 3]| {
        let mut picture = shirt.clone();
        picture.pixels_mut().for_each(|p| p.0 = order.map(|c| p.0[c]));
        plain(picture)
    };
    assert_eq!(
        groups(&[turned([0, 1, 2]), turned([1, 0, 2]), turned([2, 1, 0])]),
        [0, 1, 2]
    );
    let thing = |seed: u32| {
        plain(RgbImage::from_fn(300, 300, |x, y| {
            let (dx, dy) = (x as f32 - 150.0, y as f32 - 150.0);
            let radius = 40.0 + 20.0 * (seed as f32 + 2.0 * dy.atan2(dx)).sin();
            image::Rgb(if dx.hypot(dy) < radius { [60, 60, 60] } else { [255; 3] })
        }))
    };
    assert_eq!(groups(&(0..6).map(thing).collect::<Vec<_>>()), [0, 1, 2, 3, 4, 5]);
    let digit = |seed: u32| {
        plain(RgbImage::from_fn(8, 8, |x, y| {
            image::Rgb([(noise(seed, x, y) * 127.0 + 128.0) as u8; 3])
        }))
    };
    assert_eq!(groups(&[digit(1), digit(2), digit(1)]), [0, 1, 0]);
}

#[test]
fn the_tree_finds_what_a_search_through_all_finds() {
    let mut random = fastrand::Rng::with_seed(3);
    let centre = random.u64(..);
    let hashes: Vec<u64> = (0..600)
        .map(|n| {
            if n % 2 == 0 {
                random.u64(..)
            } else {
                (0..n % 20).fold(centre, |hash, _| hash ^ 1 << random.u32(0..64))
            }
        })
        .collect();
    let mut tree = Tree::default();
    hashes
        .iter()
        .enumerate()
        .for_each(|(place, hash)| tree.insert(*hash, place));
    for hash in hashes.iter().take(80) {
        let mut found = tree.near(*hash, NEAR_BITS);
        found.sort_by_key(|(_, place)| *place);
        let all = hashes
            .iter()
            .enumerate()
            .map(|(place, other)| ((hash ^ other).count_ones(), place));
        assert_eq!(found, all.filter(|(bits, _)| *bits <= NEAR_BITS).collect::<Vec<_>>());
    }
}

#[test]
fn every_format_keeps_a_picture_its_own_copy() {
    let picture = decode_with_notes(&samples()[2]).unwrap().picture;
    let mut webp = Cursor::new(Vec::new());
    picture.write_to(&mut webp, ImageFormat::WebP).unwrap();
    let again = image::load_from_memory(&webp.into_inner()).unwrap().into_rgb8();
    assert_eq!(groups(&[plain(picture), plain(again)]), [0, 0]);
}
