//! Clipsight: see what CLIP sees.
//!
//! The map of this crate; arrows point down only.
//!
//! - [`app`]: the window. [`cli`]: the same capabilities without a window.
//! - [`engine`]: the threads between them and the work: protocol (plain data), inference, pictures.
//! - [`zero_shot`]: prompts to class embeddings to scores. [`heatmap`]: where a score comes from.
//!   [`fine_tune`]: methods, data splits, runs that stop and resume.
//!   [`library`]: folders, decoding, thumbnails, the store. [`hub`]: which models exist.
//! - [`clip`]: the model family on Burn.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod app;
pub mod cli;
pub mod clip;
mod csv;
pub mod engine;
pub mod fine_tune;
pub mod heatmap;
pub mod hub;
pub mod library;
mod packed;
pub mod zero_shot;
