//! A whole model: both towers, tokenizer and preprocessing, from a folder, a file, or the binary.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::checkpoint::adapter::{self, AdapterConfig};
use super::checkpoint::embedded;
use super::checkpoint::identity::{IdentityHasher, sha256_of_bytes, sha256_of_file};
use super::checkpoint::layout::{self, Layout, Parts};
use super::checkpoint::weights::{Flat, Flats, Parameter, parameter_id};
use super::embedding::{Embedding, numbers, to_embeddings, to_embeddings_of};
use super::head::Head;
use super::info::{ModelInfo, Scoring, WeightsFile};
use super::kernels::cores::on_cores;
use super::kernels::gpu;
use super::towers::kind::TowerKind;
use super::{
    Checkpoint, Error, ImageTower, ModelConfig, Pixels, Precision, Preprocessing, Result, TextTransformer,
    TokenizedText, Tokenizer, Towers,
};

const WEIGHTS: &str = "model.safetensors";

/// Texts in one pass of the text tower.
const TEXT_BATCH: usize = 32;

/// Embeddings that a GPU is computing.
pub struct Begun(Tensor<2>);

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
        let scoring = Scoring {
            logit_scale: weights.scalar("logit_scale")?.exp(),
            logit_bias: if weights.contains("logit_bias") {
                Some(weights.scalar("logit_bias")?)
            } else {
                None
            },
        };
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

    /// The same model with some parameters exchanged (see [`Towers::with`]), and its scale (a logarithm) and bias.
    pub fn with_parameters(
        mut self,
        values: &HashMap<ParamId, Tensor<1>>,
        logit_scale: Option<f32>,
        logit_bias: Option<f32>,
    ) -> Self {
        self.towers = self.towers.with(values);
        if let Some(logit_scale) = logit_scale {
            self.info.scoring.logit_scale = logit_scale.exp();
        }
        if self.info.scoring.logit_bias.is_some() {
            self.info.scoring.logit_bias = logit_bias.or(self.info.scoring.logit_bias);
        }
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

    fn check_finite(&self, embeddings: &[Embedding], what: &str) -> Result<()> {
        if embeddings.iter().all(Embedding::is_finite) {
            Ok(())
        } else {
            Err(self.not_finite(what))
        }
    }

    /// Embeds pictures in one pass.
    ///
    /// # Errors
    /// The device failed, or what it gives are no numbers.
    pub fn embed_images(&self, pictures: &[Pixels]) -> Result<Vec<Embedding>> {
        if pictures.is_empty() {
            return Ok(Vec::new());
        }
        if self.head.is_some() {
            return Ok(self.features_and_embeddings(pictures)?.1);
        }
        let embeddings = self.in_parts(pictures, |pictures| to_embeddings(self.launch(pictures)))?;
        self.check_finite(&embeddings, "the image tower gives")?;
        Ok(embeddings)
    }

    /// Has a GPU begin to embed pictures, without waiting for it; none where the processor computes, or where a classifier
    /// on top needs more than the embeddings.
    pub fn begin(&self, pictures: &[Pixels]) -> Option<Begun> {
        let apart = self.device != Device::flex() && self.head.is_none() && !pictures.is_empty();
        apart.then(|| Begun(self.launch(pictures)))
    }

    /// Waits for embeddings that were [begun](Self::begin).
    ///
    /// # Errors
    /// The device failed, or what it gives are no numbers.
    pub fn finish(&self, begun: Begun) -> Result<Vec<Embedding>> {
        let embeddings = to_embeddings(begun.0)?;
        self.check_finite(&embeddings, "the image tower gives")?;
        Ok(embeddings)
    }

    fn launch(&self, pictures: &[Pixels]) -> Tensor<2> {
        self.by_shape(pictures, |pixels| self.towers.image.forward(pixels))
    }

    /// Features before the projection (as unit vectors with their former lengths, too), with the embeddings.
    ///
    /// # Errors
    /// The device failed, or what it gives are no numbers.
    pub fn features_and_embeddings(&self, pictures: &[Pixels]) -> Result<(Vec<Embedding>, Vec<Embedding>)> {
        let each = self.in_parts(pictures, |pictures| {
            let features = self.by_shape(pictures, |pixels| self.towers.image.features(pixels));
            let embeddings = self.towers.image.project(features.clone());
            // Together, so that a GPU is waited for once.
            let width = features.dims()[1];
            let [features, embeddings] = to_embeddings_of(Tensor::cat(vec![features, embeddings], 1), width)?;
            Ok(features.into_iter().zip(embeddings).collect())
        })?;
        let (features, embeddings): (Vec<Embedding>, Vec<Embedding>) = each.into_iter().unzip();
        self.check_finite(&features, "the image tower gives")?;
        self.check_finite(&embeddings, "the image tower gives")?;
        let Some(head) = &self.head else {
            return Ok((features, embeddings));
        };
        let extended = self.extended(head, &features, embeddings)?;
        self.check_finite(&extended, "the taught classifier gives")?;
        Ok((features, extended))
    }

    /// Does a batch in parts, one a core, where the processor computes: its backend does much of what lies between
    /// products of matrices on one.
    fn in_parts<T: Sync, R: Send>(&self, batch: &[T], work: impl Fn(&[T]) -> Result<Vec<R>> + Sync) -> Result<Vec<R>> {
        if self.device == Device::flex() {
            on_cores(batch, work)
        } else {
            work(batch)
        }
    }

    /// Embeddings with the head's answers in them.
    fn extended(&self, head: &Head, features: &[Embedding], embeddings: Vec<Embedding>) -> Result<Vec<Embedding>> {
        let device = Device::flex();
        let matrix = |rows: &[Embedding]| {
            let width = rows.first().map_or(0, |row| row.vector.len());
            let values: Vec<f32> = rows.iter().flat_map(|row| row.vector.iter().copied()).collect();
            Tensor::<2>::from_data(TensorData::new(values, [rows.len(), width]), &device)
        };
        let answers = head.answers(matrix(features), matrix(&embeddings))?;
        let extended = embeddings
            .into_iter()
            .zip(answers)
            .map(|(embedding, answers)| Embedding {
                vector: head.extend(&embedding.vector, &answers),
                norm: embedding.norm,
            });
        Ok(extended.collect())
    }

    /// The vector of a class that the model was taught, if there is one of this name.
    pub fn class_vector(&self, name: &str) -> Option<Vec<f32>> {
        let head = self.head.as_ref()?;
        let dim = self.info.projection_dim - head.extended_dim(0);
        head.class_vector(name, dim)
    }

    /// What a product of a picture's embedding and a text's is multiplied by to be a cosine; 1 but for taught classes,
    /// whose answers share the length of a picture's embedding.
    pub fn stretch(&self) -> f32 {
        self.head.as_ref().map_or(1.0, Head::stretch)
    }

    /// A picture's embedding as what other pictures are compared with: products with it are cosines of the embeddings
    /// alone, without what was answered for taught classes.
    pub fn as_query(&self, mut embedding: Vec<f32>) -> Vec<f32> {
        if let Some(head) = &self.head {
            let dim = self.info.projection_dim - head.extended_dim(0);
            let square = head.stretch().powi(2);
            embedding.truncate(dim);
            embedding.iter_mut().for_each(|value| *value *= square);
            embedding.resize(self.info.projection_dim, 0.0);
        }
        embedding
    }

    /// Embeds tokenized texts, in batches of similar length; the order is kept.
    ///
    /// # Errors
    /// The device failed, or what it gives are no numbers.
    pub fn embed_texts(&self, texts: &[TokenizedText]) -> Result<Vec<Embedding>> {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&i| texts[i].ids.len());
        let mut embedded: Vec<Option<Embedding>> = vec![None; texts.len()];
        for chunk in order.chunks(TEXT_BATCH) {
            let ids: Vec<&[u32]> = chunk.iter().map(|&i| texts[i].ids.as_slice()).collect();
            let embedded_ids = self.in_parts(&ids, |ids| to_embeddings(self.towers.text.forward(ids)))?;
            self.check_finite(&embedded_ids, "the text tower gives")?;
            for (&i, mut embedding) in chunk.iter().zip(embedded_ids) {
                if let Some(head) = &self.head {
                    embedding.vector = head.extend_text(&embedding.vector);
                }
                embedded[i] = Some(embedding);
            }
        }
        Ok(embedded.into_iter().flatten().collect())
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

    /// The values of all parameters by name, `logit_scale` (its logarithm) and `logit_bias` among them.
    ///
    /// # Errors
    /// The device failed, or kernels of the model are laid out for answering: only as loaded has it all its parameters.
    pub fn parameter_values(&self) -> Result<Flats> {
        let mut found = Found(HashMap::new());
        self.towers.visit(&mut found);
        let scalar = |value: f32| Flat {
            shape: vec![1],
            values: vec![value],
        };
        let scoring = self.info.scoring;
        let mut values = Flats::new();
        values.insert("logit_scale".into(), scalar(scoring.logit_scale.ln()));
        if let Some(bias) = scoring.logit_bias {
            values.insert("logit_bias".into(), scalar(bias));
        }
        for Parameter { name, shape, .. } in &self.parameters {
            let count: usize = shape.iter().product();
            let found = found.0.remove(&parameter_id(name));
            let as_loaded = found.filter(|tensor| tensor.shape().num_elements() == count);
            let otherwise = || Error::Method(format!("{name} is laid out for answering: load the model anew"));
            let flat = Flat {
                shape: shape.clone(),
                values: numbers(as_loaded.ok_or_else(otherwise)?)?,
            };
            values.insert(name.clone(), flat);
        }
        Ok(values)
    }

    /// What the model is made of.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The precision in which the model computes.
    pub fn precision(&self) -> Precision {
        self.info.precision
    }

    /// Where the model computes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Prepared pictures of one shape as the image tower takes them, `[pictures, 3, height, width]`.
    pub fn pixel_tensor<P: Borrow<Pixels>>(&self, pictures: &[P]) -> Tensor<4> {
        let pictures: Vec<&Pixels> = pictures.iter().map(P::borrow).collect();
        let (width, height) = pictures.first().map_or((1, 1), |first| (first.width, first.height));
        if let Some(pixels) = self.pixels_by_kernel(&pictures, [height, width]) {
            return pixels;
        }
        let mut values = Vec::with_capacity(pictures.len() * 3 * width * height);
        for picture in &pictures {
            values.extend(picture.values());
        }
        let pixels = Tensor::from_data(
            TensorData::new(values, [pictures.len(), 3, height, width]),
            &self.device,
        );
        self.towers.input(pixels)
    }

    /// The same on a GPU, where bytes are made numbers; none elsewhere.
    fn pixels_by_kernel(&self, pictures: &[&Pixels], [height, width]: [usize; 2]) -> Option<Tensor<4>> {
        let how = pictures.first()?.normalisation;
        if self.device == Device::flex() || pictures.iter().any(|picture| picture.normalisation != how) {
            return None;
        }
        let mut bytes = Vec::with_capacity(pictures.len() * 3 * width * height + 4);
        for picture in pictures {
            bytes.extend_from_slice(&picture.bytes);
        }
        let dtype = match self.info.precision {
            Precision::Full => DType::F32,
            Precision::Half => DType::F16,
        };
        gpu::pixels::pixels(bytes, [pictures.len(), height, width], &how, dtype, &self.device)
    }

    /// One row a picture, in their order, from what makes rows of pictures of one shape: a model that keeps their aspect
    /// ratio gets pictures of several.
    pub fn by_shape(&self, pictures: &[Pixels], rows: impl Fn(Tensor<4>) -> Tensor<2>) -> Tensor<2> {
        let mut shapes: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (place, picture) in pictures.iter().enumerate() {
            shapes.entry((picture.width, picture.height)).or_default().push(place);
        }
        if shapes.len() <= 1 {
            return rows(self.pixel_tensor(pictures));
        }
        let of = |places: &Vec<usize>| {
            let alike: Vec<&Pixels> = places.iter().map(|&place| &pictures[place]).collect();
            rows(self.pixel_tensor(&alike))
        };
        let found = Tensor::cat(shapes.values().map(of).collect(), 0);
        let mut order = vec![0i64; pictures.len()];
        for (row, &place) in shapes.values().flatten().enumerate() {
            order[place] = row as i64;
        }
        let order: Tensor<1, Int> = Tensor::from_data(TensorData::new(order, [pictures.len()]), &found.device());
        found.select(0, order)
    }
}

/// Collects parameters by id, row by row.
struct Found(HashMap<ParamId, Tensor<1>>);

impl ModuleVisitor for Found {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let count = value.shape().num_elements();
        self.0.insert(param.id, value.reshape([count]));
    }
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
