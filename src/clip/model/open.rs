//! From the binary, a folder or a file to a model.

use std::path::Path;

use burn::tensor::Device;

use super::Model;
use crate::clip::checkpoint::adapter;
use crate::clip::checkpoint::embedded;
use crate::clip::checkpoint::identity::{IdentityHasher, sha256_of_bytes, sha256_of_file};
use crate::clip::checkpoint::layout::{self, Layout, Parts};
use crate::clip::info::{ModelInfo, Scoring, WeightsFile};
use crate::clip::{Checkpoint, Error, ImageTower, Precision, Result, TextTransformer, Tokenizer, Towers};

const WEIGHTS: &str = "model.safetensors";

impl Model {
    /// Loads the starter that is compiled into the binary.
    ///
    /// # Errors
    /// Only if the binary is damaged.
    pub fn starter(device: &Device) -> Result<Self> {
        Self::starter_in(device, Precision::Full)
    }

    /// The same, computing in this precision.
    ///
    /// # Errors
    /// Only if the binary is damaged.
    pub fn starter_in(device: &Device, precision: Precision) -> Result<Self> {
        let bytes = embedded::STARTER_WEIGHTS.to_vec();
        let size_bytes = bytes.len() as u64;
        let files = vec![WeightsFile {
            name: WEIGHTS.into(),
            sha256: sha256_of_bytes(&bytes),
        }];
        let weights = Checkpoint::from_bytes("the embedded starter", bytes, device)?;
        let parts = layout::starter_parts(
            embedded::STARTER_CONFIG,
            embedded::STARTER_PREPROCESSOR,
            embedded::STARTER_TOKENIZER.to_vec(),
            weights,
        )?;
        let mut model = Self::build(parts, Layout::Starter, files, device, precision)?;
        model.info.name = "Starter".into();
        model.info.size_bytes = size_bytes;
        Ok(model)
    }

    /// Loads a folder in one of the family's layouts, or one of its files.
    ///
    /// # Errors
    /// A file is missing or damaged, or weights and configuration do not fit; the message names what.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        Self::open_in(path, device, Precision::Full)
    }

    /// The same, computing in this precision.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(path: &Path, device: &Device, precision: Precision) -> Result<Self> {
        if adapter::is_adapter(path) {
            return adapter::open(path, device, precision, 0);
        }
        let found = layout::find(path)?;
        let parts = found.open(device)?;
        let files = found
            .weights
            .iter()
            .map(|path| {
                Ok(WeightsFile {
                    name: file_name(path),
                    sha256: sha256_of_file(path)?,
                })
            })
            .collect::<Result<_>>()?;
        let mut model = Self::build(parts, found.layout, files, device, precision)?;
        // A folder may hold several of OpenAI's archives.
        let named_by = match found.layout {
            Layout::OpenAi => found.weights.first().unwrap_or(&found.folder),
            _ => &found.folder,
        };
        model.info.name = model_name(named_by);
        model.info.size_bytes = found.size_bytes();
        model.info.path = Some(named_by.clone());
        Ok(model)
    }

    fn build(
        parts: Parts,
        layout: Layout,
        files: Vec<WeightsFile>,
        device: &Device,
        precision: Precision,
    ) -> Result<Self> {
        let identity_in = |precision| identity(&parts, &files, precision);
        let (identity, full_identity) = (identity_in(precision), identity_in(Precision::Full));
        let Parts {
            config,
            weights,
            preprocessing,
            text: text_parts,
            notes,
            ..
        } = parts;
        let mut weights = weights.with_precision(precision);
        let dim = config.projection_dim;
        let image = ImageTower::load(&mut weights, &config)?;
        let text = TextTransformer::load(&mut weights, &config.text, dim)?;
        let scoring = scoring(&mut weights)?;
        let file = weights.file().to_string();
        let summary = weights.finish()?;
        if !scoring.logit_scale.is_finite() {
            let reason = "logit_scale is so large that every logit would be infinite".into();
            return Err(Error::Checkpoint { file, reason });
        }
        let tokenizer = Tokenizer::new(&text_parts, &config.text)?;
        let info = ModelInfo {
            name: String::new(),
            path: None,
            layout,
            image_tower: config.vision.summary(),
            text_tower: config.text.summary(),
            files,
            tower: image.kind(),
            parameters: summary.parameters,
            size_bytes: 0,
            dtype: summary.dtype,
            image_size: config.vision.image_size(),
            sees: config.vision.sees(),
            context_length: config.text.max_position_embeddings,
            projection_dim: dim,
            scoring,
            precision,
            notes,
            taught_classes: Vec::new(),
            identity,
            full_identity,
        };
        Ok(Self {
            towers: Towers { image, text, precision },
            head: None,
            tokenizer,
            preprocessing,
            info,
            parameters: summary.asked,
            config,
            device: device.clone(),
        })
    }
}

/// `logit_scale` is stored as its logarithm; only models trained with SigLIP's loss have a bias.
fn scoring(weights: &mut Checkpoint) -> Result<Scoring> {
    let has_bias = weights.contains("logit_bias");
    Ok(Scoring {
        logit_scale: weights.scalar("logit_scale")?.exp(),
        logit_bias: has_bias.then(|| weights.scalar("logit_bias")).transpose()?,
    })
}

/// A hash of everything that shapes an embedding.
fn identity(parts: &Parts, files: &[WeightsFile], precision: Precision) -> String {
    let mut hasher = IdentityHasher::new(precision);
    for (name, bytes) in &parts.identity {
        hasher.add(name, bytes);
    }
    for file in files {
        hasher.add(WEIGHTS, file.sha256.as_bytes());
    }
    hasher.finish()
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// The folder's or file's name; for a folder of the Hugging Face cache, the repository's; for the first part of a model of
/// sentence-transformers, the whole model's.
pub fn model_name(path: &Path) -> String {
    let repository = path.ancestors().find_map(|folder| {
        let name = folder.file_name()?.to_str()?.strip_prefix("models--")?;
        Some(name.replace("--", "/"))
    });
    let whole = match path.parent() {
        Some(parent) if file_name(path).starts_with(layout::FIRST_PART) => parent,
        _ => path,
    };
    repository.unwrap_or_else(|| file_name(whole))
}
