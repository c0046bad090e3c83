//! The image and text towers, one file each, and the attention that they share.

pub mod attention;
pub mod attention_head;
pub mod block;
pub mod block_gradient;
pub mod efficientnet;
mod fused;
pub mod image_tower;
pub mod kind;
pub(super) mod mappers;
pub mod modified_resnet;
pub mod norm;
pub mod text;
pub mod vision_transformer;
