//! `vision_cfg`, after open_clip's `CLIPVisionCfg`.

use serde::Deserialize;

use super::model::{Rest, scaled};
use super::refused;
use crate::clip::config::{RESNET_STRIDE, ResNetConfig, VitConfig};
use crate::clip::{Result, VisionConfig};

#[derive(Deserialize)]
#[serde(untagged)]
enum Layers {
    Blocks(usize),
    Stages([usize; 4]),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Side {
    One(usize),
    Two([usize; 2]),
}

impl Side {
    fn of_square(&self, name: &str) -> Result<usize> {
        match *self {
            Self::One(side) => Ok(side),
            Self::Two([height, width]) if height == width => Ok(height),
            Self::Two(_) => Err(refused(&format!("vision_cfg.{name} is no square"))),
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
pub struct RawVision {
    layers: Layers,
    width: usize,
    head_width: usize,
    mlp_ratio: f64,
    patch_size: Side,
    image_size: Side,
    no_ln_pre: bool,
    #[serde(flatten)]
    rest: Rest,
}

impl Default for RawVision {
    fn default() -> Self {
        Self {
            layers: Layers::Blocks(12),
            width: 768,
            head_width: 64,
            mlp_ratio: 4.0,
            patch_size: Side::One(16),
            image_size: Side::One(224),
            no_ln_pre: false,
            rest: Rest::default(),
        }
    }
}

impl RawVision {
    pub fn check(&self) -> Result<()> {
        self.rest.check("vision_cfg")
    }

    /// Side of the input square, in pixels.
    pub fn side(&self) -> Result<usize> {
        self.image_size.of_square("image_size")
    }

    pub fn config(self, quick_gelu: bool) -> Result<VisionConfig> {
        let image_size = self.side()?;
        if self.head_width == 0 {
            return Err(refused("vision_cfg.head_width is 0"));
        }
        Ok(match self.layers {
            Layers::Stages(layers) => VisionConfig::ModifiedResNet(ResNetConfig {
                layers,
                width: self.width,
                heads: self.width.saturating_mul(RESNET_STRIDE) / self.head_width,
                image_size,
            }),
            Layers::Blocks(blocks) => VisionConfig::Vit(VitConfig {
                hidden_size: self.width,
                intermediate_size: scaled(self.width, self.mlp_ratio),
                num_hidden_layers: blocks,
                num_attention_heads: self.width / self.head_width,
                image_size,
                patch_size: self.patch_size.of_square("patch_size")?,
                hidden_act: self.rest.activation(quick_gelu),
                layer_norm_eps: self.rest.epsilon(),
                pre_norm: !self.no_ln_pre,
                ..VitConfig::default()
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sides_are_numbers_or_squares() {
        let config = |sides: serde_json::Value| {
            let vision: RawVision =
                serde_json::from_value(json!({"image_size": sides, "patch_size": [14, 14]})).unwrap();
            vision.config(false)
        };
        for square in [json!(336), json!([336, 336])] {
            let VisionConfig::Vit(vit) = config(square).unwrap() else {
                panic!("no Vision Transformer")
            };
            assert_eq!((vit.image_size, vit.patch_size), (336, 14));
        }
        let error = config(json!([336, 224])).unwrap_err().to_string();
        assert!(error.contains("vision_cfg.image_size is no square"), "{error}");
    }
}
