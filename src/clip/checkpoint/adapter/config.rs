//! `adapter.json`: what an adapter is, and of which model.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ADAPTER;
use crate::clip::checkpoint::weights::{NOT_FINITE, write_whole};
use crate::clip::{Error, Result, all_finite};
use crate::escape::{check_classes, check_name};
use crate::files::{MAX_SMALL_BYTES, check_local, read_at_most};
use crate::lossless::Lossless;

#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterConfig {
    /// The name that is shown.
    pub name: String,
    /// How it was learnt.
    pub method: String,
    /// The model it was learnt from; none for the starter.
    #[serde_as(as = "Option<Lossless>")]
    pub base: Option<PathBuf>,
    /// That model's identity in f32.
    pub base_identity: String,
    pub kind: AdapterKind,
    /// The classes that it was taught, in order.
    pub classes: Vec<String>,
    /// From the model it started from (0) to what was learnt (1).
    pub blend: f32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum AdapterKind {
    Parameters,
    /// Low-rank factors (LoRA).
    LowRank {
        /// What their product is multiplied by.
        scale: f32,
    },
    /// A linear classifier on features, beside the texts of the classes.
    Linear {
        /// Up to where pictures like those that were taught are lifted.
        #[serde(default)]
        lift: Option<LiftSize>,
    },
    /// Tip-Adapter's cache.
    Cache {
        /// The weight of the cache.
        alpha: f32,
        /// How fast likeness counts for less.
        beta: f32,
        /// Up to where pictures like those that were taught are lifted.
        #[serde(default)]
        lift: Option<LiftSize>,
    },
}

/// A [`Lift`] without its means, which are a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LiftSize {
    /// The least cosine of the best class of a picture like these.
    pub floor: f32,
    /// The cosine with the nearest mean below which nothing is lifted, and that from which on everything is.
    pub between: (f32, f32),
}

impl LiftSize {
    fn numbers(lift: Option<&Self>) -> Vec<f32> {
        lift.map_or(vec![], |lift| vec![lift.floor, lift.between.0, lift.between.1])
    }
}

impl AdapterConfig {
    /// Reads `adapter.json` of a folder.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(ADAPTER);
        let json = read_at_most(&path, MAX_SMALL_BYTES).map_err(|source| Error::Read { path, source })?;
        let config: Self = serde_json::from_slice(&json).map_err(|e| Error::config(ADAPTER, e.to_string()))?;
        config.check().map_err(|reason| Error::config(ADAPTER, reason))?;
        Ok(config)
    }

    /// What cannot be, in words.
    fn check(&self) -> std::result::Result<(), String> {
        if !(0.0..=1.0).contains(&self.blend) {
            return Err("blend does not lie between 0 and 1".into());
        }
        self.base.as_deref().map_or(Ok(()), check_local)?;
        check_name("its name", &self.name)?;
        check_name("its method", &self.method)?;
        check_classes(&self.classes)?;
        let numbers = match &self.kind {
            AdapterKind::Parameters => vec![],
            AdapterKind::LowRank { scale } => vec![*scale],
            AdapterKind::Linear { lift } => LiftSize::numbers(lift.as_ref()),
            AdapterKind::Cache { alpha, beta, lift } => {
                [vec![*alpha, *beta], LiftSize::numbers(lift.as_ref())].concat()
            }
        };
        if !all_finite(&numbers) {
            return Err(format!("a setting {NOT_FINITE}"));
        }
        Ok(())
    }

    /// Writes it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let json = serde_json::to_vec_pretty(self).map_err(|e| Error::config(ADAPTER, e.to_string()))?;
        write_whole(&folder.join(ADAPTER), &json)
    }
}
