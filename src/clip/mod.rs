//! The model family on Burn: towers, text, pixels, checkpoints.
//!
//! Knows no thread, no window and no database. A [`Model`] is loaded from a folder in the Hugging Face layout or from
//! the binary itself, turns pictures and texts into embeddings in one space, and hands out the dense features that
//! heatmaps are made of.

mod attention;
mod capability;
mod checkpoint;
mod config;
mod efficientnet;
mod error;
mod identity;
mod model;
mod pixels;
mod resample;
mod text;
mod tokenizer;
mod vision_transformer;

pub use capability::{HeatmapMethod, TowerKind};
pub use checkpoint::Checkpoint;
pub use config::{Activation, ModelConfig, TextConfig, VisionConfig};
pub use efficientnet::{EfficientNetDense, EfficientNetLite};
pub use error::{Error, Result};
pub use identity::PIPELINE_VERSION;
pub use model::{Dense, Embedding, Model, ModelInfo};
pub use pixels::{Pixels, Preprocessing, ViewRect};
pub use text::TextTransformer;
pub use tokenizer::{TokenizedText, Tokenizer};
pub use vision_transformer::{VisionDense, VisionTransformer};
