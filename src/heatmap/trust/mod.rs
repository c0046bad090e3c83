//! How far to trust a map: tests that ask the model itself.
//!
//! - [`mosaic`]: four pictures in one, and whether the map of each label points at its own (the grid pointing game, Böhle
//!   et al. 2021, arXiv 2104.00032);
//! - [`deletion`]: erase what the map marks, and see whether the score falls (Petsiuk et al. 2018, arXiv 1806.07421);
//! - [`check`]: the same for one map in the window, in a sentence;
//! - [`baselines`]: what a map has to beat: maps of its own shape in other places;
//! - [`evaluate`]: both tests over labelled pictures.

pub mod baselines;
pub mod check;
pub mod deletion;
pub mod evaluate;
pub mod mosaic;
