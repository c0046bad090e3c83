//! Image towers that OpenCLIP's configuration takes from timm by name: the plain Vision Transformers, CLIP's and
//! SigLIP's.
//!
//! The name says what no tensor shows: heads, activation, epsilon, and whether a class token or an attention pool ends
//! the tower. `vit_base_patch16_siglip_224` is a size, a patch, a kind and a picture's side; a tag such as `.webli` may
//! follow. All other sizes are those of the weights. timm's towers never compute `quick_gelu` but where their name says
//! so, whatever the configuration's own `quick_gelu` is.

use serde_json::Value;

use crate::clip::checkpoint::layout::OPEN_CLIP_CONFIG;
use crate::clip::checkpoint::layout::open_clip::refused;
use crate::clip::checkpoint::weights::ImageNames;
use crate::clip::config::{Activation, VisionPooling, VitConfig};
use crate::clip::{Checkpoint, Error, Result};

/// A tower by its name in timm, and how OpenCLIP ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimmTower {
    heads: usize,
    kind: Kind,
    projection: Projection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A class token, and a normalisation before the blocks.
    Clip { quick_gelu: bool },
    /// A class token alone, as ImageNet's classifiers have it.
    Plain,
    /// An attention pool.
    Siglip { tanh: bool },
}

/// What follows the pooled token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Projection {
    None,
    /// The trunk's own classifier, which has a bias.
    Classifier,
    /// OpenCLIP's linear layer.
    Linear {
        bias: bool,
    },
}

/// Heads of timm's Vision Transformers by their size.
const HEADS: [(&str, usize); 13] = [
    ("tiny", 3),
    ("xsmall", 4),
    ("small", 6),
    ("medium", 8),
    ("betwixt", 10),
    ("base", 12),
    ("base_plus", 14),
    ("large", 16),
    ("huge", 16),
    ("giant", 16),
    ("gigantic", 16),
    ("so400m", 16),
    ("giantopt", 16),
];
/// Epsilon of timm's LayerNorms, and of those in its CLIP towers.
const EPSILON: f64 = 1e-6;
const CLIP_EPSILON: f64 = 1e-5;

impl TimmTower {
    /// What a `vision_cfg` that names a tower of timm's comes down to; the configuration as it was written, nulls
    /// included: a `timm_proj` of null is the trunk's own classifier, a missing one a linear layer.
    ///
    /// # Errors
    /// Names what cannot be computed.
    pub fn of(name: &str, vision: &Value) -> Result<Self> {
        let (heads, kind) =
            by_name(name).ok_or_else(|| refused(&format!("vision_cfg.timm_model_name is \"{name}\"")))?;
        let text = |key: &str, default: &'static str| match &vision[key] {
            Value::Null if vision.get(key).is_none() => default.to_string(),
            Value::Null => String::new(),
            value => value.as_str().map_or_else(|| value.to_string(), str::to_string),
        };
        let (pool, proj) = (text("timm_pool", "avg"), text("timm_proj", "linear"));
        let bias = vision["timm_proj_bias"] == Value::Bool(true);
        let own_pool = if matches!(kind, Kind::Siglip { .. }) {
            "map"
        } else {
            "token"
        };
        // With a linear layer behind it, an empty pool is the tower's own.
        if pool != own_pool && !(pool.is_empty() && proj == "linear") {
            return Err(refused(&format!(
                "vision_cfg.timm_pool is \"{pool}\" with timm's {name}"
            )));
        }
        let projection = match (proj.as_str(), kind) {
            ("none", Kind::Siglip { .. }) => Projection::None,
            ("linear", Kind::Clip { .. } | Kind::Plain) => Projection::Linear { bias },
            ("", Kind::Clip { .. } | Kind::Plain) => Projection::Classifier,
            _ => {
                return Err(refused(&format!(
                    "vision_cfg.timm_proj is \"{proj}\" with timm's {name}"
                )));
            }
        };
        Ok(Self {
            heads,
            kind,
            projection,
        })
    }

    /// Whose names the tower's tensors have.
    pub fn names(self) -> ImageNames {
        ImageNames::Timm {
            projection: match self.projection {
                Projection::None | Projection::Classifier => "visual.trunk.head",
                Projection::Linear { .. } => "visual.head.proj",
            },
        }
    }

    /// The tower's configuration, of the sizes that the weights have.
    ///
    /// # Errors
    /// The weights have no such tower.
    pub fn config(self, image_size: usize, weights: &Checkpoint) -> Result<VitConfig> {
        let size = |name: &str, dimension: usize| {
            let name = format!("visual.trunk.{name}");
            let shape = weights
                .stored_shape(&name)
                .and_then(|shape| shape.get(dimension).copied());
            let reason = || format!("it names a tower of timm's, but the weights have no {name}");
            shape.ok_or_else(|| Error::config(OPEN_CLIP_CONFIG, reason()))
        };
        let siglip = matches!(self.kind, Kind::Siglip { .. });
        let pre_norm = matches!(self.kind, Kind::Clip { .. });
        Ok(VitConfig {
            hidden_size: size("patch_embed.proj.weight", 0)?,
            intermediate_size: size("blocks.0.mlp.fc1.weight", 0)?,
            num_hidden_layers: weights.numbers_after("visual.trunk.blocks."),
            num_attention_heads: self.heads,
            image_size,
            patch_size: size("patch_embed.proj.weight", 3)?,
            hidden_act: self.activation(),
            layer_norm_eps: self.epsilon(),
            pre_norm,
            patch_bias: !pre_norm,
            projection_bias: matches!(
                self.projection,
                Projection::Classifier | Projection::Linear { bias: true }
            ),
            pooling: if siglip {
                VisionPooling::AttentionHead
            } else {
                VisionPooling::ClassToken
            },
            ..VitConfig::default()
        })
    }

    fn epsilon(self) -> f64 {
        match self.kind {
            Kind::Clip { .. } => CLIP_EPSILON,
            Kind::Plain | Kind::Siglip { .. } => EPSILON,
        }
    }

    fn activation(self) -> Activation {
        match self.kind {
            Kind::Clip { quick_gelu: true } => Activation::QuickGelu,
            Kind::Siglip { tanh: true } => Activation::GeluTanh,
            Kind::Clip { quick_gelu: false } | Kind::Siglip { tanh: false } | Kind::Plain => Activation::Gelu,
        }
    }
}

