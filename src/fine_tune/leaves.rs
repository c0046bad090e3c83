//! What a run trains: parameters by name, each in one row.
//!
//! Optimiser, checkpoints and gradients see names and rows alone, whatever the model; [`crate::clip::Towers::with`] puts
//! the rows back into the towers.

use std::collections::{BTreeMap, HashMap};

use burn::module::ParamId;
use burn::tensor::{Device, Gradients, Tensor, TensorData, Transaction};

use super::{Error, Result};
use crate::clip::{Flat, Flats, full, numbers, parameter_id};

/// One parameter, as a row.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// As the tower has it, row by row.
    pub shape: Vec<usize>,
    /// Its numbers, row by row; part of no graph.
    pub value: Tensor<1>,
}

/// Parameters by the names that [`crate::clip::Model::parameters`] gives them.
#[derive(Debug, Clone, Default)]
pub struct Leaves(pub BTreeMap<String, Leaf>);

/// Parameters that gradients reach, by name.
pub type Tracked = BTreeMap<String, Tensor<1>>;

impl Leaves {
    pub fn from_flats(flats: &Flats, device: &Device) -> Self {
        let leaf = |flat: &Flat| Leaf {
            shape: flat.shape.clone(),
            value: Tensor::from_data(TensorData::new(flat.values.clone(), [flat.values.len()]), device),
        };
        Self(flats.iter().map(|(name, flat)| (name.clone(), leaf(flat))).collect())
    }

    /// Reads them back from the device.
    ///
    /// # Errors
    /// The device failed.
    pub fn to_flats(&self) -> Result<Flats> {
        let flat = |(name, leaf): (&String, &Leaf)| {
            let flat = Flat {
                shape: leaf.shape.clone(),
                values: numbers(leaf.value.clone())?,
            };
            Ok((name.clone(), flat))
        };
        self.0.iter().map(flat).collect()
    }

    /// The same values, as the start of a graph.
    pub fn tracked(&self) -> Tracked {
        let track = |leaf: &Leaf| leaf.value.clone().autodiff().require_grad();
        self.0.iter().map(|(name, leaf)| (name.clone(), track(leaf))).collect()
    }

    /// The values, not as the start of a graph.
    pub fn plain(&self) -> Tracked {
        self.0
            .iter()
            .map(|(name, leaf)| (name.clone(), leaf.value.clone()))
            .collect()
    }
}

/// The gradient of each parameter; zero where nothing depends on it.
pub fn gradients(tracked: &Tracked, gradients: &Gradients) -> Tracked {
    let of = |value: &Tensor<1>| match value.grad(gradients) {
        Some(gradient) => gradient,
        None => value.clone().without_autodiff().zeros_like(),
    };
    tracked.iter().map(|(name, value)| (name.clone(), of(value))).collect()
}

/// Sums by name; a parameter may be in one of them alone.
pub fn add(mut sums: Tracked, more: Tracked) -> Tracked {
    for (name, gradient) in more {
        let sum = match sums.remove(&name) {
            Some(sum) => sum + gradient,
            None => gradient,
        };
        sums.insert(name, sum);
    }
    sums
}

/// Parameters by the ids of the towers' modules.
pub fn by_id(values: &Tracked) -> HashMap<ParamId, Tensor<1>> {
    values
        .iter()
        .map(|(name, value)| (parameter_id(name), value.clone()))
        .collect()
}

/// The L2 norm of all gradients together.
///
/// # Errors
/// The device failed, or a gradient is not a number: the parameter is named.
pub fn norm(gradients: &Tracked, step: usize) -> Result<f64> {
    // All in one, so that a GPU is waited for once.
    let square = |gradient: &Tensor<1>| full(gradient.clone()).powi_scalar(2).sum();
    let squares = gradients.values().map(square);
    let read = squares
        .fold(Transaction::default(), Transaction::register)
        .try_execute();
    let failed = crate::clip::Error::Device;
    let mut sum = 0.0;
    for (name, square) in gradients.keys().zip(read.map_err(|e| failed(format!("{e:?}")))?) {
        let squares = square.try_to_vec::<f32>().map_err(|e| failed(format!("{e:?}")))?;
        let square = f64::from(squares.first().copied().unwrap_or(0.0));
        if !square.is_finite() {
            return Err(Error::NotANumber {
                step,
                what: format!("the gradient of {name}"),
                advice: "Lower the learning rate, or shorten gradients more (clip)",
            });
        }
        sum += square;
    }
    Ok(sum.sqrt())
}
