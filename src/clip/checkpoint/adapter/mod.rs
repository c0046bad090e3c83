//! What a run learnt, as a small file beside the model that it learnt from.
//!
//! A folder holds `adapter.json` ([`AdapterConfig`]) and `adapter.safetensors`. The tensors, by kind: `parameters`
//! holds whole parameters by the towers' names, in the modules' shapes; `low-rank` holds `NAME.lora_a` and
//! `NAME.lora_b`, whose product times `scale` is added; `linear` holds `weight` and `bias`, which are added to the
//! zero-shot logits; `cache` holds `keys` and `labels`. Both of these hold `classes`, the classes' text embeddings,
//! and, where pictures like those that were taught are lifted, `means` of their features (see
//! [`Lift`](crate::clip::Lift)). Beside parameters or factors a model with a sigmoid may have a `logit_bias` of its own.
//! `blend` lies between the model it started from (0) and what was learnt (1), after WiSE-FT (Wortsman et al. 2021,
//! arXiv 2109.01903).

mod apply;
mod config;

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::identity::sha256_of_file;
use super::weights::{Flats, NOT_FINITE, read_flats, read_flats_within, write_flats};
use crate::clip::info::WeightsFile;
use crate::clip::model::Model;
use crate::clip::{Error, Precision, Result, all_finite};

pub use config::{AdapterConfig, AdapterKind, LiftSize};

/// The file that makes a folder an adapter.
pub const ADAPTER: &str = "adapter.json";
const WEIGHTS: &str = "adapter.safetensors";
/// Beside what a whole model takes: the texts and weights of all classes, or the pictures of a cache.
const MAX_HEAD_BYTES: u64 = 256 << 20;
/// What is said where the model that something was learnt from is not the same any more.
pub const BASE_CHANGED: &str =
    "the model that this was learnt from has changed since; bring the old one back, or learn anew";
/// Adapters of adapters of adapters; a longer chain is a circle.
const MAX_CHAIN: usize = 8;
const ENDLESS: &str = "its models refer to each other without end";

#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    pub config: AdapterConfig,
    pub tensors: Flats,
}

/// Whether a folder holds an adapter.
pub fn is_adapter(folder: &Path) -> bool {
    folder.join(ADAPTER).is_file()
}

/// The path of the model that an adapter in this folder was learnt from; none where there is no adapter, or where it was
/// learnt from the starter.
pub fn base_of_adapter(folder: &Path) -> Option<PathBuf> {
    AdapterConfig::read(folder).ok()?.base
}

/// The model below all adapters: this one where it is none itself, and none for the starter.
///
/// # Errors
/// An adapter among them is damaged, or they refer to each other without end.
pub fn source_below(path: &Path) -> Result<Option<PathBuf>> {
    let mut source = path.to_path_buf();
    for _ in 0..=MAX_CHAIN {
        if !is_adapter(&source) {
            return Ok(Some(source));
        }
        match AdapterConfig::read(&source)?.base {
            Some(base) => source = base,
            None => return Ok(None),
        }
    }
    Err(Error::config(ADAPTER, ENDLESS))
}

impl Adapter {
    /// Reads a folder.
    ///
    /// # Errors
    /// A file is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self> {
        let config = AdapterConfig::read(folder)?;
        let tensors = read_flats(&folder.join(WEIGHTS))?;
        Self::checked(folder, config, tensors)
    }

    /// The same where the model is there that it was learnt from: it holds no more than that model, and a head.
    fn read_beside(folder: &Path, config: AdapterConfig, base: &Model) -> Result<Self> {
        let most = MAX_HEAD_BYTES + 8 * base.info().parameters as u64;
        let tensors = read_flats_within(&folder.join(WEIGHTS), most)?;
        Self::checked(folder, config, tensors)
    }

    fn checked(folder: &Path, config: AdapterConfig, tensors: Flats) -> Result<Self> {
        let weights = folder.join(WEIGHTS);
        if let Some((name, _)) = tensors.iter().find(|(_, flat)| !all_finite(&flat.values)) {
            return Err(Error::Checkpoint {
                file: weights.display().to_string(),
                reason: format!("{name} {NOT_FINITE}"),
            });
        }
        Ok(Self { config, tensors })
    }

    /// Writes a folder, `adapter.json` last: a folder that has it is whole.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(|source| Error::Write {
            path: folder.to_path_buf(),
            source,
        })?;
        write_flats(&folder.join(WEIGHTS), &self.tensors)?;
        self.config.write(folder)
    }
}

/// Opens an adapter's folder: the model that it names, with what was learnt.
///
/// # Errors
/// The model it was learnt from is gone or changed, or a file is damaged.
pub fn open(folder: &Path, device: &Device, precision: Precision, chain: usize) -> Result<Model> {
    if chain > MAX_CHAIN {
        return Err(Error::config(ADAPTER, ENDLESS));
    }
    let config = AdapterConfig::read(folder)?;
    let base = match &config.base {
        None => Model::starter_in(device, precision),
        Some(path) if is_adapter(path) => open(path, device, precision, chain + 1),
        Some(path) => Model::open_in(path, device, precision),
    };
    let base = base.map_err(|e| {
        let reason = format!("the model that this was learnt from cannot be opened: {e}");
        Error::config(ADAPTER, reason)
    })?;
    if base.info().full_identity != config.base_identity {
        return Err(Error::config(ADAPTER, BASE_CHANGED));
    }
    let adapter = Adapter::read_beside(folder, config, &base)?;
    let file = WeightsFile {
        name: WEIGHTS.into(),
        sha256: sha256_of_file(&folder.join(WEIGHTS))?,
    };
    let size = std::fs::metadata(folder.join(WEIGHTS)).map_or(0, |metadata| metadata.len());
    let model = adapter
        .apply(base)?
        .named_by_adapter(folder, &adapter.config, file, size);
    if model.info().scoring.logit_scale.is_finite() {
        Ok(model)
    } else {
        Err(model.not_finite("its logit_scale gives"))
    }
}
