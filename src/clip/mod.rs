//! The model family on Burn: towers, text, pixels, checkpoints.
//!
//! Knows no thread, no window and no database. A [`Model`] is loaded from the binary itself or from a folder or a file
//! in one of the family's layouts ([`Layout`]), turns pictures and texts into embeddings in one space, and hands out the dense
//! features that heatmaps are made of.

mod adapter;
mod attention;
mod attention_head;
mod capability;
mod clean;
mod config;
mod convolution;
mod cores;
mod dense;
mod efficientnet;
mod elementwise;
mod embedded;
mod embedding;
mod error;
mod export;
mod head;
mod identity;
mod image_tower;
mod info;
mod layout;
mod model;
mod modified_resnet;
mod on_gpu;
mod pixels;
mod precision;
mod resample;
mod text;
mod tokenizer;
mod vision_transformer;
mod vocabulary;
mod weights;
mod winograd;

pub use adapter::{Adapter, AdapterConfig, AdapterKind, is_adapter};
pub use attention::{AttentionParts, attention_logits, attention_weights};
pub use capability::{FineTuneMethod, HeatmapMethod, TowerKind};
pub use config::{Activation, ModelConfig, TextConfig, VisionConfig};
pub use cores::on_cores;
pub use efficientnet::{EfficientNetDense, EfficientNetLite};
pub use embedded::starter_tokenizer;
pub use embedding::{Embedding, full, numbers, to_embeddings, unit};
pub use error::{Error, Result};
pub use export::export;
pub use head::{Classifier, Head, one_hot};
pub use identity::{PIPELINE_VERSION, sha256_of_bytes, sha256_of_file};
pub use image_tower::{ImageTower, Towers};
pub use info::{ModelInfo, Scoring, WeightsFile};
pub use layout::{Layout, is_model_folder};
pub use model::{Model, model_name};
pub use modified_resnet::ModifiedResNet;
pub use pixels::{Pixels, Preprocessing, Shift, ViewRect};
pub use precision::Precision;
pub use text::TextTransformer;
pub use tokenizer::{TokenizedText, Tokenizer};
pub use vision_transformer::{GatheringAttention, VisionDense, VisionTransformer};
pub use weights::{Checkpoint, Flat, Flats, Parameter, Stored, parameter_id, read_flats, write_flats, write_whole};
