//! A model's parameters, read and exchanged by name.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

use super::Model;
use crate::clip::checkpoint::weights::{Flat, Flats, Parameter, parameter_id};
use crate::clip::embedding::numbers;
use crate::clip::{Error, Result};

impl Model {
    /// The same model with some parameters exchanged (see [`Towers::with`](crate::clip::Towers::with)), and its scale (a logarithm) and bias.
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
