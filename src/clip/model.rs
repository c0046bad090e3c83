//! A whole model: both towers, tokenizer and preprocessing, from a folder or from the binary.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};

use super::capability::TowerKind;
use super::identity::IdentityHasher;
use super::{
    Checkpoint, EfficientNetDense, EfficientNetLite, Error, ModelConfig, Pixels, Preprocessing, Result,
    TextTransformer, TokenizedText, Tokenizer, VisionConfig, VisionDense, VisionTransformer,
};

const CONFIG: &str = "config.json";
const PREPROCESSOR: &str = "preprocessor_config.json";
const TOKENIZER: &str = "tokenizer.json";
const WEIGHTS: &str = "model.safetensors";

static STARTER_CONFIG: &[u8] = include_bytes!("../../assets/starter/config.json");
static STARTER_PREPROCESSOR: &[u8] = include_bytes!("../../assets/starter/preprocessor_config.json");
static STARTER_TOKENIZER: &[u8] = include_bytes!("../../assets/starter/tokenizer.json");
static STARTER_WEIGHTS: &[u8] = include_bytes!("../../assets/starter/model.safetensors");

/// Texts in one pass of the text tower.
const TEXT_BATCH: usize = 32;
/// The reference clamps the scale of the logits here.
const MAX_LOGIT_SCALE: f32 = 100.0;

/// A point in the space that pictures and texts share.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// Unit length, `[projection_dim]`.
    pub vector: Vec<f32>,
    /// The length before normalising.
    pub norm: f32,
}

/// Facts about a loaded model, for people and for caches.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// A short name: `Starter`, or the folder's name.
    pub name: String,
    /// The folder it came from; none for the starter.
    pub folder: Option<PathBuf>,
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
    /// The factor from cosine to logit (already exponentiated).
    pub logit_scale: f32,
    /// The hash that keys cached embeddings.
    pub identity: String,
}

impl ModelInfo {
    /// Whether this is the embedded starter, which is no CLIP.
    pub fn is_starter(&self) -> bool {
        self.tower == TowerKind::EfficientNetLite
    }
}

enum ImageTower {
    Vit(Box<VisionTransformer>),
    EfficientNetLite(Box<EfficientNetLite>),
}

/// Dense features of one picture, for heatmaps.
pub enum Dense {
    /// Of a Vision Transformer: its last block, and ClearCLIP's tokens `[1, 1 + grid * grid, projection_dim]`.
    Vit {
        /// The last block, laid open.
        block: Box<VisionDense>,
        /// The query-query tokens in the shared space.
        query_query_tokens: Tensor<3>,
    },
    /// Of the starter's tower: features and class logits per cell, with the class embeddings.
    EfficientNetLite {
        /// Per cell.
        cells: Box<EfficientNetDense>,
        /// `[classes, projection_dim]`.
        class_embeddings: Tensor<2>,
        /// Temperature of the class softmax.
        softmax_temperature: f64,
    },
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

struct Files<'a> {
    config: &'a [u8],
    preprocessor: &'a [u8],
    tokenizer: &'a [u8],
}

impl Model {
    /// Loads the starter that is compiled into the binary.
    ///
    /// # Errors
    /// Only if the binary is damaged.
    pub fn starter(device: &Device) -> Result<Self> {
        let files = Files {
            config: STARTER_CONFIG,
            preprocessor: STARTER_PREPROCESSOR,
            tokenizer: STARTER_TOKENIZER,
        };
        let mut hasher = files.hasher();
        hasher.add(WEIGHTS, STARTER_WEIGHTS);
        let weights = Checkpoint::from_static("the embedded starter", STARTER_WEIGHTS, device)?;
        let mut model = Self::build(&files, weights, hasher.finish(), device)?;
        model.info.name = "Starter".into();
        model.info.size_bytes = STARTER_WEIGHTS.len() as u64;
        Ok(model)
    }

