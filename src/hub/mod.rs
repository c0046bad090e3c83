//! Which models exist, and where they are on this machine. Nothing here uses the network.

mod catalogue;
mod resolve;

pub use catalogue::{CatalogueEntry, catalogue};
pub use resolve::{ModelChoice, local_folder};
