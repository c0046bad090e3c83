//! OpenAI's archives: one TorchScript file a model, named after it (`ViT-B-32.pt`, `RN50.pt`).
//!
//! Nothing in the archive is executed; only its tensors are read. The architecture follows from their shapes, as in
//! `build_model` of the paper's code: a `visual.proj` means a Vision Transformer, heads are 64 wide, the activation is
//! quick_gelu.

use std::path::Path;

use crate::clip::checkpoint::layout::{Description, Parts, TOKENIZER, TextFiles};
use crate::clip::checkpoint::weights::{ImageNames, KeyMap};
use crate::clip::config::{RESNET_STRIDE, ResNetConfig, TextConfig, TextPooling, VitConfig};
use crate::clip::preprocess::transform::OpenClipPreprocessing;
use crate::clip::{Checkpoint, Error, ModelConfig, Preprocessing, Result, VisionConfig};

const FILE: &str = "OpenAI archive";
const HEAD_WIDTH: usize = 64;
/// What a model of somebody else's needs.
const CONFIGURATION_BESIDE: &str = "for a model of OpenCLIP's, put its open_clip_config.json beside the file";

/// What an archive of OpenAI's carries at its top, and a state dictionary does not.
const ARCHIVE_MARK: &str = "input_resolution";

/// What tensors' names begin with where Hugging Face's classes saved them.
const HF_TOWERS: [&str; 2] = ["text_model.", "vision_model."];

/// Reads everything but the weights.
///
/// # Errors
/// The tensors are not those of a CLIP.
pub fn open(folder: &Path, weights: Checkpoint) -> Result<Parts> {
    check_names(&weights)?;
    let config = Shapes(&weights).config()?.checked()?;
    let preprocessing = Preprocessing::from_open_clip(&OpenClipPreprocessing::default(), config.vision.image_size())?;
    let text = TextFiles::for_open_clip(folder)?;
    let mut notes = Vec::new();
    if weights.stored_shape(ARCHIVE_MARK).is_none() {
        notes.push(
            "the file does not say which activation its model has: it is read as OpenAI's (QuickGELU); if OpenCLIP \
             trained it, put its open_clip_config.json beside it"
                .into(),
        );
    }
    let description = Description {
        config,
        key_map: KeyMap::OpenAi {
            text_prefix: "",
            linear_text_projection: false,
            image: ImageNames::Paper,
        },
        preprocessing,
        identity: vec![(TOKENIZER, text.tokenizer.clone())],
        text,
        notes,
    };
    Ok(description.with_weights(weights))
}

/// Weights of transformers' in one file, as they are passed around without their folder: a text tower alone, as programs
/// that make pictures keep it, or a whole model that lacks its configuration.
fn check_names(weights: &Checkpoint) -> Result<()> {
    let has = |tower: &str| weights.stored_names().any(|name| name.starts_with(tower));
    let reason = match HF_TOWERS.map(has) {
        [false, false] => return Ok(()),
        [true, true] => {
            "its tensors have the names of Hugging Face's models: put the config.json and preprocessor_config.json of \
             the model that it was made from beside it"
        }
        [true, false] => "it holds a text tower alone; pictures and texts are compared by a model with both towers",
        [false, true] => "it holds an image tower alone; pictures and texts are compared by a model with both towers",
    };
    Err(Error::config(weights.file(), reason))
}

/// The sizes of the tensors, by the names of the paper's code.
struct Shapes<'a>(&'a Checkpoint);

