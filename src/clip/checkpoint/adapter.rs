//! What a run learnt, as a small file beside the model that it learnt from.
//!
//! A folder holds `adapter.json` ([`AdapterConfig`]) and `adapter.safetensors`. The tensors, by kind: `parameters`
//! holds whole parameters by the towers' names, in the modules' shapes; `low-rank` holds `NAME.lora_a` and
//! `NAME.lora_b`, whose product times `scale` is added; `linear` holds `weight` and `bias`, which are added to the
//! zero-shot logits; `cache` holds `keys` and `labels`. Both of these hold `classes`, the classes' text embeddings,
//! and, where pictures like those that were taught are lifted, `means` of their features ([`Lift`]). Beside parameters
//! or factors a model with a sigmoid may have a `logit_bias` of its own. `blend` lies between the model it started from
//! (0) and what was learnt (1), after WiSE-FT (Wortsman et al. 2021, arXiv 2109.01903).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use burn::module::ParamId;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::identity::sha256_of_file;
use super::weights::{Flat, Flats, NOT_FINITE, parameter_id, read_flats, read_flats_within, write_flats, write_whole};
use crate::clip::head::{Classifier, Head, Learnt, Lift, required};
use crate::clip::info::WeightsFile;
use crate::clip::model::Model;
use crate::clip::{Error, Precision, Result, all_finite};
use crate::escape::{check_classes, check_name};
use crate::files::{MAX_SMALL_BYTES, check_local, read_at_most};
use crate::lossless::Lossless;

/// The file that makes a folder an adapter.
pub const ADAPTER: &str = "adapter.json";
const WEIGHTS: &str = "adapter.safetensors";
/// Beside what a whole model takes: the texts and weights of all classes, or the pictures of a cache.
const MAX_HEAD_BYTES: u64 = 256 << 20;
const LOGIT_BIAS: &str = "logit_bias";
/// What is said where the model that something was learnt from is not the same any more.
pub const BASE_CHANGED: &str =
    "the model that this was learnt from has changed since; bring the old one back, or learn anew";
/// Adapters of adapters of adapters; a longer chain is a circle.
const MAX_CHAIN: usize = 8;
const ENDLESS: &str = "its models refer to each other without end";

/// What an adapter is.
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
    /// What its tensors are.
    pub kind: AdapterKind,
    /// The classes that it was taught, in order.
    pub classes: Vec<String>,
    /// From the model it started from (0) to what was learnt (1).
    pub blend: f32,
}

/// What an adapter's tensors are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum AdapterKind {
    /// Whole parameters.
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

