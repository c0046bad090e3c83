//! From the names that the towers ask for to the names that a layout stores.
//!
//! The towers ask by Hugging Face's names. In that layout nothing changes, except that SigLIP's pooling head stores its
//! queries, keys and values as one matrix, and that Siglip2 stores its patch embedding as a linear layer.
//!
//! OpenAI and OpenCLIP name things after the paper's code. There the image tower lies under `visual.`, the text tower
//! at the top (under `text.` where OpenCLIP's config says so); the residual blocks are `transformer.resblocks.N` with
//! `ln_1`, `attn`, `ln_2` and `mlp.{c_fc, c_proj}`; queries, keys and values are the three thirds of
//! `attn.in_proj_{weight, bias}`; and both projections, `visual.proj` and `text_projection`, are stored `[in, out]`
//! (but a text projection with a bias is a linear layer and stored `[out, in]`). The names of ModifiedResNet are the
//! paper's own, so they are asked for as they are stored.
//!
//! An image tower of timm's lies under `visual.trunk` and has timm's names: `blocks.N` with `norm1`, `attn.{qkv, proj}`,
//! `norm2` and `mlp.{fc1, fc2}`; `cls_token` and `pos_embed` with dimensions of one before their own; SigLIP's head as
//! `attn_pool` with `latent`, `q` and one `kv`. Its projection is the trunk's own classifier or OpenCLIP's `visual.head`.

/// Which part of a stored tensor is meant, and how it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Whole,
    /// One of several equal parts of the outermost dimension, and how many there are.
    Part(usize, usize),
    /// All of it, under so many outer dimensions of one.
    Inside(usize),
    /// A matrix, stored the other way round.
    Transposed,
    /// A convolution over patches, `[out, channels, rows, columns]`, stored as a matrix
    /// `[out, rows * columns * channels]`.
    PatchRows,
}

/// How a layout names its tensors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyMap {
    HuggingFace {
        /// The patch embedding is a linear layer.
        linear_patches: bool,
    },
    OpenAi {
        /// Before every name of the text tower.
        text_prefix: &'static str,
        /// The text projection is a linear layer with a bias.
        linear_text_projection: bool,
        /// Whose names the image tower has.
        image: ImageNames,
    },
}

/// Whose names the image tower has in OpenCLIP's layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageNames {
    Paper,
    /// timm's, with the projection under this name (none where there is no projection).
    Timm {
        /// Before `.weight` and `.bias`.
        projection: &'static str,
    },
}

const PATCH_EMBEDDING: &str = "vision_model.embeddings.patch_embedding.weight";
const POOLING_HEAD: &str = "vision_model.head.attention.";

/// Names outside the blocks.
const OPENAI_VISION: [(&str, &str); 6] = [
    ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
    ("vision_model.embeddings.patch_embedding.", "visual.conv1."),
    (
        "vision_model.embeddings.position_embedding.weight",
        "visual.positional_embedding",
    ),
    ("vision_model.pre_layrnorm.", "visual.ln_pre."),
    ("vision_model.post_layernorm.", "visual.ln_post."),
    ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
];
const OPENAI_TEXT: [(&str, &str); 4] = [
    ("text_model.embeddings.token_embedding.", "token_embedding."),
    (
        "text_model.embeddings.position_embedding.weight",
        "positional_embedding",
    ),
    ("text_model.final_layer_norm.", "ln_final."),
    ("text_model.encoder.layers.", "transformer.resblocks."),
];
/// Names inside a block.
const OPENAI_BLOCK: [(&str, &str); 4] = [
    (".layer_norm1.", ".ln_1."),
    (".layer_norm2.", ".ln_2."),
    (".mlp.fc1.", ".mlp.c_fc."),
    (".mlp.fc2.", ".mlp.c_proj."),
];
const THIRDS: [&str; 3] = [".q_proj.", ".k_proj.", ".v_proj."];
const VISION_MODEL: &str = "vision_model.";
const VISUAL_PROJECTION: &str = "visual_projection";
/// timm's names for what is not inside a block, in the order in which they are tried.
const TIMM: [(&str, &str, View); 13] = [
    ("embeddings.class_embedding", "cls_token", View::Inside(2)),
    ("embeddings.position_embedding.weight", "pos_embed", View::Inside(1)),
    ("embeddings.patch_embedding.", "patch_embed.proj.", View::Whole),
    ("pre_layrnorm.", "norm_pre.", View::Whole),
    ("post_layernorm.", "norm.", View::Whole),
    ("head.probe", "attn_pool.latent", View::Whole),
    ("head.attention.q_proj.", "attn_pool.q.", View::Whole),
    ("head.attention.k_proj.", "attn_pool.kv.", View::Part(0, 2)),
    ("head.attention.v_proj.", "attn_pool.kv.", View::Part(1, 2)),
    ("head.attention.out_proj.", "attn_pool.proj.", View::Whole),
    ("head.layernorm.", "attn_pool.norm.", View::Whole),
    ("head.mlp.", "attn_pool.mlp.", View::Whole),
    ("encoder.layers.", "blocks.", View::Whole),
];
/// timm's names inside a block.
const TIMM_BLOCK: [(&str, &str, View); 6] = [
    (".layer_norm1.", ".norm1.", View::Whole),
    (".layer_norm2.", ".norm2.", View::Whole),
    (".self_attn.q_proj.", ".attn.qkv.", View::Part(0, 3)),
    (".self_attn.k_proj.", ".attn.qkv.", View::Part(1, 3)),
    (".self_attn.v_proj.", ".attn.qkv.", View::Part(2, 3)),
    (".self_attn.out_proj.", ".attn.proj.", View::Whole),
];

