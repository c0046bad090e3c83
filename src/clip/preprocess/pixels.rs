//! From a decoded picture to the numbers that an image tower gets (`preprocessor_config.json`, or OpenCLIP's
//! `preprocess_cfg`).
//!
//! Follows Pillow: an antialiased resize, width first and then height, each rounded to bytes; a centre crop or a squash
//! to the square; `(x * rescale_factor - mean) / std`. Transformers floors the offset of the crop, OpenCLIP (that is,
//! torchvision) rounds it half to even, and may pad the picture instead of cropping it. Only the crop window and the
//! kernel's margin are computed, so that a picture of 5000 x 1 pixels costs no more than any other.

use image::RgbImage;
use serde::Deserialize;

use super::resample::{Axis, Filter, resample};
use crate::clip::{Error, Result};

const FILE: &str = "preprocessor_config.json";
/// Patches of the largest square that a tower takes; more are a damaged file.
const MAX_PATCHES: u32 = 16_384;
const OPEN_CLIP_FILE: &str = "open_clip_config.json: preprocess_cfg";

/// One picture as an image tower sees it. It stays in bytes for as long as possible: they are a quarter of the numbers.
#[derive(Debug, Clone)]
pub struct Pixels {
    /// Red, green and blue of each pixel, row by row.
    pub bytes: Vec<u8>,
    /// What makes the tower's numbers of them.
    pub normalisation: Normalisation,
    /// Columns: the input square's side, or what a picture of its aspect ratio has.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// From a byte to a number: `(byte * rescale_factor - mean) / std`, for each channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalisation {
    /// What a byte is multiplied by.
    pub rescale_factor: f32,
    /// What is subtracted.
    pub mean: [f32; 3],
    /// What is divided by.
    pub std: [f32; 3],
}

impl Pixels {
    /// The tower's numbers, `[3, height, width]`: channel by channel, row by row.
    pub fn values(&self) -> Vec<f32> {
        let Normalisation {
            rescale_factor,
            mean,
            std,
        } = self.normalisation;
        let area = self.width * self.height;
        let mut values = vec![0.0; 3 * area];
        let (red, others) = values.split_at_mut(area);
        let (green, blue) = others.split_at_mut(area);
        let pixels = self.bytes.as_chunks::<3>().0.iter();
        for (((pixel, red), green), blue) in pixels.zip(red).zip(green).zip(blue) {
            *red = (f32::from(pixel[0]) * rescale_factor - mean[0]) / std[0];
            *green = (f32::from(pixel[1]) * rescale_factor - mean[1]) / std[1];
            *blue = (f32::from(pixel[2]) * rescale_factor - mean[2]) / std[2];
        }
        values
    }
}

/// The part of a picture that the model sees, as fractions of its width and height.
///
/// It reaches beyond 0..1 where the square is padded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewRect {
    /// Left edge.
    pub left: f32,
    /// Top edge.
    pub top: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// Where the square is cut from, off the centre: from -1, all the way to the left or top, to 1, all the way to the right
/// or bottom.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shift {
    /// Across.
    pub x: f32,
    /// Down.
    pub y: f32,
}

/// How a checkpoint wants its pictures.
#[derive(Debug, Clone)]
pub struct Preprocessing {
    resize: Resize,
    offset: Offset,
    filter: Filter,
    side: u32,
    normalisation: Normalisation,
}

