//! What Burn does not have, or not as fast: products in panels, activations in registers, Winograd's convolution,
//! convolutions as products on a GPU, and on a GPU one launch for what lies between two products.

pub mod convolution;
pub mod cores;
pub mod dense;
pub mod derivative;
pub mod elementwise;
pub mod gpu;
pub mod on_gpu;
pub mod winograd;