impl KeyMap {
    /// The stored name of what a tower asks for, and how it is stored.
    pub fn stored(&self, name: &str) -> (String, View) {
        match self {
            Self::HuggingFace { linear_patches } => hugging_face(name, *linear_patches),
            Self::OpenAi {
                text_prefix,
                linear_text_projection,
                image,
            } => match image {
                ImageNames::Timm { projection } if is_of_image_tower(name) => timm(name, projection),
                _ => openai(name, text_prefix, *linear_text_projection),
            },
        }
    }
}

fn hugging_face(name: &str, linear_patches: bool) -> (String, View) {
    if linear_patches && name == PATCH_EMBEDDING {
        return (name.into(), View::PatchRows);
    }
    if name.starts_with(POOLING_HEAD)
        && let Some((fused, view)) = fused(name)
    {
        return (fused, view);
    }
    (name.into(), View::Whole)
}

/// `...q_proj.weight` as the first third of `...in_proj_weight`, and so on.
fn fused(name: &str) -> Option<(String, View)> {
    let third = THIRDS.iter().position(|part| name.contains(part))?;
    Some((name.replace(THIRDS[third], ".in_proj_"), View::Part(third, 3)))
}

fn openai(name: &str, text_prefix: &str, linear_text_projection: bool) -> (String, View) {
    match name {
        "visual_projection.weight" => return ("visual.proj".into(), View::Transposed),
        "text_projection.weight" if !linear_text_projection => {
            return (format!("{text_prefix}text_projection"), View::Transposed);
        }
        "text_projection.weight" | "text_projection.bias" => return (format!("{text_prefix}{name}"), View::Whole),
        _ => {}
    }
    let renamed = |table: &[(&str, &str)], prefix: &str| {
        let (ours, theirs) = table.iter().find(|(ours, _)| name.starts_with(ours))?;
        Some(format!("{prefix}{theirs}{}", &name[ours.len()..]))
    };
    let Some(outer) = renamed(&OPENAI_VISION, "").or_else(|| renamed(&OPENAI_TEXT, text_prefix)) else {
        return (name.into(), View::Whole);
    };
    let outer = outer.replace(".self_attn.", ".attn.");
    let (outer, view) = fused(&outer).unwrap_or((outer, View::Whole));
    let stored = OPENAI_BLOCK
        .iter()
        .fold(outer, |name, (ours, theirs)| name.replace(ours, theirs));
    (stored, view)
}

fn is_of_image_tower(name: &str) -> bool {
    name.starts_with(VISION_MODEL) || name.starts_with(VISUAL_PROJECTION)
}

