//! Sizes that cannot be, refused before anything is allocated.

use super::{EfficientNetConfig, ModelConfig, RESNET_STRIDE, ResNetConfig, TextConfig, VisionConfig, VitConfig};
use crate::clip::{Error, Result};

const FILE: &str = "the model's configuration";
/// Larger than any published member of the family; a config beyond it is damaged or hostile.
const MAX_WIDTH: usize = 16_384;
const MAX_LAYERS: usize = 256;
const MAX_IMAGE_SIZE: usize = 2_048;
const MAX_VOCABULARY: usize = 2_000_000;
const MAX_CONTEXT: usize = 8_192;

/// Refuses what is beyond every published model, or does not fit together.
///
/// # Errors
/// Names the field.
pub fn check(config: &ModelConfig) -> Result<()> {
    within("projection_dim", config.projection_dim, MAX_WIDTH)?;
    check_text(&config.text)?;
    if !config.text.projected && config.text.hidden_size != config.projection_dim {
        let (width, dim) = (config.text.hidden_size, config.projection_dim);
        let reason = format!("texts have no projection, but a width of {width} in a shared space of {dim}");
        return Err(Error::config(FILE, reason));
    }
    match &config.vision {
        VisionConfig::Vit(config) => check_vit(config),
        VisionConfig::ModifiedResNet(config) => check_resnet(config),
        VisionConfig::EfficientNetLite(config) => check_efficientnet(config),
    }
}

fn within(name: &str, value: usize, max: usize) -> Result<()> {
    if (1..=max).contains(&value) {
        Ok(())
    } else {
        Err(Error::config(
            FILE,
            format!("{name} is {value}, but must lie in 1..={max}"),
        ))
    }
}

fn heads_divide(part: &str, width: usize, heads: usize) -> Result<()> {
    within(&format!("{part}.num_attention_heads"), heads, width)?;
    if width.is_multiple_of(heads) {
        Ok(())
    } else {
        Err(Error::config(
            FILE,
            format!("{part}: {heads} heads do not divide a width of {width}"),
        ))
    }
}

fn check_text(text: &TextConfig) -> Result<()> {
    within("text_config.vocab_size", text.vocab_size, MAX_VOCABULARY)?;
    within("text_config.hidden_size", text.hidden_size, MAX_WIDTH)?;
    within("text_config.intermediate_size", text.intermediate_size, 4 * MAX_WIDTH)?;
    within("text_config.num_hidden_layers", text.num_hidden_layers, MAX_LAYERS)?;
    within(
        "text_config.max_position_embeddings",
        text.max_position_embeddings,
        MAX_CONTEXT,
    )?;
    heads_divide("text_config", text.hidden_size, text.num_attention_heads)
}

fn check_vit(vit: &VitConfig) -> Result<()> {
    within("vision_config.hidden_size", vit.hidden_size, MAX_WIDTH)?;
    within("vision_config.intermediate_size", vit.intermediate_size, 4 * MAX_WIDTH)?;
    within("vision_config.num_hidden_layers", vit.num_hidden_layers, MAX_LAYERS)?;
    within("vision_config.image_size", vit.image_size, MAX_IMAGE_SIZE)?;
    within("vision_config.patch_size", vit.patch_size, vit.image_size)?;
    if vit.num_channels != 3 {
        return Err(Error::config(
            FILE,
            format!(
                "vision_config.num_channels is {}, but pictures have 3",
                vit.num_channels
            ),
        ));
    }
    heads_divide("vision_config", vit.hidden_size, vit.num_attention_heads)
}

fn check_resnet(net: &ResNetConfig) -> Result<()> {
    for layers in net.layers {
        within("vision layers", layers, MAX_LAYERS)?;
    }
    within("vision width", net.width, MAX_WIDTH / 32)?;
    within("vision image_size", net.image_size, MAX_IMAGE_SIZE)?;
    if !net.image_size.is_multiple_of(RESNET_STRIDE) {
        return Err(Error::config(
            FILE,
            format!(
                "a ResNet's image_size must be a multiple of {RESNET_STRIDE}, but is {}",
                net.image_size
            ),
        ));
    }
    heads_divide("vision", net.width * RESNET_STRIDE, net.heads)
}

fn check_efficientnet(net: &EfficientNetConfig) -> Result<()> {
    within("vision_config.image_size", net.image_size, MAX_IMAGE_SIZE)?;
    within("vision_config.stem_channels", net.stem_channels, MAX_WIDTH)?;
    within("vision_config.blocks", net.blocks.len(), MAX_LAYERS)?;
    within("vision_config.feature_dim", net.feature_dim, MAX_WIDTH)?;
    within("vision_config.num_classes", net.num_classes, MAX_VOCABULARY)?;
    for block in &net.blocks {
        within("in_channels", block.in_channels, MAX_WIDTH)?;
        within("expanded_channels", block.expanded_channels, MAX_WIDTH)?;
        within("out_channels", block.out_channels, MAX_WIDTH)?;
        within("kernel_size", block.kernel_size, 31)?;
        within("stride", block.stride, 8)?;
    }
    if net.softmax_temperature > 0.0 {
        Ok(())
    } else {
        Err(Error::config(FILE, "softmax_temperature must be above 0"))
    }
}
