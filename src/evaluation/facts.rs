//! What is known of pictures beside what they show: size, light, sharpness, content, copies.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::RgbImage;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::clip::sha256_of_file;
use crate::library::{Fingerprint, decode_with_notes, find_copies, fitted};
use crate::progress::Progress;

/// Light and sharpness are measured on a copy of this side, so that they mean the same for pictures of every size.
const SIDE: u32 = 256;

/// What is known of a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The SHA-256 of its file.
    pub content: String,
    /// Width and height, upright, in pixels.
    pub size: (u32, u32),
    /// The mean of its luma, from 0 (black) to 1 (white).
    pub brightness: f32,
    /// The variance of its luma's Laplacian, on a copy of 256 pixels: the more, the sharper.
    pub sharpness: f32,
    /// The place of the first picture that it is a copy of; its own, mostly.
    pub group: usize,
}

impl Facts {
    /// Of the picture at this place, where that is not here any more: nothing is known of it, and it is a copy of none.
    fn unknown(place: usize) -> Self {
        Self {
            content: String::new(),
            size: (0, 0),
            brightness: 0.0,
            sharpness: 0.0,
            group: place,
        }
    }

    /// What is known of the pictures at these places, among `count` pictures of which the others are not here.
    pub fn spread(found: Vec<Self>, here: &[usize], count: usize) -> Vec<Self> {
        let mut all: Vec<Self> = (0..count).map(Self::unknown).collect();
        for (place, facts) in here.iter().zip(found) {
            let group = here[facts.group];
            all[*place] = Self { group, ..facts };
        }
        all
    }
}

/// Looks through pictures; those that cannot be read any more have no size. None where it was called off.
pub fn facts<P: AsRef<Path> + Sync>(paths: &[P], progress: &(dyn Progress + Sync)) -> Option<Vec<Facts>> {
    let done = AtomicUsize::new(0);
    let look = |path: &P| {
        let done = done.fetch_add(1, Ordering::Relaxed);
        let wanted = progress.at("Looking through the pictures", done, paths.len());
        wanted.then(|| looked(path.as_ref()))
    };
    let looked: Option<Vec<(Facts, Option<Fingerprint>)>> = paths.par_iter().map(look).collect();
    let (mut facts, prints): (Vec<Facts>, Vec<Option<Fingerprint>>) = looked?.into_iter().unzip();
    let places: Vec<usize> = (0..facts.len()).filter(|place| prints[*place].is_some()).collect();
    let prints: Vec<Fingerprint> = prints.into_iter().flatten().collect();
    let copies = find_copies(&prints, progress);
    facts
        .iter_mut()
        .enumerate()
        .for_each(|(place, facts)| facts.group = place);
    for (n, first) in copies.groups.iter().enumerate() {
        facts[places[n]].group = places[*first];
    }
    Some(facts)
}

/// The SHA-256 of a file; empty where it cannot be read.
pub fn content_of(path: &Path) -> String {
    sha256_of_file(path).unwrap_or_default()
}

fn looked(path: &Path) -> (Facts, Option<Fingerprint>) {
    let mut facts = Facts {
        content: content_of(path),
        size: (0, 0),
        brightness: 0.0,
        sharpness: 0.0,
        group: 0,
    };
    let Ok(decoded) = decode_with_notes(path) else {
        return (facts, None);
    };
    facts.size = decoded.picture.dimensions();
    (facts.brightness, facts.sharpness) = light(&fitted(&decoded.picture, SIDE));
    let print = Fingerprint::of(&decoded);
    (facts, Some(print))
}

/// Mean luma, and the variance of its Laplacian.
fn light(picture: &RgbImage) -> (f32, f32) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let luma: Vec<f32> = picture
        .pixels()
        .map(|p| (0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2])) / 255.0)
        .collect();
    let mean = luma.iter().sum::<f32>() / luma.len().max(1) as f32;
    let mut edges = Vec::new();
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = y * width + x;
            edges.push(luma[at - 1] + luma[at + 1] + luma[at - width] + luma[at + width] - 4.0 * luma[at]);
        }
    }
    let count = edges.len().max(1) as f32;
    let middle = edges.iter().sum::<f32>() / count;
    let variance = edges.iter().map(|edge| (edge - middle).powi(2)).sum::<f32>() / count;
    (mean, variance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::decode;
    use crate::progress::{Unheard, while_wanted};

    #[test]
    fn copies_light_and_sharpness_are_seen() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos");
        let folder = tempfile::tempdir().unwrap();
        let cat = decode(&samples.join("cat.jpg")).unwrap();
        cat.save(folder.path().join("a.png")).unwrap();
        image::imageops::blur(&cat, 4.0)
            .save(folder.path().join("b.png"))
            .unwrap();
        fitted(&cat, 200).save(folder.path().join("c.png")).unwrap();
        std::fs::write(folder.path().join("d.png"), b"broken").unwrap();
        let paths = ["a.png", "b.png", "c.png", "d.png"].map(|name| folder.path().join(name));
        let found = facts(&paths, &Unheard).unwrap();
        assert_eq!((found[2].group, found[3].group, found[3].size), (0, 3, (0, 0)));
        assert!(found[0].sharpness > 3.0 * found[1].sharpness, "{found:?}");
        assert!((found[0].brightness - found[1].brightness).abs() < 0.02);
        assert_eq!(found[3].content, crate::clip::sha256_of_bytes(b"broken"));
        assert_eq!(facts(&paths, &while_wanted(|| false)), None);
        // At the places 0, 2, 3 and 5 of six pictures.
        let all = Facts::spread(found.clone(), &[0, 2, 3, 5], 6);
        assert_eq!([1, 3, 4, 5].map(|place| all[place].group), [1, 0, 4, 5]);
        assert_eq!((all[1].size, all[2].size), ((0, 0), found[1].size));
        let (white, flat) = light(&RgbImage::from_pixel(9, 9, image::Rgb([255; 3])));
        assert!((white - 1.0).abs() < 1e-6 && flat < 1e-9);
    }
}
