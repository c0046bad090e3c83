//! The model family on Burn: towers, text, pixels, checkpoints.
//!
//! Knows no thread, no window and no database. A [`Model`] is loaded from the binary itself or from a folder or a file
//! in one of the family's layouts ([`Layout`]), turns pictures and texts into embeddings in one space, and hands out the dense
//! features that heatmaps are made of.

mod checkpoint;
mod class_names;
mod config;
mod embedding;
mod error;
mod head;
mod info;
pub mod kernels;
mod model;
mod precision;
pub mod preprocess;
mod tokenize;
mod towers;

pub use checkpoint::adapter::{
    Adapter, AdapterConfig, AdapterKind, BASE_CHANGED, LiftSize, base_of_adapter, is_adapter, source_below,
};
pub use checkpoint::embedded::STARTER_TOKENIZER;
pub use checkpoint::export::export;
pub use checkpoint::identity::{PIPELINE_VERSION, sha256_of_bytes, sha256_of_file};
pub use checkpoint::layout::{Layout, check_family, check_layout, instead_of, is_model_folder, model_root};
pub use checkpoint::weights::{
    Checkpoint, Flat, Flats, Parameter, Stored, parameter_id, read_flats, write_flats, write_whole,
};
pub use class_names::{Named, find_class};
pub use config::{Activation, ModelConfig, TextConfig, VisionConfig};
pub use embedding::{Embedding, all_finite, full, numbers, rows_of, to_embeddings, unit};
pub use error::{Error, Result};
pub use head::{Classifier, Head, LearnedLogits, Lift, one_hot};
pub use info::{ModelInfo, Scoring, WeightsFile};
pub use kernels::cores::on_cores;
pub use model::{Model, PendingEmbeddings, model_name};
pub use precision::Precision;
pub use preprocess::pixels::{Normalisation, Pixels};
pub use preprocess::transform::{Preprocessing, Shift, ViewRect};
pub use tokenize::tokenizer::{TokenizedText, Tokenizer};
pub use towers::attention::{AttentionParts, attention_logits, attention_weights, by_weights, merge_heads};
pub use towers::block_gradient::BlockGradient;
pub use towers::efficientnet::{EfficientNetDense, EfficientNetLite};
pub use towers::image_tower::{ImageTower, Towers};
pub use towers::kind::TowerKind;
pub use towers::modified_resnet::ModifiedResNet;
pub use towers::text::{TEXT_BATCH, TextTransformer};
pub use towers::vision_transformer::{GatheringAttention, VisionDense, VisionTransformer};