/// Heads and kind of a plain Vision Transformer by its name.
fn by_name(name: &str) -> Option<(usize, Kind)> {
    let name = name.split('.').next()?.strip_prefix("vit_")?;
    let (size, rest) = name.split_once("_patch")?;
    let (patch, rest) = rest.split_once('_')?;
    let patch: usize = patch.parse().ok()?;
    let (rest, side) = rest.rsplit_once('_').unwrap_or(("", rest));
    let side: usize = side.parse().ok()?;
    let (size, kind) = match rest {
        "clip" => (size.to_string(), Kind::Clip { quick_gelu: false }),
        "plus_clip" => (format!("{size}_plus"), Kind::Clip { quick_gelu: false }),
        "clip_quickgelu" => (size.to_string(), Kind::Clip { quick_gelu: true }),
        "siglip" => (
            size.to_string(),
            Kind::Siglip {
                tanh: siglip_is_tanh(size, patch, side),
            },
        ),
        "" => (size.to_string(), Kind::Plain),
        _ => return None,
    };
    let (_, heads) = HEADS.iter().find(|(known, _)| *known == size)?;
    Some((*heads, kind))
}

/// SigLIP's towers compute the exact GELU, those that came with SigLIP2 alone its approximation.
fn siglip_is_tanh(size: &str, patch: usize, side: usize) -> bool {
    match size {
        "base" => patch == 32,
        "large" => side == 512,
        "so400m" => patch == 16,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_openclip_leaves_out_and_what_it_sets_to_null_differ() {
        let of = |vision: Value| TimmTower::of("vit_large_patch14_clip_224", &vision);
        let classifier = of(json!({"timm_pool": "token", "timm_proj": null})).unwrap();
        assert_eq!(classifier.projection, Projection::Classifier);
        let linear = of(json!({"timm_pool": "token", "timm_proj_bias": true})).unwrap();
        assert_eq!(linear.projection, Projection::Linear { bias: true });
        assert!(of(json!({"timm_pool": "", "timm_proj": "linear"})).is_ok());
        for other in [
            json!({}),
            json!({"timm_pool": "avg"}),
            json!({"timm_pool": "", "timm_proj": null}),
            json!({"timm_pool": "token", "timm_proj": "mlp"}),
            json!({"timm_pool": "token", "timm_proj": "none"}),
        ] {
            assert!(of(other.clone()).is_err(), "{other}");
        }
    }

    /// The facts are timm's own (`tests/reference/make_timm.py`), for every tower of open_clip's configurations.
    #[test]
    fn a_name_says_what_timm_builds() {
        let json = include_str!("../../../../tests/fixtures/open-clip-configs.json");
        let all: serde_json::Map<String, Value> = serde_json::from_str(json).unwrap();
        let mut known = 0;
        for (config, entry) in &all {
            let (vision, facts) = (&entry["model_cfg"]["vision_cfg"], &entry["tower"]);
            let Some(tower) = vision["timm_model_name"]
                .as_str()
                .and_then(|name| TimmTower::of(name, vision).ok())
            else {
                continue;
            };
            known += 1;
            let activation = match tower.activation() {
                Activation::Gelu => "gelu",
                Activation::GeluTanh => "gelu_tanh",
                Activation::QuickGelu => "quick_gelu",
            };
            let siglip = matches!(tower.kind, Kind::Siglip { .. });
            let ours = json!({
                "heads": tower.heads,
                "activation": activation,
                "epsilon": tower.epsilon(),
                "class_token": !siglip,
                "pre_norm": matches!(tower.kind, Kind::Clip { .. }),
                "attention_pool": siglip,
                "layer_scale": false,
            });
            assert_eq!(&ours, facts, "{config}");
        }
        // SigLIP's 26, those of NLLB-CLIP, whose texts are refused, and MobileCLIP2's.
        assert_eq!(known, 29);
    }

    #[test]
    fn only_plain_towers_are_known() {
        for name in [
            "vit_base_mci_224",
            "vit_pe_core_base_patch16_224",
            "vit_medium_patch16_gap_256",
            "vit_base_patch16_siglip_gap_224",
            "vit_relpos_medium_patch16_cls_224",
            "vit_little_patch16_reg4_gap_256",
            "vit_small_patch16_18x2_224",
            "eva02_base_patch16_clip_224",
            "fastvit_mci2",
            "vitamin_base_224",
        ] {
            assert_eq!(by_name(name), None, "{name}");
        }
        assert!(by_name("vit_base_patch16_siglip_224.webli").is_some());
    }
}