/// How half an odd number of pixels is rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Offset {
    Floor,
    HalfToEven,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Resize {
    None,
    ShortestEdge(u32),
    LongestEdge(u32),
    Exact {
        width: u32,
        height: u32,
    },
    /// As many whole patches as `most` allows, at the picture's own aspect ratio.
    Patches {
        patch: u32,
        most: u32,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawSize {
    Number(u32),
    ShortestEdge {
        shortest_edge: u32,
    },
    Exact {
        height: u32,
        width: u32,
    },
    /// Height and width.
    Pair([u32; 2]),
}

#[derive(Deserialize)]
#[serde(default)]
struct RawPreprocessing {
    do_resize: bool,
    size: RawSize,
    resample: u32,
    do_center_crop: bool,
    crop_size: RawSize,
    do_rescale: bool,
    rescale_factor: f64,
    do_normalize: bool,
    image_mean: [f32; 3],
    image_std: [f32; 3],
    /// For models that keep the aspect ratio.
    patch_size: Option<u32>,
    max_num_patches: Option<u32>,
}

impl RawPreprocessing {
    fn parse(settings: serde_json::Value) -> Result<Self> {
        // A size comes in several forms; serde's own message names none of them.
        for name in ["size", "crop_size"] {
            let size = &settings[name];
            if !size.is_null() && RawSize::deserialize(size).is_err() {
                let forms = "a number, {\"shortest_edge\"}, or {\"height\", \"width\"}";
                return Err(Error::config(FILE, format!("{name} is {size}; {forms} are understood")));
            }
        }
        serde_json::from_value(settings).map_err(|e| Error::config(FILE, e.to_string()))
    }
}

/// The defaults of transformers' `CLIPImageProcessor`.
impl Default for RawPreprocessing {
    fn default() -> Self {
        Self {
            do_resize: true,
            size: RawSize::ShortestEdge { shortest_edge: 224 },
            resample: 3,
            do_center_crop: true,
            crop_size: RawSize::Number(224),
            do_rescale: true,
            rescale_factor: 1.0 / 255.0,
            do_normalize: true,
            image_mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
            image_std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
            patch_size: None,
            max_num_patches: None,
        }
    }
}

/// OpenCLIP's `preprocess_cfg`, with its defaults.
#[derive(Deserialize)]
#[serde(default)]
pub struct OpenClipPreprocessing {
    mean: [f32; 3],
    std: [f32; 3],
    interpolation: String,
    resize_mode: String,
    fill_color: u8,
}

impl Default for OpenClipPreprocessing {
    fn default() -> Self {
        let clip = RawPreprocessing::default();
        Self {
            mean: clip.image_mean,
            std: clip.image_std,
            interpolation: "bicubic".into(),
            resize_mode: "shortest".into(),
            fill_color: 0,
        }
    }
}

impl Preprocessing {
    /// From OpenCLIP's `preprocess_cfg`, for a tower whose input is `image_size` pixels square.
    ///
    /// # Errors
    /// An unknown filter or way of resizing.
    pub fn from_open_clip(raw: &OpenClipPreprocessing, image_size: usize) -> Result<Self> {
        let unknown = |what: &str, value: &str| Error::config(OPEN_CLIP_FILE, format!("{what} is \"{value}\""));
        let side = image_size as u32;
        let filter = match raw.interpolation.as_str() {
            "bicubic" | "random" => Filter::Bicubic,
            "bilinear" => Filter::Bilinear,
            other => return Err(unknown("interpolation", other)),
        };
        let resize = match raw.resize_mode.as_str() {
            "shortest" => Resize::ShortestEdge(side),
            "longest" => Resize::LongestEdge(side),
            "squash" => Resize::Exact {
                width: side,
                height: side,
            },
            other => return Err(unknown("resize_mode", other)),
        };
        if raw.std.contains(&0.0) {
            return Err(Error::config(OPEN_CLIP_FILE, "std holds a 0"));
        }
        if resize == Resize::LongestEdge(side) && raw.fill_color != 0 {
            return Err(Error::config(OPEN_CLIP_FILE, "fill_color is not black"));
        }
        Ok(Self {
            resize,
            offset: Offset::HalfToEven,
            filter,
            side,
            normalisation: Normalisation {
                rescale_factor: 1.0 / 255.0,
                mean: raw.mean,
                std: raw.std,
            },
        })
    }

    /// From `preprocessor_config.json`, for a tower whose input is `image_size` pixels square.
    ///
    /// # Errors
    /// A field of the wrong type, an unknown filter, or a result that would not fit the tower.
    pub fn from_hugging_face(settings: serde_json::Value, image_size: usize) -> Result<Self> {
        let raw = RawPreprocessing::parse(settings)?;
        let resize = match (raw.do_resize, &raw.size) {
            (false, _) => Resize::None,
            (true, RawSize::Number(edge) | RawSize::ShortestEdge { shortest_edge: edge }) => {
                Resize::ShortestEdge(*edge)
            }
            (true, RawSize::Exact { height, width } | RawSize::Pair([height, width])) => Resize::Exact {
                width: *width,
                height: *height,
            },
        };
        let preprocessing = Self::with_resize(resize, image_size as u32, &raw)?;
        preprocessing.check(&raw)?;
        Ok(preprocessing)
    }

    /// From `preprocessor_config.json`, for a tower that takes any number of patches of `patch_size` pixels and whose
    /// pictures keep their aspect ratio (SigLIP2 NaFlex).
    ///
    /// # Errors
    /// A field of the wrong type, an unknown filter, or patches that are not the tower's.
    pub fn for_any_aspect(settings: serde_json::Value, patch_size: usize) -> Result<Self> {
        let raw = RawPreprocessing::parse(settings)?;
        let patch = raw.patch_size.unwrap_or(patch_size as u32);
        let most = raw.max_num_patches.unwrap_or(MAX_PATCHES);
        if patch as usize != patch_size {
            let reason = format!("patch_size is {patch}, but the image tower's patches are {patch_size} pixels");
            return Err(Error::config(FILE, reason));
        }
        if !(1..=MAX_PATCHES).contains(&most) {
            let reason = format!("max_num_patches is {most}, but must lie in 1..={MAX_PATCHES}");
            return Err(Error::config(FILE, reason));
        }
        if !raw.do_resize {
            return Err(Error::config(
                FILE,
                "do_resize is off: pictures would not be whole patches",
            ));
        }
        Self::with_resize(Resize::Patches { patch, most }, 0, &raw)
    }

    fn with_resize(resize: Resize, side: u32, raw: &RawPreprocessing) -> Result<Self> {
        let unknown = || Error::config(FILE, format!("resample is {}; Pillow knows 0 to 5", raw.resample));
        if raw.do_normalize && raw.image_std.contains(&0.0) {
            return Err(Error::config(FILE, "image_std holds a 0"));
        }
        Ok(Self {
            resize,
            offset: Offset::Floor,
            filter: Filter::from_number(raw.resample).ok_or_else(unknown)?,
            side,
            normalisation: Normalisation {
                rescale_factor: if raw.do_rescale { raw.rescale_factor as f32 } else { 1.0 },
                mean: if raw.do_normalize { raw.image_mean } else { [0.0; 3] },
                std: if raw.do_normalize { raw.image_std } else { [1.0; 3] },
            },
        })
    }

    fn check(&self, raw: &RawPreprocessing) -> Result<()> {
        let side = self.side;
        let fits = if raw.do_center_crop {
            match raw.crop_size {
                RawSize::Number(edge) | RawSize::ShortestEdge { shortest_edge: edge } => edge == side,
                RawSize::Exact { height, width } | RawSize::Pair([height, width]) => height == side && width == side,
            }
        } else {
            self.resize
                == Resize::Exact {
                    width: side,
                    height: side,
                }
        };
        if !fits {
            return Err(Error::config(
                FILE,
                format!("its pictures would not be the {side} x {side} pixels that the image tower takes"),
            ));
        }
        if matches!(
            self.resize,
            Resize::ShortestEdge(0) | Resize::Exact { width: 0, .. } | Resize::Exact { height: 0, .. }
        ) {
            return Err(Error::config(FILE, "size is 0"));
        }
        Ok(())
    }

    /// The picture as the tower gets it, before normalisation.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn model_view(&self, picture: &RgbImage) -> Result<RgbImage> {
        self.model_view_at(picture, Shift::default())
    }

    /// The same with the square cut elsewhere.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn model_view_at(&self, picture: &RgbImage, shift: Shift) -> Result<RgbImage> {
        let (width, height) = picture.dimensions();
        if width == 0 || height == 0 {
            return Err(Error::EmptyPicture { width, height });
        }
        let (resized_width, resized_height) = self.resized(width, height);
        let (columns, left) = self.window(width, resized_width, shift.x);
        let (rows, top) = self.window(height, resized_height, shift.y);
        let visible = resample(picture, columns, rows, self.filter);
        let seen = (self.seen(resized_width), self.seen(resized_height));
        if visible.dimensions() == seen {
            return Ok(visible);
        }
        let mut square = RgbImage::new(seen.0, seen.1);
        image::imageops::replace(&mut square, &visible, i64::from(left), i64::from(top));
        Ok(square)
    }

    /// What the tower sees of a picture as a square of `side` pixels, which is the input square's: of a tower that keeps
    /// the aspect ratio, the picture's middle.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn square_view(&self, picture: &RgbImage, side: u32) -> Result<RgbImage> {
        if !matches!(self.resize, Resize::Patches { .. }) {
            return self.model_view(picture);
        }
        let (width, height) = picture.dimensions();
        if width == 0 || height == 0 {
            return Err(Error::EmptyPicture { width, height });
        }
        let short = width.min(height);
        let middle = |source: u32| {
            let resized = u64::from(source) * u64::from(side) / u64::from(short);
            Axis {
                source,
                resized,
                first: (resized - u64::from(side)) / 2,
                count: side,
            }
        };
        Ok(resample(picture, middle(width), middle(height), self.filter))
    }

    /// The numbers for the tower, from what [`Self::model_view`] returned.
    pub fn normalise(&self, view: &RgbImage) -> Pixels {
        Pixels {
            bytes: view.as_raw().clone(),
            normalisation: self.normalisation,
            width: view.width() as usize,
            height: view.height() as usize,
        }
    }

    /// [`Self::model_view`] and [`Self::normalise`] in one.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn pixels(&self, picture: &RgbImage) -> Result<Pixels> {
        Ok(self.normalise(&self.model_view(picture)?))
    }

    /// The part of a picture of `width` x `height` pixels that the tower sees.
    pub fn view_rect(&self, width: u32, height: u32) -> ViewRect {
        self.view_rect_at(width, height, Shift::default())
    }

    /// The same with the square cut elsewhere.
    pub fn view_rect_at(&self, width: u32, height: u32, shift: Shift) -> ViewRect {
        let (resized_width, resized_height) = self.resized(width.max(1), height.max(1));
        let fraction = |resized: u64, shift: f32| {
            let start = self.first(resized, shift);
            (
                start as f32 / resized as f32,
                self.seen(resized) as f32 / resized as f32,
            )
        };
        let (left, view_width) = fraction(resized_width, shift.x);
        let (top, view_height) = fraction(resized_height, shift.y);
        ViewRect {
            left,
            top,
            width: view_width,
            height: view_height,
        }
    }

    /// The size to which a whole picture would be resized (HF `get_resize_output_image_size`: the long side floors).
    fn resized(&self, width: u32, height: u32) -> (u64, u64) {
        match self.resize {
            Resize::None => (width.into(), height.into()),
            Resize::Exact { width, height } => (width.into(), height.into()),
            Resize::Patches { patch, most } => whole_patches(width, height, patch, most),
            Resize::LongestEdge(edge) => {
                let ratio = f64::from(edge) / f64::from(width.max(height));
                let resized = |size: u32| ((f64::from(size) * ratio).round_ties_even() as u64).max(1);
                (resized(width), resized(height))
            }
            Resize::ShortestEdge(edge) => {
                let (short, long) = (width.min(height), width.max(height));
                let long_edge = (f64::from(edge) * f64::from(long) / f64::from(short)) as u64;
                if width <= height {
                    (edge.into(), long_edge)
                } else {
                    (long_edge, edge.into())
                }
            }
        }
    }

    /// Pixels of a resized axis, padding included, that the tower sees.
    fn seen(&self, resized: u64) -> u32 {
        match self.resize {
            Resize::Patches { .. } => resized as u32,
            _ => self.side,
        }
    }

    /// Where the square starts in a resized axis; before it, where the picture is smaller than the square.
    fn first(&self, resized: u64, shift: f32) -> i64 {
        let spare = resized as i64 - i64::from(self.seen(resized));
        let moved = (shift * spare as f32 / 2.0).round() as i64;
        let centred = match self.offset {
            Offset::HalfToEven if spare > 0 => (spare as f64 / 2.0).round_ties_even() as i64,
            // The smaller half of a padding comes first.
            Offset::HalfToEven => -(-spare / 2),
            Offset::Floor => spare.div_euclid(2),
        };
        if spare > 0 {
            (centred + moved).clamp(0, spare)
        } else {
            centred
        }
    }

    /// The stretch of one axis that ends up in the square, and where it starts there.
    fn window(&self, source: u32, resized: u64, shift: f32) -> (Axis, u32) {
        let first = self.first(resized, shift);
        let axis = Axis {
            source,
            resized,
            first: first.max(0) as u64,
            count: u64::from(self.seen(resized)).min(resized) as u32,
        };
        (axis, (-first).max(0) as u32)
    }
}

