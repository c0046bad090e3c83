//! A model's parameters, known by the names under which its towers ask for them.

use burn::module::ParamId;

/// A parameter of a model, by the name under which its tower asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    /// Its shape in the module.
    pub shape: Vec<usize>,
    /// How it comes from what is stored.
    pub stored: Stored,
}

/// How a parameter comes from what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    Same,
    /// A linear weight, stored `[out, in]`.
    Transposed,
    /// A convolution's weight, with the scale of the batch normalisation of this name folded in.
    FoldedWeight {
        norm: String,
    },
    /// A convolution's bias, made of the shift of the batch normalisation of this name.
    FoldedBias {
        norm: String,
    },
}

/// The id of a parameter in a module, the same in every process.
pub fn parameter_id(name: &str) -> ParamId {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish().into()
}
