//! What is learnt from: pictures with classes or captions, as [`crate::library::labelled`] reads them.

mod look;
mod preview;
mod split;

pub use crate::library::labelled::{DataError, Dataset, Example, Reasons, Side, few};

pub use look::{Looked, look_through};
pub use preview::{ClassCount, Contradiction, Preview};
pub use split::{Split, split};
