//! Clipsight: see what CLIP sees.
//!
//! The map of this crate; arrows point down only.
//!
//! - [`app`]: the window. [`cli`]: the same capabilities without a window.
//! - [`engine`]: the threads between them and the work: protocol (plain data), inference, pictures.
//! - [`fine_tune`]: methods, data splits, runs that stop and resume. [`hub`]: which models exist.
//! - [`heatmap`]: where a score comes from. [`evaluation`]: how good answers are, and how sure that is.
//! - [`zero_shot`]: prompts to class embeddings to scores. [`library`]: folders, decoding, thumbnails, the store.
//! - [`clip`]: the model family on Burn.

#![forbid(unsafe_code)]

pub mod app;
pub mod cli;
pub mod clip;
pub mod engine;
pub mod escape;
pub mod evaluation;
mod files;
pub mod fine_tune;
mod fixed;
mod fonts;
pub mod heatmap;
pub mod hub;
pub mod library;
mod log_files;
pub mod logging;
mod lossless;
mod memory;
pub mod progress;
pub mod table;
pub mod version;
pub mod zero_shot;
