//! What is learnt from: pictures with classes or captions, as [`crate::library::labelled`] reads them.

mod preview;
mod screen;
mod split;

pub use crate::library::labelled::{DataError, Dataset, Example, Reasons, Side, few};

pub use preview::{ClassCount, Contradiction, Preview};
pub use screen::{NearDuplicates, screen};
pub use split::{Split, split};
