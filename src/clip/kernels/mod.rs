//! What Burn does not have, or not as fast: products in panels, activations in registers, Winograd's convolution, and
//! convolutions as products on a GPU.

pub mod convolution;
pub mod cores;
pub mod dense;
pub mod elementwise;
pub mod on_gpu;
pub mod winograd;