/// The size of a picture in whole patches, as many as are allowed (transformers' `get_image_size_for_max_num_patches`,
/// whose search is repeated step by step: another would end on another size now and then).
fn whole_patches(width: u32, height: u32, patch: u32, most: u32) -> (u64, u64) {
    const PRECISION: f64 = 1e-5;
    let patches = |scale: f64, size: u32| (f64::from(size) * scale / f64::from(patch)).ceil().max(1.0);
    let (mut low, mut high) = (PRECISION / 10.0, 100.0);
    while high - low >= PRECISION {
        let middle = (low + high) / 2.0;
        if patches(middle, width) * patches(middle, height) <= f64::from(most) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let pixels = |size: u32| patches(low, size) as u64 * u64::from(patch);
    (pixels(width), pixels(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Preprocessing> {
        Preprocessing::from_hugging_face(serde_json::from_str(json).unwrap(), 224)
    }

    fn clip() -> Preprocessing {
        parse("{}").unwrap()
    }

    #[test]
    fn any_shape_becomes_the_square() {
        for (width, height) in [(1, 1), (5_000, 1), (1, 5_000), (224, 224), (3, 500), (640, 479)] {
            let view = clip()
                .model_view(&RgbImage::from_pixel(width, height, image::Rgb([200, 100, 50])))
                .unwrap();
            assert_eq!(view.dimensions(), (224, 224), "{width} x {height}");
            assert_eq!(view.get_pixel(112, 112).0, [200, 100, 50], "{width} x {height}");
        }
    }

    #[test]
    fn a_picture_without_pixels_is_an_error() {
        assert!(clip().model_view(&RgbImage::new(0, 10)).is_err());
    }

    #[test]
    fn the_view_of_a_wide_picture_is_its_middle() {
        let rect = clip().view_rect(448, 224);
        assert_eq!((rect.left, rect.width), (0.25, 0.5));
        assert_eq!((rect.top, rect.height), (0.0, 1.0));
    }

    #[test]
    fn a_shifted_view_reaches_the_edges_and_no_further() {
        let picture = RgbImage::from_fn(448, 224, |x, _| image::Rgb([(x / 2) as u8; 3]));
        let rect = |x: f32| clip().view_rect_at(448, 224, Shift { x, y: 0.7 });
        assert_eq!((rect(-1.0).left, rect(0.0).left, rect(1.0).left), (0.0, 0.25, 0.5));
        assert_eq!((rect(9.0).left, rect(1.0).top), (0.5, 0.0));
        let view = clip().model_view_at(&picture, Shift { x: 1.0, y: 0.0 }).unwrap();
        assert_eq!(view.get_pixel(223, 0).0[0], 223);
        assert_eq!(view.get_pixel(0, 0).0[0], 112);
    }

    #[test]
    fn a_square_larger_than_the_picture_is_padded_with_black() {
        let preprocessing = parse(r#"{"do_resize": false}"#).unwrap();
        let view = preprocessing
            .model_view(&RgbImage::from_pixel(100, 101, image::Rgb([255; 3])))
            .unwrap();
        assert_eq!(view.get_pixel(61, 112).0, [0; 3]);
        assert_eq!(view.get_pixel(62, 112).0, [255; 3]);
        assert_eq!(view.get_pixel(112, 61).0, [0; 3]);
        assert_eq!(view.get_pixel(112, 62).0, [255; 3]);
    }

    #[test]
    fn whole_patches_keep_the_aspect_ratio_and_stay_within_their_number() {
        let preprocessing =
            Preprocessing::for_any_aspect(serde_json::json!({"max_num_patches": 256, "resample": 2}), 16).unwrap();
        // From transformers' own function.
        for ((width, height), expected) in [
            ((640, 480), (288, 224)),
            ((480, 640), (224, 288)),
            ((1000, 1000), (256, 256)),
            ((1, 1), (112, 112)),
            ((5000, 1), (4096, 16)),
            ((1920, 1080), (336, 192)),
            ((33, 50), (208, 304)),
        ] {
            let view = preprocessing.model_view(&RgbImage::new(width, height)).unwrap();
            assert_eq!(view.dimensions(), expected, "{width} x {height}");
            let rect = preprocessing.view_rect(width, height);
            assert_eq!((rect.left, rect.top, rect.width, rect.height), (0.0, 0.0, 1.0, 1.0));
        }
        let wide = RgbImage::from_fn(300, 100, |x, _| image::Rgb([if x / 100 == 1 { 200 } else { 0 }; 3]));
        let square = preprocessing.square_view(&wide, 50).unwrap();
        assert_eq!(square.dimensions(), (50, 50));
        assert!(square.pixels().filter(|pixel| pixel.0[0] == 200).count() > 40 * 50);
        assert!(Preprocessing::for_any_aspect(serde_json::json!({"patch_size": 14}), 16).is_err());
        assert!(Preprocessing::for_any_aspect(serde_json::json!({"max_num_patches": 0}), 16).is_err());
    }

    #[test]
    fn sizes_come_in_several_forms_and_others_are_named() {
        for size in ["224", r#"{"height": 224, "width": 224}"#, "[224, 224]"] {
            assert!(parse(&format!(r#"{{"crop_size": {size}}}"#)).is_ok(), "{size}");
        }
        let error = parse(r#"{"size": {"longest_edge": 224}}"#).unwrap_err().to_string();
        assert!(
            error.contains("longest_edge") && error.contains("shortest_edge"),
            "{error}"
        );
    }

    #[test]
    fn a_size_that_does_not_fit_the_tower_is_an_error() {
        assert!(parse(r#"{"crop_size": 192}"#).is_err());
        assert!(parse(r#"{"do_center_crop": false}"#).is_err());
        assert!(parse(r#"{"resample": 9}"#).is_err());
    }
}
