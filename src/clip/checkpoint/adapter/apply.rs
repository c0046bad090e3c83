//! What was learnt, put into the model that it was learnt from.

use std::collections::HashMap;

use burn::module::ParamId;
use burn::tensor::{Device, Tensor, TensorData};

use super::{Adapter, AdapterKind, LiftSize, WEIGHTS};
use crate::clip::checkpoint::weights::{Flat, Flats, parameter_id};
use crate::clip::head::{Classifier, Head, LearnedLogits, Lift, required};
use crate::clip::model::Model;
use crate::clip::{Error, Result};

const LOGIT_BIAS: &str = "logit_bias";

impl Adapter {
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

    fn with_head(&self, base: Model, learnt: LearnedLogits, lift: Option<&LiftSize>) -> Result<Model> {
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

    fn linear(&self, blend: f32) -> Result<LearnedLogits> {
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
        Ok(LearnedLogits::Linear { weight, bias })
    }

    fn cache(&self, alpha: f32, beta: f32) -> Result<LearnedLogits> {
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
        Ok(LearnedLogits::Cache {
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
