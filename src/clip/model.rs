//! A whole model: both towers, tokenizer and preprocessing, from a folder, a file, or the binary.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};

use super::capability::TowerKind;
use super::embedded;
use super::identity::{IdentityHasher, sha256_of_bytes, sha256_of_file};
use super::layout::{self, Layout, Parts};
use super::{Checkpoint, Error, ImageTower, Pixels, Preprocessing, Result, TextTransformer, TokenizedText, Tokenizer};

const WEIGHTS: &str = "model.safetensors";

/// Texts in one pass of the text tower.
const TEXT_BATCH: usize = 32;

/// A point in the space that pictures and texts share.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// Unit length, `[projection_dim]`.
    pub vector: Vec<f32>,
    /// The length before normalising.
    pub norm: f32,
}

/// How a model turns a cosine into a probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scoring {
    /// The factor from cosine to logit (already exponentiated).
    pub logit_scale: f32,
    /// For a model trained with SigLIP's loss: what is added to the logit before its sigmoid. Without one, the logits
    /// of all labels share a softmax.
    pub logit_bias: Option<f32>,
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            logit_scale: 1.0,
            logit_bias: None,
        }
    }
}

impl Scoring {
    /// The logit of a cosine.
    pub fn logit(&self, cosine: f32) -> f32 {
        self.logit_scale * cosine + self.logit_bias.unwrap_or(0.0)
    }
}

/// One file of a model's weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightsFile {
    /// Its name.
    pub name: String,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

/// Facts about a loaded model, for people and for caches.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// A short name: `Starter`, the folder's name, or that of a single file.
    pub name: String,
    /// The folder or file it came from; none for the starter.
    pub path: Option<PathBuf>,
    /// How its files were laid out.
    pub layout: Layout,
    /// The image tower in a few words, such as `ViT-B/32: 12 blocks of 768`.
    pub image_tower: String,
    /// The text tower in a few words.
    pub text_tower: String,
    /// The weights' files.
    pub files: Vec<WeightsFile>,
    /// The kind of its image tower.
    pub tower: TowerKind,
    /// Number of weights.
    pub parameters: usize,
    /// Size of the weights on disk, in bytes.
    pub size_bytes: u64,
    /// Type of the weights on disk.
    pub dtype: String,
    /// Side of the input square, in pixels.
    pub image_size: usize,
    /// Tokens that a text may have, start and end included.
    pub context_length: usize,
    /// Width of the shared space.
    pub projection_dim: usize,
    /// From cosine to probability.
    pub scoring: Scoring,
    /// The hash that keys cached embeddings.
    pub identity: String,
}

impl ModelInfo {
    /// Whether this is the embedded starter, which is no CLIP.
    pub fn is_starter(&self) -> bool {
        self.tower == TowerKind::EfficientNetLite
    }
}

/// A dual encoder on a device.
pub struct Model {
    image: ImageTower,
    text: TextTransformer,
    tokenizer: Tokenizer,
    preprocessing: Preprocessing,
    info: ModelInfo,
    device: Device,
}

impl Model {
    /// Loads the starter that is compiled into the binary.
    ///
    /// # Errors
    /// Only if the binary is damaged.
    pub fn starter(device: &Device) -> Result<Self> {
        let bytes = embedded::starter_weights()?;
        let size_bytes = bytes.len() as u64;
        let files = vec![WeightsFile {
            name: WEIGHTS.into(),
            sha256: sha256_of_bytes(&bytes),
        }];
        let weights = Checkpoint::from_bytes("the embedded starter", bytes, device)?;
        let parts = layout::starter_parts(
            embedded::STARTER_CONFIG,
            embedded::STARTER_PREPROCESSOR,
            embedded::starter_tokenizer()?,
            weights,
        )?;
        let mut model = Self::build(parts, Layout::Starter, files, device)?;
        model.info.name = "Starter".into();
        model.info.size_bytes = size_bytes;
        Ok(model)
    }

    /// Loads a folder in one of the family's layouts, or one of its files.
    ///
    /// # Errors
    /// A file is missing or damaged, or weights and configuration do not fit; the message names what.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
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
        let mut model = Self::build(parts, found.layout, files, device)?;
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

