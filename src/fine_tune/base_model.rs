//! The model that is learnt from.

use std::path::Path;

use burn::tensor::Device;

use super::Result;
use crate::clip::Model;

/// Opens the model of a configuration; none is the starter.
///
/// # Errors
/// It cannot be opened.
pub fn base_model(path: Option<&Path>, device: &Device) -> Result<Model> {
    Ok(match path {
        None => Model::starter(device)?,
        Some(path) => Model::open(path, device)?,
    })
}