    /// Loads a folder in the Hugging Face `CLIPModel` layout, or one of its `.safetensors` files.
    ///
    /// # Errors
    /// A file is missing or damaged, or weights and configuration do not fit; the message names what.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let (folder, weights_path) = resolve(path)?;
        let config = read_part(&folder, CONFIG)?;
        let preprocessor = read_part(&folder, PREPROCESSOR)?;
        let tokenizer = read_part(&folder, TOKENIZER)?;
        let files = Files {
            config: &config,
            preprocessor: &preprocessor,
            tokenizer: &tokenizer,
        };
        let mut hasher = files.hasher();
        hasher.add_file(WEIGHTS, &weights_path)?;
        let weights = Checkpoint::open(&weights_path, device)?;
        let mut model = Self::build(&files, weights, hasher.finish(), device)?;
        model.info.name = folder_name(&folder);
        model.info.size_bytes = std::fs::metadata(&weights_path).map_or(0, |m| m.len());
        model.info.folder = Some(folder);
        Ok(model)
    }

    fn build(files: &Files, mut weights: Checkpoint, identity: String, device: &Device) -> Result<Self> {
        let config = ModelConfig::parse(files.config)?;
        let preprocessing = Preprocessing::parse(files.preprocessor, config.vision.image_size())?;
        let dim = config.projection_dim;
        let (image, tower) = match &config.vision {
            VisionConfig::Vit(vit) => (
                ImageTower::Vit(Box::new(VisionTransformer::load(&mut weights, vit, dim)?)),
                TowerKind::Vit,
            ),
            VisionConfig::EfficientNetLite(net) => (
                ImageTower::EfficientNetLite(Box::new(EfficientNetLite::load(&mut weights, net, dim)?)),
                TowerKind::EfficientNetLite,
            ),
        };
        let text = TextTransformer::load(&mut weights, &config.text, dim)?;
        let logit_scale = weights.scalar("logit_scale")?.exp().min(MAX_LOGIT_SCALE);
        let summary = weights.finish()?;
        let context_length = config.text.max_position_embeddings;
        let tokenizer = Tokenizer::parse(files.tokenizer, context_length, config.text.vocab_size)?;
        let info = ModelInfo {
            name: String::new(),
            folder: None,
            tower,
            parameters: summary.parameters,
            size_bytes: 0,
            dtype: summary.dtype,
            image_size: config.vision.image_size(),
            context_length,
            projection_dim: dim,
            logit_scale,
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
        let embeddings = match &self.image {
            ImageTower::Vit(tower) => tower.forward(pixels),
            ImageTower::EfficientNetLite(tower) => tower.forward(pixels),
        };
        to_embeddings(embeddings)
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

    /// The dense features of one picture.
    pub fn dense(&self, picture: &Pixels) -> Dense {
        let pixels = self.pixel_tensor(std::slice::from_ref(picture));
        match &self.image {
            ImageTower::Vit(tower) => {
                let block = tower.forward_dense(pixels);
                Dense::Vit {
                    query_query_tokens: tower.query_query_tokens(&block),
                    block: Box::new(block),
                }
            }
            ImageTower::EfficientNetLite(tower) => Dense::EfficientNetLite {
                cells: Box::new(tower.forward_dense(pixels)),
                class_embeddings: tower.class_embeddings(),
                softmax_temperature: tower.softmax_temperature(),
            },
        }
    }

    fn pixel_tensor(&self, pictures: &[Pixels]) -> Tensor<4> {
        let side = self.info.image_size;
        let mut values = Vec::with_capacity(pictures.len() * 3 * side * side);
        for picture in pictures {
            values.extend_from_slice(&picture.values);
        }
        Tensor::from_data(TensorData::new(values, [pictures.len(), 3, side, side]), &self.device)
    }
}

impl Files<'_> {
    fn hasher(&self) -> IdentityHasher {
        let mut hasher = IdentityHasher::new();
        hasher.add(CONFIG, self.config);
        hasher.add(PREPROCESSOR, self.preprocessor);
        hasher.add(TOKENIZER, self.tokenizer);
        hasher
    }
}

fn resolve(path: &Path) -> Result<(PathBuf, PathBuf)> {
    let path = std::path::absolute(path).map_err(|source| Error::Read {
        path: path.to_path_buf(),
        source,
    })?;
    if path.is_dir() {
        let weights = path.join(WEIGHTS);
        return Ok((path, weights));
    }
    match (path.extension(), path.parent()) {
        (Some(extension), Some(folder)) if extension == "safetensors" && path.is_file() => {
            Ok((folder.to_path_buf(), path.clone()))
        }
        _ => Err(Error::Layout {
            reason: "choose the folder that holds config.json and model.safetensors, or the .safetensors file".into(),
            path,
        }),
    }
}

fn read_part(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name);
    std::fs::read(&path).map_err(|source| {
        if source.kind() == std::io::ErrorKind::NotFound {
            Error::Layout {
                path: folder.to_path_buf(),
                reason: format!("{name} is missing"),
            }
        } else {
            Error::Read { path, source }
        }
    })
}

fn folder_name(folder: &Path) -> String {
    folder.file_name().map_or_else(
        || folder.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
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