/// An adapter with its tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    /// What it is.
    pub config: AdapterConfig,
    /// Its tensors.
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

    /// The model with what was learnt.
    ///
    /// # Errors
    /// The tensors do not fit the model.
    pub fn apply(&self, base: Model) -> Result<Model> {
        let blend = self.config.blend;
        match &self.config.kind {
            AdapterKind::Parameters => {
                let start = base.parameter_values()?;
                let blended = self.tensors.iter().map(|(name, learnt)| {
                    let start = fitting(&start, name, &learnt.shape)?;
                    let values = start.values.iter().zip(&learnt.values);
                    let values = values.map(|(start, learnt)| start + blend * (learnt - start));
                    Ok((name.clone(), values.collect()))
                });
                let values = blended.collect::<Result<HashMap<String, Vec<f32>>>>()?;
                Ok(exchanged(base, &values))
            }
            AdapterKind::LowRank { scale } => {
                let start = base.parameter_values()?;
                let mut values = self.merged(&start, blend * scale)?;
                if let Some(learnt) = self.tensors.get(LOGIT_BIAS) {
                    let start = fitting(&start, LOGIT_BIAS, &learnt.shape)?;
                    let values_of = start.values.iter().zip(&learnt.values);
                    let bias = values_of.map(|(start, learnt)| start + blend * (learnt - start));
                    values.insert(LOGIT_BIAS.into(), bias.collect());
                }
                Ok(exchanged(base, &values))
            }
            // Nothing was learnt then: the model as it was, under whichever templates.
            AdapterKind::Linear { .. } | AdapterKind::Cache { .. } if blend == 0.0 => Ok(base),
            AdapterKind::Linear { lift } => {
                let learnt = self.linear(blend)?;
                self.with_head(base, learnt, lift.as_ref())
            }
            AdapterKind::Cache { alpha, beta, lift } => {
                let learnt = self.cache(blend * alpha, *beta)?;
                self.with_head(base, learnt, lift.as_ref())
            }
        }
    }

    fn with_head(&self, base: Model, learnt: Learnt, lift: Option<&LiftSize>) -> Result<Model> {
        let texts = required(&self.tensors, "classes", 2, WEIGHTS)?;
        let lift = lift.map(|size| {
            Ok::<_, Error>(Lift {
                means: required(&self.tensors, "means", 2, WEIGHTS)?,
                floor: size.floor,
                between: size.between,
                share: self.config.blend,
            })
        });
        let lift = lift.transpose()?;
        let (count, dim) = (self.config.classes.len(), base.info().projection_dim);
        let rows = lift.as_ref().map_or(count, |lift| lift.means.shape[0]);
        if texts.shape != [count, dim] || rows != count {
            return Err(Error::config(
                WEIGHTS,
                "its classes do not fit the model or their names",
            ));
        }
        let classifier = Classifier {
            texts,
            logit_scale: base.info().scoring.logit_scale,
            learnt,
        };
        Ok(base.with_head(Head::new(self.config.classes.clone(), classifier, lift)))
    }

    fn matrix(&self, name: &str) -> Result<&Flat> {
        match self.tensors.get(name) {
            Some(flat) if flat.shape.len() == 2 => Ok(flat),
            Some(_) => Err(Error::config(WEIGHTS, format!("{name} is no matrix"))),
            None => Err(Error::config(WEIGHTS, format!("{name} is missing"))),
        }
    }

    /// Weights with the factors' products added.
    fn merged(&self, start: &Flats, scale: f32) -> Result<HashMap<String, Vec<f32>>> {
        let mut merged = HashMap::new();
        for (name, a) in &self.tensors {
            let Some(name) = name.strip_suffix(".lora_a") else {
                continue;
            };
            let b = self.matrix(&format!("{name}.lora_b"))?;
            let ([rows, rank], [other, columns]) = (a.shape.as_slice(), b.shape.as_slice()) else {
                return Err(Error::config(WEIGHTS, format!("{name}: its factors are no matrices")));
            };
            if rank != other {
                let reason = format!("{name}: factors of ranks {rank} and {other} have no product");
                return Err(Error::config(WEIGHTS, reason));
            }
            let shape = [*rows, *columns];
            let weight = fitting(start, name, &shape)?;
            let tensor = |flat: &Flat| {
                let shape = [flat.shape[0], flat.shape[1]];
                Tensor::<2>::from_data(TensorData::new(flat.values.clone(), shape), &Device::flex())
            };
            let delta: Vec<f32> = tensor(a)
                .matmul(tensor(b))
                .into_data()
                .try_to_vec()
                .map_err(|e| Error::Device(format!("{e:?}")))?;
            let values = weight.values.iter().zip(delta).map(|(w, d)| w + scale * d);
            merged.insert(name.to_string(), values.collect());
        }
        Ok(merged)
    }

    fn linear(&self, blend: f32) -> Result<Learnt> {
        if self.tensors.contains_key("start_weight") {
            let reason = "an earlier version of Clipsight taught it in another way: teach it anew";
            return Err(Error::config(WEIGHTS, reason));
        }
        let mut weight = required(&self.tensors, "weight", 2, WEIGHTS)?;
        let mut bias = required(&self.tensors, "bias", 1, WEIGHTS)?.values;
        if weight.shape[0] != self.config.classes.len() || bias.len() != weight.shape[0] {
            return Err(Error::config(WEIGHTS, "its weights do not fit its classes"));
        }
        weight
            .values
            .iter_mut()
            .chain(&mut bias)
            .for_each(|value| *value *= blend);
        Ok(Learnt::Linear { weight, bias })
    }

    fn cache(&self, alpha: f32, beta: f32) -> Result<Learnt> {
        let labels = required(&self.tensors, "labels", 1, WEIGHTS)?;
        let count = self.config.classes.len();
        let whole = |label: &f32| label.fract() == 0.0 && (0.0..count as f32).contains(label);
        if !labels.values.iter().all(whole) {
            return Err(Error::config(WEIGHTS, "a shot's class is none of the classes"));
        }
        let labels: Vec<usize> = labels.values.iter().map(|label| *label as usize).collect();
        let keys = required(&self.tensors, "keys", 2, WEIGHTS)?;
        if keys.shape[0] != labels.len() {
            return Err(Error::config(
                WEIGHTS,
                "there are not as many shots as classes of shots",
            ));
        }
        Ok(Learnt::Cache {
            keys,
            labels,
            alpha,
            beta,
        })
    }
}

fn fitting<'a>(start: &'a Flats, name: &str, shape: &[usize]) -> Result<&'a Flat> {
    match start.get(name) {
        Some(flat) if flat.shape == shape => Ok(flat),
        Some(flat) => Err(Error::config(
            WEIGHTS,
            format!("{name} has shape {shape:?}, but the model's has {:?}", flat.shape),
        )),
        None => Err(Error::config(WEIGHTS, format!("{name} is no part of the model"))),
    }
}

fn exchanged(base: Model, values: &HashMap<String, Vec<f32>>) -> Model {
    let device = base.device().clone();
    let tensor = |(name, values): (&String, &Vec<f32>)| -> (ParamId, Tensor<1>) {
        let tensor = Tensor::<1>::from_data(TensorData::new(values.clone(), [values.len()]), &device);
        (parameter_id(name), tensor)
    };
    let exchange = values.iter().map(tensor).collect();
    let scalar = |name: &str| values.get(name).and_then(|values| values.first()).copied();
    base.with_parameters(&exchange, scalar("logit_scale"), scalar(LOGIT_BIAS))
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