impl Shapes<'_> {
    fn config(&self) -> Result<ModelConfig> {
        Ok(ModelConfig {
            projection_dim: self.size("text_projection", 1)?,
            vision: if self.0.stored_shape("visual.proj").is_some() {
                VisionConfig::Vit(self.vit()?)
            } else {
                VisionConfig::ModifiedResNet(self.resnet()?)
            },
            text: self.text()?,
        })
    }

    fn vit(&self) -> Result<VitConfig> {
        let width = self.size("visual.conv1.weight", 0)?;
        let patch_size = self.size("visual.conv1.weight", 3)?;
        let grid = self.grid("visual.positional_embedding")?;
        Ok(VitConfig {
            hidden_size: width,
            intermediate_size: self.size("visual.transformer.resblocks.0.mlp.c_fc.weight", 0)?,
            num_hidden_layers: self.0.numbers_after("visual.transformer.resblocks."),
            num_attention_heads: heads(width)?,
            image_size: grid.saturating_mul(patch_size),
            patch_size,
            ..VitConfig::default()
        })
    }

    fn resnet(&self) -> Result<ResNetConfig> {
        let width = self.size("visual.layer1.0.conv1.weight", 0)?;
        Ok(ResNetConfig {
            layers: [1, 2, 3, 4].map(|stage| self.0.numbers_after(&format!("visual.layer{stage}."))),
            width,
            heads: width.saturating_mul(RESNET_STRIDE) / HEAD_WIDTH,
            image_size: self.grid("visual.attnpool.positional_embedding")? * RESNET_STRIDE,
        })
    }

    fn text(&self) -> Result<TextConfig> {
        let width = self.size("ln_final.weight", 0)?;
        Ok(TextConfig {
            vocab_size: self.size("token_embedding.weight", 0)?,
            hidden_size: width,
            intermediate_size: self.size("transformer.resblocks.0.mlp.c_fc.weight", 0)?,
            num_hidden_layers: self.0.numbers_after("transformer.resblocks."),
            num_attention_heads: heads(width)?,
            max_position_embeddings: self.size("positional_embedding", 0)?,
            pooling: TextPooling::LargestId,
            ..TextConfig::default()
        })
    }

    fn size(&self, name: &str, dimension: usize) -> Result<usize> {
        self.0
            .stored_shape(name)
            .and_then(|shape| shape.get(dimension).copied())
            .ok_or_else(|| {
                let reason = format!("{name} is missing: this is no CLIP of OpenAI's; {CONFIGURATION_BESIDE}");
                Error::config(FILE, reason)
            })
    }

    /// Cells along a side, from one position a cell and one for the class token or the mean.
    fn grid(&self, name: &str) -> Result<usize> {
        let positions = self.size(name, 0)?;
        let grid = positions.saturating_sub(1).isqrt();
        if grid > 0 && grid * grid + 1 == positions {
            Ok(grid)
        } else {
            Err(Error::config(
                FILE,
                format!("{name} has {positions} positions, which are no square and one"),
            ))
        }
    }
}

fn heads(width: usize) -> Result<usize> {
    if width > 0 && width.is_multiple_of(HEAD_WIDTH) {
        Ok(width / HEAD_WIDTH)
    } else {
        Err(Error::config(
            FILE,
            format!(
                "a width of {width} is none of OpenAI's, whose heads are {HEAD_WIDTH} wide; {CONFIGURATION_BESIDE}"
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use safetensors::Dtype;
    use safetensors::tensor::{TensorView, serialize};

    use super::*;

    fn weights(names: &[&str]) -> Checkpoint {
        let zero = [0; 4];
        let view = || TensorView::new(Dtype::F32, vec![1], &zero).unwrap();
        let bytes = serialize(names.iter().map(|name| (*name, view())), None).unwrap();
        Checkpoint::from_bytes("clip_l.safetensors", bytes, &Device::flex()).unwrap()
    }

    #[test]
    fn a_file_of_transformers_without_its_folder_says_what_it_lacks() {
        let (texts, pictures) = (
            "text_model.final_layer_norm.weight",
            "vision_model.post_layernorm.weight",
        );
        for (names, named) in [
            (&[texts][..], "a text tower alone"),
            (&[pictures], "an image tower alone"),
            (&[texts, pictures], "put the config.json"),
            (&["ln_final.weight"], "open_clip_config.json"),
        ] {
            let error = open(Path::new("nowhere"), weights(names)).err().unwrap().to_string();
            assert!(error.contains(named), "{names:?}: {error}");
        }
    }
}
