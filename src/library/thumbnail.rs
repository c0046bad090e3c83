//! Small pictures for the gallery.

use fast_image_resize as fir;
use fir::PixelType;
use fir::images::{Image, ImageRef};
use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Longest side of a stored thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 320;
/// With colours at half the resolution: three quarters of the bytes of what was kept before (85, and all colours), at a
/// structural similarity to that of 0.97 (measured below). Codes of each picture's own would save more, but they come with a
/// scan for each colour, which the decoder reads wrongly.
const JPEG_QUALITY: u8 = 80;

/// The picture scaled down, its aspect kept, so that no side exceeds `max_side`; never enlarged.
pub fn fitted(picture: &RgbImage, max_side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= max_side || longest == 0 {
        return picture.clone();
    }
    let scale = f64::from(max_side) / f64::from(longest);
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let (new_width, new_height) = (side(width), side(height));
    let resized = resize(picture, new_width, new_height);
    resized.unwrap_or_else(|| image::imageops::thumbnail(picture, new_width, new_height))
}

fn resize(picture: &RgbImage, width: u32, height: u32) -> Option<RgbImage> {
    let options = fir::ResizeOptions::new()
        .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Hamming))
        .use_alpha(false);
    let source = ImageRef::new(picture.width(), picture.height(), picture.as_raw(), PixelType::U8x3).ok()?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    fir::Resizer::new().resize(&source, &mut target, &options).ok()?;
    RgbImage::from_raw(width, height, target.into_vec())
}

/// A thumbnail as the store keeps it.
pub fn thumbnail_to_jpeg(thumbnail: &RgbImage) -> Option<Vec<u8>> {
    let (width, height) = (u16::try_from(thumbnail.width()), u16::try_from(thumbnail.height()));
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, JPEG_QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder
        .encode(thumbnail.as_raw(), width.ok()?, height.ok()?, ColorType::Rgb)
        .ok()?;
    Some(bytes)
}