fn timm(name: &str, projection: &str) -> (String, View) {
    if let Some(end) = name.strip_prefix(VISUAL_PROJECTION) {
        return (format!("{projection}{end}"), View::Whole);
    }
    let inner = name.strip_prefix(VISION_MODEL).unwrap_or(name);
    let Some((ours, theirs, view)) = TIMM.iter().find(|(ours, _, _)| inner.starts_with(ours)) else {
        return (name.into(), View::Whole);
    };
    let stored = format!("visual.trunk.{theirs}{}", &inner[ours.len()..]);
    match TIMM_BLOCK.iter().find(|(ours, _, _)| stored.contains(ours)) {
        Some((ours, theirs, view)) => (stored.replacen(ours, theirs, 1), *view),
        None => (stored, *view),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openais_names_follow_the_papers_code() {
        let map = KeyMap::OpenAi {
            text_prefix: "text.",
            linear_text_projection: false,
            image: ImageNames::Paper,
        };
        let stored = |name: &str| map.stored(name);
        let block = "vision_model.encoder.layers.11";
        assert_eq!(
            stored(&format!("{block}.self_attn.k_proj.bias")),
            (
                "visual.transformer.resblocks.11.attn.in_proj_bias".into(),
                View::Part(1, 3)
            )
        );
        assert_eq!(
            stored("text_model.encoder.layers.0.mlp.fc2.weight"),
            ("text.transformer.resblocks.0.mlp.c_proj.weight".into(), View::Whole)
        );
        assert_eq!(
            stored("text_model.encoder.layers.0.self_attn.out_proj.weight"),
            ("text.transformer.resblocks.0.attn.out_proj.weight".into(), View::Whole)
        );
        assert_eq!(
            stored("text_projection.weight"),
            ("text.text_projection".into(), View::Transposed)
        );
        assert_eq!(
            stored("visual_projection.weight"),
            ("visual.proj".into(), View::Transposed)
        );
        assert_eq!(stored("logit_scale"), ("logit_scale".into(), View::Whole));
        assert_eq!(
            stored("vision_model.pre_layrnorm.weight"),
            ("visual.ln_pre.weight".into(), View::Whole)
        );
    }

    #[test]
    fn only_the_pooling_head_of_siglip_is_fused() {
        let map = KeyMap::HuggingFace { linear_patches: true };
        assert_eq!(
            map.stored("vision_model.head.attention.v_proj.weight"),
            ("vision_model.head.attention.in_proj_weight".into(), View::Part(2, 3))
        );
        let plain = "vision_model.encoder.layers.0.self_attn.v_proj.weight";
        assert_eq!(map.stored(plain), (plain.into(), View::Whole));
        assert_eq!(map.stored(PATCH_EMBEDDING).1, View::PatchRows);
    }
    #[test]
    fn timms_names_are_timms() {
        let map = KeyMap::OpenAi {
            text_prefix: "text.",
            linear_text_projection: true,
            image: ImageNames::Timm {
                projection: "visual.trunk.head",
            },
        };
        let block = "vision_model.encoder.layers.3";
        for (ours, theirs, view) in [
            (
                "vision_model.embeddings.class_embedding",
                "visual.trunk.cls_token",
                View::Inside(2),
            ),
            (PATCH_EMBEDDING, "visual.trunk.patch_embed.proj.weight", View::Whole),
            (
                "vision_model.pre_layrnorm.bias",
                "visual.trunk.norm_pre.bias",
                View::Whole,
            ),
            (
                &format!("{block}.self_attn.k_proj.bias"),
                "visual.trunk.blocks.3.attn.qkv.bias",
                View::Part(1, 3),
            ),
            (
                &format!("{block}.self_attn.out_proj.weight"),
                "visual.trunk.blocks.3.attn.proj.weight",
                View::Whole,
            ),
            (
                &format!("{block}.mlp.fc2.bias"),
                "visual.trunk.blocks.3.mlp.fc2.bias",
                View::Whole,
            ),
            (
                "vision_model.head.attention.v_proj.weight",
                "visual.trunk.attn_pool.kv.weight",
                View::Part(1, 2),
            ),
            ("visual_projection.bias", "visual.trunk.head.bias", View::Whole),
            (
                "text_model.encoder.layers.0.self_attn.q_proj.weight",
                "text.transformer.resblocks.0.attn.in_proj_weight",
                View::Part(0, 3),
            ),
        ] {
            assert_eq!(map.stored(ours), (theirs.into(), view));
        }
    }
}
