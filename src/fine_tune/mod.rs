//! Learning from one's own pictures: what is learnt from, by which method, in runs that can stop and resume.
//!
//! - [`data`]: pictures with classes or captions, read from disk, screened for broken ones and near-duplicates, and split.
//! - [`methods`]: one file a method; what they share of arithmetic lies beside them: [`leaves`], [`optimizer`], [`loss`].
//! - [`search`]: which settings are tried, where several are.
//! - [`run`]: the loop around a method, its folder, its checkpoints.
//! - [`k_shot`]: accuracy against the number of shots. [`board`]: a batch of pictures against its texts.

mod base_model;
pub mod board;
pub mod config;
mod context;
mod control;
pub mod data;
mod embedded;
mod error;
pub mod k_shot;
mod leaves;
pub mod loss;
#[cfg(test)]
mod many_classes;
mod method;
pub mod methods;
pub mod optimizer;
mod rows;
pub mod run;
pub mod search;
pub mod subsample;

pub use base_model::base_model;
pub use config::RunConfig;
pub use context::{Context, PictureSet, spoken};
pub use error::{Error, Result};
pub use leaves::{Leaf, Leaves};
pub use method::FineTuneMethod;