/// A thumbnail from the store.
pub fn thumbnail_from_jpeg(bytes: &[u8]) -> Option<RgbImage> {
    image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg)
        .ok()
        .map(image::DynamicImage::into_rgb8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_looks_like_the_picture_and_takes_little() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos");
        let cat = image::open(folder.join("cat.jpg")).unwrap().into_rgb8();
        let small = fitted(&cat, THUMBNAIL_SIDE);
        let jpeg = thumbnail_to_jpeg(&small).unwrap();
        assert!(jpeg.len() < 20_000, "{} bytes", jpeg.len());
        let kept = thumbnail_from_jpeg(&jpeg).unwrap();
        assert_eq!(kept.dimensions(), small.dimensions());
        let pairs = kept.as_raw().iter().zip(small.as_raw());
        let off: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(off < 8 * small.as_raw().len() as u64, "{off} off");
    }

    /// How wide the window is in which two pictures are compared, and how far its weights reach, in pixels.
    const WINDOW: usize = 11;
    const SPREAD: f64 = 1.5;

    /// Brightness, row by row, with its width.
    struct Grey(Vec<f64>, usize);

    impl Grey {
        fn of(picture: &RgbImage) -> Self {
            // As JPEG keeps it.
            let grey = picture.pixels().map(|pixel| {
                let [red, green, blue] = pixel.0.map(f64::from);
                0.299 * red + 0.587 * green + 0.114 * blue
            });
            Self(grey.collect(), picture.width() as usize)
        }

        fn with(&self, other: &Self, value: impl Fn(f64, f64) -> f64) -> Self {
            let pairs = self.0.iter().zip(&other.0);
            Self(pairs.map(|(a, b)| value(*a, *b)).collect(), self.1)
        }

        /// The weighted mean in every window that lies inside, first along rows, then along columns.
        fn blurred(&self) -> Self {
            let middle = (WINDOW / 2) as f64;
            let weight = |n: usize| (-(n as f64 - middle).powi(2) / (2.0 * SPREAD * SPREAD)).exp();
            let weights: Vec<f64> = (0..WINDOW).map(weight).collect();
            let sum: f64 = weights.iter().sum();
            let mean = |values: &mut dyn Iterator<Item = f64>| -> f64 {
                values.zip(&weights).map(|(value, weight)| value * weight / sum).sum()
            };
            let width = self.1 - WINDOW + 1;
            let rows: Vec<Vec<f64>> = self
                .0
                .chunks_exact(self.1)
                .map(|row| {
                    row.windows(WINDOW)
                        .map(|part| mean(&mut part.iter().copied()))
                        .collect()
                })
                .collect();
            let columns = rows.windows(WINDOW);
            let means = columns.flat_map(|part| (0..width).map(move |x| (part, x)));
            Self(
                means
                    .map(|(part, x)| mean(&mut part.iter().map(|row| row[x])))
                    .collect(),
                width,
            )
        }
    }

    /// Structural similarity of brightness (Wang et al. 2004, "Image quality assessment: from error visibility to
    /// structural similarity"), the mean over all windows.
    fn similarity(a: &RgbImage, b: &RgbImage) -> f64 {
        let (a, b) = (Grey::of(a), Grey::of(b));
        let (small, large) = ((0.01 * 255.0_f64).powi(2), (0.03 * 255.0_f64).powi(2));
        let product = |a: &Grey, b: &Grey| a.with(b, |a, b| a * b);
        let (mean_a, mean_b) = (a.blurred(), b.blurred());
        let spread = |a: &Grey, b: &Grey, mean_a: &Grey, mean_b: &Grey| {
            product(a, b).blurred().with(&product(mean_a, mean_b), |a, b| a - b)
        };
        let var_a = spread(&a, &a, &mean_a, &mean_a);
        let var_b = spread(&b, &b, &mean_b, &mean_b);
        let both = spread(&a, &b, &mean_a, &mean_b);
        let brightness = mean_a.with(&mean_b, |a, b| (2.0 * a * b + small) / (a * a + b * b + small));
        let contrast = var_a.with(&var_b, |a, b| a + b + large);
        let structure = both.with(&contrast, |both, contrast| (2.0 * both + large) / contrast);
        let all = brightness.with(&structure, |a, b| a * b).0;
        all.iter().sum::<f64>() / all.len() as f64
    }

    /// As thumbnails were kept before they were made smaller: quality 85, and all colours.
    fn kept_before(thumbnail: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 85);
        encoder.set_sampling_factor(SamplingFactor::F_1_1);
        let (width, height) = (thumbnail.width() as u16, thumbnail.height() as u16);
        encoder
            .encode(thumbnail.as_raw(), width, height, ColorType::Rgb)
            .unwrap();
        bytes
    }

    #[test]
    fn thumbnails_are_as_good_as_those_that_took_more() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos");
        let (mut similarities, mut before_bytes, mut bytes) = (Vec::new(), 0, 0);
        for entry in std::fs::read_dir(folder).unwrap() {
            let picture = image::open(entry.unwrap().path()).unwrap().into_rgb8();
            let small = fitted(&picture, THUMBNAIL_SIDE);
            let (before, now) = (kept_before(&small), thumbnail_to_jpeg(&small).unwrap());
            let read = |bytes: &[u8]| thumbnail_from_jpeg(bytes).unwrap();
            similarities.push(similarity(&read(&before), &read(&now)));
            before_bytes += before.len();
            bytes += now.len();
        }
        let mean = similarities.iter().sum::<f64>() / similarities.len() as f64;
        println!(
            "{mean} of {} thumbnails, {bytes} bytes for {before_bytes}",
            similarities.len()
        );
        assert!(mean >= 0.97, "{mean}");
        assert!(bytes * 4 < before_bytes * 3, "{bytes} bytes for {before_bytes}");
        let cat = RgbImage::from_fn(40, 30, |x, y| image::Rgb([(x * 6) as u8, (y * 8) as u8, 0]));
        assert!((similarity(&cat, &cat) - 1.0).abs() < 1e-12);
        assert!(similarity(&cat, &RgbImage::new(40, 30)) < 0.5);
    }

    #[test]
    fn the_longest_side_fits_and_small_pictures_stay() {
        assert_eq!(fitted(&RgbImage::new(1_000, 10), 100).dimensions(), (100, 1));
        assert_eq!(fitted(&RgbImage::new(30, 40), 100).dimensions(), (30, 40));
        assert_eq!(fitted(&RgbImage::new(3, 9_000), 100).dimensions(), (1, 100));
    }
}
