//! A whole model: both towers, tokenizer and preprocessing, from a folder, a file, or the binary.
//!
//! What it does lies in files: how it is opened, what it embeds, how pictures become one tensor, and its parameters.

mod batch;
mod embed;
mod open;
mod parameters;

use std::path::Path;

use burn::tensor::Device;

use super::checkpoint::adapter::AdapterConfig;
use super::checkpoint::identity::IdentityHasher;
use super::checkpoint::layout::Layout;
use super::checkpoint::weights::Parameter;
use super::head::Head;
use super::info::{ModelInfo, WeightsFile};
use super::towers::kind::TowerKind;
use super::{Error, ImageTower, ModelConfig, Precision, Preprocessing, Result, TokenizedText, Tokenizer, Towers};

pub use embed::PendingEmbeddings;
pub use open::model_name;

/// A dual encoder on a device.
pub struct Model {
    towers: Towers,
    head: Option<Head>,
    tokenizer: Tokenizer,
    preprocessing: Preprocessing,
    info: ModelInfo,
    parameters: Vec<Parameter>,
    config: ModelConfig,
    device: Device,
}

impl Model {
    /// The same model with a classifier on top: its answers become part of its embeddings.
    pub fn with_head(mut self, head: Head) -> Self {
        self.info.projection_dim = head.extended_dim(self.info.projection_dim);
        // What was taught was taught by a softmax over its classes: a bias for a sigmoid says nothing about it.
        self.info.scoring.logit_bias = None;
        self.info.tower = TowerKind::Classifier;
        self.info.taught_classes = head.names().to_vec();
        self.head = Some(head);
        self
    }

    /// The same model, laid out to answer fast where the processor computes. For learning, it should stay as loaded.
    pub fn laid_out(mut self) -> Self {
        self.towers = self.towers.laid_out();
        self
    }

    /// The model under an adapter's name and identity.
    pub fn named_by_adapter(
        mut self,
        folder: &Path,
        config: &AdapterConfig,
        file: WeightsFile,
        size_bytes: u64,
    ) -> Self {
        let identity = |base: &str| {
            let mut hasher = IdentityHasher::new(Precision::Full);
            hasher.add("base", base.as_bytes());
            hasher.add("adapter", file.sha256.as_bytes());
            hasher.add(
                "kind",
                format!("{:?} {:?} {}", config.kind, config.classes, config.blend).as_bytes(),
            );
            hasher.finish()
        };
        self.info.identity = identity(&self.info.identity);
        self.info.full_identity = identity(&self.info.full_identity);
        self.info.name.clone_from(&config.name);
        self.info.path = Some(folder.to_path_buf());
        self.info.layout = Layout::Adapter;
        self.info.taught_classes.clone_from(&config.classes);
        self.info.size_bytes += size_bytes;
        self.info.files.push(file);
        self
    }

    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// How the model wants its pictures.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Tokenizes a text.
    ///
    /// # Errors
    /// The tokenizer does not fit the text tower.
    pub fn tokenize(&self, text: &str) -> Result<TokenizedText> {
        self.tokenizer.encode(text)
    }

    /// The file of the model that a message names.
    pub fn file(&self) -> String {
        let (path, first) = (self.info.path.as_deref(), self.info.files.last());
        match (path, first) {
            (Some(path), Some(file)) if path.is_dir() => path.join(&file.name).display().to_string(),
            (Some(path), _) => path.display().to_string(),
            (None, _) => self.info.name.clone(),
        }
    }

    /// The error of a part that gives NaN or infinity.
    pub fn not_finite(&self, what: impl Into<String>) -> Error {
        Error::NotFinite {
            model: self.file(),
            what: what.into(),
            hint: match self.info.precision {
                Precision::Full => "; its weights are broken, or are no weights of this architecture",
                Precision::Half => "; half precision may be too narrow for it: choose full",
            },
        }
    }

    /// The image tower, for methods that look inside.
    pub fn image_tower(&self) -> &ImageTower {
        &self.towers.image
    }

    /// Both towers, for methods that learn.
    pub fn towers(&self) -> &Towers {
        &self.towers
    }

    /// The parameters of both towers, in the order in which they were loaded.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The precision in which the model computes.
    pub fn precision(&self) -> Precision {
        self.info.precision
    }

    pub fn device(&self) -> &Device {
        &self.device
    }
}
