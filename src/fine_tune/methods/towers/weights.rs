//! The towers with what is learnt in place of what they started from.

use std::collections::HashMap;

use burn::module::ParamId;
use burn::tensor::{Device, Tensor, TensorData};

use super::{LOGIT_SCALE, TowerLearner, Trained};
use crate::clip::{Towers, numbers, parameter_id};
use crate::fine_tune::Result;
use crate::fine_tune::context::Context;
use crate::fine_tune::leaves::{Tracked, by_id};

/// exp(logit_scale) never exceeds this (paper, section 2.5).
const MAX_LOGIT_SCALE: f32 = 100.0;

impl TowerLearner {
    /// The towers of a step, as part of a graph where `values` are.
    pub(super) fn step_towers(&self, context: &Context, values: &Tracked, step: usize) -> Towers {
        let replacements = self.replacements(context, values, Some(step));
        self.half.as_ref().unwrap_or(context.model.towers()).with(&replacements)
    }

    /// The towers as they are now, in no graph and in f32.
    pub(super) fn current_towers(&self, context: &Context) -> Towers {
        let replacements = self.replacements(context, &self.leaves.plain(), None);
        context.model.towers().with(&replacements)
    }

    /// Parameters with what is learnt, as part of a graph where `values` are; factors' inputs are dropped in a step.
    fn replacements(&self, context: &Context, values: &Tracked, step: Option<usize>) -> HashMap<ParamId, Tensor<1>> {
        match &self.recipe.trained {
            Trained::Parameters => by_id(values),
            Trained::LowRank { scale, dropout } => {
                let step = step.filter(|_| *dropout > 0.0);
                let masks = step.map(|step| self.masks(*dropout, step, context.model.device()));
                let mut first = 0;
                let merged = self.bases.0.iter().map(|(name, base)| {
                    let matrix = |part: &str| {
                        let name = format!("{name}.{part}");
                        let shape = &self.leaves.0[&name].shape;
                        values[&name].clone().reshape([shape[0], shape[1]])
                    };
                    let mut a: Tensor<2> = matrix("lora_a");
                    if let Some(masks) = &masks {
                        let inputs = base.shape[0];
                        a = a * masks.clone().narrow(0, first, inputs).reshape([inputs, 1]);
                        first += inputs;
                    }
                    let delta = a.matmul(matrix("lora_b")) * *scale;
                    let count = base.shape.iter().product::<usize>();
                    (parameter_id(name), base.value.clone() + delta.reshape([count]))
                });
                merged.collect()
            }
        }
    }

    /// Which inputs of the factors count in a step, and how much: one factor's after the other's, in one upload.
    fn masks(&self, dropout: f64, step: usize, device: &Device) -> Tensor<1> {
        let kept = (1.0 / (1.0 - dropout)) as f32;
        let mut values = Vec::new();
        for (number, base) in self.bases.0.values().enumerate() {
            let mut random = self.random(3, step * 1_000 + number);
            values.extend((0..base.shape[0]).map(|_| if random.f64() < dropout { 0.0 } else { kept }));
        }
        let shape = [values.len()];
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// A learnt number, `[1]`; `otherwise` where it is not among what is learnt.
    pub(super) fn scalar(&self, context: &Context, values: &Tracked, name: &str, otherwise: f32) -> Tensor<1> {
        match values.get(name) {
            Some(value) => value.clone(),
            None => Tensor::from_data([otherwise], context.model.device()),
        }
    }

    pub(super) fn logit_scale(&self, context: &Context) -> Result<f32> {
        match self.leaves.0.get(LOGIT_SCALE) {
            Some(leaf) => Ok(numbers(leaf.value.clone())?[0].exp()),
            None => Ok(context.logit_scale()),
        }
    }

    /// The scale as it may be.
    pub(super) fn clamp_scale(&mut self) {
        if let Some(leaf) = self.leaves.0.get_mut(LOGIT_SCALE) {
            leaf.value = leaf.value.clone().clamp_max(MAX_LOGIT_SCALE.ln());
        }
    }
}