    fn build(parts: Parts, layout: Layout, files: Vec<WeightsFile>, device: &Device) -> Result<Self> {
        let identity = identity(&parts, &files);
        let Parts {
            config,
            mut weights,
            preprocessing,
            text: text_parts,
            ..
        } = parts;
        let dim = config.projection_dim;
        let image = ImageTower::load(&mut weights, &config)?;
        let text = TextTransformer::load(&mut weights, &config.text, dim)?;
        let scoring = Scoring {
            logit_scale: weights.scalar("logit_scale")?.exp(),
            logit_bias: if weights.contains("logit_bias") {
                Some(weights.scalar("logit_bias")?)
            } else {
                None
            },
        };
        let summary = weights.finish()?;
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
            context_length: config.text.max_position_embeddings,
            projection_dim: dim,
            scoring,
            identity,
        };
        Ok(Self {
            image,
            text,
            tokenizer,
            preprocessing,
            info,
            device: device.clone(),
        })
    }

    /// Facts about the model.
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

    /// Embeds pictures in one pass.
    ///
    /// # Errors
    /// The device failed.
    pub fn embed_images(&self, pictures: &[Pixels]) -> Result<Vec<Embedding>> {
        if pictures.is_empty() {
            return Ok(Vec::new());
        }
        let pixels = self.pixel_tensor(pictures);
        to_embeddings(self.image.forward(pixels))
    }

    /// Embeds tokenized texts, in batches of similar length; the order is kept.
    ///
    /// # Errors
    /// The device failed.
    pub fn embed_texts(&self, texts: &[TokenizedText]) -> Result<Vec<Embedding>> {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&i| texts[i].ids.len());
        let mut embedded: Vec<Option<Embedding>> = vec![None; texts.len()];
        for chunk in order.chunks(TEXT_BATCH) {
            let ids: Vec<&[u32]> = chunk.iter().map(|&i| texts[i].ids.as_slice()).collect();
            for (&i, embedding) in chunk.iter().zip(to_embeddings(self.text.forward(&ids))?) {
                embedded[i] = Some(embedding);
            }
        }
        Ok(embedded.into_iter().flatten().collect())
    }

    /// The image tower, for methods that look inside.
    pub fn image_tower(&self) -> &ImageTower {
        &self.image
    }

    /// Where the model computes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Prepared pictures as the image tower takes them, `[pictures, 3, side, side]`.
    pub fn pixel_tensor(&self, pictures: &[Pixels]) -> Tensor<4> {
        let side = self.info.image_size;
        let mut values = Vec::with_capacity(pictures.len() * 3 * side * side);
        for picture in pictures {
            values.extend_from_slice(&picture.values);
        }
        Tensor::from_data(TensorData::new(values, [pictures.len(), 3, side, side]), &self.device)
    }
}

/// A hash of everything that shapes an embedding.
fn identity(parts: &Parts, files: &[WeightsFile]) -> String {
    let mut hasher = IdentityHasher::new();
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

/// The folder's or file's name; for a folder of the Hugging Face cache, the repository's.
pub fn model_name(path: &Path) -> String {
    let repository = path.ancestors().find_map(|folder| {
        let name = folder.file_name()?.to_str()?.strip_prefix("models--")?;
        Some(name.replace("--", "/"))
    });
    repository.unwrap_or_else(|| file_name(path))
}

/// `[n, projection_dim]` to unit vectors and their former lengths.
fn to_embeddings(tensor: Tensor<2>) -> Result<Vec<Embedding>> {
    let [_, dim] = tensor.dims();
    let values: Vec<f32> = tensor
        .try_into_data()
        .map_err(|e| Error::Device(format!("{e:?}")))?
        .try_to_vec()
        .map_err(|e| Error::Device(format!("{e:?}")))?;
    Ok(values.chunks_exact(dim).map(normalised).collect())
}

fn normalised(values: &[f32]) -> Embedding {
    let norm = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt() as f32;
    let divisor = norm.max(f32::MIN_POSITIVE);
    Embedding {
        vector: values.iter().map(|v| v / divisor).collect(),
        norm,
    }
}
