//! Which models exist, where they are on this machine, and how they are fetched.
//!
//! Nothing here uses the network but [`pull`], and that only when the user asks. Models lie in the Hugging Face cache
//! that other tools share: what they fetched is found, and what is fetched here is found by them.

mod cache;
mod catalogue;
mod download;
mod error;
mod files;
mod partial;
mod pull;
mod remote;
mod twins;
mod verified;

pub use cache::{Cache, CachedModel, valid_name};
pub use catalogue::{CatalogueEntry, SpeedClass, catalogue};
pub use error::{PullError, PullResult};
pub use pull::{Pulled, pull};
pub use remote::Hub;
