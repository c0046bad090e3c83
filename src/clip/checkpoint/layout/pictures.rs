//! How a model of Hugging Face's layout wants its pictures.
//!
//! `preprocessor_config.json` says so, or a part of `processor_config.json` (transformers 5). What they leave out is as the
//! class of transformers has it that they name; where a folder has neither, as the model's family always has it.

use std::path::Path;

use serde_json::{Value, json};

use super::family::Family;
use super::{json, read_optional, with_defaults};
use crate::clip::{Error, Preprocessing, Result, VisionConfig};

/// How pictures are prepared.
pub const PREPROCESSOR: &str = "preprocessor_config.json";
const PROCESSOR: &str = "processor_config.json";
const IMAGE_PROCESSOR: &str = "image_processor";
/// The size that transformers' classes have where a file names none.
const DEFAULT_SIDE: usize = 224;

/// A file that says how pictures are prepared.
pub struct PictureFile {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

impl PictureFile {
    /// What is inside `processor_config.json` comes first, as in transformers 5, which writes nothing else.
    ///
    /// # Errors
    /// A file is damaged.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        if let Some(bytes) = read_optional(folder, PROCESSOR)? {
            let inner = &json::value(PROCESSOR, &bytes)?[IMAGE_PROCESSOR];
            if inner.is_object() {
                let name = PROCESSOR;
                return Ok(Some(Self { name, bytes }));
            }
        }
        let name = PREPROCESSOR;
        Ok(read_optional(folder, name)?.map(|bytes| Self { name, bytes }))
    }

    fn settings(&self) -> Result<Value> {
        let mut value = json::value(self.name, &self.bytes)?;
        Ok(if self.name == PROCESSOR {
            value[IMAGE_PROCESSOR].take()
        } else {
            value
        })
    }
}

impl Family {
    /// How pictures are prepared, by a folder's file or, without one, as the family's always are, which is noted.
    ///
    /// # Errors
    /// The file is damaged, or its pictures are none for this tower.
    pub fn preprocessing(
        self,
        file: Option<&PictureFile>,
        vision: &VisionConfig,
        notes: &mut Vec<String>,
    ) -> Result<Preprocessing> {
        let (mut settings, name, default_side) = match file {
            Some(file) => (file.settings()?, file.name, DEFAULT_SIDE),
            None => {
                notes.push(format!(
                    "the folder has no {PREPROCESSOR}: pictures are prepared as {}'s always are, for {}",
                    self.title(),
                    vision.sees()
                ));
                (json!({}), PREPROCESSOR, vision.image_size())
            }
        };
        let class = settings["image_processor_type"]
            .as_str()
            .or(settings["feature_extractor_type"].as_str());
        let class = class.map(str::to_string);
        // A number is the side of a square where nothing is cut.
        if let (true, Some(size)) = (self.squashes(class.as_deref()), settings["size"].as_u64()) {
            settings["size"] = json!({"height": size, "width": size});
        }
        let settings = with_defaults(settings, self.picture_defaults(default_side, class.as_deref()));
        let preprocessing = match vision {
            VisionConfig::Vit(vit) if vit.any_aspect => Preprocessing::for_any_aspect(settings, vit.patch_size),
            vision => Preprocessing::from_hugging_face(settings, vision.image_size()),
        };
        preprocessing.map_err(|error| match error {
            Error::Config { reason, .. } => Error::config(name, reason),
            other => other,
        })
    }

    fn title(self) -> &'static str {
        match self {
            Self::Clip => "CLIP",
            Self::MetaClip2 => "MetaCLIP 2",
            Self::Siglip => "SigLIP",
            Self::Siglip2 => "SigLIP2",
            Self::Starter => "the starter",
        }
    }

    /// Whether a picture is squashed to the square instead of cut, by the class that prepares it.
    fn squashes(self, class: Option<&str>) -> bool {
        match class {
            Some(class) if class.starts_with("CLIP") => false,
            Some(class) if class.starts_with("Siglip") || class.starts_with("ViT") => true,
            _ => matches!(self, Self::Siglip | Self::Siglip2),
        }
    }

    /// What transformers does with a picture where a file says nothing, by the class that it names.
    fn picture_defaults(self, side: usize, class: Option<&str>) -> Value {
        if !self.squashes(class) {
            return json!({"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}});
        }
        let bilinear = match class {
            Some(class) => class.starts_with("ViT") || class.starts_with("Siglip2"),
            None => self == Self::Siglip2,
        };
        json!({
            "do_center_crop": false,
            "size": {"height": side, "width": side},
            "resample": if bilinear { 2 } else { 3 },
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
            "max_num_patches": 256,
        })
    }
}
