//! Models in files: readers of weights, the layouts of the family, adapters, export, and what a model is known by.

pub mod adapter;
pub mod embedded;
pub mod export;
pub mod identity;
pub mod layout;
pub mod mistaken;
pub mod weights;
