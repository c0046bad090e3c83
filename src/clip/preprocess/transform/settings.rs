//! `preprocessor_config.json` and `preprocess_cfg`: what they may say, and what follows from what they leave out.

use serde::{Deserialize, Deserializer};

use super::{Offset, Preprocessing, Resize};
use crate::clip::preprocess::pixels::Normalisation;
use crate::clip::preprocess::resample::Filter;
use crate::clip::{Error, Result};

const FILE: &str = "preprocessor_config.json";
/// Patches of the largest square that a tower takes; more are a damaged file.
const MAX_PATCHES: u32 = 16_384;
const OPEN_CLIP_FILE: &str = "open_clip_config.json: preprocess_cfg";

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
    #[serde(deserialize_with = "per_channel")]
    image_mean: [f32; 3],
    #[serde(deserialize_with = "per_channel")]
    image_std: [f32; 3],
    /// For models that keep the aspect ratio.
    patch_size: Option<u32>,
    max_num_patches: Option<u32>,
}

/// One number for each channel, or one for all of them: both references take either.
fn per_channel<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<[f32; 3], D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    match value.as_f64() {
        Some(all) => Ok([all as f32; 3]),
        None => serde_json::from_value(value).map_err(serde::de::Error::custom),
    }
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
    #[serde(deserialize_with = "per_channel")]
    mean: [f32; 3],
    #[serde(deserialize_with = "per_channel")]
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
}
