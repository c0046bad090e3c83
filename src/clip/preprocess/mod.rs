//! From the bytes of a picture to the numbers that a tower takes.

pub mod jpeg;
pub mod pixels;
pub mod resample;
pub mod transform;
